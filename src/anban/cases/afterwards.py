"""What is left to do when a conversation was handed back or a case closed: follow up, and look at it a second time."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from anban.base.times import aware
from anban.cases.crisis import CRISIS
from anban.cases.models import case_events, cases

MOST = 500
"""Cases looked at, newest first."""

_TELLING = ("claimed", "handed_back", "closed", "reopened", "reviewed", "followed_up")


@dataclass(frozen=True, slots=True)
class Left:
    """A case that is left with something to do. `due_at` is when somebody promised to look again."""

    case: str
    level: int
    state: str
    opened_at: datetime
    ended_at: datetime
    by: str
    outcome: str = ""
    due_at: datetime | None = None


def left_to(
    connection: Connection, service: str, staff: str, since: datetime
) -> tuple[tuple[Left, ...], tuple[Left, ...]]:
    """What this member of staff should follow up, soonest first; and what they may review, longest waiting first.

    Whoever held or closed a case follows it up; somebody else reviews it. Cases that ended since `since`.
    """
    rows = connection.execute(
        select(cases)
        .where(
            cases.c.service == service,
            cases.c.kind == CRISIS,
            cases.c.state.in_(("handed_back", "closed", "reviewed")),
            (cases.c.closed_at >= since) | cases.c.closed_at.is_(None),
        )
        .order_by(cases.c.id.desc())
        .limit(MOST)
    ).all()
    follow: list[Left] = []
    review: list[Left] = []
    told = _events(connection, [row.id for row in rows])
    for row in rows:
        left, took_part = _left(row, told[row.id])
        if left is None:
            continue
        if left.due_at is not None and left.by == staff:
            follow.append(left)
        if row.state == "closed" and staff not in took_part:
            review.append(left)
    return (
        tuple(sorted(follow, key=lambda each: (each.due_at or each.ended_at, each.case))),
        tuple(sorted(review, key=lambda each: (each.ended_at, each.case))),
    )


def _events(connection: Connection, identifiers: Iterable[str]) -> defaultdict[str, list[Row[Any]]]:
    found: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(
        select(case_events)
        .where(case_events.c.case.in_(list(identifiers)), case_events.c.kind.in_(_TELLING))
        .order_by(case_events.c.id)
    ):
        found[row.case].append(row)
    return found


def _left(row: Row[Any], events: list[Row[Any]]) -> tuple[Left | None, set[str]]:
    took_part = {event.actor for event in events if event.kind in ("claimed", "closed")}
    ending = next((event for event in reversed(events) if event.kind in ("handed_back", "closed")), None)
    if ending is None:
        return None, took_part
    due: str | None = None
    for event in events:
        due = None if event.kind in ("followed_up", "reopened") else event.facts.get("follow_up_at", due)
    return Left(
        row.id, row.level, row.state, aware(row.opened_at), aware(ending.at), ending.actor,
        str(ending.facts.get("outcome", "")), datetime.fromisoformat(due) if due else None,
    ), took_part  # fmt: skip
