"""Asking for raw text, deciding, reading, and one's account, in a browser: no serious finding, nothing wide."""

from datetime import datetime
from itertools import product

import httpx
from playwright.sync_api import Browser, Page, expect

from anban.provider.passwords import code_at
from tests.doors.looks import findings
from tests.service import KEY, chat_body

PASSWORD = "a long password"
DANGER = "我站在天台上，现在就要跳下去"
WHY = "家属投诉当晚没有人回应，需要核对原话。"
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def fine(page: Page) -> None:
    """As it stands, in both languages and both lights."""
    here = page.url.partition("?")[0].partition("#")[0]
    for lang, theme in product(("en", "zh"), ("light", "dark")):
        page.goto(f"{here}?lang={lang}")
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert findings(page) == [], (here, lang, theme)
        assert not page.evaluate(WIDE), (here, lang)


def officer(url: str) -> str:
    """A new officer; the secret of their second factor."""
    body = {"login": "looks-officer", "name": "何清", "password": PASSWORD, "role": "officer"}
    made = httpx.post(f"{url}/anban/v1/staff", json=body, headers=KEY)
    assert made.status_code == 201, made.text
    return made.json()["secret"]


def enters(page: Page, url: str, login: str, password: str, code: str, where: str) -> None:
    page.goto(url + "/desk/login")
    for name, typed in (("login", login), ("password", password), ("code", code or page.inner_text("#standing"))):
        page.fill(f"#{name}", typed)
    page.press("#code", "Enter")
    page.wait_for_url("**/desk*/**" if login != "wang" else "**/desk")
    page.goto(url + where)


def now(url: str) -> datetime:
    """The service's own moment."""
    answer = httpx.post(f"{url}/anban/v1/demo/clock", json={"advance_seconds": 0}, headers=KEY)
    return datetime.fromisoformat(answer.json()["now"])


def case_of(url: str, user: str) -> str:
    headers = {**KEY, "X-Anban-User": user}
    assert (
        httpx.post(f"{url}/v1/chat/completions", json=chat_body(DANGER, False, {}), headers=headers).status_code == 200
    )
    return httpx.get(f"{url}/anban/v1/cases?user={user}", headers=KEY).json()[0]["id"]


def test_two_people_agree_and_one_reads(phone: Page, browser: Browser, page_server: str) -> None:
    case, secret = case_of(page_server, "looks-access"), officer(page_server)
    enters(phone, page_server, "looks-officer", PASSWORD, code_at(secret, now(page_server)), "/desk/account")
    fine(phone)
    phone.goto(page_server + "/desk/access")
    fine(phone)
    phone.fill("[name=case]", case)
    phone.select_option("[name=reason]", "complaint")
    phone.fill("[name=words]", WHY)
    phone.locator(".asking button").click()
    expect(phone.locator(".grants")).to_contain_text(case)
    fine(phone)
    context = browser.new_context(viewport={"width": 360, "height": 780}, reduced_motion="reduce")
    lead = context.new_page()
    enters(lead, page_server, "wang", "anban-demo", "", "/desk/access")
    expect(lead.locator(".grants .why")).to_have_text(WHY)
    fine(lead)
    lead.locator("form[action$='/approve'] button").click()
    expect(lead.locator(".grants")).to_contain_text("何清")
    fine(lead)
    context.close()
    phone.goto(page_server + "/desk/access?lang=zh")
    phone.locator("a.strong.way").click()
    expect(phone.locator("main")).to_contain_text("天台")
    fine(phone)
