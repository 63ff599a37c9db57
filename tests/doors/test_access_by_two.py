"""Raw text outside a case that one holds: a case, a reason, a second person, an hour at most, and it ends by itself."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from anban.ledger.kinds import Kind
from tests.doors.at_the_desk import PAGE, proof
from tests.doors.in_the_room import at_desk, in_danger, reads
from tests.house import House, open_house
from tests.staffed import at_own_desk, employ

SAID = "站在天台上"
WHY = "家属投诉当晚没有人回应，需要核对原话。"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        await employ(opened, "officer")
        await employ(opened, "lead", "han")
        yield opened


async def ask(client: httpx.AsyncClient, case: str, /, **more: str) -> httpx.Response:
    """Ask as the page's form does."""
    csrf = proof((await client.get("/desk/access", headers=PAGE)).text)
    form = {"csrf": csrf, "case": case, "reason": "complaint", "words": WHY, "minutes": "60", **more}
    return await client.post("/desk/access", data=form, headers=PAGE)


async def decide(client: httpx.AsyncClient, grant: str, act: str) -> httpx.Response:
    csrf = proof((await client.get("/desk/account", headers=PAGE)).text)
    return await client.post(f"/desk/access/{grant}/{act}", data={"csrf": csrf}, headers=PAGE)


async def newest(house: House) -> str:
    """The access that was asked for last."""
    return str((await house.ledger("xiaolin", Kind.ACCESS_ASKED))[-1].facts["grant"])


@asynccontextmanager
async def officer_and_lead(house: House) -> AsyncGenerator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    async with at_own_desk(house, "officer") as officer, at_own_desk(house, "wang") as lead:
        yield officer, lead


async def test_an_officer_reads_after_a_second_person_agreed_and_each_look_is_written_down_first(house: House) -> None:
    case = await in_danger(house)
    async with officer_and_lead(house) as (officer, lead):
        assert (await ask(officer, case)).status_code == 303
        grant = await newest(house)
        assert (await officer.get(f"/desk/access/{grant}", headers=PAGE)).status_code == 403, "asking opens nothing"
        shown = (await lead.get("/desk/access", headers=PAGE)).text
        assert WHY in shown and "officer 某" in shown and SAID not in shown
        await decide(lead, grant, "approve")
        assert SAID not in (await officer.get("/desk/access", headers=PAGE)).text
        assert await reads(house) == []
        page = (await officer.get(f"/desk/access/{grant}", headers=PAGE)).text
        assert SAID in page and "xiaolin" not in page
        await officer.get(f"/desk/access/{grant}", headers=PAGE)
        assert [reason for _, reason in await reads(house)] == ["complaint", "complaint"]
        assert (await lead.get(f"/desk/access/{grant}", headers=PAGE)).status_code == 403, "it is the asker's alone"
    told = await house.ledger("xiaolin", Kind.ACCESS_ASKED, Kind.ACCESS_APPROVED, Kind.CONVERSATION_READ)
    assert WHY not in str([dict(each.facts) for each in told]), "the asker's own words stay out of the ledger"


async def test_it_ends_by_itself_after_an_hour_at_most_and_that_is_evidence(house: House) -> None:
    case = await in_danger(house)
    async with at_own_desk(house, "officer") as officer:
        assert (await ask(officer, case, minutes="61")).status_code == 422
        await ask(officer, case, minutes="60")
    grant = await newest(house)
    house.clock.advance(hours=2)
    async with at_own_desk(house, "wang") as lead:
        await decide(lead, grant, "approve")
    house.clock.advance(minutes=59)
    async with at_own_desk(house, "officer") as again:
        assert SAID in (await again.get(f"/desk/access/{grant}", headers=PAGE)).text
        house.clock.advance(minutes=1)
        assert (await again.get(f"/desk/access/{grant}", headers=PAGE)).status_code == 403
    await house.work()
    (ended,) = await house.ledger("xiaolin", Kind.ACCESS_ENDED)
    assert (ended.actor, ended.facts["why"], ended.facts["grant"]) == ("anban", "time-over", grant)


async def test_nobody_decides_what_they_asked_for_and_only_some_decide_at_all(house: House) -> None:
    case = await in_danger(house)
    async with at_own_desk(house, "wang") as wang, at_own_desk(house, "lin") as lin:
        await ask(wang, case)
        grant = await newest(house)
        own = await decide(wang, grant, "approve")
        assert own.status_code == 403 and "另一个人" in own.text
        assert (await decide(lin, grant, "approve")).status_code == 403
        assert await house.ledger("xiaolin", Kind.ACCESS_APPROVED) == []


async def test_whoever_may_not_read_raw_text_cannot_ask(house: House) -> None:
    case = await in_danger(house)
    for role in ("engineer", "auditor", "data-engineer", "administrator"):
        await employ(house, role)
        async with at_own_desk(house, role) as client:
            csrf = proof((await client.get("/desk/account", headers=PAGE)).text)
            form = {"csrf": csrf, "case": case, "reason": "complaint", "words": WHY, "minutes": "15"}
            assert (await client.post("/desk/access", data=form)).status_code == 403, role


