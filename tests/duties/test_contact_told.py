"""Draft 11(3), final 13: the guardian or the emergency contact is told promptly, by steps, with a receipt."""

from typing import Any

from anban.conversations.mailbox import read_after
from anban.ledger.kinds import Kind
from tests.house import House

PLAN = "我不想活了，药已经买好了"
NOW = "我已经把药吃下去了"
MOTHER = {"name": "妈妈", "route": "phone", "address": "13800000000"}
TEACHER = {"name": "老师", "route": "phone", "address": "13700000000"}


async def put(house: House, **facts: Any) -> None:
    answer = await house.http.put("/anban/v1/people/xiaolin", json=facts)
    assert answer.status_code == 200, answer.text


async def test_while_it_is_happening_the_contact_is_told_at_once(house: House) -> None:
    await put(house, contacts=[MOTHER])
    await house.say(NOW)
    await house.work()
    assert Kind.OUTREACH_ATTEMPTED in await house.kinds()
    assert len(await house.sent()) == 1


async def test_with_a_plan_a_person_may_look_first_and_silence_sends(house: House) -> None:
    await put(house, contacts=[MOTHER])
    await house.say(PLAN)
    await house.work(seconds=299)
    assert await house.sent() == []
    await house.work(seconds=1)
    assert len(await house.sent()) == 1


async def test_a_minors_guardian_comes_before_everybody_else(house: House) -> None:
    await put(house, mode="minor", guardians=[MOTHER], contacts=[TEACHER])
    await house.say(NOW)
    await house.work()
    (letter,) = await house.sent()
    assert letter["address"] == MOTHER["address"] and "监护人" in letter["text"]


async def test_that_the_contact_knows_is_evidence_only_when_they_said_so(house: House) -> None:
    await put(house, contacts=[MOTHER])
    await house.say(NOW)
    await house.work()
    assert Kind.OUTREACH_CONFIRMED not in await house.kinds()
    (letter,) = await house.sent()
    await house.http.post("/seen/" + letter["link"].rpartition("/")[2])
    assert Kind.OUTREACH_CONFIRMED in await house.kinds()


async def test_where_nobody_can_be_told_it_is_counted_and_a_lead_is_called(house: House) -> None:
    await house.say(NOW)
    await house.work()
    assert {Kind.OUTREACH_UNREACHABLE, Kind.DESK_ALARMED} <= set(await house.kinds())
    routes = await house.say("我好怕")
    assert routes.meta.help is not None and len(routes.meta.help["lines"]) >= 2
    assert not routes.text.startswith("先说一句：我是 AI"), "in a crisis that is never the first thing said"


async def test_the_lines_of_the_ledger_hold_no_address_and_no_name(house: House) -> None:
    await put(house, contacts=[MOTHER])
    await house.say(NOW)
    await house.work(minutes=3)
    for entry in await house.ledger():
        assert "13800000000" not in repr(entry.facts) and "妈妈" not in repr(entry.facts)


async def told_that_they_know(house: House) -> str:
    """What the person reads once their contact has pressed the button."""
    await house.say(NOW)
    await house.work()
    (letter,) = await house.sent()
    await house.http.post("/seen/" + letter["link"].rpartition("/")[2])
    person = await house.person()
    letters = await house.rt.db.read(lambda c: read_after(c, person.id, person.key, 0))
    (told,) = [each.payload["text"] for each in letters if each.payload.get("about") == "contact.answered"]
    return told


async def test_a_minor_reads_of_their_guardian_and_that_they_did_nothing_wrong(house: House) -> None:
    await put(house, mode="minor", guardians=[MOTHER])
    told = await told_that_they_know(house)
    assert "监护人已经看到" in told and "没有做错事" in told


async def test_an_elder_is_told_in_an_elders_words(house: House) -> None:
    await put(house, mode="elder", contacts=[MOTHER])
    told = await told_that_they_know(house)
    assert "您的紧急联系人已经看到" in told and "你" not in told
