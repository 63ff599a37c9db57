"""Limits that a guardian set or that somebody set for themselves; a guardian's only tighten what the rules allow."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select

from anban.base.errors import BadInput
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.family_models import limits
from anban.people.models import User

By = Literal["guardian", "self"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What was chosen; None where nothing was. Times of day are "22:00" in the person's own zone.

    Money is in the smallest unit of `currency` (fen, cents). `spending` None leaves it to the mode: off for minors.
    """

    minutes: int | None = None
    quiet_from: str | None = None
    quiet_until: str | None = None
    reality_minutes: int | None = None
    paused: bool = False
    spending: bool | None = None
    spend_each: int | None = None
    spend_day: int | None = None
    currency: str | None = None

    def chosen(self) -> dict[str, Any]:
        """Only what somebody chose."""
        return {name: value for name, value in asdict(self).items() if value is not None and value is not False}


NONE = Limits()
_NAMES = frozenset(each.name for each in fields(Limits))


def limits_from(chosen: Mapping[str, Any]) -> Limits:
    """Limits as they were stored; what we do not know any more is left out."""
    return Limits(**{name: value for name, value in chosen.items() if name in _NAMES})


def set_limits(
    connection: Connection, user: User, by: By, chosen: Limits, at: datetime, rules: Rulebook, band: str | None
) -> Limits:
    """Put these in place of what the same person chose before. Raises `BadInput` for what is laxer than the rules.

    `band` is the minor's age band, for the time a day has for them; what an adult chooses for themselves is free.
    """
    if by == "guardian":
        _only_tighter(chosen, rules, band)
    connection.execute(delete(limits).where(limits.c.user == user.id, limits.c.by == by))
    connection.execute(insert(limits).values(user=user.id, by=by, chosen=chosen.chosen(), at=at))
    facts: dict[str, Fact] = {"changed": ["limits"], "by": by, "chosen": sorted(chosen.chosen())}
    write(connection, Entry(Kind.PERSON_CHANGED, at, user.id, by, user.service, rules.version, facts))
    return chosen


def limits_of(connection: Connection, user: str) -> Mapping[str, Limits]:
    """By whom -> what they chose."""
    rows = connection.execute(select(limits.c.by, limits.c.chosen).where(limits.c.user == user))
    return {row.by: limits_from(row.chosen) for row in rows}


def most_minutes(rules: Rulebook, band: str | None) -> float:
    """The minutes that a day has for a minor of this band; of an unknown band, the fewest of all."""
    table = rules.table("minors-daily-minutes")
    return table[band] if band is not None and band in table else min(table.values())


def _only_tighter(chosen: Limits, rules: Rulebook, band: str | None) -> None:
    def refuse(field: str, why: str) -> BadInput:
        return BadInput(f"{field}: {why}; a guardian's limits only tighten the rules", field=field, code="laxer")

    if chosen.minutes is not None and chosen.minutes > most_minutes(rules, band):
        raise refuse("minutes", f"at most {most_minutes(rules, band):g} a day")
    if chosen.quiet_from is not None and not "12:00" <= chosen.quiet_from <= rules.text("minors-quiet-from"):
        raise refuse("quiet_from", f"between 12:00 and {rules.text('minors-quiet-from')}")
    if chosen.quiet_until is not None and not rules.text("minors-quiet-until") <= chosen.quiet_until <= "12:00":
        raise refuse("quiet_until", f"between {rules.text('minors-quiet-until')} and 12:00")
    most = rules.number("reality-reminder-most-minutes")
    if chosen.reality_minutes is not None and chosen.reality_minutes > most:
        raise refuse("reality_minutes", f"at most {most:g}")
    if (chosen.spend_each is not None or chosen.spend_day is not None) and chosen.currency is None:
        raise BadInput("currency is missing: money has one", field="currency")
