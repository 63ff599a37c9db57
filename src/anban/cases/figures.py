"""What the desk counts: how long people waited until somebody joined, and what one responder has borne."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from anban.base.times import aware
from anban.cases.course import TELLS_FROM
from anban.cases.models import case_events, cases

_BEGINS = ("opened", "reopened", "requested")
"""Events from which somebody is waited for, unless they are waited for already."""

_ENDS = ("handed_back", "closed")


def join_times(connection: Connection, service: str, since: datetime) -> list[float]:
    """Of everybody who was joined since then: seconds from the beginning of their wait until somebody joined."""
    joined = (
        select(case_events.c.case)
        .join(cases, cases.c.id == case_events.c.case)
        .where(cases.c.service == service, case_events.c.kind == "joined", case_events.c.at >= since)
    )
    rows = connection.execute(
        select(case_events.c.case, case_events.c.kind, case_events.c.at)
        .where(case_events.c.case.in_(joined), case_events.c.kind.in_((*_BEGINS, *_ENDS, "joined")))
        .order_by(case_events.c.id)
    )
    courses: defaultdict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for row in rows:
        courses[row.case].append((row.kind, aware(row.at)))
    return [seconds for events in courses.values() for seconds in _waits(events, since)]


def _waits(events: Sequence[tuple[str, datetime]], since: datetime) -> Iterator[float]:
    begun: datetime | None = None
    for kind, at in events:
        if kind in _BEGINS:
            begun = begun or at
        elif kind in _ENDS:
            begun = None
        elif begun is not None:
            if at >= since:
                yield (at - begun).total_seconds()
            begun = None


def heavy_cases(connection: Connection, staff: str, since: datetime) -> int:
    """How many people in danger (L3 and higher) a responder took on since then."""
    taken = (
        select(func.count(case_events.c.case.distinct()))
        .join(cases, cases.c.id == case_events.c.case)
        .where(
            case_events.c.kind == "claimed",
            case_events.c.actor == staff,
            case_events.c.at >= since,
            cases.c.level >= TELLS_FROM,
        )
    )
    return int(connection.execute(taken).scalar() or 0)
