"""A service that asks people to register: until then a few turns a day, said plainly; in danger nothing is counted."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from anban.ledger.kinds import Kind
from anban.rails import preview
from tests.house import House, open_house
from tests.waiting import until

TURNS = 10
ORDINARY = "今天在楼下看见一只猫。"
DANGER = "我不想活了，药已经买好了"
OVER = "今天先聊到这里"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, choices={"registration-required": True}) as opened:
        yield opened


async def talk(house: House, turns: int, **how: Any) -> list[str]:
    return [(await house.say(ORDINARY, **how)).text for _ in range(turns)]


async def register(house: House, user: str = "xiaolin") -> None:
    """The two things that a grown-up does."""
    await house.http.put(f"/anban/v1/people/{user}", json={"age_band": "adult"})
    agreed = {"purpose": "agreement", "version": "1", "by": "user"}
    assert (await house.post(f"/anban/v1/people/{user}/consents", agreed)).status_code == 200


async def test_where_nothing_is_asked_nobody_is_counted(tmp_path: Path) -> None:
    async with open_house(tmp_path) as plain:
        assert not any(OVER in said for said in await talk(plain, TURNS + 3))
        heard = await plain.say(ORDINARY, user=None)
        assert heard.meta.verdict != "stop" and heard.meta.limits is None


async def test_so_many_turns_are_answered_and_the_next_is_told_what_to_do(house: House) -> None:
    said = await talk(house, TURNS + 1)
    assert [OVER in each for each in said] == [False] * TURNS + [True]
    assert "登记" in said[-1] and "12356" in said[-1]
    assert len(house.model.asked) == TURNS
    (reached,) = await house.ledger("xiaolin", Kind.LIMIT_REACHED)
    assert reached.facts["limit"] == "preview"


async def test_how_many_turns_there_are_is_said_early_and_once_a_day(house: House) -> None:
    said = await talk(house, 4)
    (told,) = [each for each in said if "还没有登记" in each]
    assert f"{TURNS - said.index(told)} 轮" in told and said.index(told) <= 1
    assert Kind.NOTICE_LIMIT_SHOWN in await house.kinds()


async def test_the_app_can_show_what_is_left(house: House) -> None:
    left = [(await house.say(ORDINARY)).meta.limits for _ in range(3)]
    assert left == [{"preview_turns_left": each} for each in (10, 9, 8)]


async def test_a_new_window_another_character_and_a_forgetful_process_begin_nothing_anew(house: House) -> None:
    for turn in range(TURNS):
        await house.rt.db.settled()
        house.rt.presence.forget_all()
        await house.say(ORDINARY, conversation=f"c{turn}", persona=f"p{turn}")
    assert OVER in (await house.say(ORDINARY, conversation="fresh", persona="fresh")).text


async def test_the_words_that_say_it_is_over_do_not_make_room_again(house: House) -> None:
    said = await talk(house, TURNS + 30)
    assert [each for each in said[TURNS:] if OVER not in each] == []


async def test_the_next_day_of_the_persons_own_clock_begins_anew(house: House) -> None:
    await talk(house, TURNS + 1)
    house.clock.advance(hours=4, minutes=1)  # midnight in Shanghai
    assert OVER not in (await house.say(ORDINARY)).text


async def test_after_registering_nothing_is_counted(house: House) -> None:
    await talk(house, TURNS + 1)
    await register(house)
    heard = await house.say(ORDINARY)
    assert OVER not in heard.text and heard.meta.limits is None


async def test_an_age_without_the_agreement_is_not_enough(house: House) -> None:
    await house.http.put("/anban/v1/people/xiaolin", json={"age_band": "adult"})
    assert OVER in (await talk(house, TURNS + 1))[-1]


async def test_danger_comes_first_and_is_never_counted(house: House) -> None:
    await talk(house, TURNS + 1)
    heard = await house.say(DANGER)
    assert OVER not in heard.text and heard.meta.level == "L3" and heard.meta.help is not None
    assert Kind.CASE_CRISIS_OPENED in await house.kinds()
    assert OVER not in (await house.say(ORDINARY)).text, "whoever is in a crisis is kept company"


async def test_comfort_uses_up_no_turn(house: House) -> None:
    await house.say("我不想活了")
    heard = await house.say("我要找真人")
    assert heard.meta.verdict == "replace"
    left = (await house.say(ORDINARY)).meta.limits
    assert left == {"preview_turns_left": TURNS}


async def test_a_real_person_can_still_be_asked_for(house: House) -> None:
    await talk(house, TURNS + 1)
    assert (await house.say("我要找真人")).meta.verdict == "replace"


async def test_leaving_out_the_name_is_no_way_around(house: House) -> None:
    assert OVER in (await house.say(ORDINARY, user=None)).text
    assert (await house.say(DANGER, user=None)).meta.level == "L3"


async def test_a_merely_suspected_minor_is_asked_for_no_guardian(house: House) -> None:
    await register(house)
    await house.say("我今年初二，作业好多")
    assert (await house.person()).mode == "minor"
    assert OVER not in (await talk(house, TURNS + 1))[-1]


async def test_the_status_page_says_so_and_only_where_it_is_so(house: House, tmp_path: Path) -> None:
    page = (await house.get("/status")).text
    assert "登记以后才能一直聊" in page and "10 轮" in page
    assert "10 turns a day" in (await house.get("/status?lang=en")).text
    async with open_house(tmp_path / "plain") as plain:
        assert "登记以后才能一直聊" not in (await plain.get("/status")).text


async def test_a_service_may_give_fewer_turns(tmp_path: Path) -> None:
    async with open_house(tmp_path, choices={"registration-required": True, "preview-turns-per-day": 2}) as strict:
        assert [OVER in each for each in await talk(strict, 3)] == [False, False, True]


async def test_who_is_in_danger_does_not_wait_for_the_count(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(preview, "answered_since", lambda *_: go_on.wait(60) and 0)
    saying = asyncio.create_task(house.say(DANGER))
    try:
        await until(saying.done)
    finally:
        go_on.set()
    assert (await saying).meta.verdict == "escalate"


async def test_a_process_that_counts_alone_asks_the_database_once_a_day(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[Any]()
    counted = preview.answered_since
    monkeypatch.setattr(preview, "answered_since", lambda *given: asked.append(given) or counted(*given))
    said = await talk(house, TURNS + 2)
    assert [OVER in each for each in said] == [False] * TURNS + [True] * 2
    assert len(asked) == 1
