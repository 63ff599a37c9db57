"""Who is on duty: wall clocks in other zones, over midnight, over summer time; rests, leads, strangers, holes."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from anban.base.db import Connection, Database
from anban.base.errors import BadInput, Conflict, NotFound
from anban.base.keys import MasterKeys
from anban.provider.coverage import coverage, gaps
from anban.provider.models import services
from anban.provider.passwords import Hashed
from anban.provider.rota import OnDuty, add_shift, end_rest, end_shift, on_duty, shifts_of, take_rest
from anban.provider.services import open_service
from anban.provider.shift import Shift, spans, stands
from anban.provider.staff import Role, add_staff, set_state

KEYS = MasterKeys({1: b"k" * 32})
MONDAY = date(2026, 11, 23)
NIGHT = (20 * 60, 8 * 60)
EVERY = tuple(range(7))


def shift(
    hours: tuple[int, int] = NIGHT,
    zone: str = "Asia/Shanghai",
    weekdays: tuple[int, ...] = EVERY,
    staff: str = "lin",
    tier: int = 1,
    role: str = "responder",
    first: date = date(2026, 1, 1),
    last: date | None = None,
) -> Shift:
    return Shift("shf", staff, tier, role, weekdays, *hours, zone, first, last)


def local(text: str, zone: str = "Asia/Shanghai", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "there"),
    [
        ("2026-11-23T19:59", False),
        ("2026-11-23T20:00", True),
        ("2026-11-24T00:00", True),
        ("2026-11-24T07:59:59", True),
        ("2026-11-24T08:00", False),
        ("2026-11-24T20:00", False),
        ("2026-11-23T03:00", False),
    ],
)
def test_a_night_that_begins_on_monday_ends_on_tuesday_morning(at: str, there: bool) -> None:
    assert stands(shift(weekdays=(0,)), local(at)) is there


def test_equal_times_are_a_whole_day_and_so_is_midnight_to_midnight() -> None:
    for hours in ((0, 1440), (0, 0)):
        day = shift(hours, weekdays=(0,))
        assert stands(day, local("2026-11-23T00:00")) and stands(day, local("2026-11-23T23:59:59"))
        assert not stands(day, local("2026-11-22T23:59:59")) and not stands(day, local("2026-11-24T00:00"))
    assert stands(shift((600, 600), weekdays=(0,)), local("2026-11-24T09:59"))
    assert not stands(shift((600, 600), weekdays=(0,)), local("2026-11-24T10:00"))


def test_the_last_days_night_is_still_served_to_its_end() -> None:
    last = shift(first=MONDAY, last=MONDAY)
    assert not stands(last, local("2026-11-23T07:00")), "Sunday's night was not theirs yet"
    assert stands(last, local("2026-11-24T07:59"))
    assert not stands(last, local("2026-11-24T21:00"))


def test_a_shift_follows_the_clock_of_its_own_zone_through_summer_time() -> None:
    day = shift((9 * 60, 17 * 60), "America/Los_Angeles")
    assert stands(day, local("2026-03-07T09:00", "America/Los_Angeles"))
    assert stands(day, local("2026-03-08T09:00", "America/Los_Angeles")), "an hour earlier in UTC from this day on"
    assert not stands(day, local("2026-03-08T08:59", "America/Los_Angeles"))


def test_where_an_hour_is_missing_or_comes_twice_nobody_goes_early_or_comes_late() -> None:
    zone = "America/Los_Angeles"
    until_two, from_two = shift((20 * 60, 150), zone), shift((150, 20 * 60), zone)
    spring = local("2026-03-08T01:00", zone)
    autumn = local("2026-11-01T00:30", zone)
    for start in (spring, autumn):
        for minutes in range(0, 300, 5):
            at = start + timedelta(minutes=minutes)
            assert stands(until_two, at) or stands(from_two, at), f"nobody at {at}"
    assert stands(until_two, local("2026-11-01T01:59", zone, fold=1))


zones = st.sampled_from(
    ["Asia/Shanghai", "America/Los_Angeles", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
moments = st.integers(0, 1_051_200).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


@given(zones, st.integers(0, 1439), st.integers(0, 1440), st.sets(st.integers(0, 6), min_size=1), moments)
def test_asking_for_a_moment_and_asking_for_a_stretch_give_the_same(
    zone: str, begins: int, ends: int, weekdays: set[int], at: datetime
) -> None:
    one = shift((begins, ends), zone, tuple(sorted(weekdays)), first=date(2025, 1, 1))
    listed = any(span.begins <= at < span.ends for span in spans(one, at - timedelta(hours=1), at + timedelta(hours=1)))
    assert stands(one, at) is listed


@given(zones, st.integers(0, 1439), moments)
def test_two_shifts_that_meet_leave_no_moment_between_them(zone: str, minute: int, at: datetime) -> None:
    other = (minute + 720) % 1440
    pair = (shift((minute, other), zone, first=date(2025, 1, 1)), shift((other, minute), zone, first=date(2025, 1, 1)))
    assert any(stands(each, at) for each in pair)


def test_a_plan_tells_for_each_hour_how_many_of_each_line_are_there() -> None:
    plan = coverage(
        [shift(), shift((8 * 60, 20 * 60), staff="chen", tier=2), shift((0, 1440), staff="wang", tier=3, role="lead")],
        MONDAY, 1, "Asia/Shanghai",
    )  # fmt: skip
    assert [(hour.first, hour.second, hour.leads, hour.anyone) for hour in plan] == (
        [(1, 0, 1, 2)] * 8 + [(0, 1, 1, 2)] * 12 + [(1, 0, 1, 2)] * 4
    )
    assert gaps(plan) == ()


def test_an_hour_that_is_covered_in_part_is_a_hole() -> None:
    plan = coverage([shift((0, 9 * 60 + 30)), shift((10 * 60, 1440))], MONDAY, 1, "Asia/Shanghai")
    ((begins, ends),) = gaps(plan)
    assert (begins.hour, ends.hour) == (9, 10)


def test_two_shifts_of_one_person_are_one_person() -> None:
    plan = coverage([shift((0, 720)), shift((600, 1440))], MONDAY, 1, "Asia/Shanghai")
    assert {hour.first for hour in plan} == {1}


def test_a_hole_goes_on_over_midnight_and_is_told_as_one() -> None:
    plan = coverage([shift((8 * 60, 20 * 60))], MONDAY, 2, "Asia/Shanghai")
    assert [(f"{begins:%d %H}", f"{ends:%d %H}") for begins, ends in gaps(plan)] == [
        ("23 00", "23 08"),
        ("23 20", "24 08"),
        ("24 20", "25 00"),
    ]


def test_a_day_on_which_the_clocks_change_has_as_many_hours_as_it_has() -> None:
    zone = "America/Los_Angeles"
    assert len(coverage([], date(2026, 3, 8), 1, zone)) == 23
    assert len(coverage([], date(2026, 11, 1), 1, zone)) == 25
    for day in (date(2026, 3, 8), date(2026, 11, 1)):
        assert gaps(coverage([shift((0, 1440), zone)], day, 1, zone)) == ()


# --- kept in a database ---------------------------------------------------------------------------------------------


def desk(connection: Connection, name: str = "companion") -> str:
    return open_service(connection, name=name, packs=("cn-2026-final",), place="cn").id


def person(connection: Connection, login: str, tier: int = 1, role: Role = "responder", name: str = "companion") -> str:
    return add_staff(
        connection, KEYS, service=desk(connection, name), login=login, name=login, role=role, tier=tier,
        password=Hashed("x"), at=local("2026-01-01T00:00"),
    )[0].id  # fmt: skip


def hours(connection: Connection, staff_id: str, name: str = "companion", **more: object) -> str:
    given = {
        "weekdays": EVERY, "from_minute": 0, "until_minute": 1440, "time_zone": "Asia/Shanghai",
        "from_day": date(2026, 1, 1), **more,
    }  # fmt: skip
    return add_shift(connection, service=desk(connection, name), staff_id=staff_id, **given)  # type: ignore[arg-type]


def mine_of(connection: Connection) -> str:
    return connection.execute(select(services.c.id).where(services.c.name == "companion")).scalar_one()


async def here(db: Database, at: datetime) -> tuple[OnDuty, ...]:
    return await db.read(lambda connection: on_duty(connection, mine_of(connection), at))


EVENING = local("2026-11-23T21:00")


async def test_on_duty_are_those_whose_shift_it_is_by_line(db: Database) -> None:
    def work(connection: Connection) -> None:
        for login, tier, when in (("second", 2, NIGHT), ("first", 1, NIGHT), ("day", 1, (480, 1200))):
            hours(connection, person(connection, login, tier), from_minute=when[0], until_minute=when[1])
        person(connection, "without-hours")

    await db.write(work)
    found = await here(db, EVENING)
    assert [(each.tier, each.role) for each in found] == [(1, "responder"), (2, "responder")]
    assert len(await here(db, EVENING - timedelta(hours=6))) == 1


async def test_a_lead_in_the_first_line_is_called_there_and_with_the_leads(db: Database) -> None:
    await db.write(lambda c: hours(c, person(c, "wang", 1, "lead")))
    await db.write(lambda c: hours(c, person(c, "zhao", 3, "lead")))
    found = await here(db, EVENING)
    assert [each.tier for each in found] == [1, 3, 3] and len({each.staff for each in found}) == 2


async def test_a_desk_without_anybody_has_nobody_on_duty(db: Database) -> None:
    identifier = await db.write(desk)
    assert await db.read(lambda c: on_duty(c, identifier, EVENING)) == ()


async def test_nobody_is_called_for_another_service_or_after_they_left(db: Database) -> None:
    other = await db.write(lambda c: person(c, "lin", name="other"))
    await db.write(lambda c: hours(c, other, "other"))
    mine = await db.write(lambda c: person(c, "lin"))
    await db.write(lambda c: hours(c, mine))
    assert [each.staff for each in await here(db, EVENING)] == [mine]
    await db.write(lambda c: set_state(c, mine, "off"))
    assert await here(db, EVENING) == ()
    assert await db.read(lambda c: shifts_of(c, mine_of(c))) == ()


async def test_who_rests_is_not_called_until_the_rest_is_over_or_ended(db: Database) -> None:
    lin, chen = await db.write(lambda c: (person(c, "lin"), person(c, "chen", 2)))
    await db.write(lambda c: (hours(c, lin), hours(c, chen)))
    until = EVENING + timedelta(minutes=15)
    await db.write(lambda c: take_rest(c, desk(c), lin, until, EVENING))
    assert [each.staff for each in await here(db, EVENING)] == [chen]
    assert len(await here(db, until)) == 2
    await db.write(lambda c: end_rest(c, desk(c), lin))
    assert len(await here(db, EVENING)) == 2


async def test_the_last_one_at_the_desk_cannot_rest_before_somebody_else_is_there(db: Database) -> None:
    lin, chen = await db.write(lambda c: (person(c, "lin"), person(c, "chen", 2)))
    await db.write(lambda c: hours(c, lin))
    until = EVENING + timedelta(minutes=15)
    with pytest.raises(Conflict):
        await db.write(lambda c: take_rest(c, desk(c), lin, until, EVENING))
    await db.write(lambda c: hours(c, chen))
    await db.write(lambda c: take_rest(c, desk(c), lin, until, EVENING))
    with pytest.raises(NotFound):
        await db.write(lambda c: take_rest(c, desk(c, "other"), lin, until, EVENING))


async def test_a_shift_that_was_ended_comes_for_the_last_time_on_that_day(db: Database) -> None:
    lin = await db.write(lambda c: person(c, "lin"))
    identifier = await db.write(lambda c: hours(c, lin))
    await db.write(lambda c: end_shift(c, desk(c), identifier, MONDAY))
    assert await here(db, EVENING)
    assert not await here(db, EVENING + timedelta(days=1))
    assert await db.read(lambda c: shifts_of(c, mine_of(c), since=MONDAY + timedelta(days=1))) == ()
    with pytest.raises(NotFound):
        await db.write(lambda c: end_shift(c, desk(c, "other"), identifier, MONDAY))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("weekdays", {"weekdays": ()}),
        ("weekdays", {"weekdays": (7,)}),
        ("from_minute", {"from_minute": 1440}),
        ("from_minute", {"until_minute": 1441}),
        ("time_zone", {"time_zone": "Asia/Nowhere"}),
        ("time_zone", {"time_zone": "../../etc/passwd"}),
        ("until_day", {"until_day": date(2025, 12, 31)}),
    ],
)
async def test_hours_that_cannot_be_are_refused(sqlite_db: Database, field: str, wrong: dict[str, object]) -> None:
    lin = await sqlite_db.write(lambda c: person(c, "lin"))
    with pytest.raises(BadInput) as refused:
        await sqlite_db.write(lambda c: hours(c, lin, **wrong))  # type: ignore[arg-type]
    assert refused.value.field == field


async def test_nobody_is_put_on_the_rota_of_a_service_that_is_not_theirs(sqlite_db: Database) -> None:
    lin = await sqlite_db.write(lambda c: person(c, "lin"))
    with pytest.raises(NotFound):
        await sqlite_db.write(lambda c: hours(c, lin, "other"))


async def test_asking_who_is_on_duty_is_one_question_to_the_database(db: Database) -> None:
    for number in range(5):
        await db.write(lambda c, n=number: hours(c, person(c, f"s{n}", 1 + n % 2)))
    identifier = await db.write(desk)

    def counted(connection: Connection) -> list[str]:
        asked: list[str] = []

        def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
            asked.append(re.sub(r"\s+", " ", statement)[:40])

        event.listen(connection, "before_cursor_execute", note)
        try:
            assert len(on_duty(connection, identifier, EVENING)) == 5
        finally:
            event.remove(connection, "before_cursor_execute", note)
        return asked

    assert len(await db.read(counted)) == 1
