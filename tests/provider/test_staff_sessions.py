"""A log-in at the desk: how long it lasts, what ends it; and how fast somebody may guess."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from anban.base.db import Connection, Database
from anban.base.keys import MasterKeys
from anban.provider.attempts import FORGOTTEN_AFTER, begin_try, forgive, waits
from anban.provider.desk_models import staff_sessions
from anban.provider.passwords import Hashed
from anban.provider.services import open_service
from anban.provider.staff import add_staff, set_state
from anban.provider.staff_sessions import SEEN, begin, end, end_all, session_of, token_digest

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
IDLE, LASTS = timedelta(minutes=30), timedelta(hours=12)
LONGEST = timedelta(seconds=30)


def somebody(connection: Connection, login: str = "lin") -> str:
    service = open_service(connection, name="companion", packs=("cn-2026-final",), place="cn").id
    keys = MasterKeys({1: b"k" * 32})
    return add_staff(
        connection,
        keys,
        service=service,
        login=login,
        name=login,
        role="responder",
        tier=1,
        password=Hashed("x"),
        at=AT,
    )[0].id


@pytest.fixture
async def who(db: Database) -> str:
    return await db.write(somebody)


async def test_a_token_opens_and_is_not_stored(db: Database, who: str) -> None:
    token = await db.write(lambda c: begin(c, who, AT, LASTS))
    found = await db.read(lambda c: session_of(c, token, AT, IDLE))
    assert found is not None and found.staff == who and found.digest == token_digest(token)
    row = await db.read(lambda c: c.execute(select(staff_sessions)).one())
    assert token not in str(row)
    assert await db.read(lambda c: session_of(c, token + "x", AT, IDLE)) is None


async def test_it_ends_when_nobody_was_there_for_a_while(db: Database, who: str) -> None:
    token = await db.write(lambda c: begin(c, who, AT, LASTS))
    assert await db.read(lambda c: session_of(c, token, AT + IDLE - timedelta(seconds=1), IDLE))
    assert await db.read(lambda c: session_of(c, token, AT + IDLE, IDLE)) is None
    db.later(SEEN, {"of_digest": token_digest(token), "at": AT + timedelta(minutes=20)})
    await db.settled()
    assert await db.read(lambda c: session_of(c, token, AT + IDLE, IDLE))


async def test_it_ends_after_its_whole_length_however_busy_they_were(db: Database, who: str) -> None:
    token = await db.write(lambda c: begin(c, who, AT, LASTS))
    db.later(SEEN, {"of_digest": token_digest(token), "at": AT + LASTS - timedelta(seconds=10)})
    await db.settled()
    assert await db.read(lambda c: session_of(c, token, AT + LASTS - timedelta(seconds=1), IDLE))
    assert await db.read(lambda c: session_of(c, token, AT + LASTS, IDLE)) is None


async def test_logging_out_ends_one_and_ending_all_ends_all_of_theirs_alone(db: Database, who: str) -> None:
    other = await db.write(lambda c: somebody(c, "chen"))
    one, two, theirs = await db.write(lambda c: [begin(c, each, AT, LASTS) for each in (who, who, other)])
    await db.write(lambda c: end(c, token_digest(one), AT))

    async def opens() -> list[bool]:
        return [await db.read(lambda c, t=t: session_of(c, t, AT, IDLE)) is not None for t in (one, two, theirs)]

    assert await opens() == [False, True, True]
    await db.write(lambda c: end_all(c, who, AT))
    assert await opens() == [False, False, True]


async def test_somebody_switched_off_is_out_at_once(db: Database, who: str) -> None:
    token = await db.write(lambda c: begin(c, who, AT, LASTS))
    await db.write(lambda c: set_state(c, who, "off"))
    assert await db.read(lambda c: session_of(c, token, AT, IDLE)) is None


def test_the_first_failures_cost_nothing_and_each_further_one_doubles_the_wait_up_to_the_longest() -> None:
    told = [waits(failures, AT, AT, 5, LONGEST).total_seconds() for failures in range(12)]
    assert told == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30]


@given(st.integers(0, 10_000), st.integers(0, 100_000))
def test_nobody_ever_waits_longer_than_the_longest(failures: int, seconds: int) -> None:
    wait = waits(failures, AT, AT + timedelta(seconds=seconds), 5, LONGEST)
    assert timedelta() <= wait <= LONGEST
    assert not waits(failures, AT, AT + LONGEST, 5, LONGEST)


async def test_whoever_is_sent_away_while_waiting_does_not_wait_longer_for_it(db: Database) -> None:
    at = AT
    for _ in range(8):
        wait = await db.write(lambda c: begin_try(c, {"lin": 5}, LONGEST, at))  # noqa: B023 - run at once
        at += wait
    assert wait > timedelta()
    began = at
    for step in range(1, 4):
        near = began - timedelta(milliseconds=step)
        assert await db.write(lambda c, near=near: begin_try(c, {"lin": 5}, LONGEST, near)) == timedelta(
            milliseconds=step
        )
    assert not await db.write(lambda c: begin_try(c, {"lin": 5}, LONGEST, began))


async def test_the_slower_of_two_lanes_counts_and_the_other_is_not_charged(db: Database) -> None:
    for _ in range(5):
        assert not await db.write(lambda c: begin_try(c, {"lin": 5, "office": 20}, LONGEST, AT))
    assert await db.write(lambda c: begin_try(c, {"lin": 5, "office": 20}, LONGEST, AT)) == timedelta(seconds=1)
    assert not await db.write(lambda c: begin_try(c, {"chen": 5, "office": 20}, LONGEST, AT))


async def test_coming_in_forgives_and_so_does_time(db: Database) -> None:
    for _ in range(5):
        await db.write(lambda c: begin_try(c, {"lin": 5, "chen": 5}, LONGEST, AT))
    await db.write(lambda c: forgive(c, ["lin"]))
    assert not await db.write(lambda c: begin_try(c, {"lin": 5}, LONGEST, AT))
    assert await db.write(lambda c: begin_try(c, {"chen": 5}, LONGEST, AT))
    later = AT + FORGOTTEN_AFTER * LONGEST + timedelta(seconds=1)
    for _ in range(5):
        assert not await db.write(lambda c: begin_try(c, {"chen": 5}, LONGEST, later))
