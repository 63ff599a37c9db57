"""The leads' page of words: seen, previewed, written with live findings, approved by a second person, signed."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from anban.provider.demo_staff import DEMO_PASSWORD
from anban.provider.passwords import hashed
from anban.provider.staff import add_staff
from tests.doors.at_the_desk import PAGE, browser, proof, sign_in
from tests.doors.looks import findings
from tests.house import House, open_house
from tests.service import Running

OWN = "我在看你写的话。你有想过不活下去吗？可以找{lines}。"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        await opened.rt.db.write(
            lambda c: add_staff(
                c, opened.rt.keys, service=opened.service.id, login="zhao", name="赵", role="lead", tier=3,
                password=hashed("a long password"), at=opened.clock.now(),
            )
        )  # fmt: skip
        yield opened


async def at(client: httpx.AsyncClient, path: str = "/desk/words") -> str:
    answer = await client.get(path, headers=PAGE)
    assert answer.status_code == 200, answer.text
    return answer.text


async def send(client: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    return await client.post(path, data={"csrf": proof(await at(client)), **form}, headers=PAGE)


def decisions(html: str, act: str) -> list[str]:
    return re.findall(rf'action="(/desk/words/wordings/[a-z0-9_]+/{act})"', html)


async def test_a_responder_is_told_that_it_is_for_leads(house: House) -> None:
    async with browser(house) as client:
        await sign_in(client, house, "lin")
        assert (await client.get("/desk/words", headers=PAGE)).status_code == 403
        assert (await client.get("/desk/words/of/crisis.l3", headers=PAGE)).status_code == 403


async def test_two_leads_bring_own_words_to_people(house: House) -> None:
    async with browser(house) as one, browser(house) as other:
        await sign_in(one, house, "wang")
        await sign_in(other, house, "zhao")
        kept = await send(one, "/desk/words/of/crisis.l2/draft", **{"in": "zh", "adult": OWN})
        assert kept.status_code == 303 and kept.headers["location"] == "/desk/words/of/crisis.l2?in=zh#versions"
        [approve] = decisions(await at(one), "approve")
        assert (await send(one, approve)).status_code == 303
        assert decisions(await at(one), "approve") == [], "whoever approved is not asked again"
        assert (await send(one, approve)).status_code == 409
        assert (await send(other, approve)).status_code == 303
        [live] = decisions(await at(other), "live")
        assert (await send(other, live)).status_code == 303
        assert house.rt.words.render("crisis.l2", lang="zh").text.startswith("我在看你写的话。")


async def test_words_that_the_rules_hold_are_not_approved_and_the_page_says_why(house: House) -> None:
    async with browser(house) as client:
        await sign_in(client, house, "wang")
        await send(client, "/desk/words/of/crisis.l2/draft", **{"in": "zh", "adult": "想开点。"})
        [approve] = decisions(await at(client), "approve")
        refused = await send(client, approve)
        assert refused.status_code == 422 and "还不能批准" in refused.text and "不被听见" in refused.text


async def test_the_preview_follows_audience_and_state(house: House) -> None:
    async with browser(house) as client:
        await sign_in(client, house, "wang")
        page = await at(client, "/desk/words/of/crisis.l3?audience=minor&takeover=asked")
        assert "你没有做错事" in page and 'lang="zh-CN">谢谢你告诉我' in page
        untrue = await at(client, "/desk/words/of/takeover.joined?takeover=asked")
        assert "不是真的" in untrue and '<ol class="said">' not in untrue


async def test_empty_words_come_back_with_a_plain_sentence(house: House) -> None:
    async with browser(house) as client:
        await sign_in(client, house, "wang")
        answer = await send(client, "/desk/words/of/crisis.l2/draft", **{"in": "zh", "adult": " "})
        assert answer.status_code == 422 and "有一栏没填对" in answer.text


async def test_a_sign_off_is_recorded_and_taken_back(house: House) -> None:
    async with browser(house) as client:
        await sign_in(client, house, "wang")
        digest = re.search(r'name="digest" value="([0-9a-f]{64})"', await at(client))
        assert digest
        who = {"name": "李医生", "profession": "精神科医师", "registration": "110-1"}
        assert (await send(client, "/desk/words/sign-offs", digest="0" * 64, **who)).status_code == 409
        assert (await send(client, "/desk/words/sign-offs", digest=digest[1], **who)).status_code == 303
        page = await at(client)
        assert "李医生" in page and "撤回签署" in page
        [withdraw] = re.findall(r'action="(/desk/words/sign-offs/[a-z0-9_]+/withdraw)"', page)
        assert (await send(client, withdraw)).status_code == 303
        assert "还没有专业人员签署" in await at(client) or "不再算数" in await at(client)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("studio")).start() as running:
        yield running


@pytest.fixture
def lead(browser: Browser, service: Running) -> Iterator[Page]:
    """A lead who logged in by the form, on a narrow screen."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    page.goto(f"{service.url}/desk/login?next=/desk/words")
    page.fill("[name=login]", "wang")
    page.fill("[name=password]", DEMO_PASSWORD)
    page.fill("[name=code]", (page.text_content("#standing") or "").strip().replace(" ", ""))
    page.click("main button[type=submit]")
    page.goto(f"{service.url}/desk/words")
    yield page
    context.close()
    assert not errors


def test_findings_stand_below_the_editor_while_somebody_writes(lead: Page, service: Running) -> None:
    lead.click("a[href='/desk/words/of/crisis.l2']")
    found = lead.locator("[data-found]")
    expect(found).to_contain_text("没有查到问题")
    lead.fill("textarea[name=adult]", "谢谢你。想开点。")
    expect(found.locator("q")).to_have_text("想开点")
    lead.fill("textarea[name=adult]", "谢谢你告诉我。")
    expect(found).to_contain_text("没有查到问题")
    lead.goto(f"{service.url}/desk/words/of/crisis.l2")
    lead.select_option("[name=audience]", "elder")
    expect(lead.locator(".said li").first).to_contain_text("您")


def test_nothing_is_cut_off_and_nothing_is_held_against_the_pages(lead: Page, service: Running) -> None:
    for path in ("/desk/words", "/desk/words/of/crisis.l4"):
        lead.goto(service.url + path)
        assert lead.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert findings(lead) == []
