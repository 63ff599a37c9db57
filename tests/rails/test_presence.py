"""Turns faster than the group commit: what is counted of a person's time is not lost before it is on disk."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from anban.conversations.usage import usage_of
from anban.people.elder_setup import setup_of
from anban.rails import presence
from tests.house import House, open_house

ORDINARY = "今天数学课讲了函数。"


@pytest.fixture(params=["sqlite", "postgres"])
async def house(request: pytest.FixtureRequest, tmp_path: Path, postgres_url: str) -> AsyncIterator[House]:
    more: dict[str, Any] = {"database_url": postgres_url} if request.param == "postgres" else {}
    async with open_house(tmp_path, **more) as opened:
        yield opened


class Slow:
    """A group commit that comes when the test says so: until then every row waits in memory."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house, self.waiting = house, list[tuple[Any, Any]]()
        self._later = house.rt.db.later
        monkeypatch.setattr(house.rt.db, "later", lambda statement, row: self.waiting.append((statement, row)))

    async def comes(self) -> None:
        for statement, row in self.waiting:
            self._later(statement, row)
        self.waiting.clear()
        await self.house.rt.db.settled()


async def stored(house: House) -> float:
    person = await house.person()
    usage = await house.rt.db.read(lambda c: usage_of(c, person.id, house.clock.now()))
    return sum(each.seconds for each in usage.days.values())


async def test_no_second_is_lost_between_turns_that_no_commit_came_between(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.state(age_band="12-15")
    slow = Slow(house, monkeypatch)
    for turn in range(8):
        await house.say(ORDINARY, persona="ab"[turn % 2])
        house.clock.advance(minutes=1)
    await slow.comes()
    assert await stored(house) == 7 * 60
    session = house.rt.presence.get(house.service.id, "xiaolin")
    assert session is not None and session.session is not None and session.session.seconds == 7 * 60


async def test_a_commit_now_and_then_counts_nothing_twice(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.state(age_band="12-15")
    slow = Slow(house, monkeypatch)
    for turn in range(9):
        await house.say(ORDINARY, persona="abc"[turn % 3])
        house.clock.advance(seconds=30)
        if turn % 3 == 1:
            await slow.comes()
    await slow.comes()
    assert await stored(house) == 8 * 30


async def test_a_minor_does_not_get_more_than_the_day_has(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.state(age_band="12-15")
    slow = Slow(house, monkeypatch)
    heard: list[str] = []
    for _ in range(14):
        heard.append((await house.say(ORDINARY)).meta.verdict)
        house.clock.advance(minutes=5)
    assert heard.index("stop") == 12
    await slow.comes()


async def test_what_another_process_has_counted_meanwhile_counts(house: House) -> None:
    if house.rt.db.exclusive:
        pytest.skip("where one process writes alone there is no other")
    await house.state(age_band="12-15")
    await house.say(ORDINARY)
    here = house.rt.presence.get(house.service.id, "xiaolin")
    assert here is not None
    house.clock.advance(minutes=10)
    house.rt.presence.forget_all()  # the other process, which reads what is stored
    await house.rt.db.settled()
    await house.say(ORDINARY)
    await house.rt.db.settled()
    house.clock.advance(minutes=2)
    house.rt.presence.put(house.service.id, "xiaolin", here)  # and this one, with what it knew before
    await house.say(ORDINARY)
    assert await stored(house) == 12 * 60


@pytest.mark.parametrize(("born", "looked"), [(1990, False), (1967, False), (1966, True), (1950, True)])
async def test_only_who_may_be_an_elder_costs_a_look_for_the_contact_they_name(
    house: House, monkeypatch: pytest.MonkeyPatch, born: int, looked: bool
) -> None:
    asked = list[str]()
    monkeypatch.setattr(presence, "setup_of", lambda connection, user: asked.append(user) or setup_of(connection, user))
    await house.state(birth_year=born)
    await house.say(ORDINARY)
    assert bool(asked) is looked
