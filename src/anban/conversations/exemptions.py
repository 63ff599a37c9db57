"""What somebody was spared from: an evening without a time limit, a night without quiet hours. Each has a reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import Connection, insert, select, update

from anban.base.errors import BadInput
from anban.base.ids import new_id
from anban.base.times import aware
from anban.conversations.usage_models import exemptions
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write

Spared = Literal["time", "quiet"]


@dataclass(frozen=True, slots=True)
class Exemption:
    """From `from_at` until `until_at` one limit does not hold: the day's time, or the quiet hours."""

    id: str
    kind: str
    by: str
    reason: str
    from_at: datetime
    until_at: datetime


def spared(given: Iterable[Exemption], kind: Spared, at: datetime) -> bool:
    """Whether an exemption of this kind holds at `at`."""
    return any(each.kind == kind and each.from_at <= at < each.until_at for each in given)


def exempt(
    connection: Connection,
    user: str,
    kind: Spared,
    *,
    by: str,
    reason: str,
    from_at: datetime,
    until_at: datetime,
    at: datetime,
    service: str,
    rulebook: str,
) -> Exemption:
    """Spare somebody a limit for a while. Raises `BadInput` without a reason or with an end before its beginning."""
    if kind not in get_args(Spared):
        raise BadInput("an exemption is from time or quiet", field="kind")
    if not reason.strip():
        raise BadInput("an exemption needs a reason", field="reason")
    if until_at <= from_at:
        raise BadInput("an exemption ends after it begins", field="until")
    made = Exemption(new_id("exm_"), kind, by, reason.strip(), from_at, until_at)
    connection.execute(
        insert(exemptions).values(
            id=made.id, user=user, kind=kind, by=by, reason=made.reason, from_at=from_at, until_at=until_at
        )
    )
    # The reason is somebody's own words, so it stays in its table.
    facts = {"exemption": made.id, "limit": kind, "from": from_at.isoformat(), "until": until_at.isoformat()}
    write(connection, Entry(Kind.LIMIT_EXEMPTED, at, user, by, service, rulebook, facts))
    return made


def end_exemption(
    connection: Connection, user: str, identifier: str, *, by: str, at: datetime, service: str, rulebook: str
) -> bool:
    """End one before its time; True when it still held."""
    ended = connection.execute(
        update(exemptions)
        .where(exemptions.c.id == identifier, exemptions.c.user == user, exemptions.c.until_at > at)
        .values(until_at=at)
    )
    if ended.rowcount != 1:
        return False
    facts = {"exemption": identifier, "ended": True}
    write(connection, Entry(Kind.LIMIT_EXEMPTED, at, user, by, service, rulebook, facts))
    return True


def exemptions_of(connection: Connection, user: str, at: datetime) -> tuple[Exemption, ...]:
    """Those that hold at `at` or will, in order."""
    rows = connection.execute(
        select(exemptions).where(exemptions.c.user == user, exemptions.c.until_at > at).order_by(exemptions.c.from_at)
    )
    return tuple(
        Exemption(row.id, row.kind, row.by, row.reason, aware(row.from_at), aware(row.until_at)) for row in rows
    )
