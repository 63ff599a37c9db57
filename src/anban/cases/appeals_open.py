"""Appeals that wait for a person: what each is about, how long is left, and what granting it would do."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from anban.base.keys import MasterKeys
from anban.cases.appeal import APPEAL, about_of
from anban.cases.appeal_effect import Effect, effect_now
from anban.cases.case import Case, read_case
from anban.cases.models import cases
from anban.law.rulebook import Rulebook
from anban.people.ages import evidence_of
from anban.people.models import User
from anban.people.standing import Standing, standing_at
from anban.people.users import find_by_id

PLAIN = "ages"
"""The source of what people state of their own age; all others judge how somebody writes."""

MOST = 200
"""Appeals that a list shows at once, the longest waiting first."""


@dataclass(frozen=True, slots=True)
class Sign:
    """Something on which an age rests: its kind (chat, device, stated …), its source and the band. Never a word."""

    kind: str
    source: str
    band: str
    at: datetime

    @property
    def category(self) -> str:
        """What a page says of it: an age that was said, a way of writing ("other"), or the kind of evidence."""
        if self.kind != "chat":
            return self.kind
        return self.source if self.source == PLAIN else "other"


@dataclass(frozen=True, slots=True)
class Appealed:
    """One appeal and what somebody must know to answer it, short of who it is and what they wrote."""

    case: Case
    user: User
    about: str
    due_at: datetime
    standing: Standing
    signs: tuple[Sign, ...]
    effect: Effect
    wrote: bool


def open_appeals(
    connection: Connection, keys: MasterKeys, service: str, at: datetime, rules: Rulebook
) -> tuple[Appealed, ...]:
    """The open appeals of a service, whose time runs out first."""
    rows = connection.execute(
        select(cases.c.id)
        .where(cases.c.service == service, cases.c.kind == APPEAL, cases.c.open_key.is_not(None))
        .order_by(cases.c.opened_at, cases.c.id)
        .limit(MOST)
    ).all()
    found = (appealed(connection, keys, read_case(connection, row.id), at, rules) for row in rows)
    return tuple(each for each in found if each is not None)


def open_appeal_count(connection: Connection, service: str) -> int:
    """How many wait."""
    wanted = select(cases.c.id).where(cases.c.service == service, cases.c.kind == APPEAL, cases.c.open_key.is_not(None))
    return len(connection.execute(wanted.limit(MOST)).all())


def signs_of(connection: Connection, user: User) -> tuple[Sign, ...]:
    """The evidence of somebody's age that is in force, in categories."""
    return tuple(
        Sign(each.kind, each.source, each.band, each.at)
        for each in evidence_of(connection, user.id)
        if each.ended_at is None
    )


def is_appeal(connection: Connection, identifier: str) -> bool:
    """Whether this case is an appeal: it has a page of its own."""
    return connection.execute(select(cases.c.kind).where(cases.c.id == identifier)).scalar() == APPEAL


def appealed(connection: Connection, keys: MasterKeys, case: Case, at: datetime, rules: Rulebook) -> Appealed | None:
    """One appeal with everything around it; None where the person is not there any more."""
    user = find_by_id(connection, keys, case.user)
    if user is None:
        return None
    about = about_of(case)
    return Appealed(
        case=case,
        user=user,
        about=about,
        due_at=case.opened_at + rules.lasting("age-appeal-hours"),
        standing=standing_at(connection, user, at, rules),
        signs=signs_of(connection, user),
        effect=effect_now(connection, about, user, at, rules),
        wrote=any(each.kind == "said" for each in case.events),
    )
