"""The desk's acts over HTTP: what each does, what it leaves, what cannot be done and how that is said."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from anban.cases.figures import heavy_cases, join_times
from anban.conversations.mailbox import read_after
from anban.provider.staff import find_staff, set_state, staff_of
from anban.provider.staff_sessions import token_digest
from anban.web.desk.door import Desk, SignedIn
from anban.web.desk.queue import follow
from tests.doors.at_the_desk import PAGE, proof
from tests.doors.in_the_room import DANGER, PLAN, SCRIPT, at_desk, in_danger
from tests.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def test_the_words_that_caused_the_level_stand_out(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin:
        await lin.act(case, "claim")
        shown = (await lin.page(f"/desk/cases/{case}")).text
    assert "<mark title=" in shown
    marked = shown.partition("<mark title=")[2].partition("</mark>")[0].partition(">")[2]
    assert marked and marked in DANGER


async def test_a_responder_holds_one_in_danger_now_and_a_lead_may_hold_more(house: House) -> None:
    first, second = await in_danger(house, "one"), await in_danger(house, "two")
    async with at_desk(house) as lin, at_desk(house, "wang") as wang:
        await lin.act(first, "claim")
        refused = await lin.act(second, "claim")
        assert refused.status_code == 409 and "上限" in refused.json()["fault"]
        shown = await lin.act(second, "claim", False)
        assert shown.status_code == 409 and "上限" in shown.text
        third = await in_danger(house, "three")
        assert (await wang.act(second, "claim")).status_code == 200
        assert (await wang.act(third, "claim")).status_code == 200


async def test_three_of_the_third_level_are_the_most(house: House) -> None:
    cases = [await in_danger(house, f"user{number}", PLAN) for number in range(4)]
    levels = {(await house.get(f"/anban/v1/cases/{case}")).json()["level"] for case in cases}
    assert levels == {"L3"}
    async with at_desk(house) as lin:
        answers = [(await lin.act(case, "claim")).status_code for case in cases]
    assert answers == [200, 200, 200, 409]


async def test_words_that_may_hurt_are_held_up_once_and_never_blocked(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin:
        await lin.act(case, "claim")
        held = await lin.act(case, "say", text="你要坚强，想开点")
        assert held.status_code == 409 and held.json()["findings"]
        assert "said" not in str((await house.get(f"/anban/v1/cases/{case}")).json()["events"])
        again = await lin.act(case, "say", False, text="你要坚强，想开点")
        assert "你要坚强，想开点</textarea>" in again.text and 'name="anyway"' in again.text
        assert (await lin.act(case, "say", text="你要坚强，想开点", anyway="yes")).status_code == 200
        assert (await lin.act(case, "say", text="我在这里。")).status_code == 200
        looked = await lin.client.post(
            "/desk/lint",
            data={"csrf": proof((await lin.page()).text), "text": "想开点", "group": "adult"},
            headers=SCRIPT,
        )
        assert looked.json()["findings"][0]["why"]


async def test_a_hand_back_needs_a_level_a_time_and_words_for_the_ai(house: House) -> None:
    case = await in_danger(house)
    whole = {"level": "L2", "follow_up": "24", "text": "可以聊晚饭，不提分手"}
    async with at_desk(house) as lin:
        await lin.act(case, "claim")
        for missing in whole:
            given = {name: value for name, value in whole.items() if name != missing}
            refused = await lin.act(case, "hand-back", **given)
            assert refused.status_code == 422 and refused.json()["field"] == missing
        assert (await lin.act(case, "hand-back", **{**whole, "follow_up": "none"})).status_code == 422
        done = await lin.act(case, "hand-back", **whole)
        assert done.json()["go"].endswith("?after=hard")
        events = (await house.get(f"/anban/v1/cases/{case}")).json()["events"]
        back = next(event for event in events if event["kind"] == "handed_back")
        assert back["checked"] == ["follow-up-set", "level-set", "summary-written"] and back["follow_up_at"]
        offered = (await lin.page(done.json()["go"])).text
        assert "歇一下" in offered and 'action="/desk/rest"' in offered
        await house.say("今晚吃什么好", conversation="second")
    assert "可以聊晚饭" in house.model.instructions


async def test_a_held_contact_is_released_by_two_people(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin, at_desk(house, "chen") as chen:
        await lin.act(case, "claim")
        assert (await lin.act(case, "hold", contact="all")).status_code == 422
        await lin.act(case, "hold", contact="all", reason="may-be-the-danger")
        await lin.act(case, "release", contact="all", reason="checked-safe")
        await lin.act(case, "release", contact="all", reason="checked-safe")
        kinds = [event["kind"] for event in (await house.get(f"/anban/v1/cases/{case}")).json()["events"]]
        assert "released" not in kinds
        assert "等第二人同意" in (await chen.page()).text
        assert (await chen.act(case, "release", contact="all", reason="checked-safe")).status_code == 403
        await chen.act(case, "open", reason="second-person")
        await chen.act(case, "release", contact="all", reason="checked-safe")
        kinds = [event["kind"] for event in (await house.get(f"/anban/v1/cases/{case}")).json()["events"]]
        assert "released" in kinds


async def test_a_second_opinion_calls_the_leads(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin, at_desk(house, "wang") as wang:
        await lin.act(case, "claim")
        await house.work()
        await lin.act(case, "second-opinion")
        await house.work()
        events = (await house.get(f"/anban/v1/cases/{case}")).json()["events"]
        asked = next(place for place, event in enumerate(events) if event["kind"] == "opinion_asked")
        assert [event["tier"] for event in events[asked:] if event["kind"] == "rung"] == [3]
        listed = (await wang.client.get("/desk/queue")).json()["queue"][0]
        assert listed["opinion"] and listed["rings"] == [f"{case}|opinion"]
        assert "rings" in listed and (await lin.client.get("/desk/queue")).json()["queue"][0]["rings"] == []
        await wang.act(case, "open", reason="second-opinion")
        assert not (await wang.client.get("/desk/queue")).json()["queue"][0]["opinion"]


async def test_every_act_of_an_evening_stands_in_the_log_in_words(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin, at_desk(house, "chen") as chen:
        await lin.act(case, "claim")
        await lin.act(case, "join")
        await lin.act(case, "say", text="我在这里。")
        await lin.act(case, "note", text="姐姐在路上")
        await lin.act(case, "call", number="110", text="接警编号 7")
        await lin.act(case, "tell-now", reason="in-danger-now")
        await lin.act(case, "second-opinion")
        await house.work()
        await lin.act(case, "hand-back", level="L3", follow_up="2", text="只陪着")
        await lin.act(case, "open", reason="follow-up")
        await lin.act(case, "close", level="L1", outcome="safe-with-people", follow_up="24")
        await lin.act(case, "debrief", text="手还在抖")
        await chen.act(case, "open", reason="review")
        await chen.act(case, "review", outcome="done-well")
        log = (await chen.page(f"/desk/cases/{case}")).text
    for words in (
        "立案，L4",
        "林晓 认领",
        "林晓 加入",
        "打了 110",
        "请负责人一起看",
        "正在通知",
        "交还 AI，定为 L3",
        "结案，定为 L1",
    ):
        assert words in log, words
    assert "{" not in log.partition('<details class="log"')[2].partition("</details>")[0]


async def test_the_page_knows_words_for_every_kind_of_event_that_is_written(house: House) -> None:
    written: set[str] = set()
    for path in (Path(__file__).parents[2] / "src" / "anban").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "CaseEvent" in text or path.name in ("responding.py", "intents.py"):
            written |= set(re.findall(r'case "([a-z_]+)"', text)) if path.name == "course.py" else set()
            written |= set(re.findall(r'(?:note|_event)\((?:connection, case, so_far, done, )?"([a-z_]+)"', text))
            written |= set(re.findall(r'CaseEvent\([^,]+, "([a-z_]+)"', text))
    assert {"opened", "claimed", "paged", "read", "attempted"} <= written
    for lang in ("zh", "en"):
        words = house.rt.words.page(lang)
        assert sorted(kind for kind in written if f"room.event.{kind}" not in words) == []


async def test_whoever_held_a_case_does_not_review_it_and_others_may(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin, at_desk(house, "chen") as chen:
        await lin.act(case, "claim")
        await lin.act(case, "close", level="L1", outcome="safe-with-people", follow_up="24")
        assert case in (await lin.page("/desk/closed")).text.partition("等我复核")[0]
        assert case in (await chen.page("/desk/closed")).text.partition("等我复核")[2]
        assert (await lin.act(case, "open", reason="review")).status_code == 403
        await lin.act(case, "open", reason="follow-up")
        assert (await lin.act(case, "review", outcome="done-well")).status_code == 403
        assert (await chen.act(case, "review", outcome="done-well")).status_code == 403, "not without having read it"
        await chen.act(case, "open", reason="review")
        assert (await chen.act(case, "review", outcome="done-well")).status_code == 200
        await lin.act(case, "follow-up", text="她去了姐姐家")
        assert case not in (await lin.page("/desk/closed")).text


async def test_a_closed_case_can_be_opened_again_by_who_has_read_it(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin:
        await lin.act(case, "claim")
        await lin.act(case, "close", level="L1", outcome="safe-with-people")
        assert (await lin.act(case, "reopen")).status_code == 403
        await lin.act(case, "open", reason="follow-up")
        assert (await lin.act(case, "reopen")).status_code == 200
        assert (await lin.client.get("/desk/queue")).json()["queue"][0]["state"] == "waiting"


async def test_the_last_one_on_duty_is_told_why_they_cannot_rest(house: House) -> None:
    async with at_desk(house) as lin, at_desk(house, "wang") as wang:
        csrf = proof((await lin.page()).text)
        staff = await house.rt.db.read(lambda c: staff_of(c, house.rt.keys, house.service.id))
        for other in staff:
            if other.id != lin.id:
                await house.rt.db.write(lambda c, who=other.id: set_state(c, who, "off"))
        refused = await lin.client.post("/desk/rest", data={"csrf": csrf, "rest": "begin"}, headers=PAGE)
        assert refused.status_code == 303
        assert "只剩这一个人在班" in (await lin.page(refused.headers["location"])).text
        assert (await wang.page()).status_code == 303, "who no longer works here is out at once"


async def test_what_somebody_says_is_text_whatever_it_is(house: House) -> None:
    case = await in_danger(house, words='<b id="evil">我已经站在天台上，现在就要跳下去</b>')
    async with at_desk(house) as lin:
        await lin.act(case, "claim")
        await lin.act(case, "note", text="<i>记下</i>")
        shown = (await lin.page(f"/desk/cases/{case}")).text
    assert '<b id="evil">' not in shown and "&lt;b id=" in shown
    assert "<i>记下" not in shown and "&lt;i&gt;记下" in shown


async def test_an_evening_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    async with open_house(tmp_path, database_url=postgres_url) as house:
        case = await in_danger(house)
        async with at_desk(house) as lin, at_desk(house, "chen") as chen:
            await lin.act(case, "claim")
            await lin.act(case, "say", text="我在这里。")
            shown = (await lin.page(f"/desk/cases/{case}")).text
            assert "天台" in shown and "我在这里。" in shown
            await lin.act(case, "close", level="L1", outcome="safe-with-people", follow_up="24")
            assert case in (await lin.page("/desk/closed")).text.partition("等我复核")[0]
            assert case in (await chen.page("/desk/closed")).text.partition("等我复核")[2]
            times = await house.rt.db.read(lambda c: join_times(c, house.service.id, house.clock.now()))
            assert times == [0.0]


async def test_a_flood_shows_the_first_of_the_queue_and_counts_the_rest(house: House) -> None:
    for number in range(63):
        await house.say(PLAN, user=f"flood-{number}")
    last = await in_danger(house, "flood-last")
    await house.rt.db.settled()
    async with at_desk(house) as lin:
        listed = (await lin.client.get("/desk/queue")).json()["queue"]
        assert len(listed) == 64 and listed[0]["case"] == last, "who is in danger now stands first"
        shown = (await lin.page()).text
        assert shown.count('data-case="case_') == 60 and "后面还有 4 位在等" in shown
        far = listed[-1]["case"]
        await lin.act(far, "claim")
        assert far in (await lin.page()).text, "one's own is always there"


async def test_typing_reaches_the_person_once_in_five_seconds(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin:
        assert (await lin.act(case, "typing")).status_code == 403
        await lin.act(case, "claim")
        for _ in range(3):
            await lin.act(case, "typing")
        house.clock.advance(seconds=5)
        await lin.act(case, "typing")
    user = await house.person()
    letters = await house.rt.db.read(lambda c: read_after(c, user.id, user.key, 0))
    assert [dict(each.payload) for each in letters if each.kind == "typing"] == [{"on": True}] * 2


async def test_how_long_people_waited_and_what_one_has_borne_are_counted(house: House) -> None:
    case = await in_danger(house)
    began = house.clock.now()
    async with at_desk(house) as lin:
        house.clock.advance(seconds=40)
        await lin.act(case, "claim")
        house.clock.advance(seconds=20)
        await lin.act(case, "join")
        assert await house.rt.db.read(lambda c: join_times(c, house.service.id, began)) == [60.0]
        assert await house.rt.db.read(lambda c: join_times(c, house.service.id, house.clock.now())) == [60.0]
        assert await house.rt.db.read(lambda c: heavy_cases(c, lin.id, began)) == 1
        assert await house.rt.db.read(lambda c: join_times(c, "another", began)) == []
    async with at_desk(house, "wang") as wang:
        assert "共 1 次" in (await wang.page("/desk/lead")).text


async def test_what_a_person_writes_while_somebody_is_there_is_shown_once_and_at_once(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin:
        await lin.act(case, "claim")
        await lin.act(case, "say", text="我在这里，你说。")
        await house.say("我好冷，我在这里等你")
        await house.rt.db.settled()
        await lin.act(case, "say", text="先进屋里去。")
        shown = (await lin.page(f"/desk/cases/{case}")).text.partition("lines-said")[2].partition("</ol>")[0]
    assert shown.count("我好冷") == 1
    assert shown.count("我在这里，你说。") == 1
    assert shown.index("我在这里，你说。") < shown.index("我好冷") < shown.index("先进屋里去。")


async def test_the_channel_says_at_once_what_stands_and_again_when_something_moves(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin:
        token = lin.client.cookies.get("anban_desk", domain="house.local") or ""
        request_desk: Desk = lin.client._transport.app.dependencies["desk"].dependency()  # type: ignore[attr-defined]
        assert isinstance(request_desk, Desk)
        staff = await house.rt.db.read(lambda c: find_staff(c, house.rt.keys, lin.id))
        assert staff is not None
        who = SignedIn(staff, house.service, token_digest(token), "proof")
        stream = follow(request_desk, who, case, "zh")

        async def coming() -> dict[str, Any]:
            async with asyncio.timeout(10):
                async for each in stream:
                    if each.startswith(b"data: "):
                        return orjson.loads(each.removeprefix(b"data: "))
            raise AssertionError("the channel ended")

        first = await coming()
        assert first["waiting"] == 1 and case in first["queue"] and "天台" not in str(first["parts"])
        await lin.act(case, "claim")
        second = await coming()
        assert second["waiting"] == 0 and "天台" in second["parts"]["talk"]
        house.clock.advance(minutes=31)
        locked = await coming()
        assert locked["locked"] and "parts" not in locked
        await in_danger(house, "another")
        rung = await coming()
        assert rung["waiting"] == 1 and rung["locked"], "the bell goes on though nobody has touched the page"
        house.clock.advance(hours=12)
        assert (await coming())["ended"]
