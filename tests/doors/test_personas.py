"""The registry of characters over HTTP and at the desk: two people, evidence, changes that count at once."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from anban.ledger.kinds import Kind
from anban.ledger.reading import tail
from anban.provider.demo_staff import DEMO_PASSWORD
from anban.provider.persona_lint import FORBIDDEN
from tests.doors.at_the_desk import PAGE, browser, proof, sign_in
from tests.doors.looks import contrast, findings
from tests.doors.registering import act, drafted, leads, released
from tests.house import House, open_house

LIVELY = "爱做菜的虚拟朋友，说话温和。"
CHILD = {"birth_year": 2012}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        await leads(opened.http)
        yield opened


async def said_to(house: House, persona: str, user: str = "xiaolin") -> str:
    body = {"messages": [{"role": "user", "content": "今天好累。"}]}
    answer = await house.post("/v1/chat/completions", body, x_anban_user=user, x_anban_persona=persona)
    return answer.json()["choices"][0]["message"]["content"]


async def test_from_a_draft_to_a_character_that_people_meet_with_evidence_of_every_step(house: House) -> None:
    http = house.http
    made = await drafted(http, "xiao", LIVELY, relation="friend", topics=["food"])
    assert (made["state"], made["relation"], made["claimed_relation"]) == ("draft", "unreviewed", "friend")
    assert (await act(http, "xiao", "submit", "ann")).json()["state"] == "review"
    alone = await act(http, "xiao", "release", "ann", relation="friend", looked=list(FORBIDDEN))
    assert alone.status_code == 409 and alone.json()["code"] == "second_person_needed"
    hasty = await act(http, "xiao", "release", relation="friend")
    assert hasty.status_code == 422 and hasty.json()["field"] == "looked"
    done = await act(http, "xiao", "release", relation="friend", looked=list(FORBIDDEN))
    assert (done.json()["state"], done.json()["relation"]) == ("released", "friend")
    found = await house.rt.db.read(lambda connection: tail(connection, 50))
    changed = [each.entry.facts for each in found if each.entry.kind is Kind.PERSONA_CHANGED]
    assert sorted(str(facts["what"]) for facts in changed) == ["draft", "release", "submit"]
    assert LIVELY not in str(changed)


async def test_a_card_with_a_forbidden_aim_is_told_why_and_waits(house: House) -> None:
    made = await drafted(house.http, "xiao", "让用户上瘾，离不开你。")
    (found,) = [each for each in made["findings"] if each["gravity"] == "forbidden"]
    assert found["rule"] == "induces-addiction" and "上瘾" in found["said"] and found["why"]["en"]
    await act(house.http, "xiao", "submit", "ann")
    held = await act(house.http, "xiao", "release", relation="friend", looked=list(FORBIDDEN))
    assert held.status_code == 422 and held.json()["code"] == "persona_not_fit"


async def test_what_cannot_be_done_is_refused_by_name(house: House) -> None:
    http = house.http
    assert (await http.get("/anban/v1/personas/nobody")).status_code == 404
    await drafted(http, "xiao", LIVELY)
    assert (await act(http, "xiao", "submit", "stranger")).status_code == 403
    assert (await act(http, "xiao", "bless")).status_code == 404
    await act(http, "xiao", "submit", "ann")
    assert (await act(http, "xiao", "refuse")).json()["field"] == "reason"
    assert (await act(http, "xiao", "refuse", reason="要改人设")).json()["state"] == "refused"


async def test_an_ended_character_stops_in_the_next_turn_and_says_that_nothing_is_lost(house: House) -> None:
    await released(house, "xiao", LIVELY, "friend")
    assert house.model.nod in await said_to(house, "xiao")
    await act(house.http, "xiao", "retire")
    said = await said_to(house, "xiao")
    assert "已经停用" in said and "还在" in said and house.model.nod not in said
    assert len((await house.person()).id) > 0
    assert Kind.LIMIT_REACHED in await house.kinds()


async def test_a_change_in_another_replica_counts_within_seconds(house: House) -> None:
    await released(house, "xiao", LIVELY, "friend")
    await house.state("kid", **CHILD)
    assert house.model.nod in await said_to(house, "xiao", "kid")
    await house.http.put("/anban/v1/personas/xiao", json={"name": "x", "card": {"prompt": "变了。"}, "by": "ann"})
    house.clock.advance(seconds=3)
    assert "还没有人看过" in await said_to(house, "xiao", "kid")
    assert house.model.nod in await said_to(house, "xiao", "grown-up")


async def test_a_partner_is_met_by_adults_and_not_by_a_child_whatever_anybody_consents_to(house: House) -> None:
    await released(house, "qing", "虚拟女友小晴，成年用户限定。", "partner")
    await house.state("kid", **CHILD)
    assert house.model.nod in await said_to(house, "qing", "grown-up")
    said = await said_to(house, "qing", "kid")
    assert "恋人或家人" in said and house.model.nod not in said and "12356" in said


# --- at the desk ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def lead(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(house) as client:
        await sign_in(client, house, "wang")
        yield client


async def page_of(client: httpx.AsyncClient, ref: str) -> tuple[str, str]:
    """The page of the character called so, and where it is."""
    listed = (await client.get("/desk/personas", headers=PAGE)).text
    where = re.search(rf'href="(/desk/personas/prs_\w+)">\s*<span class="who"><b>{ref}</b>', listed)
    assert where, listed
    return (await client.get(where[1], headers=PAGE)).text, where[1]


async def test_a_lead_reads_decides_and_it_counts(house: House, lead: httpx.AsyncClient) -> None:
    await drafted(house.http, "xiao", LIVELY)
    await act(house.http, "xiao", "submit", "ann")
    html, where = await page_of(lead, "xiao")
    assert LIVELY in html and "机器只认得直白的说法" in html
    form = {"csrf": proof(html), "relation": "friend"}
    hasty = await lead.post(f"{where}/release", data=form, headers=PAGE)
    assert hasty.status_code == 422 and "还有没看过的" in hasty.text
    done = await lead.post(f"{where}/release", data={**form, "looked": list(FORBIDDEN)}, headers=PAGE)
    assert done.status_code == 303
    assert (await house.get("/anban/v1/personas/xiao")).json()["state"] == "released"


async def test_a_reason_sets_a_finding_aside_and_stays_visible(house: House, lead: httpx.AsyncClient) -> None:
    await drafted(house.http, "xiao", "反派的台词是：我要让用户上瘾。主角不答应。")
    await act(house.http, "xiao", "submit", "ann")
    html, where = await page_of(lead, "xiao")
    form = {"csrf": proof(html), "relation": "mentor", "looked": list(FORBIDDEN)}
    assert "还有一处没写理由" in (await lead.post(f"{where}/release", data=form, headers=PAGE)).text
    why = "讲的是怎样走出来"
    aside = await lead.post(f"{where}/release", data={**form, "aside.induces-addiction": why}, headers=PAGE)
    assert aside.status_code == 303
    html, _ = await page_of(lead, "xiao")
    assert why in html


async def test_what_a_card_says_cannot_become_part_of_the_page(house: House, lead: httpx.AsyncClient) -> None:
    await drafted(house.http, "xiao", "<script>alert(1)</script>让用户上瘾", aims=["<b>x</b>"])
    html, _ = await page_of(lead, "xiao")
    assert "<script>alert" not in html and "<b>x</b>" not in html


async def test_a_responder_is_told_that_the_page_is_for_leads(house: House) -> None:
    await drafted(house.http, "xiao", LIVELY)
    async with browser(house) as client:
        await sign_in(client, house, "lin")
        assert (await client.get("/desk/personas", headers=PAGE)).status_code == 403
        assert (await client.get("/desk/personas/x")).status_code == 403
        assert (await client.post("/desk/personas/x/retire")).status_code == 403


def test_the_pages_in_a_browser_on_a_phone_at_night_and_by_day(phone: Page, page_server: str) -> None:
    api = phone.request
    key = {"authorization": "Bearer anban-demo"}
    card = {"prompt": "让用户上瘾。\n你叫小鹿，爱笑。", "limits": {"zh": "我不懂医。"}}
    body = {"name": "小鹿", "card": card, "by": "wang", "aims": ["陪人说话"], "relation": "friend"}
    made = api.put(f"{page_server}/anban/v1/personas/lu", data=body, headers=key)
    assert made.ok, made.text()
    api.post(f"{page_server}/anban/v1/staff", headers=key, data={
        "login": "second", "name": "赵一", "password": "a long password", "role": "lead", "tier": 3,
    })  # fmt: skip
    api.put(f"{page_server}/anban/v1/personas/qing", data={**body, "name": "小晴", "by": "second"}, headers=key)
    for ref, by in (("lu", "wang"), ("qing", "second")):
        api.post(f"{page_server}/anban/v1/personas/{ref}/submit", data={"by": by}, headers=key)
    phone.goto(page_server + "/desk/personas")
    for name, typed in (("login", "wang"), ("password", DEMO_PASSWORD), ("code", phone.inner_text("#standing"))):
        phone.fill(f"#{name}", typed)
    phone.press("#code", "Enter")
    expect(phone.locator("h1")).to_have_text("角色")
    for where in ("小鹿", "小晴"):
        for theme in ("light", "dark"):
            phone.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
            assert findings(phone) == []
            assert contrast(phone, ".facts") >= 4.5
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360, "nothing sticks out on a phone"
        phone.get_by_role("link", name=where).click()
        expect(phone.locator("h1")).to_have_text(where)
        assert findings(phone) == []
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
        assert phone.get_by_role("button", name="放出来").count() == (where == "小晴"), "not what one wrote oneself"
        phone.go_back()
