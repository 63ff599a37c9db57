"""The usage clock: how long one person talked, day by day in their own time; one over all devices and characters."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, case, select
from sqlalchemy.dialects.postgresql import insert

from anban.base.times import aware
from anban.conversations.sessions import elapsed
from anban.conversations.usage_models import usage_days

HOURS = 24
LEAD = timedelta(days=2)
"""How far apart the dates of two time zones can be at one moment. A day further ahead comes of a wrong clock."""

MOST = 32
"""Rows held in memory before days long gone are let go: a clock that was wrong for a moment finds its day again."""

Key = tuple[str, str]
"""A local day (ISO date) and a character."""

_insert = insert(usage_days)
_more = usage_days.c.seconds > _insert.excluded.seconds
USAGE_KEPT = _insert.on_conflict_do_update(
    index_elements=[usage_days.c.user, usage_days.c.day, usage_days.c.persona],
    set_={
        "seconds": case((_more, usage_days.c.seconds), else_=_insert.excluded.seconds),
        "hours": case((_more, usage_days.c.hours), else_=_insert.excluded.hours),
        "last_at": _insert.excluded.last_at,
    },
)
"""Writes the whole row as counted. A day only grows, so of two replicas that saw the same stretch the longer count
stays, and no stretch is counted twice."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Use of one character on one day: seconds, those of each of its 24 hours, and when they were last spoken to."""

    seconds: float
    hours: tuple[float, ...]
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Usage:
    """What is remembered of somebody's use around today: since when to count, with whom, and how much so far."""

    days: Mapping[Key, Spent] = field(default_factory=lambda: MappingProxyType[Key, Spent]({}))
    last_at: datetime | None = None
    persona: str = ""

    def seconds(self, day: str) -> float:
        """Use on one day, over all characters."""
        return sum(spent.seconds for (each, _), spent in self.days.items() if each == day)


@dataclass(frozen=True, slots=True)
class Day:
    """One day's use over all characters: seconds, by hour, by character."""

    day: date
    seconds: float
    hours: tuple[float, ...]
    personas: Mapping[str, float]


def local_day(usage: Usage, at: datetime, zone: tzinfo) -> str:
    """The day that counts for somebody at `at`.

    A day never comes back because somebody moved to another time zone: then a day's limit could be had twice.
    """
    today = at.astimezone(zone).date()
    ahead = [day for key, _ in usage.days if today < (day := date.fromisoformat(key)) <= today + LEAD]
    return max(ahead, default=today).isoformat()


def spend(
    usage: Usage, at: datetime, persona: str, zone: tzinfo, gap: timedelta, *, human: bool = False
) -> tuple[Usage, tuple[Key, ...]]:
    """Count the time until `at`, when somebody speaks to `persona`; the usage after it and the rows that changed.

    The stretch belongs to the character they were with. An idle stretch of `gap` or more counts nothing, nor does time
    while a human holds the conversation.
    """
    passed = elapsed(usage.last_at, at, gap) if usage.last_at is not None else None
    now, seconds = passed if passed is not None else (at, 0.0)
    today = at.astimezone(zone).date()
    days = dict(usage.days)
    if len(days) > MOST:
        days = {key: each for key, each in days.items() if abs(date.fromisoformat(key[0]) - today) <= LEAD}
    changed: set[Key] = set()
    if usage.last_at is not None and seconds and not human:
        for begins, piece in _by_hour(now - timedelta(seconds=seconds), seconds, zone):
            key = (local_day(Usage(days), begins, zone), usage.persona)
            days[key] = _added(days.get(key), begins.astimezone(zone).hour, piece, usage.last_at)
            changed.add(key)
    for key, each in days.items():
        if each.last_at > now:  # the clock was set back
            days[key] = replace(each, last_at=now)
            changed.add(key)
    key = (local_day(Usage(days), at, zone), persona)
    days[key] = replace(days.get(key) or _none(now), last_at=now)
    return Usage(MappingProxyType(days), now, persona), tuple(sorted({*changed, key}))


def both(stored: Usage, held: Usage) -> Usage:
    """What is stored and what this process holds, of one person: a stretch that is not on disk yet is not lost.

    A day only grows, so of each row the longer count is the right one, wherever it was seen.
    """
    if held.last_at is None or stored.last_at is None:
        return held if stored.last_at is None else stored
    days = dict(stored.days)
    for key, each in held.days.items():
        if key not in days or each.seconds > days[key].seconds:
            days[key] = each
    newer = held if held.last_at > stored.last_at else stored
    return Usage(MappingProxyType(days), newer.last_at, newer.persona)


def usage_rows(user: str, usage: Usage, changed: Iterable[Key]) -> Iterator[dict[str, Any]]:
    """The rows for `USAGE_KEPT`."""
    for key in changed:
        spent = usage.days[key]
        yield {
            "user": user, "day": key[0], "persona": key[1], "seconds": round(spent.seconds, 3),
            "hours": [round(each, 3) for each in spent.hours], "last_at": spent.last_at,
        }  # fmt: skip


def usage_of(connection: Connection, user: str, at: datetime) -> Usage:
    """Somebody's use around `at`, as stored."""
    days: dict[Key, Spent] = {}
    for row in _rows(connection, user, at.date() - LEAD, at.date() + LEAD):
        days[(row.day, row.persona)] = Spent(row.seconds, tuple(row.hours), aware(row.last_at))
    if not days:
        return Usage()
    (_, persona), newest = max(days.items(), key=lambda item: item[1].last_at)
    return Usage(MappingProxyType(days), newest.last_at, persona)


def days_of(connection: Connection, user: str, first: date, last: date) -> tuple[Day, ...]:
    """Somebody's days with any use from `first` to `last`, in order."""
    found: dict[str, tuple[list[float], dict[str, float]]] = {}
    for row in _rows(connection, user, first, last):
        hours, personas = found.setdefault(row.day, ([0.0] * HOURS, {}))
        personas[row.persona] = row.seconds
        for hour, seconds in enumerate(row.hours):
            hours[hour] += seconds
    return tuple(
        Day(date.fromisoformat(day), sum(personas.values()), tuple(hours), MappingProxyType(personas))
        for day, (hours, personas) in sorted(found.items())
        if sum(personas.values()) > 0
    )


def _rows(connection: Connection, user: str, first: date, last: date) -> Iterable[Any]:
    return connection.execute(
        select(usage_days)
        .where(usage_days.c.user == user, usage_days.c.day.between(first.isoformat(), last.isoformat()))
        .order_by(usage_days.c.day)
    )


def _by_hour(begins: datetime, seconds: float, zone: tzinfo) -> Iterator[tuple[datetime, float]]:
    """A stretch cut where the hour changes on the wall: the beginning and the seconds of each piece."""
    while seconds > 0:
        local = begins.astimezone(zone)
        piece = min(seconds, 3600 - (local.minute * 60 + local.second + local.microsecond / 1e6))
        yield begins, piece
        begins, seconds = begins + timedelta(seconds=piece), seconds - piece


def _added(spent: Spent | None, hour: int, seconds: float, last_at: datetime) -> Spent:
    spent = spent or _none(last_at)
    hours = tuple(each + seconds if place == hour else each for place, each in enumerate(spent.hours))
    return replace(spent, seconds=spent.seconds + seconds, hours=hours)


def _none(last_at: datetime) -> Spent:
    return Spent(0.0, (0.0,) * HOURS, last_at)
