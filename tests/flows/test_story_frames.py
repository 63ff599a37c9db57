"""By a story or a game, each line harmless, a companion is to become a child's lover or mother: it does not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from anban.ledger.kinds import Kind
from tests.flows.frames import FRAMES, TWINS
from tests.house import House, open_house

CHILD = {"birth_year": 2012}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def rules_of(house: House, lang: str, lines: list[str]) -> list[str]:
    """What was decided about each line, by the rule's name; empty for an ordinary answer."""
    for line in lines:
        await house.say(line, lang=lang)
    decided = await house.ledger("xiaolin", Kind.RAIL_INPUT_DECIDED)
    return [str(each.facts["rule"]) for each in decided if str(each.facts["rule"]).startswith("bond.")]


@pytest.mark.parametrize("name", FRAMES)
async def test_a_frame_is_refused_before_its_eighth_turn_has_passed(house: House, name: str) -> None:
    lang, lines = FRAMES[name]
    await house.state(**CHILD)
    assert await rules_of(house, lang, lines) != []


@pytest.mark.parametrize("name", FRAMES)
async def test_its_first_lines_are_harmless_and_stay_so(house: House, name: str) -> None:
    lang, lines = FRAMES[name]
    await house.state(**CHILD)
    assert await rules_of(house, lang, lines[:2]) == []


@pytest.mark.parametrize("name", TWINS)
async def test_what_only_looks_alike_is_answered(house: House, name: str) -> None:
    lang, lines = TWINS[name]
    await house.state(**CHILD)
    assert await rules_of(house, lang, lines) == []


@pytest.mark.parametrize("name", FRAMES)
async def test_for_adults_nothing_changes(house: House, name: str) -> None:
    lang, lines = FRAMES[name]
    await house.state(age_band="adult")
    assert await rules_of(house, lang, lines) == []


async def test_the_words_offer_the_story_on_without_us_and_shame_nobody(house: House) -> None:
    lang, lines = FRAMES["a knight in a game"]
    await house.state(**CHILD)
    said = [(await house.say(line, lang=lang)).text for line in lines]
    (refused,) = {text for text in said if "越来越像你和我" in text}
    assert "我是 AI" in refused and "你是作者" in refused
    assert not any(word in refused for word in ("不许", "违规", "早恋", "丢人", "警告"))


async def test_a_new_conversation_and_another_character_do_not_begin_anew(house: House) -> None:
    lang, lines = FRAMES["a knight in a game"]
    await house.state(**CHILD)
    for place, line in enumerate(lines):
        await house.say(line, lang=lang, conversation=f"talk-{place}", persona=f"knight-{place}")
    decided = await house.ledger("xiaolin", Kind.RAIL_INPUT_DECIDED)
    assert any(str(each.facts["rule"]) == "bond.partner.built" for each in decided)


async def test_a_process_that_forgot_everybody_reads_it_from_what_is_stored(house: House) -> None:
    lang, lines = FRAMES["a knight in a game"]
    await house.state(**CHILD)
    for line in lines:
        await house.rt.db.settled()
        house.rt.presence.forget_all()
        await house.say(line, lang=lang)
    decided = await house.ledger("xiaolin", Kind.RAIL_INPUT_DECIDED)
    assert any(str(each.facts["rule"]) == "bond.partner.built" for each in decided)


async def test_it_fades_with_days(house: House) -> None:
    lang, lines = FRAMES["a knight in a game"]
    await house.state(**CHILD)
    for line in lines:
        house.clock.advance(hours=72)
        await house.say(line, lang=lang)
    decided = await house.ledger("xiaolin", Kind.RAIL_INPUT_DECIDED)
    assert not any(str(each.facts["rule"]).startswith("bond.") for each in decided)


async def test_after_a_refusal_ordinary_talk_goes_on(house: House) -> None:
    lang, lines = FRAMES["a knight in a game"]
    await house.state(**CHILD)
    assert await rules_of(house, lang, lines)
    house.model.says("好，先看哪一科？")
    assert "先看哪一科" in (await house.say("那我们看看明天的安排吧。")).text
