"""From the user's words to a person in the conversation and an acknowledged call to the contact; no word is untrue."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from anban.ledger.kinds import Kind
from anban.outreach.channel import Letter, Outcome
from anban.outreach.outreach import Outreach
from tests.house import House, open_house

PLAN = "我不想活了，药已经买好了"
NOW = "我已经把药吃下去了"
GENTLE = "今天把阳台的花浇了。"
MOTHER = {"name": "妈妈", "route": "phone", "address": "13800000000", "calls": "小林"}
SISTER = {"name": "姐姐", "route": "email", "address": "sister@example.cn"}
FATHER = {"name": "爸爸", "route": "phone", "address": "13900000000", "unsafe": "named-by-user"}
TOLD = ("已经给你的紧急联系人发了消息", "紧急联系人已经看到消息")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def contacts(house: House, *given: dict[str, Any]) -> None:
    answer = await house.http.put("/anban/v1/people/xiaolin", json={"contacts": list(given)})
    assert answer.status_code == 200, answer.text


async def case_of(house: House) -> dict[str, Any]:
    return (await house.get("/anban/v1/cases?user=xiaolin")).json()[0]


async def act(house: House, what: str, responder: str = "lin", **more: Any) -> dict[str, Any]:
    case = await case_of(house)
    answer = await house.post(f"/anban/v1/cases/{case['id']}/{what}", {"responder": responder, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ways(house: House) -> list[tuple[str, str]]:
    return [(each["channel"], each["address"]) for each in await house.sent()]


async def test_a_contact_who_does_not_answer_second_channel_second_contact_lead_in_time(house: House) -> None:
    await contacts(house, MOTHER, SISTER)
    await house.say(NOW)
    seen: list[tuple[float, list[tuple[str, str]]]] = []
    for seconds in (0, 29, 1, 89, 1, 59, 1):
        await house.work(seconds=seconds)
        seen.append((house.clock.monotonic(), await ways(house)))
    sms, voice, email = ("sms", "13800000000"), ("voice", "13800000000"), ("email", "sister@example.cn")
    assert [(at, new) for at, new in seen] == [
        (0, [sms]), (29, [sms]), (30, [sms, voice]), (119, [sms, voice]), (120, [sms, voice, email]),
        (179, [sms, voice, email]), (180, [sms, voice, email]),
    ]  # fmt: skip
    alarms = [entry.facts["why"] for entry in await house.ledger("xiaolin", Kind.DESK_ALARMED)]
    assert "contacts-silent" in alarms
    assert len(await house.ledger("xiaolin", Kind.OUTREACH_ATTEMPTED)) == 3
    assert len(await house.ledger("xiaolin", Kind.OUTREACH_SENT)) == 3


async def test_what_the_contact_gets_tells_what_to_do_and_nothing_of_what_was_said(house: House) -> None:
    await contacts(house, MOTHER)
    await house.say(NOW)
    await house.work()
    (letter,) = await house.sent()
    assert "小林" in letter["text"] and "120" in letter["text"] and "接下来五分钟" in letter["text"]
    assert letter["link"] in letter["text"] and "药" not in letter["text"].replace("吃药", "")
    assert "xiaolin" not in letter["text"] and "xiaolin" not in letter["id"]


async def test_the_receipt_ends_the_calling_and_only_then_the_person_hears_of_it(house: House) -> None:
    await contacts(house, MOTHER, SISTER)
    first = await house.say(NOW)
    assert not any(claim in first.text for claim in TOLD)
    await house.work()
    again = await house.say("我好怕")
    assert TOLD[1] not in again.text
    (letter,) = await house.sent()
    path = "/seen/" + letter["link"].rpartition("/")[2]
    page = await house.http.get(path)
    assert page.status_code == 200 and "我已看到" in page.text and "xiaolin" not in page.text
    assert (await case_of(house))["events"][-1]["kind"] != "confirmed", "opening a link confirms nothing"
    thanks = await house.http.post(path)
    assert thanks.status_code == 200 and "收到了" in thanks.text
    again = await house.http.post(path)
    unknown = await house.http.post("/seen/" + "A" * 43)
    assert again.status_code == unknown.status_code == 200 and again.text.replace(path, "") == unknown.text.replace(
        "/seen/" + "A" * 43, ""
    ), "used and unknown links look the same"
    await house.work(minutes=30)
    assert len(await house.sent()) == 1
    (confirmed,) = await house.ledger("xiaolin", Kind.OUTREACH_CONFIRMED)
    assert confirmed.actor == "contact"


async def test_a_contact_who_may_be_the_danger_is_held_and_the_second_route_taken(house: House) -> None:
    await contacts(house, FATHER, SISTER)
    await house.say(NOW)
    await house.work(minutes=5)
    assert {address for _, address in await ways(house)} == {"sister@example.cn"}
    (held,) = await house.ledger("xiaolin", Kind.OUTREACH_HELD)
    assert held.facts["reason"] == "named-by-user"
    father = next(
        each["id"]
        for each in (await house.get("/anban/v1/people/xiaolin")).json()["contacts"]
        if each["name"] == "爸爸"
    )
    await act(house, "release", "lin", contact=father, reason="asked")
    await house.work(minutes=5)
    assert "13900000000" not in {address for _, address in await ways(house)}, "one person is not enough"
    await act(house, "release", "wang", contact=father, reason="agreed")
    await house.work(minutes=5)
    assert "13900000000" in {address for _, address in await ways(house)}


async def test_at_l3_a_person_may_hold_the_notice_back_and_silence_sends(house: House) -> None:
    await contacts(house, MOTHER)
    said = await house.say(PLAN)
    assert said.meta.level == "L3" and "过几分钟，我们会联系你的紧急联系人" in said.text
    await house.work(minutes=4)
    await act(house, "hold", reason="the person asked us to wait")
    await house.work(minutes=30)
    assert await house.sent() == []
    later = await house.say("还是很难受，不想活了")
    assert "会联系你的紧急联系人" not in later.text
    await act(house, "release", reason="agreed")
    await act(house, "release", "chen", reason="agreed")
    await house.work()
    assert len(await house.sent()) == 1


async def test_with_nobody_on_file_the_leads_are_called_and_the_person_hears_the_truth(house: House) -> None:
    await house.say(NOW)
    await house.work()
    (gone,) = await house.ledger("xiaolin", Kind.OUTREACH_UNREACHABLE)
    assert gone.facts["why"] == "nobody-on-file"
    again = await house.say("我好怕")
    assert not any(claim in again.text for claim in TOLD)


class Provider:
    """A channel that is down, slow, loses what it took, or fails after it took it."""

    name, routes = "sms", frozenset({"phone"})

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> Outcome:
        self.letters.append(letter)
        state = self.states.pop(0) if self.states else "accepted"
        if state == "breaks":
            raise OSError("gone")
        return Outcome("unknown" if state == "unknown" else "refused" if state == "refused" else "accepted", "sms")


@pytest.mark.parametrize(
    ("states", "tries"), [(("breaks", "breaks"), 3), (("unknown",), 2), (("accepted",), 1), (("refused",), 1)]
)
async def test_a_failing_notifier_is_tried_again_under_one_id_and_nothing_is_claimed_early(
    tmp_path: Path, states: tuple[str, ...], tries: int
) -> None:
    async with open_house(tmp_path) as house:
        provider = Provider(*states)
        house.outreach(Outreach([provider]))
        await contacts(house, MOTHER)
        await house.say(NOW)
        await house.work()
        between = await house.say("我好怕")
        if states[0] != "accepted":
            assert not any(claim in between.text for claim in TOLD), "nobody has been told yet"
        for _ in range(6):
            await house.work(seconds=10)
        assert len(provider.letters) == tries and len({letter.send for letter in provider.letters}) == 1
        ends = [entry.facts["outcome"] for entry in await house.ledger("xiaolin", Kind.OUTREACH_SENT)]
        assert len(ends) == tries
        if states[0] == "refused":
            await house.work(minutes=30)
            alarms = [entry.facts["why"] for entry in await house.ledger("xiaolin", Kind.DESK_ALARMED)]
            assert "contacts-silent" in alarms, "given up in silence is not given up"


async def test_a_notifier_that_takes_and_loses_never_lets_us_say_that_anybody_has_seen_it(house: House) -> None:
    await contacts(house, MOTHER)
    await house.say(NOW)
    await house.work(minutes=1)
    heard = await house.say("我好怕，不想活了")
    assert TOLD[1] not in heard.text
    for _ in range(6):
        await house.work(minutes=10)
    kinds = {entry.facts.get("why") for entry in await house.ledger("xiaolin", Kind.OUTREACH_UNREACHABLE)}
    assert "no-answer" in kinds


async def test_whoever_asks_for_a_person_is_heard_at_any_level(house: House) -> None:
    heard = await house.say("我要找真人")
    assert "我已经请值班同事加入" in heard.text and house.model.asked == []
    case = await case_of(house)
    assert case["level"] == "L0" and case["events"][0]["requested"] is True
    assert await house.ledger("xiaolin", Kind.TAKEOVER_REQUESTED)
    assert await house.ledger("xiaolin", Kind.DESK_PAGED)
    await house.say("真人呢，我要找真人")
    assert len(await house.ledger("xiaolin", Kind.TAKEOVER_REQUESTED)) == 1, "asking again asks once"
    await act(house, "claim")
    await act(house, "say", text="我是值班的林老师，我在。")
    assert (await case_of(house))["state"] == "joined"
    await act(house, "hand-back", level="L0", text="想聊聊工作上的事，没有危险。")
    heard = await house.say(GENTLE)
    assert heard.meta.author == "ai" and "又是 AI" in heard.text
    assert "想聊聊工作上的事" in house.model.instructions and "想聊聊工作上的事" not in heard.text
    assert "又是 AI" not in (await house.say(GENTLE)).text, "said once"


async def test_a_wish_for_a_person_that_turns_into_danger_is_one_case(house: House) -> None:
    await house.say("我要找真人")
    heard = await house.say(NOW)
    assert heard.meta.level == "L4"
    cases = (await house.get("/anban/v1/cases?user=xiaolin")).json()
    assert len(cases) == 1 and cases[0]["level"] == "L4"
    assert len(await house.ledger("xiaolin", Kind.CASE_CRISIS_OPENED)) == 1


async def test_with_nobody_on_duty_the_words_say_so(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.everybody_off()
        heard = await house.say(PLAN)
        assert "现在没有值班人员在线" in heard.text and "已经请值班同事" not in heard.text
        asked = await house.say("我要找真人", user="other")
        assert "现在没有值班人员在线" in asked.text and "12356" in asked.text


async def test_a_new_sign_after_the_hand_back_pages_again(house: House) -> None:
    await house.say(PLAN)
    await act(house, "claim")
    await act(house, "hand-back")
    heard = await house.say("我还是不想活了，药就在手边")
    assert "已经请值班同事" in heard.text or "请值班同事" in heard.text
    assert (await case_of(house))["state"] == "open"
    assert await house.ledger("xiaolin", Kind.CASE_REOPENED)


async def test_the_day_after_there_is_one_gentle_question(house: House) -> None:
    await house.say(PLAN)
    await act(house, "claim")
    await act(house, "close", level="L1", outcome="safe-with-family")
    await house.work(minutes=23 * 60)
    assert not await house.ledger("xiaolin", Kind.CARE_CHECKED_IN)
    await house.work(minutes=61)
    assert len(await house.ledger("xiaolin", Kind.CARE_CHECKED_IN)) == 1
    await house.work(minutes=48 * 60)
    assert len(await house.ledger("xiaolin", Kind.CARE_CHECKED_IN)) == 1


async def test_a_closed_case_is_reviewed_by_somebody_else(house: House) -> None:
    await house.say(PLAN)
    await act(house, "claim")
    await act(house, "close", level="L1", outcome="safe")
    case = await case_of(house)
    own = await house.post(f"/anban/v1/cases/{case['id']}/review", {"responder": "lin"})
    assert own.status_code == 403
    await act(house, "review", "wang", outcome="well-handled")
    assert (await case_of(house))["state"] == "reviewed"
    assert await house.ledger("xiaolin", Kind.CASE_REVIEWED)


async def test_whoever_leaves_in_danger_is_let_go_and_the_desk_sees_it(house: House) -> None:
    await house.say(PLAN)
    heard = await house.say("退出")
    assert heard.meta.verdict == "stop"
    case = await case_of(house)
    assert case["events"][-1]["kind"] == "left" and case["state"] == "open"
    await house.work(minutes=3)
    assert await house.ledger("xiaolin", Kind.DESK_ALARMED), "leaving ends nothing that is owed"
