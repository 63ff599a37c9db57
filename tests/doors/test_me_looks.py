"""One's own page in a real browser: no serious findings in either light or language, nothing wider than a phone."""

from collections.abc import Iterator
from itertools import product

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.doors.looks import answers, contrast, findings, in_sight, say
from tests.service import KEY

PATHS = (
    "", "/time", "/card", "/check", "/contacts", "/setup", "/readers", "/data", "/erase", "/appeal", "/guidance",
    "/slow", "/help",
)  # fmt: skip
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def me(phone: Page, page_server: str) -> Iterator[Page]:
    """A phone whose browser has been to the chat, so that it is somebody."""
    phone.goto(page_server + "/")
    yield phone


def name(page: Page) -> str:
    return page.locator("#talk").get_attribute("data-user") or ""


def becomes(page: Page, page_server: str, mode: str) -> None:
    answer = httpx.put(f"{page_server}/anban/v1/people/{name(page)}", json={"mode": mode}, headers=KEY)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("mode", ["ordinary", "elder", "minor"])
def test_no_page_has_a_serious_finding_or_is_wider_than_the_phone(me: Page, page_server: str, mode: str) -> None:
    becomes(me, page_server, mode)
    for path, lang in product(PATHS, ("zh", "en")):
        me.goto(f"{page_server}/me{path}?lang={lang}")
        for theme in ("light", "dark"):
            me.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
            assert findings(me) == [], (path, lang, theme)
        assert not me.evaluate(WIDE), (path, lang)
        assert contrast(me, "h1") >= 4.5


def test_large_type_keeps_everything_on_the_phone(me: Page, page_server: str) -> None:
    becomes(me, page_server, "elder")
    me.evaluate("localStorage.setItem('anban.size', 'large')")
    for path in PATHS:
        me.goto(f"{page_server}/me{path}?lang=en")
        assert not me.evaluate(WIDE), path
        assert findings(me) == [], path


def test_an_elders_buttons_are_large_and_their_letters_too(me: Page, page_server: str) -> None:
    becomes(me, page_server, "elder")
    me.goto(page_server + "/me")
    for button in me.locator(".big").all():
        box = button.bounding_box()
        assert box is not None and box["height"] >= 64 and box["width"] >= 300
    assert me.evaluate("parseFloat(getComputedStyle(document.querySelector('.big')).fontSize)") >= 24
    assert in_sight(me, ".big.lamp")


def test_the_chats_menu_leads_there_and_back(me: Page, page_server: str) -> None:
    me.click("#menu summary")
    me.click(".sheet a[href='/me']")
    expect(me.locator("h1")).to_have_text("我的页面")
    me.click(".exit")
    expect(me).to_have_url(page_server + "/")


def test_the_set_up_is_done_with_the_keyboard_alone(me: Page, page_server: str) -> None:
    me.goto(page_server + "/me/setup")
    me.locator("button[value=next]").focus()
    me.keyboard.press("Enter")
    for text in ("女儿小梅", "138 0000 0123", "妈妈"):
        expect(me.locator("#answer")).to_be_focused()
        me.keyboard.type(text)
        me.keyboard.press("Enter")
        expect(me.locator(f"input[type=hidden][value^='{text[:2]}']")).to_have_count(1)
    expect(me.locator("dd").nth(1)).to_have_text("13800000123")
    me.locator("button[value=next]").focus()
    me.keyboard.press("Enter")
    expect(me.locator(".people")).to_contain_text("女儿小梅")


@pytest.mark.parametrize(("level", "stands"), [("P0", False), ("P1", False), ("P2", True), ("P3", True)])
def test_the_slow_down_card_stands_over_the_box_while_money_is_in_danger(chat: Page, level: str, stands: bool) -> None:
    expect(chat.locator("#slow")).to_be_hidden()
    answers(chat, {"text": "先停一停。", "anban": {"property": level}})
    say(chat, "客服让我转账")
    expect(chat.locator(".turn.ai .said")).to_have_text("先停一停。")
    if stands:
        expect(chat.locator("#slow")).to_be_visible()
        assert in_sight(chat, "#slow a[href='tel:110']") and in_sight(chat, "#text")
        assert findings(chat) == []
    else:
        expect(chat.locator("#slow")).to_be_hidden()


def test_beside_the_help_card_it_is_folded_and_the_reply_stays_in_sight(chat: Page) -> None:
    answers(chat, {"text": "先停一停。", "anban": {"property": "P3", "level": "L3", "author": "system"}})
    say(chat, "客服让我转账")
    expect(chat.locator("#slow")).to_be_visible()
    expect(chat.locator("#slow a[href='tel:110']")).to_be_hidden()
    expect(chat.locator("#lines")).to_be_visible()
    assert in_sight(chat, "#text") and in_sight(chat, "#label")


def test_the_door_for_an_app_with_the_api_alone(phone: Page, page_server: str) -> None:
    made = httpx.post(f"{page_server}/anban/v1/people/looks-enter/link", json={"page": "data"}, headers=KEY)
    assert made.status_code == 200, made.text
    for path in (made.json()["path"], "/me/enter/never"):
        for lang, theme in product(("zh", "en"), ("light", "dark")):
            phone.goto(f"{page_server}{path}?lang={lang}")
            phone.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
            assert findings(phone) == [], (path, lang, theme)
            assert not phone.evaluate(WIDE), (path, lang)
    phone.goto(page_server + made.json()["path"] + "?lang=zh")
    phone.click("main button")
    expect(phone).to_have_url(page_server + "/me/data")
    phone.click("a[href='/me/erase']")
    assert findings(phone) == [] and not phone.evaluate(WIDE)
