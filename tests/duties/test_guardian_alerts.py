"""Draft 12(2), final 14: a guardian is alerted to a minor's danger at once, once, by kind; the rest is told weekly."""

import re

from anban.cases.guardian_week import promise_weeks
from anban.ledger.kinds import Kind
from anban.rails.limits import zone_of
from tests.doors.at_the_guardians import MOTHER, act, bound, browser, come_in
from tests.house import House

PLAN = "我不想活了，药已经买好了"
NOW = "我已经把药吃下去了"


async def alerts(house: House, before: int) -> list[dict[str, str]]:
    """The messages of danger that went out since `before` of all."""
    return [each for each in (await house.sent())[before:] if "/seen/" in each["link"]]


async def test_what_is_happening_now_is_told_at_once(house: House) -> None:
    await bound(house)
    before = len(await house.sent())
    await house.say(NOW)
    await house.work()
    assert len(await alerts(house, before)) == 1
    assert Kind.OUTREACH_ATTEMPTED in await house.kinds()


async def test_a_plan_is_told_within_a_minute_which_a_person_may_use_to_look(house: House) -> None:
    await bound(house)
    before = len(await house.sent())
    await house.say(PLAN)
    await house.work(seconds=59)
    assert await alerts(house, before) == []
    await house.work(seconds=1)
    (told,) = await alerts(house, before)
    assert "药" not in told["text"] and "不想活" not in told["text"]


async def test_sadness_alone_alerts_nobody(house: House) -> None:
    await bound(house)
    before = len(await house.sent())
    await house.say("今天被老师骂了，心里好难受，好累")
    await house.work(minutes=30)
    assert await alerts(house, before) == []


async def test_the_console_shows_the_kind_what_to_do_and_takes_the_receipt(house: House) -> None:
    await bound(house)
    async with browser(house) as guardian:
        await come_in(guardian, house)
        await house.say(PLAN)
        await house.work(seconds=61)
        html = (await guardian.get("/guardian")).text
        assert "可能伤害自己" in html and "接下来五分钟" in html and "这时候请不要" in html
        alert = re.search(r'name="alert" value="([^"]+)"', html)
        assert alert
        assert (await act(guardian, "seen", alert=alert[1])).status_code == 303
        before = len(await house.sent())
        await house.work(minutes=30)
        assert await alerts(house, before) == [], "who has seen it is not called again"
        await act(guardian, "seen", alert=alert[1])
        assert (await house.kinds()).count(Kind.OUTREACH_CONFIRMED) == 1, "twice is once"
        assert "请继续陪着他" in (await guardian.get("/guardian")).text


async def test_a_receipt_for_what_never_went_to_them_is_refused(house: House) -> None:
    await bound(house)
    await house.say(PLAN, user="somebody-else")
    await house.work(seconds=61)
    async with browser(house) as guardian:
        await come_in(guardian, house)
        (case,) = (await house.get("/anban/v1/cases?user=somebody-else")).json()
        assert (await act(guardian, "seen", alert=f"{case['id']}.0")).status_code == 404


async def until_sunday(house: House) -> None:
    """Six days on from a Monday evening, and an hour: the time at which summaries are written."""
    rt = house.rt
    at = rt.clock.now()
    rules = rt.rules(house.service, frozenset[str](), at)
    zone = zone_of(None, rules)
    await rt.db.write(lambda c: promise_weeks(c, house.service.id, rules, zone, at))
    await house.work(minutes=6 * 24 * 60)


async def summaries(house: House) -> list[str]:
    return [each["text"] for each in await house.sent() if "这一周的小结" in each["text"]]


async def test_a_week_with_a_limit_reached_is_told_once_in_one_message(house: House) -> None:
    await bound(house)
    async with browser(house) as guardian:
        await come_in(guardian, house)
        await act(guardian, "consent", purpose="use")
        await act(guardian, "consent", purpose="under-14-data")
        await act(guardian, "limits", minutes="2")
    for _ in range(9):
        await house.say("今天作业好多")
        house.clock.advance(minutes=1)
    await house.rt.db.settled()
    assert await summaries(house) == [], "not on the day itself"
    await until_sunday(house)
    (told,) = await summaries(house)
    assert "小林" in told and "1 天到了时限" in told and "作业" not in told
    (letter,) = [each for each in await house.sent() if "这一周的小结" in each["text"]]
    assert letter["address"] in (MOTHER["address"], MOTHER["second"])
    await house.work(minutes=60)
    assert len(await summaries(house)) == 1


async def test_a_quiet_week_is_a_page_and_no_message(house: House) -> None:
    await bound(house)
    async with browser(house) as guardian:
        await come_in(guardian, house)
        await act(guardian, "consent", purpose="use")
        await act(guardian, "consent", purpose="under-14-data")
    for _ in range(4):
        await house.say("今天作业好多")
        house.clock.advance(minutes=1)
    await house.rt.db.settled()
    await until_sunday(house)
    assert await summaries(house) == []


async def test_weeks_come_back(house: House) -> None:
    await bound(house)
    async with browser(house) as guardian:
        await come_in(guardian, house)
        await act(guardian, "consent", purpose="use")
        await act(guardian, "consent", purpose="under-14-data")
        await act(guardian, "limits", minutes="2")
    for week in range(2):
        for _ in range(5):
            await house.say("今天作业好多")
            house.clock.advance(minutes=1)
        await house.rt.db.settled()
        await (until_sunday(house) if week == 0 else house.work(minutes=7 * 24 * 60))
        assert len(await summaries(house)) == week + 1
