"""Who should be looked at first: life before all, then minors and elders, then whoever has waited longer.

Payment and how often somebody writes count for nothing. A flood stays one line per person. Inside one level and age
group, people known for longer come before accounts made within the last day, so that a flood of new accounts cannot
drown anybody (reliability A11); and every third place is kept for a minor or an elder, whatever their level.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from anban.base.times import aware
from anban.cases.models import cases, takeovers
from anban.risk.ladder import LIFE_NAMES

RESERVE = 3
"""Every third place is kept for a minor or an elder while any waits."""

_STEP = 4

BACK = "handed_back"
"""The state of a case whose conversation went back to the AI."""


def band(level: int, *, protected: bool, newcomer: bool) -> int:
    """Where a case stands: lower is sooner. Level first, then minors and elders, then people known for longer."""
    return _STEP * (len(LIFE_NAMES) - 1 - level) + (0 if protected else 2) + (1 if newcomer else 0)


def is_protected(of_band: int) -> bool:
    """Whether this band is of minors and elders."""
    return of_band % _STEP < 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue. Nothing here tells who the person is; that is seen once the case is claimed."""

    case: str
    kind: str
    level: int
    state: str
    protected: bool
    opened_at: datetime
    waiting_since: datetime
    holder: str | None
    place: int = 0


def queue(connection: Connection, service: str, most: int = 200) -> tuple[Waiting, ...]:
    """The open cases of a service in the order in which people should look at them, `most` at once.

    Conversations that went back to the AI come last, however high their level was: nobody waits there.
    """
    first = (
        select(cases, takeovers.c.holder.label("held_by"))
        .outerjoin(takeovers, (takeovers.c.case == cases.c.id) & takeovers.c.holder.is_not(None))
        .where(cases.c.service == service, cases.c.open_key.is_not(None))
        .order_by(cases.c.band, cases.c.waiting_since, cases.c.id)
    )
    waits = first.where(cases.c.state != BACK)
    everybody = _read(connection, waits.limit(most))
    reserved = _read(connection, waits.where(cases.c.band % _STEP < 2).limit(most // RESERVE))
    ordered = reserve(everybody, reserved)[:most]
    ordered += _read(connection, first.where(cases.c.state == BACK).limit(most - len(ordered)))
    return tuple(replace(each, place=place) for place, each in enumerate(ordered, 1))


def reserve(everybody: Sequence[Waiting], protected: Sequence[Waiting]) -> list[Waiting]:
    """Both lists as one, without repeats: each third place goes to the first of `protected` not placed yet."""
    placed: dict[str, Waiting] = {}
    usual, kept = iter(everybody), iter(protected)
    while True:
        turn = kept if len(placed) % RESERVE == RESERVE - 1 else usual
        chosen = next((each for each in turn if each.case not in placed), None)
        if chosen is None:
            chosen = next((each for each in (usual if turn is kept else kept) if each.case not in placed), None)
        if chosen is None:
            return list(placed.values())
        placed[chosen.case] = chosen


def _read(connection: Connection, query: Select[Any]) -> list[Waiting]:
    return [
        Waiting(
            row.id, row.kind, row.level, row.state, is_protected(row.band),
            aware(row.opened_at), aware(row.waiting_since), row.held_by,
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def load_of(connection: Connection, responder: str) -> dict[int, int]:
    """How many conversations a responder holds, by level: what the load caps count."""
    rows = connection.execute(
        select(cases.c.level, func.count())
        .join(takeovers, takeovers.c.case == cases.c.id)
        .where(takeovers.c.holder == responder, cases.c.open_key.is_not(None))
        .group_by(cases.c.level)
    )
    return {int(level): int(number) for level, number in rows}


def waiting_counts(connection: Connection, service: str) -> dict[str, int]:
    """How many open cases wait for somebody, by level name."""
    rows = connection.execute(
        select(cases.c.level, func.count())
        .where(cases.c.service == service, cases.c.open_key.is_not(None), cases.c.state == "open")
        .group_by(cases.c.level)
    )
    return {LIFE_NAMES[int(level)]: int(number) for level, number in rows}
