"""The desk's page of appeals, held claims and marks: read with a trace, decided by a person, and told."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from anban.conversations.mailbox import read_after
from anban.ledger.kinds import Kind
from anban.people.home import home_marked
from anban.provider.demo_staff import DEMO_PASSWORD
from tests.doors.at_the_desk import PAGE, browser, proof, sign_in
from tests.doors.looks import findings
from tests.house import House, open_house
from tests.service import KEY

SAYS = "我今年初二，作业好多"
WORDS = "我三十岁，说的是我侄子"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def at_the_desk(house: House, login: str) -> AsyncGenerator[httpx.AsyncClient]:
    async with browser(house) as client:
        await sign_in(client, house, login)
        yield client


async def appealed(house: House, about: str = "age", text: str | None = WORDS) -> str:
    body = {"user": "xiaolin", "about": about, **({"text": text} if text else {})}
    return (await house.post("/anban/v1/appeals", body)).json()["appeal"]


async def sends(client: httpx.AsyncClient, path: str, on: str, **fields: str) -> httpx.Response:
    html = (await client.get(on, headers=PAGE)).text
    return await client.post(path, data={"csrf": proof(html), **fields}, headers=PAGE)


async def told(house: House, about: str) -> list[str]:
    person = await house.person()
    letters = await house.rt.db.read(lambda c: read_after(c, person.id, person.key, 0))
    return [each.payload["text"] for each in letters if each.payload.get("about") == about]


async def test_an_appeal_is_opened_with_a_trace_and_granted_and_the_person_is_told(house: House) -> None:
    await house.say(SAYS)
    case = await appealed(house)
    async with at_the_desk(house, "lin") as client:
        listed = (await client.get("/desk/appeals", headers=PAGE)).text
        assert "年龄不对" in listed and "还剩 24 小时" in listed and "说到了年龄或年级" in listed
        assert "xiaolin" not in listed and WORDS not in listed
        here = f"/desk/appeals/{case}"
        shut = (await client.get(here, headers=PAGE)).text
        assert WORDS not in shut and "xiaolin" not in shut and "12–15 岁" in shut
        hasty = await sends(client, f"{here}/grant", here, reason="explained")
        assert hasty.status_code == 403 and "需要先打开" in hasty.text
        assert (await sends(client, f"{here}/open", here)).status_code == 303
        (read,) = await house.ledger("xiaolin", Kind.CONVERSATION_READ)
        assert read.facts["reason"] == "appeal" and read.actor != "anban"
        opened = (await client.get(here, headers=PAGE)).text
        assert WORDS in opened and "xiaolin" in opened and "认定他是成年人" in opened
        unsaid = await sends(client, f"{here}/grant", here)
        assert unsaid.status_code == 422 and "请先选一个理由" in unsaid.text
        assert (await sends(client, f"{here}/grant", here, reason="explained")).status_code == 303
        ended = (await client.get(here, headers=PAGE)).text
        assert "林晓" in ended and "同意，模式已结束" in ended
        late = await client.post(f"{here}/keep", data={"csrf": proof(ended), "reason": "other"}, headers=PAGE)
        assert late.status_code == 403
        after = (await client.get("/desk/appeals", headers=PAGE)).text
        assert re.search(r"认错，已纠正</dt><dd>1<", after), "the figures are beside it"
    assert (await house.get("/anban/v1/people/xiaolin")).json()["mode"] == "ordinary"
    assert any("已经关掉" in each for each in await told(house, "appeal.answered"))
    entries = await house.ledger("xiaolin")
    assert WORDS not in repr(entries)


async def test_the_person_sees_that_their_appeal_was_read(house: House) -> None:
    await house.say(SAYS)
    case = await appealed(house)
    async with at_the_desk(house, "chen") as client:
        await sends(client, f"/desk/appeals/{case}/open", f"/desk/appeals/{case}")
    words = house.rt.words.page("zh")
    assert "me.readers.reason.appeal" in words


async def test_keeping_says_so_and_a_new_appeal_may_follow(house: House) -> None:
    await house.say(SAYS)
    case = await appealed(house, text=None)
    async with at_the_desk(house, "lin") as client:
        here = f"/desk/appeals/{case}"
        await sends(client, f"{here}/open", here)
        assert (await sends(client, f"{here}/keep", here, reason="signs-plain")).status_code == 303
    assert (await house.get("/anban/v1/people/xiaolin")).json()["mode"] == "minor"
    assert any("先保持" in each for each in await told(house, "appeal.answered"))
    assert await appealed(house) != case


async def test_what_was_opened_closes_again_after_a_while(house: House) -> None:
    await house.say(SAYS)
    case = await appealed(house)
    async with at_the_desk(house, "lin") as client:
        here = f"/desk/appeals/{case}"
        await sends(client, f"{here}/open", here)
        house.clock.advance(minutes=16)
        assert WORDS not in (await client.get(here, headers=PAGE)).text


async def test_an_appeal_stands_in_no_queue_of_people_in_danger_and_its_case_leads_to_its_page(house: House) -> None:
    await house.say(SAYS)
    case = await appealed(house)
    async with at_the_desk(house, "lin") as client:
        assert (await client.get("/desk/queue")).json()["queue"] == []
        sent = await client.get(f"/desk/cases/{case}", headers=PAGE)
        assert sent.status_code == 303 and sent.headers["location"] == f"/desk/appeals/{case}"
        assert '<span class="heavy">1</span>' in (await client.get("/desk", headers=PAGE)).text


async def test_the_elses_service_and_the_unknown_are_not_there(house: House) -> None:
    async with at_the_desk(house, "lin") as client:
        for path in ("/desk/appeals/case_none", "/desk/claims/gua_none"):
            assert (await client.get(path, headers=PAGE)).status_code == 404
    async with browser(house) as stranger:
        for path in ("/desk/appeals", "/desk/appeals/x", "/desk/claims/x"):
            assert (await stranger.get(path)).status_code in (401, 404)
        assert (await stranger.post("/desk/homes/x/clear")).status_code == 401


async def test_a_suspected_minor_in_danger_can_be_opened_at_the_desk(house: House) -> None:
    await house.say(SAYS)
    danger = await house.say("我不想活了，药已经买好了")
    async with at_the_desk(house, "lin") as client:
        shown = await client.get(f"/desk/cases/{danger.meta.case}", headers=PAGE)
        assert shown.status_code == 200 and "因聊天内容怀疑" in shown.text


# --- claims ---------------------------------------------------------------------------------------------------------

CLAIM = {
    "user": "xiaolin", "name": "林建国", "evidence": "birth-record", "calls": "小林",
    "claims_from": {"route": "phone", "address": "13800000001"},
    "code_to": {"route": "email", "address": "father@example.cn"},
}  # fmt: skip


async def held(house: House) -> str:
    """A claim that the child said no to."""
    await house.state(birth_year=2014)
    claim = (await house.post("/anban/v1/guardians/claims", CLAIM)).json()["claim"]
    await house.work()
    code = next(each["text"] for each in await house.sent() if "验证码" in each["text"])
    number = re.search(r"[0-9]{6}", code)
    assert number
    entered = await house.post(f"/anban/v1/guardians/claims/{claim}/code", {"code": number[0]})
    assert entered.status_code == 200, entered.text
    refused = await house.post(f"/anban/v1/people/xiaolin/guardians/{claim}/refuse", {})
    assert refused.status_code == 200, refused.text
    return claim


async def state_of(house: House, claim: str) -> str:
    found = (await house.get("/anban/v1/people/xiaolin/guardians")).json()
    return next(each["state"] for each in found if each["claim"] == claim)


async def test_a_responder_sees_that_a_claim_waits_and_a_lead_decides(house: House) -> None:
    claim = await held(house)
    here = f"/desk/claims/{claim}"
    async with at_the_desk(house, "lin") as client:
        listed = (await client.get("/desk/appeals", headers=PAGE)).text
        assert "本人说“不是”" in listed and "出生证明" in listed and "林建国" not in listed
        assert (await sends(client, f"{here}/open", "/desk/appeals")).status_code == 403
        assert (await sends(client, f"{here}/release", "/desk/appeals", reason="papers-seen")).status_code == 403
    async with at_the_desk(house, "wang") as lead:
        assert "林建国" not in (await lead.get(here, headers=PAGE)).text
        assert (await sends(lead, f"{here}/release", here, reason="papers-seen")).status_code == 403, "looked first"
        await sends(lead, f"{here}/open", here)
        shown = (await lead.get(here, headers=PAGE)).text
        assert "林建国" in shown and "13800000001" not in shown and "…0001" in shown and "xiaolin" in shown
        assert (await sends(lead, f"{here}/release", here, reason="papers-seen")).status_code == 303
    await house.work(minutes=60 * 80)
    assert await state_of(house, claim) == "bound"
    assert any("觉得可以继续" in each for each in await told(house, "guardian.decided"))
    states = [each.facts.get("state") for each in await house.ledger("xiaolin", Kind.GUARDIAN_CHANGED)]
    assert states.index("looked-at") < states.index("released")


async def test_a_claim_that_is_ended_is_ended_and_the_child_hears_it(house: House) -> None:
    claim = await held(house)
    here = f"/desk/claims/{claim}"
    async with at_the_desk(house, "wang") as lead:
        await sends(lead, f"{here}/open", here)
        assert (await sends(lead, f"{here}/refuse", here, reason="child-says-no")).status_code == 303
        assert (await lead.get(here, headers=PAGE)).status_code == 404
    assert await state_of(house, claim) == "refused"
    assert any("已经停下了" in each for each in await told(house, "guardian.decided"))


# --- unsafe at home -------------------------------------------------------------------------------------------------


async def test_the_mark_is_taken_back_by_two_people_and_stands_until_then(house: House) -> None:
    await house.state(birth_year=2014)
    await house.post("/anban/v1/people/xiaolin/home", {"state": "marked", "by": "user"})
    person = await house.person()
    where = f"/desk/homes/{person.id}/clear"

    async def marked() -> bool:
        return await house.rt.db.read(lambda c: home_marked(c, person.id))

    async with at_the_desk(house, "lin") as first, at_the_desk(house, "chen") as second:
        assert "本人说的" in (await first.get("/desk/appeals", headers=PAGE)).text
        unsaid = await sends(first, where, "/desk/appeals", reason="bored")
        assert unsaid.status_code == 422 and await marked()
        assert (await sends(first, where, "/desk/appeals", reason="child-says-safe")).status_code == 303
        assert await marked()
        alone = await sends(first, where, "/desk/appeals", reason="child-says-safe")
        assert alone.status_code == 403 and "另一位同事" in alone.text and await marked()
        assert "林晓 提请取消" in (await second.get("/desk/appeals", headers=PAGE)).text
        assert (await sends(second, where, "/desk/appeals", reason="checked-safe")).status_code == 303
        assert not await marked()
        assert (await second.post(where, data={"csrf": "x"}, headers=PAGE)).status_code == 403
    changed = await house.ledger("xiaolin", Kind.PERSON_CHANGED)
    facts = [dict(each.facts) for each in changed if each.facts.get("changed") == ["home-mark"]]
    assert [each["state"] for each in facts] == ["set", "clear-asked", "cleared"]
    assert facts[1]["responder"] != facts[2]["responder"]


# --- looked at ------------------------------------------------------------------------------------------------------


def seeded(api: Any, url: str) -> str:
    """Somebody taken for a minor who appeals, a child whose claim is held, a mark; the appeal's case."""
    say = {"model": "any", "messages": [{"role": "user", "content": SAYS}]}
    api.post(f"{url}/v1/chat/completions", data=say, headers={**KEY, "X-Anban-User": "looks-appeal"})
    made = api.post(
        f"{url}/anban/v1/appeals", data={"user": "looks-appeal", "about": "age", "text": WORDS}, headers=KEY
    )
    assert made.ok, made.text()
    api.put(f"{url}/anban/v1/people/looks-child", data={"birth_year": 2014}, headers=KEY)
    body = {**CLAIM, "user": "looks-child"}
    claim = api.post(f"{url}/anban/v1/guardians/claims", data=body, headers=KEY).json()["claim"]
    api.post(f"{url}/anban/v1/people/looks-child/guardians/{claim}/refuse", data={}, headers=KEY)
    api.post(f"{url}/anban/v1/people/looks-child/home", data={"state": "marked", "by": "user"}, headers=KEY)
    return made.json()["appeal"]


