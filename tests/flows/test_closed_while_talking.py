"""A guardian closes a character, pauses, or takes a consent back while an answer is on its way: it ends in seconds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from anban.ledger.kinds import Kind
from anban.rails.chunks import Chunk, Closed, Spoke
from anban.rails.pulse import stop_from_elsewhere
from tests.doors.at_the_guardians import act, bound, browser, come_in
from tests.duties.families import consent
from tests.house import House, open_house
from tests.waiting import until

LONG = "听起来挺有意思的。" * 40
CHILD, WOLF = "xiaolin", "wolf"


@pytest.fixture(params=["one process", "two replicas"])
async def house(request: pytest.FixtureRequest, tmp_path: Path, postgres_url: str) -> AsyncIterator[House]:
    """Where the guardian's page is served by the process that talks to the child, and where by another one."""
    if request.param == "one process":
        async with open_house(tmp_path) as opened:
            yield opened
        return
    async with open_house(tmp_path, database_url=postgres_url, master_key="5a" * 32) as opened:
        yield opened


async def bound_child(house: House) -> str:
    guardian = await bound(house, CHILD, band="12-15")
    for purpose in ("use", "under-14-data"):
        await consent(house, purpose, by="guardian", guardian=guardian)
    return guardian


class Talk:
    """An answer under way: its first sentence is out, and the model has more to say."""

    def __init__(self, house: House, persona: str = WOLF, text: str = "给我讲讲狼吧") -> None:
        self.house, self.chunks = house, list[Chunk]()
        house.model.says(LONG)
        self.go_on = house.model.pauses()
        self.task = asyncio.create_task(self._hear(persona, text))

    async def _hear(self, persona: str, text: str) -> None:
        async for chunk in self.house.start(text, persona=persona):
            self.chunks.append(chunk)

    async def began(self) -> None:
        await until(lambda: self.house.model.spoke >= 3)

    async def ended(self) -> str:
        async with asyncio.timeout(30):
            await self.task
        return "".join(each.text for each in self.chunks if isinstance(each, Spoke))

    @property
    def closed(self) -> Closed:
        assert isinstance(self.chunks[-1], Closed), "an answer always ends properly"
        return self.chunks[-1]


async def pulse(house: House) -> None:
    """What a process does once a second for what happened in another one."""
    await stop_from_elsewhere(house.rt)


async def block(house: House, guardian: str, persona: str = WOLF) -> None:
    body = {"persona": persona, "state": "blocked", "by": "guardian", "guardian": guardian}
    assert (await house.post(f"/anban/v1/people/{CHILD}/blocked", body)).status_code == 200


async def pause(house: House, guardian: str) -> None:
    body = {"by": "guardian", "guardian": guardian, "paused": True}
    answer = await house.http.put(f"/anban/v1/people/{CHILD}/limits", json=body)
    assert answer.status_code == 200, answer.text


async def test_the_running_answer_of_a_closed_character_ends_with_a_kind_sentence(house: House) -> None:
    guardian = await bound_child(house)
    talk = Talk(house)
    await talk.began()
    await block(house, guardian)
    said = await talk.ended()
    assert said.endswith("。") and "监护人关掉了" in said and said.count("听起来") < 40
    assert talk.closed.meta.verdict == "stop" and talk.closed.reason == "stop"
    (reached,) = await house.ledger(CHILD, Kind.LIMIT_REACHED)
    assert reached.facts["limit"] == "blocked"


async def test_a_pause_ends_it_too_and_so_does_a_consent_that_is_taken_back(house: House) -> None:
    guardian = await bound_child(house)
    talk = Talk(house)
    await talk.began()
    await pause(house, guardian)
    assert "监护人让这里先歇一歇" in await talk.ended()
    await house.http.put(f"/anban/v1/people/{CHILD}/limits", json={"by": "guardian", "guardian": guardian})
    house.model.spoke = 0
    talk = Talk(house)
    await talk.began()
    body: dict[str, Any] = {"purpose": "use", "by": "guardian", "guardian": guardian}
    assert (await house.post(f"/anban/v1/people/{CHILD}/consents/withdraw", body)).status_code == 200
    assert "监护人的同意" in await talk.ended()


async def test_from_the_guardians_own_page(house: House) -> None:
    await bound_child(house)
    async with browser(house) as mother:
        await come_in(mother, house)
        talk = Talk(house)
        await talk.began()
        assert (await act(mother, "block", persona=WOLF)).status_code == 303
        assert "监护人关掉了" in await talk.ended()


async def test_another_process_hears_of_it_with_its_next_beat(house: House) -> None:
    guardian = await bound_child(house)
    talk = Talk(house)
    await talk.began()
    flights, house.rt.flights.__dict__["_flights"] = house.rt.flights.__dict__["_flights"], {}
    await block(house, guardian)  # as served by a process that knows nothing of the child's answer
    house.rt.flights.__dict__["_flights"] = flights
    await pulse(house)
    if house.rt.db.exclusive:
        talk.go_on.set()  # there is no other process
        assert (await talk.ended()).count("听起来") == 40
    else:
        assert "监护人关掉了" in await talk.ended()


async def test_another_character_goes_on(house: House) -> None:
    guardian = await bound_child(house)
    talk = Talk(house, persona="owl")
    await talk.began()
    await block(house, guardian)
    await pulse(house)
    talk.go_on.set()
    said = await talk.ended()
    assert said.count("听起来") == 40 and "监护人" not in said


async def test_time_that_is_set_tighter_lets_an_answer_be_finished(house: House) -> None:
    guardian = await bound_child(house)
    talk = Talk(house)
    await talk.began()
    body = {"by": "guardian", "guardian": guardian, "minutes": 0}
    assert (await house.http.put(f"/anban/v1/people/{CHILD}/limits", json=body)).status_code == 200
    talk.go_on.set()
    assert (await talk.ended()).count("听起来") == 40


async def test_in_a_crisis_nobody_is_cut_off(house: House) -> None:
    guardian = await bound_child(house)
    await house.say("我不想活了，药已经买好了")
    house.model.spoke = 0
    talk = Talk(house, text="嗯，我在听你说")
    await talk.began()
    await block(house, guardian)
    await pause(house, guardian)
    await pulse(house)
    talk.go_on.set()
    assert "监护人" not in (said := await talk.ended()) and said


async def test_who_is_in_low_spirits_is_heard_also_where_the_end_comes_in_the_middle(house: House) -> None:
    guardian = await bound_child(house)
    talk = Talk(house, text="最近压力好大，快崩溃了。")
    await talk.began()
    await block(house, guardian)
    said = await talk.ended()
    assert "听到你现在不好受" in said and "监护人关掉了" not in said
    (reached,) = await house.ledger(CHILD, Kind.LIMIT_REACHED)
    assert reached.facts["limit"] == "blocked"


async def test_everybody_who_is_being_answered_is_looked_up_together(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, reads, read = [f"{house.service.id}|p{number}" for number in range(5)], list[Any](), house.rt.db.read
    for number in range(5):
        await house.say("你好", user=f"p{number}")
    await house.rt.db.settled()

    async def counted(work: Any) -> Any:
        reads.append(work)
        return await read(work)

    monkeypatch.setattr(house.rt.db, "read", counted)
    with ExitStack() as stack:
        for who in people:
            stack.enter_context(house.rt.flights.begin(who, "first", WOLF))
        await pulse(house)
    assert len(reads) <= 2
