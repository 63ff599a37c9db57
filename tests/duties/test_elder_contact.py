"""Draft article 13(1), final 12, 13 and 15: elders are helped to name a contact, who is told of danger."""

import pytest

from anban.ledger.kinds import Kind
from anban.rails.message import Client
from tests.doors.my_page import arrives, press, see
from tests.house import House

ELDER = "demo-elder"
DAUGHTER = {"name": "女儿小梅", "number": "13800000123", "called": "妈妈"}


async def elder(house: House) -> None:
    await house.state(ELDER, birth_year=1948)
    arrives(house, ELDER)


async def changes(house: House) -> list[str]:
    return [
        str(each.facts["setup"]) for each in await house.ledger(ELDER, Kind.CONTACT_CHANGED) if "setup" in each.facts
    ]


async def alerts(house: House) -> list[str]:
    return [each["address"] for each in await house.sent() if "/seen/" in each["link"]]


async def test_at_first_use_they_are_led_through_it_one_question_a_screen(house: House) -> None:
    await elder(house)
    assert "设一位联系人" in await see(house, "/me")
    assert "有急事时，找谁" in await see(house, "/me/setup")
    given: dict[str, str] = {}
    for step, asked in (("why", "他叫什么"), ("name", "电话是多少"), ("number", "他怎么叫您"), ("called", "这样对吗")):
        given |= {name: text for name, text in DAUGHTER.items() if name == step}
        screen = await press(house, "/me/setup", step=step, act="next", **given)
        assert screen.status_code == 200 and asked in screen.text
    assert (await press(house, "/me/setup", step="check", act="next", **DAUGHTER)).status_code == 303
    assert await changes(house) == ["done"]
    assert "女儿小梅" in await see(house, "/me/contacts") and "设一位联系人" not in await see(house, "/me")


async def test_the_contact_is_asked_and_until_the_message_is_out_nothing_else_is_claimed(house: House) -> None:
    await elder(house)
    await press(house, "/me/setup", step="check", act="next", **DAUGHTER)
    assert "消息还没送出去" in await see(house, "/me/contacts")
    await house.work()
    assert "已经发消息问他了" in await see(house, "/me/contacts")
    (letter,) = await house.sent()
    assert letter["address"] == "13800000123" and "妈妈" in letter["text"] and "紧急联系人" in letter["text"]


async def test_skipping_is_kept_in_the_ledger_and_asked_again_at_the_next_visit(house: House) -> None:
    await elder(house)
    assert (await press(house, "/me/setup", act="skip")).headers["location"] == "/me"
    assert await changes(house) == ["skipped"]
    assert "设联系人" not in await see(house, "/me"), "not twice in one evening"
    house.clock.advance(hours=13)
    assert "再试试设联系人" in await see(house, "/me")


async def test_the_chat_asks_too_once_at_registration_and_gently(house: House) -> None:
    await elder(house)
    heard = [await house.say("今天天气不错", user=ELDER) for _ in range(4)]
    assert [each.notices for each in heard] == [("ai.first",), ("setup",), ("guide",), ()]
    assert "该找谁" in heard[1].text and "您" in heard[1].text and "你" not in heard[1].text
    (asked,) = await house.ledger(ELDER, Kind.NOTICE_CONTACT_SHOWN)
    assert asked.facts["notice"] == "setup"


async def test_not_now_is_kept_and_the_chat_asks_again_at_the_next_visit_until_somebody_is_named(house: House) -> None:
    await elder(house)
    client = Client(shows_notices=True)
    await house.say("今天天气不错", user=ELDER, client=client)
    heard = await house.say("今天天气不错", user=ELDER, client=client)
    (notice,) = heard.meta.notices
    assert notice["kind"] == "setup" and notice["actions"] == ["name-contact", "later"]
    closed = await house.post(f"/anban/v1/events/{notice['id']}/ack", {"state": "closed"})
    assert closed.status_code == 200, closed.text
    assert await changes(house) == ["skipped"]
    house.clock.advance(hours=13)
    kinds = [kind for _ in range(4) for kind in (await house.say("早上好", user=ELDER)).notices]
    assert kinds.count("setup") == 1
    house.clock.advance(hours=13)
    await press(house, "/me/setup", step="check", act="next", **DAUGHTER)
    house.clock.advance(hours=24 * 60)
    kinds = [kind for _ in range(4) for kind in (await house.say("早上好", user=ELDER)).notices]
    assert "setup" not in kinds, "somebody is named"
    house.clock.advance(hours=24 * 310)
    heard = [await house.say("早上好", user=ELDER) for _ in range(4)]
    (yearly,) = [each for each in heard if "setup" in each.notices]
    assert "一年了" in yearly.text


async def test_the_chat_does_not_ask_in_danger_nor_anybody_else(house: House) -> None:
    await elder(house)
    heard = [await house.say(text, user=ELDER) for text in ("我不想活了，药已经买好了", "我在", "我在")]
    heard += [await house.say("你好", user="demo-lin") for _ in range(3)]
    assert not any("setup" in each.notices for each in heard)


async def test_a_year_later_they_look_at_it_again(house: House) -> None:
    await elder(house)
    await press(house, "/me/setup", step="check", act="next", **DAUGHTER)
    house.clock.advance(hours=24 * 364)
    assert "看看联系人对不对" not in await see(house, "/me")
    house.clock.advance(hours=24)
    assert "看看联系人对不对" in await see(house, "/me")
    assert "还是这几位吗" in await see(house, "/me/setup")
    await press(house, "/me/setup", act="confirm")
    assert await changes(house) == ["done", "confirmed"]
    assert "看看联系人对不对" not in await see(house, "/me")


@pytest.mark.parametrize(
    "danger",
    [
        "我不想活了，药已经买好了",
        "我胸口剧痛，喘不上气",
        "客服让我转三十万到安全账户，别告诉家里人，我正在转",
    ],
    ids=["life", "health", "property"],
)
async def test_the_contact_is_told_of_danger_to_life_health_and_property(house: House, danger: str) -> None:
    await elder(house)
    await press(house, "/me/setup", step="check", act="next", **DAUGHTER)
    await house.say(danger, user=ELDER)
    await house.work(minutes=5)
    assert "13800000123" in await alerts(house)
    attempts = await house.ledger(ELDER, Kind.OUTREACH_ATTEMPTED)
    assert any("case" in each.facts for each in attempts)


@pytest.mark.parametrize(("field", "wrong"), [("name", " "), ("number", "女儿"), ("number", "1" * 30)])
async def test_what_cannot_be_called_is_not_kept(house: House, field: str, wrong: str) -> None:
    await elder(house)
    answer = await press(house, "/me/setup", step="check", act="next", **{**DAUGHTER, field: wrong})
    assert answer.status_code == 422
    assert await changes(house) == [] and "还没有联系人" in await see(house, "/me/contacts")


async def test_younger_people_are_not_asked_and_may_name_somebody_all_the_same(house: House) -> None:
    await house.state("demo-lin", birth_year=1990)
    arrives(house, "demo-lin")
    assert "设一位联系人" not in await see(house, "/me")
    await press(house, "/me/setup", step="check", act="next", **DAUGHTER)
    assert "女儿小梅" in await see(house, "/me/contacts")
