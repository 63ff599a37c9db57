"""Where does the rota leave nobody?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from anban.provider.shift import Shift, Span, spans, zone_named

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a plan: the fewest people there at any moment of it, by line, and in all."""

    begins: datetime
    first: int
    second: int
    leads: int
    anyone: int


@dataclass(frozen=True, slots=True)
class _Stand:
    staff: str
    tier: int
    lead: bool
    span: Span


def coverage(shifts: Sequence[Shift], from_day: date, days: int, zone: str) -> tuple[Hour, ...]:
    """Every hour of `days` calendar days in `zone`, in order; a day on which the clocks change has 23 or 25.

    An hour that is covered in part counts as what it is at its barest. Rests are not planned and do not count.
    """
    place = zone_named(zone)
    begins = datetime.combine(from_day, time(), place).astimezone(UTC)
    ends = datetime.combine(from_day + timedelta(days=days), time(), place).astimezone(UTC)
    stands = [
        _Stand(shift.staff, shift.tier, shift.role == "lead", span)
        for shift in shifts
        for span in spans(shift, begins, ends)
    ]
    hours: list[Hour] = []
    while begins < ends:
        hours.append(_hour(stands, begins, min(begins + HOUR, ends), begins.astimezone(place)))
        begins += HOUR
    return tuple(hours)


def gaps(hours: Sequence[Hour]) -> tuple[tuple[datetime, datetime], ...]:
    """The stretches in which at some moment of each hour nobody is there: beginning and end, in the hours' own zone."""
    found: list[tuple[datetime, datetime]] = []
    for hour in hours:
        if hour.anyone:
            continue
        zone = hour.begins.tzinfo
        ends = (hour.begins.astimezone(UTC) + HOUR).astimezone(zone)
        if found and found[-1][1].astimezone(UTC) == hour.begins.astimezone(UTC):
            found[-1] = (found[-1][0], ends)
        else:
            found.append((hour.begins, ends))
    return tuple(found)


def _hour(stands: Sequence[_Stand], begins: datetime, ends: datetime, shown: datetime) -> Hour:
    near = [each for each in stands if each.span.begins < ends and begins < each.span.ends]
    edges = {edge for each in near for edge in (each.span.begins, each.span.ends) if begins < edge < ends}
    there = [[each for each in near if each.span.begins <= at < each.span.ends] for at in (begins, *sorted(edges))]
    return Hour(
        shown,
        min(len({each.staff for each in now if each.tier == 1}) for now in there),
        min(len({each.staff for each in now if each.tier == 2}) for now in there),
        min(len({each.staff for each in now if each.tier == 3 or each.lead}) for now in there),
        min(len({each.staff for each in now}) for now in there),
    )
