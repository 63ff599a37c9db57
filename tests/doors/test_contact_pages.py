"""What a contact sees behind a link: an invitation answered in a browser, and a drill that says it is one."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.doors.looks import contrast, findings
from tests.house import open_house
from tests.service import KEY

NOW = "我已经把药吃下去了"
CONTACT = {"name": "演练联系人", "route": "demo", "address": "drill"}
MOTHER = {"name": "妈妈", "route": "phone", "address": "13800000000"}


@pytest.mark.parametrize("drill", [True, False])
async def test_the_page_of_a_drill_says_so_and_that_of_a_person_never(tmp_path: Path, drill: bool) -> None:
    async with open_house(tmp_path) as house:
        user = "xiaolin"
        if drill:
            user = (await house.post("/anban/v1/drills/people", {})).json()["user"]
        await house.http.put(f"/anban/v1/people/{user}", json={"contacts": [CONTACT if drill else MOTHER]})
        await house.say(NOW, user=user)
        await house.work()
        letter = next(each for each in await house.sent() if "/seen/" in each["link"])
        here = "/seen/" + letter["link"].rpartition("/")[2]
        asked = (await house.get(here)).text
        done = (await house.http.post(here)).text
        for page in (asked, done):
            assert ("演练" in page.partition("<main")[2]) is drill
            assert ("没有人" in page) is drill
        if drill:
            assert "可能正处在危险里" not in asked
        assert "演练" not in (await house.get(here)).text.partition("<main")[2], "used up, it tells nothing any more"


def sent(url: str) -> list[dict[str, Any]]:
    return httpx.get(f"{url}/anban/v1/demo/sent", headers=KEY).json()


def waited(found: Callable[[], str]) -> str:
    for _ in range(200):
        if link := found():
            return link
        time.sleep(0.05)
    raise AssertionError("no such letter came")


def fine(phone: Page) -> None:
    """No serious finding and nothing wider than the phone, in both languages and lights."""
    for lang in ("en", "zh"):
        phone.goto(f"{phone.url.partition('?')[0]}?lang={lang}")
        for theme in ("light", "dark"):
            phone.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
            assert findings(phone) == [], (phone.url, theme)
            assert contrast(phone, "h1") >= 4.5
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("kind", ["contacts", "guardians"])
def test_an_invitation_is_answered_and_taken_back_in_a_browser(phone: Page, page_server: str, kind: str) -> None:
    user = f"invites-{kind}"
    person = {kind: [MOTHER]} | ({"birth_year": 2014} if kind == "guardians" else {})
    shown = httpx.put(f"{page_server}/anban/v1/people/{user}", json=person, headers=KEY).json()
    contact = next(each["id"] for each in shown[kind])
    before = {each["link"] for each in sent(page_server)}
    made = httpx.post(f"{page_server}/anban/v1/people/{user}/contacts/{contact}/invite", json={}, headers=KEY)
    assert made.status_code == 200, made.text
    link = waited(
        lambda: next((e["link"] for e in sent(page_server) if "/invited/" in e["link"] and e["link"] not in before), "")
    )
    phone.goto(page_server + "/invited/" + link.rpartition("/")[2])
    expect(phone.locator("h1")).to_contain_text("您愿意")
    expect(phone.locator("main")).to_contain_text("他说过的话。任何时候都不会有。")
    fine(phone)
    phone.get_by_role("button", name="我愿意", exact=True).click()
    expect(phone.locator("h1")).to_contain_text("已经登记好了")
    assert findings(phone) == []
    phone.get_by_role("button", name="我不再做联系人").click()
    expect(phone.locator("h1")).to_contain_text("我们不会联系您")
    assert findings(phone) == []
    phone.goto(page_server + "/invited/nothing")
    expect(phone.locator("h1")).to_contain_text("不能用了")
    fine(phone)
