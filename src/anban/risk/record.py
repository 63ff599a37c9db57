"""A person's level over time; it survives a new chat window (draft art 11(1), final art 13)."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from anban.base.times import aware
from anban.risk.models import Assessed, Held, Reason, risk_levels

LEVEL_INSERT = insert(risk_levels)

_FOUND = select(risk_levels).where(risk_levels.c.user == bindparam("of_user"))

KEPT_UNTIL_LOWERED = 3
"""From this level down only a human leads (product section 4.1)."""


def held_level(connection: Connection, user: str) -> Held:
    """The stored level, before decay."""
    row = connection.execute(_FOUND, {"of_user": user}).first()
    if row is None:
        return Held()
    reasons = tuple(Reason.stored(each) for each in row.reasons)
    return Held(row.life, row.property, row.dependence, aware(row.since), aware(row.seen_at), row.set_by, reasons)


def decayed(held: Held, at: datetime, decay: timedelta) -> Held:
    """The level that still counts at `at`: without a sign for `decay`, all but L3 and L4 fade."""
    if held.seen_at is None or at - held.seen_at < decay:
        return held
    life = held.life if held.life >= KEPT_UNTIL_LOWERED else 0
    return replace(held, life=life, property=0, dependence=0)


def raised(held: Held, seen: Assessed, at: datetime) -> Held:
    """The level after this message. L1 colours one answer and is not kept; from L2 the person is remembered."""
    life = seen.life if seen.life >= 2 else 0
    if life == 0 and seen.property == 0 and seen.dependence == 0:
        return held
    higher = life > held.life or seen.property > held.property or seen.dependence > held.dependence
    return Held(
        max(held.life, life),
        max(held.property, seen.property),
        max(held.dependence, seen.dependence),
        at if higher or held.since is None else held.since,
        at,
        "rule",
        seen.reasons if higher else held.reasons,
    )


def keep(connection: Connection, user: str, held: Held) -> None:
    """Store the level of a person; of two writers at once the higher life level wins."""
    row = _row(held)
    try:
        with connection.begin_nested():
            connection.execute(LEVEL_INSERT, {"user": user, **row})
    except IntegrityError:
        connection.execute(
            update(risk_levels)
            .where(
                risk_levels.c.user == user,
                (risk_levels.c.life <= held.life)
                | ((risk_levels.c.life < KEPT_UNTIL_LOWERED) & (risk_levels.c.seen_at < held.seen_at)),
            )
            .values(**row)
        )


def lower(connection: Connection, user: str, life: int, by: str, at: datetime) -> None:
    """A human lowers the life level, under their name (product section 4.1)."""
    connection.execute(
        update(risk_levels)
        .where(risk_levels.c.user == user)
        .values(life=life, property=0, since=at, seen_at=at, set_by=by, reasons=[])
    )


def _row(held: Held) -> dict[str, Any]:
    return {
        "life": held.life,
        "property": held.property,
        "dependence": held.dependence,
        "since": held.since,
        "seen_at": held.seen_at,
        "set_by": held.set_by,
        "reasons": [asdict(reason) for reason in held.reasons],
    }