@pytest.mark.parametrize(
    ("field", "value"),
    [("case", "cas_of_nobody"), ("case", ""), ("reason", "curiosity"), ("reason", "claimed"), ("words", "看看"),
     ("minutes", "0"), ("minutes", "abc"), ("minutes", "9" * 30)],
)  # fmt: skip
async def test_what_is_missing_is_said_on_the_page_and_nothing_is_asked(house: House, field: str, value: str) -> None:
    case = await in_danger(house)
    async with at_own_desk(house, "officer") as officer:
        answer = await ask(officer, case, **{field: value})
        assert answer.status_code in (404, 422) and 'role="alert"' in answer.text
    assert await house.ledger("xiaolin", Kind.ACCESS_ASKED) == []


async def test_one_at_a_time_so_that_nobody_reads_in_bulk(house: House) -> None:
    first, second = await in_danger(house), await in_danger(house, "xiaomei")
    async with at_own_desk(house, "officer") as officer:
        await ask(officer, first)
        again = await ask(officer, second)
        assert again.status_code == 409 and "一次只能一个" in again.text
        await decide(officer, await newest(house), "end")
        assert (await ask(officer, second)).status_code == 303
    assert [each.facts["why"] for each in await house.ledger("xiaolin", Kind.ACCESS_ENDED)] == ["ended"]


async def test_nobody_answers_and_it_lapses(house: House) -> None:
    case = await in_danger(house)
    async with at_own_desk(house, "officer") as officer:
        await ask(officer, case)
    grant = await newest(house)
    house.clock.advance(hours=24)
    await house.work()
    (ended,) = await house.ledger("xiaolin", Kind.ACCESS_ENDED)
    assert ended.facts["why"] == "unanswered"
    async with at_own_desk(house, "wang") as lead:
        assert (await decide(lead, grant, "approve")).status_code == 409


async def test_a_changed_role_ends_what_was_open(house: House) -> None:
    case = await in_danger(house)
    async with officer_and_lead(house) as (officer, lead):
        await ask(officer, case)
        grant = await newest(house)
        await decide(lead, grant, "approve")
        await house.post("/anban/v1/staff/officer/role", {"role": "lead"})
    async with at_own_desk(house, "officer") as again:
        assert (await again.get(f"/desk/access/{grant}", headers=PAGE)).status_code == 403
    assert [each.facts["why"] for each in await house.ledger("xiaolin", Kind.ACCESS_ENDED)] == ["rights-changed"]


async def test_a_lead_reads_in_the_room_while_it_lasts(house: House) -> None:
    case = await in_danger(house)
    async with at_desk(house, "wang") as wang, at_own_desk(house, "han") as han:
        await ask(wang.client, case)
        await decide(han, await newest(house), "approve")
        shown = (await wang.page(f"/desk/cases/{case}")).text
        assert SAID in shown and "已获准查看" in shown
        await wang.page(f"/desk/cases/{case}")
        assert await reads(house) == [(wang.id, "complaint")], "once for each log-in"
        await decide(wang.client, await newest(house), "end")
        assert SAID not in (await wang.page(f"/desk/cases/{case}")).text


async def test_a_minors_words_take_an_approval_each_time_also_for_review_and_for_leads(house: House) -> None:
    await house.state(birth_year=2012)
    case = await in_danger(house)
    async with at_desk(house) as lin, at_desk(house, "chen") as chen, at_own_desk(house, "wang") as wang:
        await lin.act(case, "claim")
        assert SAID in (await lin.page(f"/desk/cases/{case}")).text, "whoever holds the conversation reads it"
        await lin.act(case, "second-opinion")
        assert (await chen.act(case, "open", reason="second-opinion")).status_code == 200
        await lin.act(case, "close", level="L1", outcome="safe-with-people")
        assert (await chen.act(case, "open", reason="review")).status_code == 403
        assert (await lin.act(case, "open", reason="follow-up")).status_code == 403
        await ask(chen.client, case, reason="review")
        assert "未成年人" in (await wang.get("/desk/access", headers=PAGE)).text
        await decide(wang, await newest(house), "approve")
        assert SAID in (await chen.page(f"/desk/cases/{case}")).text
        assert (await chen.act(case, "review", outcome="done-well")).status_code == 200


async def test_the_person_sees_when_in_which_role_and_why_and_never_who(house: House) -> None:
    case = await in_danger(house)
    async with officer_and_lead(house) as (officer, lead):
        await ask(officer, case)
        await decide(lead, await newest(house), "approve")
        await officer.get(f"/desk/access/{await newest(house)}", headers=PAGE)
    told = (await house.get("/anban/v1/people/xiaolin/reads")).json()
    assert told == [{"at": house.clock.now().isoformat(), "role": "officer", "reason": "complaint"}]
    assert (await house.get("/anban/v1/people/nobody/reads")).status_code == 404
