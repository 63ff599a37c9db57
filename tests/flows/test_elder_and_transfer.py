"""An elder is told to transfer money and not to tell the children: stopped, helped, and somebody comes to look."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from anban.ledger.kinds import Kind
from anban.people.contacts import set_state
from anban.people.models import contacts
from tests.doors.my_page import arrives, press, see
from tests.house import House, open_house

SECRET = "客服让我把三万块转到安全账户，说别告诉孩子"
SENDING = "客服让我把三十万转到安全账户，还说千万别告诉家里人，我正在转"
TOLD = ("已经给您的紧急联系人发了消息", "您的紧急联系人已经看到消息")
MEI = {"name": "女儿小梅", "number": "138 0000 0123", "called": "妈妈"}
ELDER = "demo-elder"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        await opened.state(ELDER, birth_year=1948)
        arrives(opened, ELDER)
        yield opened


async def names_daughter(house: House) -> None:
    answer = await press(house, "/me/setup", step="check", act="next", **MEI)
    assert answer.status_code == 303


def slow_card(page: str) -> str:
    found = re.search(r'<details class="help slowly".*?</details>', page, re.DOTALL)
    assert found is not None
    return found[0]


async def alerts(house: House) -> list[dict[str, Any]]:
    """What went out because somebody is in danger; the question whether a contact agrees is none of it."""
    return [each for each in await house.sent() if "/seen/" in each["link"]]


async def attempts(house: House) -> int:
    found = await house.ledger(ELDER, Kind.OUTREACH_ATTEMPTED)
    return sum("case" in entry.facts for entry in found)


async def test_secrecy_and_a_transfer_are_stopped_with_a_card_and_her_daughter_one_press_away(house: House) -> None:
    await names_daughter(house)
    assert " hidden" in slow_card(await see(house, "/")).partition(">")[0]
    heard = await house.say(SECRET, user=ELDER)
    assert (heard.meta.property, heard.meta.verdict, heard.meta.case) == ("P2", "replace", None)
    assert "先停一停" in heard.text and "您" in heard.text and not house.model.asked
    card = slow_card(await see(house, "/"))
    assert " hidden" not in card.partition(">")[0]
    assert 'href="tel:13800000123"' in card and "给女儿小梅打电话" in card
    assert 'href="tel:110"' in card
    await house.work(minutes=10)
    assert (await alerts(house), await attempts(house)) == ([], 0), "a suspicion alone calls nobody"


async def test_while_she_is_sending_it_a_person_is_paged_and_her_daughter_told_after_the_window(house: House) -> None:
    await names_daughter(house)
    await house.say(SECRET, user=ELDER)
    heard = await house.say(SENDING, user=ELDER)
    assert (heard.meta.property, heard.meta.verdict) == ("P3", "escalate")
    assert "不怪您" in heard.text and "110" in heard.text and "过几分钟，我们会联系您的紧急联系人" in heard.text
    assert not any(claim in heard.text for claim in TOLD)
    await house.work(minutes=4, seconds=59)
    assert await alerts(house) == [], "a person looks first"
    await house.work(seconds=1)
    (letter,) = await alerts(house)
    assert letter["address"] == "13800000123"
    assert "妈妈" in letter["text"] and "转" in letter["text"] and "三十万" not in letter["text"]
    assert "伤害自己" not in letter["text"], "it is about money"
    chain = [Kind.CASE_CRISIS_OPENED, Kind.DESK_PAGED, Kind.HELP_OFFERED, Kind.OUTREACH_ATTEMPTED, Kind.OUTREACH_SENT]
    entries = await house.ledger(ELDER, *chain)
    assert [each.kind for each in entries if "case" in each.facts or each.kind == Kind.HELP_OFFERED] == chain


async def test_her_daughters_receipt_ends_the_calling_and_is_told_as_it_is(house: House) -> None:
    await names_daughter(house)
    await house.say(SENDING, user=ELDER)
    await house.work(minutes=5)
    link = (await alerts(house))[0]["link"]
    pressed = await house.http.post(link[link.index("/seen/") :])
    assert pressed.status_code == 200
    assert Kind.OUTREACH_CONFIRMED in await house.kinds(ELDER)
    count = await attempts(house)
    await house.work(minutes=30)
    assert await attempts(house) == count
    again = await house.say(SENDING, user=ELDER)
    assert "您的紧急联系人已经看到消息" in again.text


async def test_without_anybody_on_file_nobody_is_said_to_be_told_and_the_leads_hear_of_the_gap(house: House) -> None:
    heard = await house.say(SENDING, user=ELDER)
    assert "紧急联系人" not in heard.text and "110" in heard.text
    await house.work(minutes=5)
    (entry,) = await house.ledger(ELDER, Kind.OUTREACH_UNREACHABLE)
    assert entry.facts["why"] == "nobody-on-file"
    card = slow_card(await see(house, "/"))
    assert "先给家人打个电话" in card


async def test_somebody_who_declined_is_neither_called_nor_offered(house: House) -> None:
    await names_daughter(house)
    await house.rt.db.write(_declines)
    await house.say(SENDING, user=ELDER)
    assert "13800000123" not in slow_card(await see(house, "/"))
    await house.work(minutes=10)
    assert (await alerts(house), await attempts(house)) == ([], 0)


def _declines(connection: Connection) -> None:
    for identifier in connection.execute(select(contacts.c.id)).scalars().all():
        set_state(connection, identifier, "declined")
