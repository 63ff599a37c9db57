"""Who is on duty now?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from anban.base.errors import BadInput, Conflict, NotFound
from anban.base.ids import new_id
from anban.provider.desk_models import shifts, staff
from anban.provider.shift import DAY, Shift, stands, zone_named
from anban.provider.staff import rest

LEADS = 3


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who can be called now, and in which line: 1 first, 2 second, 3 leads."""

    staff: str
    tier: int
    role: str


def add_shift(
    connection: Connection,
    *,
    service: str,
    staff_id: str,
    weekdays: Sequence[int],
    from_minute: int,
    until_minute: int,
    time_zone: str,
    from_day: date,
    until_day: date | None = None,
) -> str:
    """Hours that come again on these days of the week (0 is Monday); the shift's id.

    Minutes since midnight by the clock in `time_zone`; an end that is not after its beginning lies on the next day, and
    0 to 1440 is the whole day. Raises `BadInput` for hours that cannot be, `NotFound` when this service has no such
    person.
    """
    days = tuple(sorted(set(weekdays)))
    if not days or not all(0 <= day <= 6 for day in days):
        raise BadInput("weekdays are numbers from 0 (Monday) to 6", field="weekdays")
    if not (0 <= from_minute < DAY and 0 <= until_minute <= DAY):
        raise BadInput("hours lie within a day", field="from_minute")
    if until_day is not None and until_day < from_day:
        raise BadInput("the last day lies before the first", field="until_day")
    zone_named(time_zone)
    here = staff.c.id == staff_id, staff.c.service == service, staff.c.tier > 0
    if connection.execute(select(staff.c.id).where(*here)).first() is None:
        raise NotFound("no such person at this desk", field="staff")
    identifier = new_id("shf_")
    connection.execute(
        insert(shifts).values(
            id=identifier,
            service=service,
            staff=staff_id,
            weekdays=",".join(map(str, days)),
            from_minute=from_minute,
            until_minute=until_minute,
            time_zone=time_zone,
            from_day=from_day.isoformat(),
            until_day=None if until_day is None else until_day.isoformat(),
        )
    )
    return identifier


def end_shift(connection: Connection, service: str, identifier: str, last_day: date) -> None:
    """The shift comes for the last time on that day. Raises `NotFound`."""
    mine = shifts.c.id == identifier, shifts.c.service == service
    changed = connection.execute(update(shifts).where(*mine).values(until_day=last_day.isoformat()))
    if changed.rowcount != 1:
        raise NotFound("no such shift", field="shift")


def shifts_of(connection: Connection, service: str, *, since: date | None = None) -> tuple[Shift, ...]:
    """The shifts of those who work for a service now; with `since`, only those that did not end before that day."""
    wanted = select(shifts, staff.c.tier, staff.c.role).join(staff, staff.c.id == shifts.c.staff)
    wanted = wanted.where(shifts.c.service == service, staff.c.state == "active", staff.c.tier > 0)
    if since is not None:
        wanted = wanted.where(or_(shifts.c.until_day.is_(None), shifts.c.until_day >= since.isoformat()))
    rows = connection.execute(wanted.order_by(staff.c.tier, staff.c.login, shifts.c.from_minute, shifts.c.id))
    return tuple(_shift(row) for row in rows)


def on_duty(connection: Connection, service: str, at: datetime) -> tuple[OnDuty, ...]:
    """Everybody who can be called at `at`: active, not resting, in a shift; by tier. One query.

    A lead who also stands in the first or second line comes twice: in that line, and with the leads.
    """
    rows = connection.execute(
        select(shifts, staff.c.tier, staff.c.role)
        .join(staff, staff.c.id == shifts.c.staff)
        .where(
            shifts.c.service == service,
            staff.c.state == "active",
            staff.c.tier > 0,
            or_(staff.c.resting_until.is_(None), staff.c.resting_until <= at),
        )
        .order_by(staff.c.tier, staff.c.id)
    )
    here = [shift for shift in map(_shift, rows) if stands(shift, at)]
    lines = [OnDuty(shift.staff, shift.tier, shift.role) for shift in here]
    leads = [OnDuty(shift.staff, LEADS, shift.role) for shift in here if shift.role == "lead"]
    return tuple(dict.fromkeys((*lines, *leads)))


def take_rest(connection: Connection, service: str, staff_id: str, until: datetime, at: datetime) -> None:
    """Somebody rests until then. Raises `Conflict` when they are the only one on duty, `NotFound` for a stranger."""
    mine = staff.c.id == staff_id, staff.c.service == service
    if connection.execute(select(staff.c.id).where(*mine)).first() is None:
        raise NotFound("no such person at this desk", field="staff")
    here = {each.staff for each in on_duty(connection, service, at)}
    if here == {staff_id}:
        raise Conflict("nobody else is on duty now", field="last")
    rest(connection, staff_id, until)


def end_rest(connection: Connection, service: str, staff_id: str) -> None:
    """Somebody is back before their rest is over. Raises `NotFound`."""
    if connection.execute(select(staff.c.id).where(staff.c.id == staff_id, staff.c.service == service)).first() is None:
        raise NotFound("no such person at this desk", field="staff")
    rest(connection, staff_id, None)


def _shift(row: Row[Any]) -> Shift:
    return Shift(
        row.id,
        row.staff,
        row.tier,
        row.role,
        tuple(int(day) for day in row.weekdays.split(",")),
        row.from_minute,
        row.until_minute,
        row.time_zone,
        date.fromisoformat(row.from_day),
        None if row.until_day is None else date.fromisoformat(row.until_day),
    )
