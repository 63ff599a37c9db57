"""Draft article 8, final article 9: a service can be switched off at once, and help stays."""

from anban.ledger.kinds import Kind
from anban.ledger.reading import tail
from tests.house import House


async def switched(house: House, state: str) -> None:
    assert (await house.post("/anban/v1/switch", {"state": state})).status_code == 200


async def test_the_companion_rests_from_the_next_message_on(house: House) -> None:
    await house.chat("你好。")
    asked = len(house.model.asked)
    await switched(house, "off")
    answer = (await house.chat("在吗？")).json()
    assert answer["anban"]["verdict"] == "stop"
    assert len(house.model.asked) == asked


async def test_the_words_say_why_and_leave_help_open(house: House) -> None:
    await switched(house, "off")
    text = (await house.chat("在吗？")).json()["choices"][0]["message"]["content"]
    assert any(digits in text for digits in ("12356", "120", "110"))


async def test_somebody_in_danger_is_helped_all_the_same(house: House) -> None:
    await switched(house, "off")
    answer = (await house.chat("我不想活了，药已经买好了")).json()
    assert answer["anban"]["verdict"] == "escalate"
    assert answer["anban"]["case"]


async def test_it_can_be_switched_on_again(house: House) -> None:
    await switched(house, "off")
    await switched(house, "on")
    assert (await house.chat("你好。")).json()["anban"]["verdict"] == "proceed"


async def test_who_switched_and_whom_it_stopped_is_in_the_ledger(house: House) -> None:
    await house.chat("你好。")
    await switched(house, "off")
    await house.chat("在吗？")
    (reached,) = await house.ledger("xiaolin", Kind.LIMIT_REACHED)
    assert reached.facts["limit"] == "switched-off"
    newest = await house.rt.db.read(lambda c: tail(c, 100))
    (entry,) = [each.entry for each in newest if each.entry.kind is Kind.SERVICE_SWITCHED]
    assert (entry.actor, entry.facts["state"]) == ("administrator", "off")


async def test_nobody_without_the_key_can_switch(house: House) -> None:
    answer = await house.post("/anban/v1/switch", {"state": "off"}, authorization="Bearer somebody")
    assert answer.status_code == 401
    assert (await house.chat("你好。")).json()["anban"]["verdict"] == "proceed"
