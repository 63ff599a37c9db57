"""One week of the rota as the leads' page shows it: who is there when, where nobody is, everybody at the desk."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from anban.base.db import Connection
from anban.base.keys import MasterKeys
from anban.provider.coverage import HOUR, coverage, gaps
from anban.provider.rota import on_duty, shifts_of
from anban.provider.shift import DAY, Shift, zone_named
from anban.provider.staff import Staff, staff_of
from anban.web.desk.plots import heat_strip, stretches

HOME_ZONE = "Asia/Shanghai"
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything read from the database for one showing."""

    staff: tuple[Staff, ...]
    shifts: tuple[Shift, ...]
    duty: frozenset[str]


def read_roster(connection: Connection, keys: MasterKeys, service: str, at: datetime) -> Roster:
    """The staff of a service, their shifts that have not ended a fortnight ago, and who is on duty at `at`."""
    duty = frozenset(each.staff for each in on_duty(connection, service, at))
    since = (at - 2 * WEEK).date()
    return Roster(staff_of(connection, keys, service), shifts_of(connection, service, since=since), duty)


def usual_zone(roster: Roster) -> str:
    """The time zone in which most shifts are written."""
    return next((zone for zone, _ in Counter(shift.time_zone for shift in roster.shifts).most_common(1)), HOME_ZONE)


def week_of(asked: str, at: datetime, zone: str) -> date:
    """The Monday of the week that was asked for, else of this week."""
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        day = at.astimezone(zone_named(zone)).date()
    day = min(max(day, date(2020, 1, 6)), date(2100, 1, 1))
    return day - timedelta(days=day.weekday())


def shown_week(roster: Roster, asked: str, at: datetime, words: Mapping[str, str]) -> dict[str, Any]:
    """The week's part of the page."""
    zone = usual_zone(roster)
    monday = week_of(asked, at, zone)
    hours = coverage(roster.shifts, monday, 7, zone)
    names = [f"{words[f'staff.lead.day.{each}']} {_short(monday + timedelta(days=each))}" for each in range(7)]
    empty = gaps(hours)
    return {
        "zone": zone,
        "monday": monday.isoformat(),
        "sunday": (monday + timedelta(days=6)).isoformat(),
        "before": (monday - WEEK).isoformat(),
        "after": (monday + WEEK).isoformat(),
        "is_this": monday == week_of("", at, zone),
        "strip": heat_strip(hours, names, words["staff.lead.cover"]),
        "table": [(names[(date.fromisoformat(row.day) - monday).days], row) for row in stretches(hours)],
        "gaps": [_gap(begins, ends, words) for begins, ends in empty],
        "empty_hours": sum(not hour.anyone for hour in hours),
    }


def shown_shifts(roster: Roster, at: datetime, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The shifts that have not ended, one row each."""
    names = {each.id: each.name for each in roster.staff}
    today = at.astimezone(zone_named(usual_zone(roster))).date()
    return [
        {
            "id": shift.id,
            "name": names[shift.staff],
            "tier": shift.tier,
            "days": _days(shift.weekdays, words),
            "hours": _hours(shift, words),
            "zone": shift.time_zone,
            "first": shift.from_day.isoformat(),
            "last": shift.until_day.isoformat() if shift.until_day else "",
        }
        for shift in roster.shifts
        if shift.until_day is None or shift.until_day >= today
    ]


def shown_staff(roster: Roster, at: datetime) -> list[dict[str, Any]]:
    """Everybody at the desk, one row each; how to page them by kind, never the number."""
    zone = zone_named(usual_zone(roster))
    rows: list[dict[str, Any]] = []
    for each in roster.staff:
        resting = each.resting_until is not None and each.resting_until > at
        until = each.resting_until.astimezone(zone).strftime("%H:%M") if resting and each.resting_until else ""
        rows.append(
            {
                "id": each.id,
                "name": each.name,
                "login": each.login,
                "tier": each.tier,
                "role": each.role,
                "state": each.state,
                "on_duty": each.id in roster.duty,
                "resting": until,
                "routes": [kind for kind, _ in each.routes],
            }
        )
    return rows


def empty_hours(shifts: Sequence[Shift], at: datetime, days: int = 7) -> int:
    """In how many of the coming hours nobody is on the rota; for whoever examines the deployment."""
    begins = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    ends = begins + timedelta(days=days)
    plan = coverage(shifts, begins.date(), days + 1, "UTC")
    return sum(not hour.anyone for hour in plan if begins <= hour.begins.astimezone(UTC) < ends)


def clock(text: str) -> int:
    """Minutes since midnight of a time such as 08:00. Raises `ValueError`."""
    read = time.fromisoformat(text)
    return read.hour * 60 + read.minute


def _gap(begins: datetime, ends: datetime, words: Mapping[str, str]) -> dict[str, Any]:
    day = words[f"staff.lead.day.{begins.weekday()}"]
    last = (ends - timedelta(minutes=1)).date()
    until = "24:00" if ends.hour == 0 else f"{ends:%H:%M}"
    if last != begins.date():
        until = f"{words[f'staff.lead.day.{last.weekday()}']} {until}"
    hours = round((ends.astimezone(UTC) - begins.astimezone(UTC)) / HOUR)
    return {"begins": f"{day} {begins:%H:%M}", "ends": until, "hours": hours}


def _days(weekdays: tuple[int, ...], words: Mapping[str, str]) -> str:
    if len(weekdays) == 7:
        return words["staff.lead.day.all"]
    gap = "、" if "周" in words["staff.lead.day.0"] else ", "
    return gap.join(words[f"staff.lead.day.{day}"] for day in weekdays)


def _hours(shift: Shift, words: Mapping[str, str]) -> str:
    if shift.until_minute == shift.from_minute or (shift.from_minute, shift.until_minute) == (0, DAY):
        return words["staff.lead.shift.all_day"] if shift.from_minute == 0 else f"{_minute(shift.from_minute)} + 24 h"
    over = f"{words['staff.lead.shift.next_day']} " if 0 < shift.until_minute < shift.from_minute else ""
    return f"{_minute(shift.from_minute)}–{over}{_minute(shift.until_minute or DAY)}"


def _minute(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _short(day: date) -> str:
    return f"{day.month}/{day.day}"
