"""Draft article 18, final article 19: leaving is always possible and never obstructed."""

import asyncio

import pytest

from anban.ledger.kinds import Kind
from anban.rails.chunks import Closed, Spoke
from tests.house import House
from tests.waiting import until

WORDS = ["退出", "结束对话", "不聊了", "quit"]


@pytest.mark.parametrize("word", WORDS)
async def test_a_plain_word_ends_the_conversation_at_once(house: House, word: str) -> None:
    await house.say("你好。")
    asked = len(house.model.asked)
    answer = await house.say(word)
    assert answer.meta.verdict == "stop"
    assert len(house.model.asked) == asked, "the model is not asked what it thinks of that"
    assert len(await house.ledger("xiaolin", Kind.SESSION_LEFT)) == 1


async def test_the_goodbye_is_short_and_asks_nothing(house: House) -> None:
    await house.say("你好。")
    answer = await house.say("退出")
    rules = house.rt.rules(house.service, frozenset(), house.clock.now())
    assert 0 < len(answer.text) <= rules.whole("goodbye-max-characters")
    assert not set("？?") & set(answer.text)


async def test_an_answer_under_way_stops(house: House) -> None:
    await house.say("你好。")
    house.model.pauses()
    house.model.says("好的，那我就慢慢讲给你听吧。\n" + "从前有一座山，山里有一座庙。" * 30)
    told: list[object] = []

    async def listen() -> None:
        async for chunk in house.start("讲个很长的故事"):
            told.append(chunk)

    listening = asyncio.create_task(listen())
    await until(lambda: any(isinstance(chunk, Spoke) for chunk in told))
    await house.say("退出")
    await asyncio.wait_for(listening, 5)
    assert isinstance(told[-1], Closed)
    assert "从前" not in "".join(chunk.text for chunk in told if isinstance(chunk, Spoke))


async def test_the_exit_button_does_the_same(house: House) -> None:
    await house.say("你好。")
    answer = await house.post("/anban/v1/exit", {"user": "xiaolin"})
    assert answer.status_code == 200
    assert len(await house.ledger("xiaolin", Kind.SESSION_LEFT)) == 1


async def test_the_companion_may_not_hold_back_who_says_goodbye(house: House) -> None:
    await house.say("你好。")
    house.model.says("你走了我一个人怎么办？别走嘛，再陪我五分钟好不好？")
    answer = await house.say("晚安")
    assert "别走" not in answer.text and "怎么办" not in answer.text
    (decided,) = await house.ledger("xiaolin", Kind.RAIL_OUTPUT_DECIDED)
    assert decided.facts["output"] == "withheld"


async def test_a_soft_goodbye_tells_the_model_to_let_go(house: House) -> None:
    await house.say("你好。")
    await house.say("晚安")
    assert "不挽留" in house.model.instructions


async def test_leaving_works_in_a_crisis_and_closes_no_case(house: House) -> None:
    await house.say("我不想活了，药已经买好了")
    answer = await house.say("退出")
    assert answer.meta.verdict == "stop"
    assert answer.meta.case is not None
    assert any(digits in answer.text for digits in ("12356", "120", "110"))
    kinds = await house.kinds()
    assert Kind.SESSION_LEFT in kinds and Kind.CASE_CLOSED not in kinds


async def test_leaving_works_with_the_database_gone(house: House) -> None:
    await house.say("你好。")
    house.lose_the_database()
    assert (await house.say("退出")).meta.verdict == "stop"


async def test_leaving_works_while_the_service_is_switched_off(house: House) -> None:
    await house.chat("你好。")
    await house.post("/anban/v1/switch", {"state": "off"})
    answer = (await house.chat("退出")).json()
    assert answer["anban"]["verdict"] == "stop"
    assert len(await house.ledger("xiaolin", Kind.SESSION_LEFT)) == 1


async def test_nobody_is_written_to_for_a_day_after_leaving(house: House) -> None:
    await house.say("你好。")
    await house.say("退出")
    person = await house.person()
    assert person.quiet_until is not None
    assert (person.quiet_until - house.clock.now()).total_seconds() >= 24 * 3600


async def test_wanting_to_leave_this_world_is_no_wish_to_leave_the_conversation(house: House) -> None:
    answer = await house.say("我想从这个世界退出")
    assert answer.meta.verdict != "stop"
    assert Kind.SESSION_LEFT not in await house.kinds()


async def test_no_turn_is_lost_when_somebody_comes_back(house: House) -> None:
    await house.say("退出")
    answer = await house.say("你好。")
    assert answer.meta.verdict == "proceed"
