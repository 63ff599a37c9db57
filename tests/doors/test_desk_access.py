"""Who at the desk may see what of whom, and for which reason; every reading leaves its trace in the ledger."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from anban.people.safety_card import keep_card
from anban.provider.demo_staff import seed_demo
from anban.provider.services import open_service
from tests.doors.at_the_desk import PAGE, browser
from tests.doors.in_the_room import MOTHER, SCRIPT, at_desk, in_danger, reads
from tests.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def test_the_queue_tells_level_and_age_group_and_nothing_of_who_it_is(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin:
        shown = (await lin.page()).text
        assert "L4" in shown and case in shown
        listed = (await lin.client.get("/desk/queue")).json()["queue"]
        assert [(each["case"], each["level"], each["group"], each["state"]) for each in listed] == [
            (case, "L4", "adult", "waiting")
        ]
        for page in (shown, str(listed)):
            assert "xiaolin" not in page and "天台" not in page and "李妈妈" not in page


async def test_before_a_claim_the_case_shows_why_but_neither_words_nor_name_nor_contacts(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin:
        shown = (await lin.page(f"/desk/cases/{case}")).text
        assert "正在发生" in shown
        assert "天台" not in shown and "xiaolin" not in shown and "李妈妈" not in shown
    assert await reads(house) == []


async def test_whoever_claims_reads_and_that_stands_in_the_ledger_once_for_each_login(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin:
        assert (await lin.act(case, "claim")).json()["done"] == "claim"
        await lin.page(f"/desk/cases/{case}")
        await lin.page(f"/desk/cases/{case}")
        shown = (await lin.page(f"/desk/cases/{case}")).text
        assert "天台" in shown and "xiaolin" in shown and "李妈妈" in shown
        assert MOTHER["address"] not in shown
        assert await reads(house) == [(lin.id, "claimed")]
    async with at_desk(house) as again:
        await again.page(f"/desk/cases/{case}")
    assert await reads(house) == [(lin.id, "claimed")] * 2


async def test_a_colleague_does_not_read_what_another_holds(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin, at_desk(house, "chen") as chen:
        await lin.act(case, "claim")
        assert "天台" not in (await chen.page(f"/desk/cases/{case}")).text
        for reason in ("second-opinion", "supervision", "complaint", "review", "follow-up", "claimed", "curiosity", ""):
            refused = await chen.act(case, "open", reason=reason)
            assert refused.status_code in (403, 422), reason
        assert "天台" not in (await chen.page(f"/desk/cases/{case}")).text
        assert (await chen.act(case, "note", text="看到了")).status_code == 403
        assert (await chen.act(case, "say", text="你好")).status_code == 403
    assert {who for who, _ in await reads(house)} <= {lin.id}


async def test_a_colleague_who_was_asked_reads_the_words_but_not_the_name(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin, at_desk(house, "chen") as chen:
        await lin.act(case, "claim")
        await lin.act(case, "second-opinion")
        assert (await chen.act(case, "open", reason="second-opinion")).status_code == 200
        shown = (await chen.page(f"/desk/cases/{case}")).text
        assert "天台" in shown and "xiaolin" not in shown and "李妈妈" not in shown
        assert (chen.id, "second-opinion") in await reads(house)


async def test_a_lead_reads_what_a_colleague_asked_for_and_nothing_on_their_own_word(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house, "wang") as wang, at_desk(house) as lin:
        assert "天台" not in (await wang.page(f"/desk/cases/{case}")).text
        for reason in ("supervision", "complaint", "second-opinion", "granted"):
            assert (await wang.act(case, "open", reason=reason)).status_code in (403, 422), reason
        assert await reads(house) == []
        await lin.act(case, "claim")
        await lin.act(case, "second-opinion")
        await wang.act(case, "open", reason="second-opinion")
        shown = (await wang.page(f"/desk/cases/{case}")).text
        assert "天台" in shown and "xiaolin" in shown
        house.clock.advance(minutes=15)
        assert "站在天台上" not in (await wang.page(f"/desk/cases/{case}")).text
    assert await reads(house) == [(lin.id, "claimed"), (wang.id, "second-opinion")]


async def test_reading_ends_with_its_reason(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin:
        await lin.act(case, "claim")
        assert "天台" in (await lin.page(f"/desk/cases/{case}")).text
        await lin.act(case, "hand-back", level="L2", follow_up="24", text="可以聊晚饭，不提天台")
        shown = (await lin.page(f"/desk/cases/{case}")).text
        assert "站在天台上" not in shown
        await lin.act(case, "open", reason="follow-up")
        assert "站在天台上" in (await lin.page(f"/desk/cases/{case}")).text


async def test_another_services_case_is_not_there(house: House) -> None:
    case = await in_danger(house)

    def elsewhere(connection: Any) -> str:
        other = open_service(connection, name="other", packs=("cn-2026-final",), place="cn")
        seed_demo(connection, house.rt.keys, other.id, house.clock.now())
        return other.id

    other = await house.rt.db.write(elsewhere)
    async with at_desk(house, "wang", other) as stranger:
        assert (await stranger.page(f"/desk/cases/{case}")).status_code == 404
        assert (await stranger.client.get("/desk/queue")).json()["queue"] == []
        for act in ("claim", "open", "note", "say", "close", "typing", "debrief"):
            refused = await stranger.act(case, act, reason="supervision", text="x")
            assert refused.status_code == 404, act


async def test_without_a_login_nothing_opens(house: House) -> None:
    case = await in_danger(house)
    async with browser(house) as nobody:
        for path in ("/desk", f"/desk/cases/{case}", "/desk/closed"):
            answer = await nobody.get(path, headers=PAGE)
            assert answer.status_code == 303 and answer.headers["location"].startswith("/desk/login")
        assert (await nobody.get("/desk/queue")).status_code == 401
        assert (await nobody.get("/desk/events")).status_code == 401
        assert (await nobody.post(f"/desk/cases/{case}/claim", headers=SCRIPT)).status_code == 401


async def test_a_form_from_elsewhere_does_nothing(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin:
        for csrf in ("", "0" * 64):
            answer = await lin.client.post(f"/desk/cases/{case}/claim", data={"csrf": csrf}, headers=SCRIPT)
            assert answer.status_code == 403
    assert (await house.get(f"/anban/v1/cases/{case}")).json()["state"] == "open"


async def test_a_debrief_is_for_its_author_and_the_leads(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house) as lin, at_desk(house, "chen") as chen, at_desk(house, "wang") as wang:
        await lin.act(case, "claim")
        await lin.act(case, "close", level="L1", outcome="safe-with-people")
        await lin.act(case, "debrief", text="手还在抖")
        await chen.act(case, "open", reason="review")
        await wang.act(case, "open", reason="review")
        await lin.act(case, "open", reason="follow-up")
        found = ["手还在抖" in (await each.page(f"/desk/cases/{case}")).text for each in (lin, chen, wang)]
    assert found == [True, False, True]


async def test_the_safety_card_is_for_whoever_holds_the_conversation(house: House) -> None:
    case = await in_danger(house)
    person = await house.person()
    rules = house.rt.rules(house.service, frozenset(), house.clock.now())
    given = {"helps": ["听那张钢琴专辑"], "people": ["表姐"]}
    await house.rt.db.write(lambda connection: keep_card(connection, person, given, house.clock.now(), rules))  # type: ignore[arg-type]
    async with at_desk(house) as lin:
        assert "钢琴" not in (await lin.page(f"/desk/cases/{case}")).text
        await lin.act(case, "claim")
        shown = (await lin.page(f"/desk/cases/{case}")).text
        assert "安全卡" in shown and "钢琴" in shown and "表姐" in shown
