"""A case is its events: an ordered list, folded into a state. The row's columns are only that state's cache."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from anban.base.durable import promise
from anban.base.errors import NotFound
from anban.base.ids import new_id
from anban.base.times import aware
from anban.cases.models import case_events, cases

MOVES = {
    "opened": "open",
    "claimed": "claimed",
    "joined": "joined",
    "handed_back": "handed_back",
    "closed": "closed",
    "reviewed": "reviewed",
    "reopened": "open",
    "requested": "open",
}
"""Events that move the state; all others (raised, seen, help_offered, note) add to it."""


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """Something that happened to a case. `key` is unique in the case, so that doing it twice does it once."""

    key: str
    kind: str
    at: datetime
    actor: str
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to follow through, for one person."""

    id: str
    service: str
    user: str
    kind: str
    level: int
    state: str
    opened_at: datetime
    band: int
    waiting_since: datetime
    closed_at: datetime | None = None
    events: tuple[CaseEvent, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state not in ("closed", "reviewed")

    @property
    def is_drill(self) -> bool:
        """Whether the person of a drill opened it. Needs the events."""
        return any(event.kind == "opened" and event.facts.get("drill") is True for event in self.events)


def state(events: Iterable[CaseEvent]) -> tuple[str, int]:
    """Fold events into (state, level): the pure truth of a case."""
    current, level = "open", 0
    for event in events:
        current = MOVES.get(event.kind, current)
        level = max(level, int(event.facts.get("level", 0))) if event.kind != "reopened" else int(event.facts["level"])
    return current, level


def read_case(connection: Connection, identifier: str) -> Case:
    """One case with its events. Raises `NotFound`."""
    row = connection.execute(select(cases).where(cases.c.id == identifier)).first()
    if row is None:
        raise NotFound("no such case")
    return _case(row, events_of(connection, identifier))


def locked_case(connection: Connection, identifier: str) -> Case:
    """The same, and nobody else changes it until this transaction ends. Raises `NotFound`."""
    connection.execute(select(cases.c.id).where(cases.c.id == identifier).with_for_update())
    return read_case(connection, identifier)


def cases_of(connection: Connection, user: str) -> tuple[Case, ...]:
    """All cases of a person, newest first, with events."""
    rows = connection.execute(select(cases).where(cases.c.user == user).order_by(cases.c.id.desc())).all()
    return tuple(_case(row, events_of(connection, row.id)) for row in rows)


def open_case_of(connection: Connection, user: str, kind: str) -> Case | None:
    """The one open case of this kind, without its events, or None."""
    row = connection.execute(select(cases).where(cases.c.open_key == _open_key(user, kind))).first()
    return None if row is None else _case(row, ())


def events_of(connection: Connection, identifier: str) -> tuple[CaseEvent, ...]:
    """A case's events in order."""
    rows = connection.execute(select(case_events).where(case_events.c.case == identifier).order_by(case_events.c.id))
    return tuple(CaseEvent(row.key, row.kind, aware(row.at), row.actor, row.facts) for row in rows)


def begin(
    connection: Connection,
    *,
    service: str,
    user: str,
    kind: str,
    level: int,
    at: datetime,
    band: int,
    facts: Mapping[str, Any],
) -> tuple[Case, bool]:
    """Open a case of this kind for this person, or find the open one. True when it is new.

    `band` is its place in the queue. That something is owed from now on is promised in the same transaction.
    """
    found = open_case_of(connection, user, kind)
    if found is not None:
        return found, False
    identifier = new_id("case_")
    try:
        with connection.begin_nested():
            connection.execute(
                insert(cases).values(
                    id=identifier, service=service, user=user, kind=kind, level=level,
                    state="open", opened_at=at, open_key=_open_key(user, kind), band=band, waiting_since=at,
                )
            )  # fmt: skip
    except IntegrityError:
        # Another replica opened it between our look and our insert: theirs is the case.
        found = open_case_of(connection, user, kind)
        if found is None:
            raise
        return found, False
    case = Case(identifier, service, user, kind, level, "open", at, band, at)
    return append(connection, case, CaseEvent("opened", "opened", at, "anban", {"level": level, **facts})), True


def append(connection: Connection, case: Case, event: CaseEvent, *, band: int | None = None, wake: bool = True) -> Case:
    """Add an event, once; returns the case as its events now say it is.

    Whoever carries the case is woken, unless it is they who write (`wake`). `band` moves it in the queue.
    """
    # Two replicas that add to one case do so one after the other, so that each folds the other's event in too.
    connection.execute(select(cases.c.id).where(cases.c.id == case.id).with_for_update())
    try:
        with connection.begin_nested():
            connection.execute(
                insert(case_events).values(
                    id=new_id(), case=case.id, key=event.key, kind=event.kind,
                    at=event.at, actor=event.actor, facts=dict(event.facts),
                )
            )  # fmt: skip
    except IntegrityError:
        return read_case(connection, case.id)
    events = events_of(connection, case.id)
    current, level = state(events)
    over = current in ("closed", "reviewed")
    closed = (case.closed_at or event.at) if over else None
    waits = event.at if event.kind in ("raised", "reopened", "requested") else case.waiting_since
    place = case.band if band is None else band
    connection.execute(
        update(cases)
        .where(cases.c.id == case.id)
        .values(
            state=current,
            level=level,
            closed_at=closed,
            open_key=None if over else _open_key(case.user, case.kind),
            band=place,
            waiting_since=waits,
        )
    )
    if wake:
        promise(connection, case.id, case.kind, event.at, place)
    return Case(
        case.id, case.service, case.user, case.kind, level, current, case.opened_at, place, waits, closed, events
    )  # fmt: skip


def _open_key(user: str, kind: str) -> str:
    return f"{kind}|{user}"


def _case(row: Any, events: tuple[CaseEvent, ...]) -> Case:
    closed = aware(row.closed_at) if row.closed_at else None
    return Case(
        row.id, row.service, row.user, row.kind, row.level, row.state,
        aware(row.opened_at), row.band, aware(row.waiting_since), closed, events,
    )  # fmt: skip