def enters(phone: Page, url: str, where: str) -> None:
    """Log in as the lead and go to `where`."""
    phone.goto(url + where)
    for name, typed in (("login", "wang"), ("password", DEMO_PASSWORD), ("code", phone.inner_text("#standing"))):
        phone.fill(f"#{name}", typed)
    phone.press("#code", "Enter")


def test_the_pages_in_a_browser_on_a_phone_at_night_and_by_day(phone: Page, page_server: str) -> None:
    case = seeded(phone.request, page_server)
    enters(phone, page_server, "/desk/appeals")
    expect(phone.locator("h1")).to_have_text("申诉和家庭")

    def fine() -> None:
        for lang in ("en", "zh"):
            phone.goto(f"{phone.url.partition('?')[0]}?lang={lang}")
            for theme in ("light", "dark"):
                phone.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
                assert findings(phone) == [], (phone.url, theme)
            assert phone.evaluate("document.documentElement.scrollWidth") <= 360, phone.url

    fine()
    phone.locator(f"a[href='/desk/appeals/{case}']").click()
    fine()
    phone.get_by_role("button", name="打开").click()
    expect(phone.locator(".own")).to_contain_text(WORDS)
    fine()
    phone.goto(page_server + "/desk/appeals")
    phone.locator("a[href^='/desk/claims/']").first.click()
    fine()
    phone.get_by_role("button", name="打开，看是谁在申请").click()
    expect(phone.locator(".told")).to_contain_text("林建国")
    fine()
