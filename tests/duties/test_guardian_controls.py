"""Draft 12(2), final 14: a guardian sees summaries, closes characters, limits time and spending; a child sees it."""

from anban.ledger.kinds import Kind
from tests.doors.at_the_guardians import act, bound, browser, come_in
from tests.doors.test_guardian_access import as_child
from tests.house import House


async def test_a_guardian_sees_how_long_and_with_whom_and_never_what_was_said(house: House) -> None:
    await bound(house)
    async with browser(house) as guardian:
        await come_in(guardian, house)
        await act(guardian, "consent", purpose="use")
        await act(guardian, "consent", purpose="under-14-data")
        for _ in range(4):
            await house.say("我最爱的那只橘猫叫作银杏子", persona="阿树")
            house.clock.advance(minutes=1)
        await house.rt.db.settled()
        html = (await guardian.get("/guardian")).text
    assert "阿树" in html and "3 分钟" in html and "银杏子" not in html


async def test_time_is_limited_by_a_guardian_and_the_limit_is_evidence(house: House) -> None:
    await bound(house)
    async with browser(house) as guardian:
        await come_in(guardian, house)
        await act(guardian, "consent", purpose="use")
        await act(guardian, "consent", purpose="under-14-data")
        await act(guardian, "limits", minutes="2")
    for _ in range(4):
        await house.say("今天作业好多")
        house.clock.advance(minutes=1)
    await house.rt.db.settled()
    assert Kind.LIMIT_REACHED in await house.kinds()
    assert Kind.GUARDIAN_CHANGED in await house.kinds()


async def test_a_character_is_closed_in_a_talk_under_way(house: House) -> None:
    await bound(house)
    async with browser(house) as guardian:
        await come_in(guardian, house)
        await act(guardian, "consent", purpose="use")
        await act(guardian, "consent", purpose="under-14-data")
        await house.say("在吗", persona="阿树")
        await act(guardian, "block", persona="阿树")
    assert "被监护人关掉了" in (await house.say("怎么不说话了", persona="阿树")).text


async def test_help_stays_open_whatever_a_guardian_closes(house: House) -> None:
    await bound(house)
    async with browser(house) as guardian:
        await come_in(guardian, house)
        await act(guardian, "limits", minutes="0", paused="on")
    answer = await house.say("我不想活了，药已经买好了")
    assert answer.meta.level == "L3" and answer.meta.help is not None
    assert Kind.CASE_CRISIS_OPENED in await house.kinds()


async def test_spending_is_off_for_a_minor_and_a_guardian_allows_it_within_caps(house: House) -> None:
    await bound(house)
    ask = {"amount": 500, "currency": "CNY", "request": "one"}
    denied = (await house.post("/anban/v1/people/xiaolin/spending", ask)).json()
    assert denied["allow"] is False
    async with browser(house) as guardian:
        await come_in(guardian, house)
        await act(guardian, "limits", spending="on", spend_day="5")
    assert (await house.post("/anban/v1/people/xiaolin/spending", {**ask, "request": "two"})).json()["allow"] is True
    assert (await house.post("/anban/v1/people/xiaolin/spending", {**ask, "request": "three"})).json()["allow"] is False


async def test_the_child_sees_what_is_seen_and_what_was_changed(house: House) -> None:
    await bound(house)
    async with browser(house) as guardian:
        await come_in(guardian, house)
        await act(guardian, "limits", minutes="25")
    child = await as_child(house)
    assert "25 分钟" in (await child.get("/me/seen")).text
