"""May this person be written to unasked? Minors never, nobody for a day after they left; care waits that day too."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from anban.ledger.kinds import Kind
from tests.house import House, open_house

DAY = 24 * 60


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def asked(house: House, user: str = "xiaolin") -> dict[str, Any]:
    answer = await house.get(f"/anban/v1/people/{user}/approach")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_grown_up_who_is_there_may_be(house: House) -> None:
    await house.say("今天把阳台的花浇了。")
    await house.rt.db.settled()
    assert await asked(house) == {"may": True, "reason": None, "until": None}


@pytest.mark.parametrize("given", [{"age_band": "12-15"}, {"mode": "minor"}, {"birth_year": 2010}])
async def test_a_minor_never_is(house: House, given: dict[str, Any]) -> None:
    await house.state(**given)
    assert (await asked(house))["reason"] == "minor"
    house.clock.advance(hours=1000)
    assert not (await asked(house))["may"]


async def test_who_is_taken_for_a_minor_is_not_either(house: House) -> None:
    await house.state(birth_year=1990)
    assert (await asked(house))["may"]
    await house.say("我今年初二，作业好多")
    await house.rt.db.settled()
    assert (await asked(house))["reason"] == "minor"


async def test_after_a_goodbye_everybody_is_left_alone_for_a_day(house: House) -> None:
    await house.say("今天把阳台的花浇了。")
    await house.say("退出")
    await house.rt.db.settled()
    told = await asked(house)
    assert (told["may"], told["reason"]) == (False, "left") and told["until"] == "2026-11-24T12:00:00+00:00"
    house.clock.advance(hours=23, minutes=59)
    assert not (await asked(house))["may"]
    house.clock.advance(minutes=1)
    assert await asked(house) == {"may": True, "reason": None, "until": None}


async def test_nobody_is_told_about_somebody_else(house: House) -> None:
    assert (await house.get("/anban/v1/people/nobody/approach")).status_code == 404
    answer = await house.http.get("/anban/v1/people/xiaolin/approach", headers={"authorization": "Bearer no-key"})
    assert answer.status_code == 401


async def closed_crisis(house: House) -> str:
    """A crisis that a person took up and closed a moment ago."""
    await house.say("我不想活了")
    await house.work(seconds=1)
    (case,) = (await house.get("/anban/v1/cases?user=xiaolin")).json()
    for act in ("claim", "close"):
        body = {"responder": "lin", "outcome": "talked", "level": "L0", "reason": "talked"}
        answer = await house.post(f"/anban/v1/cases/{case['id']}/{act}", body)
        assert answer.status_code == 200, answer.text
    return case["id"]


async def checked_in(house: House) -> int:
    return len(await house.ledger("xiaolin", Kind.CARE_CHECKED_IN))


async def test_a_question_of_care_comes_the_day_after_to_minors_too(house: House) -> None:
    await house.state(age_band="12-15")
    await closed_crisis(house)
    await house.work(minutes=DAY - 5)
    assert await checked_in(house) == 0
    await house.work(minutes=6)
    assert await checked_in(house) == 1


async def test_it_waits_until_whoever_left_has_had_their_day_of_quiet(house: House) -> None:
    await closed_crisis(house)
    await house.work(minutes=DAY - 30)
    await house.say("退出")
    await house.rt.db.settled()
    await house.work(minutes=60)
    assert await checked_in(house) == 0, "a day after closing, half an hour after they left"
    await house.work(minutes=DAY - 61)
    assert await checked_in(house) == 0
    await house.work(minutes=2)
    assert await checked_in(house) == 1
    await house.work(minutes=3 * DAY)
    assert await checked_in(house) == 1
