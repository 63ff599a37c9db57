"""The usage clock counts the union of use in somebody's own days, whatever clocks, zones and devices do."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from anban.base.db import Database
from anban.base.errors import BadInput
from anban.conversations.exemptions import Exemption, end_exemption, exempt, exemptions_of, spared
from anban.conversations.usage import (
    USAGE_KEPT,
    Usage,
    days_of,
    local_day,
    spend,
    usage_of,
    usage_rows,
)
from anban.ledger.kinds import Kind
from anban.ledger.reading import for_subject
from tests.people.scene import a_person

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = [SHANGHAI, NEW_YORK, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Etc/GMT+12"), ZoneInfo("Australia/Lord_Howe")]
START = datetime(2026, 11, 1, 3, tzinfo=UTC)
GAP = timedelta(minutes=15)
YEAR = 365 * 86400.0

steps = st.lists(st.tuples(st.floats(0, 1200), st.sampled_from("abc")), min_size=1, max_size=40)
jumps = st.lists(st.sampled_from([0.0, 1.0, 60.0, 600.0, -5.0, -120.0, -3600.0, 86400.0, YEAR, -YEAR]), max_size=40)


def whole(usage: Usage) -> float:
    return sum(spent.seconds for spent in usage.days.values())


def walked(times: Sequence[tuple[datetime, str]], zone: ZoneInfo = SHANGHAI) -> Usage:
    usage = Usage()
    for at, persona in times:
        usage, _ = spend(usage, at, persona, zone, GAP)
    return usage


@given(steps, st.sampled_from(ZONES))
def test_a_whole_evening_is_the_sum_of_its_stretches_in_every_zone(
    made: list[tuple[float, str]], zone: ZoneInfo
) -> None:
    at, expected, usage = START, 0.0, Usage()
    for step, persona in made:
        at += timedelta(seconds=step)
        expected += step if usage.last_at is not None and timedelta(seconds=step) < GAP else 0.0
        usage, _ = spend(usage, at, persona, zone, GAP)
    if (at - START) < timedelta(days=1):
        assert whole(usage) == pytest.approx(expected, abs=1e-3)
    for spent in usage.days.values():
        assert sum(spent.hours) == pytest.approx(spent.seconds, abs=1e-3)


@given(st.integers(2, 5), steps)
def test_devices_at_once_count_once(devices: int, made: list[tuple[float, str]]) -> None:
    at, times = START, list[tuple[datetime, str]]()
    for step, persona in made:
        at += timedelta(seconds=step)
        times.append((at, persona))
    doubled = [each for each in times for _ in range(devices)]
    assert whole(walked(doubled)) == pytest.approx(whole(walked(times)))


@given(jumps)
def test_a_clock_that_jumps_by_a_year_gives_at_most_one_gap_and_never_takes_time_back(made: list[float]) -> None:
    at, usage, before = START, Usage(), 0.0
    for jump in made:
        at += timedelta(seconds=jump)
        usage, _ = spend(usage, at, "a", SHANGHAI, GAP)
        day = usage.seconds(local_day(usage, at, SHANGHAI))
        assert usage.last_at is not None and abs((usage.last_at - at).total_seconds()) <= 10
        grown = whole(usage) - before
        assert grown <= GAP.total_seconds()
        assert day >= 0.0
        before = whole(usage)


@pytest.mark.parametrize("jump", [timedelta(days=365), -timedelta(days=365), timedelta(hours=3), -timedelta(hours=3)])
def test_after_a_jump_there_and_back_the_clock_counts_on_at_once(jump: timedelta) -> None:
    usage = walked([(START, "a"), (START + timedelta(minutes=10), "a")])
    usage, _ = spend(usage, START + timedelta(minutes=11) + jump, "a", SHANGHAI, GAP)
    back = START + timedelta(minutes=12)
    usage, _ = spend(usage, back, "a", SHANGHAI, GAP)
    before = whole(usage)
    usage, _ = spend(usage, back + timedelta(minutes=10), "a", SHANGHAI, GAP)
    assert whole(usage) - before == pytest.approx(600)


def test_an_evening_over_midnight_belongs_to_two_days() -> None:
    before = datetime(2026, 11, 1, 15, 55, tzinfo=UTC)  # five to twelve in Shanghai
    usage = walked([(before, "a"), (before + timedelta(minutes=12), "a")])
    assert (usage.seconds("2026-11-01"), usage.seconds("2026-11-02")) == (300, 420)
    assert usage.days["2026-11-01", "a"].hours[23] == 300 and usage.days["2026-11-02", "a"].hours[0] == 420


@pytest.mark.parametrize(
    ("begins", "hours"),
    [
        (datetime(2026, 3, 8, 6, 55, tzinfo=UTC), {1: 300, 3: 300}),  # spring: two o'clock does not exist
        (datetime(2026, 11, 1, 5, 55, tzinfo=UTC), {1: 600}),  # autumn: one o'clock comes twice
    ],
)
def test_where_clocks_change_no_second_is_lost_or_counted_twice(begins: datetime, hours: dict[int, float]) -> None:
    usage = walked([(begins, "a"), (begins + timedelta(minutes=10), "a")], NEW_YORK)
    (spent,) = usage.days.values()
    assert {place: each for place, each in enumerate(spent.hours) if each} == hours


def test_a_stretch_belongs_to_the_character_they_were_with() -> None:
    usage = walked([(START, "a"), (START + timedelta(minutes=4), "b"), (START + timedelta(minutes=10), "a")])
    assert {key[1]: spent.seconds for key, spent in usage.days.items()} == {"a": 240, "b": 360}


def test_time_with_a_human_does_not_count() -> None:
    usage, _ = spend(Usage(), START, "a", SHANGHAI, GAP)
    usage, _ = spend(usage, START + timedelta(minutes=10), "a", SHANGHAI, GAP, human=True)
    usage, _ = spend(usage, START + timedelta(minutes=12), "a", SHANGHAI, GAP)
    assert whole(usage) == 120


@given(st.lists(st.sampled_from(ZONES), min_size=2, max_size=30), st.integers(1, 14))
def test_moving_between_time_zones_never_brings_a_day_back(zones: list[ZoneInfo], minutes: int) -> None:
    at, usage, newest = START, Usage(), ""
    for zone in zones:
        at += timedelta(minutes=minutes)
        usage, _ = spend(usage, at, "a", zone, GAP)
        day = local_day(usage, at, zone)
        assert day >= newest
        newest = day


async def test_what_is_stored_is_what_was_counted_also_when_two_replicas_saw_the_same_stretch(db: Database) -> None:
    user = (await db.write(a_person))[1]
    first = walked([(START, "a"), (START + timedelta(minutes=5), "b")])
    one, changed = spend(first, START + timedelta(minutes=9), "b", SHANGHAI, GAP)
    other, also = spend(first, START + timedelta(minutes=9, seconds=2), "b", SHANGHAI, GAP)
    for usage, keys in ((first, first.days), (other, also), (one, changed)):
        for row in usage_rows(user, usage, keys):
            db.later(USAGE_KEPT, row)
        await db.settled()
    stored = await db.read(lambda c: usage_of(c, user, START))
    assert {key[1]: spent.seconds for key, spent in stored.days.items()} == {"a": 300, "b": 242}
    assert stored.persona == "b" and stored.last_at == START + timedelta(minutes=9)
    (day,) = await db.read(lambda c: days_of(c, user, date(2026, 10, 31), date(2026, 11, 3)))
    assert (day.seconds, dict(day.personas), day.hours[11]) == (542, {"a": 300, "b": 242}, 542)


async def test_a_stored_future_of_a_wrong_clock_stops_nothing(db: Database) -> None:
    user = (await db.write(a_person))[1]
    usage = walked([(START + timedelta(hours=20), "a"), (START + timedelta(hours=20, minutes=5), "b")])
    for row in usage_rows(user, usage, usage.days):
        db.later(USAGE_KEPT, row)
    for minutes in (0, 5, 10):  # every message is read anew, as on PostgreSQL
        await db.settled()
        at = START + timedelta(minutes=minutes)
        usage, changed = spend(await db.read(lambda c, at=at: usage_of(c, user, at)), at, "b", SHANGHAI, GAP)
        for row in usage_rows(user, usage, changed):
            db.later(USAGE_KEPT, row)
    await db.settled()
    assert whole(await db.read(lambda c: usage_of(c, user, START))) == 300 + 600


async def test_an_exemption_has_a_reason_an_end_and_an_entry(db: Database) -> None:
    user = (await db.write(a_person))[1]
    told: dict[str, Any] = {"by": "guardian", "at": START, "service": "srv_1", "rulebook": "r"}
    until = START + timedelta(hours=3)

    def make(
        connection: Connection, kind: Any = "time", reason: str = "a birthday", until_at: datetime = until
    ) -> Exemption:
        return exempt(connection, user, kind, reason=reason, from_at=START, until_at=until_at, **told)

    made = await db.write(make)
    for wrong in ({"reason": " "}, {"until_at": START}, {"kind": "everything"}):
        with pytest.raises(BadInput):
            await db.write(lambda c, wrong=wrong: make(c, **wrong))
    given_ = await db.read(lambda c: exemptions_of(c, user, START))
    assert spared(given_, "time", START) and not spared(given_, "quiet", START) and not spared(given_, "time", until)
    ends = {**told, "at": START + timedelta(hours=1)}
    assert await db.write(lambda c: end_exemption(c, user, made.id, **ends))
    assert not await db.write(lambda c: end_exemption(c, user, made.id, **ends))
    assert await db.read(lambda c: exemptions_of(c, user, START + timedelta(hours=1))) == ()
    kinds = [each.entry for each in await db.read(lambda c: for_subject(c, user))]
    assert [each.kind for each in kinds] == [Kind.LIMIT_EXEMPTED] * 2 and "birthday" not in str(kinds)
