"""The desk's log-in and the leads' page in a browser: by keyboard, on a phone at night, in both languages."""

import pytest
from playwright.sync_api import Page, expect

from tests.doors.looks import contrast, findings


@pytest.fixture
def lead(phone: Page, page_server: str) -> Page:
    """A lead who came in with nothing but the keyboard."""
    phone.goto(page_server + "/desk/lead")
    expect(phone.locator("#login")).to_be_focused()
    code = phone.inner_text("#standing")
    for typed in ("wang", "anban-demo"):
        phone.keyboard.type(typed)
        phone.keyboard.press("Tab")
    phone.keyboard.type(code)
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/desk/lead")
    return phone


def test_a_lead_comes_in_by_keyboard_and_finds_a_page_without_serious_faults(lead: Page, page_server: str) -> None:
    expect(lead.locator("h1")).to_have_text("班表与值守")
    for summary in lead.locator("details > summary").all():
        summary.click()
    for theme in ("light", "dark"):
        lead.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert findings(lead) == []
        assert contrast(lead, ".facts") >= 4.5
    assert lead.evaluate("document.documentElement.scrollWidth") <= 360, "nothing sticks out on a phone"
    boxes = lead.locator(".fields :is(input:not([type=hidden]), select, button)").all()
    edge = lead.locator("details.add").bounding_box()
    assert edge and len(boxes) > 10
    for each in boxes:
        box = each.bounding_box()
        assert box and box["x"] + box["width"] <= edge["x"] + edge["width"]
    lead.click("a[hreflang=en]")
    expect(lead.locator("h1")).to_have_text("Rota")
    lead.get_by_role("button", name="Log out").click()
    expect(lead).to_have_url(page_server + "/desk/login")


def test_the_log_in_says_what_is_wrong_beside_the_form(phone: Page, page_server: str) -> None:
    phone.goto(page_server + "/desk/login")
    for name, typed in (("login", "li"), ("password", "not it"), ("code", "000000")):
        phone.fill(f"#{name}", typed)
    phone.press("#code", "Enter")
    expect(phone.get_by_role("alert")).to_contain_text("不对")
    expect(phone.locator("#password")).to_be_focused()
    expect(phone.locator("#login")).to_have_value("li")
    for theme in ("light", "dark"):
        phone.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert findings(phone) == []
        assert contrast(phone, ".fault") >= 4.5
