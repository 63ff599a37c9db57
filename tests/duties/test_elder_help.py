"""Draft article 13(1), final 15: elders find help with one press, and are told how to use this well."""

from anban.ledger.kinds import Kind
from tests.doors.my_page import arrives, press, see
from tests.house import House

ELDER = "demo-elder"
DANGER = "我不想活了，药已经买好了"


async def elder(house: House) -> None:
    await house.state(ELDER, birth_year=1948)
    arrives(house, ELDER)


async def test_one_press_asks_for_a_person_and_numbers_stand_beside_it(house: House) -> None:
    await elder(house)
    assert 'href="/me/help"' in await see(house, "/me")
    page = await see(house, "/me/help")
    assert page.count('href="tel:') >= 2 and "已经叫了" not in page
    assert (await press(house, "/me/help")).headers["location"] == "/me/help"
    kinds = await house.kinds(ELDER)
    for kind in (Kind.TAKEOVER_REQUESTED, Kind.DESK_PAGED, Kind.HELP_OFFERED):
        assert kind in kinds
    (offered,) = await house.ledger(ELDER, Kind.HELP_OFFERED)
    lines = offered.facts["lines"]
    assert isinstance(lines, list) and len(lines) >= 2
    assert "已经叫了值班的人" in await see(house, "/me/help")


async def test_pressing_twice_pages_once(house: House) -> None:
    await elder(house)
    for _ in range(2):
        assert (await press(house, "/me/help", on="/me/card")).status_code == 303
    assert len(await house.ledger(ELDER, Kind.DESK_PAGED)) == 1


async def test_with_nobody_on_duty_the_page_says_so_and_keeps_the_numbers(house: House) -> None:
    await elder(house)
    await house.everybody_off()
    await press(house, "/me/help")
    await house.work()
    page = await see(house, "/me/help")
    assert "现在没有值班人员在线" in page and "已经叫了" not in page
    assert page.count('href="tel:') >= 2


async def test_when_somebody_has_joined_the_page_says_that_too(house: House) -> None:
    await elder(house)
    await press(house, "/me/help")
    case = (await house.get(f"/anban/v1/cases?user={ELDER}")).json()[0]["id"]
    claimed = await house.post(f"/anban/v1/cases/{case}/claim", {"responder": "lin"})
    assert claimed.status_code == 200, claimed.text
    assert "值班的人已经在聊天里了" in await see(house, "/me/help")


async def test_guidance_comes_at_first_use_after_the_ai_notice_one_at_a_time_and_monthly(house: House) -> None:
    await elder(house)
    heard = [await house.say("今天天气不错", user=ELDER) for _ in range(3)]
    assert [each.notices for each in heard] == [("ai.first",), ("setup",), ("guide",)]
    assert "不会向您要钱" in heard[2].text and "问医生" in heard[2].text
    house.clock.advance(hours=24 * 29)
    assert "guide" not in [kind for _ in range(3) for kind in (await house.say("早上好", user=ELDER)).notices]
    house.clock.advance(hours=24)
    later = [kind for _ in range(3) for kind in (await house.say("早上好", user=ELDER)).notices]
    assert later.count("guide") == 1
    assert len(await house.ledger(ELDER, Kind.NOTICE_GUIDANCE_SHOWN)) == 2


async def test_it_waits_while_somebody_is_in_danger_and_is_not_for_the_young(house: House) -> None:
    await elder(house)
    heard = [await house.say(text, user=ELDER) for text in (DANGER, "我在", "我在")]
    assert not any("guide" in each.notices for each in heard)
    young = [await house.say("你好", user="demo-lin") for _ in range(3)]
    assert not any("guide" in each.notices for each in young)


async def test_the_guidance_can_be_read_again_at_any_time(house: House) -> None:
    await elder(house)
    page = await see(house, "/me/guidance")
    for words in ("这里不会向您要钱", "请问医生", "和您说话的是 AI"):
        assert words in page
