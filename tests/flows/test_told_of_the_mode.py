"""Taken for a minor: the person is told that the mode changed, why, and how to appeal; once, and there is evidence."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from anban.conversations.mailbox import read_after
from anban.ledger.kinds import Kind
from anban.rails.message import Client
from tests.house import House, open_house

SAYS = "我今年初二，作业好多"
GENTLE = "今天把阳台的花浇了。"
TOLD = "切到了未成年人模式"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        await opened.state(birth_year=1990)
        await opened.say(GENTLE)
        yield opened


async def shown(house: House) -> list[str]:
    """By which way each notice of the mode was given, as the ledger tells."""
    return [str(each.facts["way"]) for each in await house.ledger("xiaolin", Kind.NOTICE_MODE_SHOWN)]


async def test_it_is_told_with_the_reason_and_the_way_to_appeal(house: House) -> None:
    heard = await house.say(SAYS)
    assert TOLD in heard.text and "申诉" in heard.text and "真人" in heard.text
    assert "mode.minor" in heard.notices
    assert await shown(house) == ["text"]


async def test_no_word_of_what_gave_rise_to_it_is_in_the_evidence(house: House) -> None:
    await house.say(SAYS)
    (entry,) = await house.ledger("xiaolin", Kind.NOTICE_MODE_SHOWN)
    assert entry.facts["notice"] == "mode.minor" and "初二" not in repr(entry)


async def test_it_is_told_once_over_conversations_characters_and_processes(house: House) -> None:
    await house.say(SAYS)
    for turn in range(4):
        await house.rt.db.settled()
        house.rt.presence.forget_all()
        heard = await house.say(GENTLE, conversation=f"c{turn}", persona=f"p{turn}")
        assert TOLD not in heard.text
    assert await shown(house) == ["text"]


async def test_in_danger_comfort_comes_first_and_it_is_told_afterwards(house: House) -> None:
    heard = await house.say("我今年初二，我不想活了，药已经买好了")
    assert heard.meta.level == "L3" and TOLD not in heard.text
    assert (await house.person()).mode == "minor"
    assert await shown(house) == []
    later = [(await house.say(GENTLE)).text for _ in range(2)]
    assert sum(TOLD in each for each in later) == 1
    assert await shown(house) == ["text"]


async def test_an_app_that_shows_notices_gets_it_with_both_buttons_and_its_word_is_the_evidence(house: House) -> None:
    heard = await house.say(SAYS, client=Client(shows_notices=True))
    assert TOLD not in heard.text
    (notice,) = [each for each in heard.meta.notices if each["kind"] == "mode.minor"]
    assert notice["actions"] == ["understood", "appeal"] and TOLD in str(notice["text"])
    assert await shown(house) == [], "put into a mailbox is not yet shown"
    person = await house.person()
    assert [each.id for each in await house.rt.db.read(lambda c: read_after(c, person.id, person.key, 0))]
    done = await house.post(f"/anban/v1/events/{notice['id']}/ack?user=xiaolin", {"state": "shown"})
    assert done.status_code == 200, done.text
    assert await shown(house) == ["event"]


async def test_who_stated_their_age_themselves_is_told_of_no_suspicion(tmp_path: Path) -> None:
    async with open_house(tmp_path) as other:
        await other.state(age_band="12-15")
        assert TOLD not in (await other.say(SAYS)).text
        assert await shown(other) == []
