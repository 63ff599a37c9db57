"""When does a shift stand? Wall clocks turned into moments, over midnight and over changes to summer time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from anban.base.errors import BadInput

DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours that come again each week, by the clock on a wall in `time_zone`.

    0 is Monday. Minutes since midnight; an end that is not after its beginning lies on the next day. Both days count.
    """

    id: str
    staff: str
    tier: int
    role: str
    weekdays: tuple[int, ...]
    from_minute: int
    until_minute: int
    time_zone: str
    from_day: date
    until_day: date | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment up to another, both UTC; the second is not part of it."""

    begins: datetime
    ends: datetime


def zone_named(name: str) -> ZoneInfo:
    """The time zone. Raises `BadInput` when there is none of that name."""
    try:
        return _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput("time_zone is not a known zone such as Asia/Shanghai", field="time_zone") from error


def stands(shift: Shift, at: datetime) -> bool:
    """Whether `at` lies in the shift."""
    today = at.astimezone(zone_named(shift.time_zone)).date()
    days = (today - timedelta(days=1), today)
    return any(span.begins <= at < span.ends for span in (_span_of(shift, day) for day in days) if span)


def spans(shift: Shift, begins: datetime, ends: datetime) -> Iterator[Span]:
    """Every stretch of the shift that touches the time between the two, in order."""
    zone = zone_named(shift.time_zone)
    day = begins.astimezone(zone).date() - timedelta(days=1)
    last = ends.astimezone(zone).date()
    while day <= last:
        span = _span_of(shift, day)
        if span is not None and span.begins < ends and begins < span.ends:
            yield span
        day += timedelta(days=1)


def _span_of(shift: Shift, day: date) -> Span | None:
    """The stretch that begins on this day of the shift's own calendar."""
    if day.weekday() not in shift.weekdays or day < shift.from_day:
        return None
    if shift.until_day is not None and day > shift.until_day:
        return None
    over = DAY if shift.until_minute <= shift.from_minute else 0
    zone = zone_named(shift.time_zone)
    # Where the clocks change, an hour comes twice or not at all: begin at the earlier reading and end at the later
    # one, so that two people overlap rather than nobody is there.
    return Span(
        min(_moments(day, shift.from_minute, zone)),
        max(_moments(day, shift.until_minute + over, zone)),
    )


def _moments(day: date, minute: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    days, rest = divmod(minute, DAY)
    wall = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
    return wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
