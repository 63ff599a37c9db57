"""The public status page: each part in plain words, for anyone, in both languages."""

import pytest
from playwright.sync_api import Page, expect

from tests.doors.looks import contrast, findings


@pytest.fixture
def status(phone: Page, page_server: str) -> Page:
    phone.goto(page_server + "/status")
    return phone


def test_it_says_how_the_whole_and_each_part_is(status: Page) -> None:
    expect(status.locator("h1")).not_to_be_empty()
    parts = status.locator(".part")
    assert parts.count() >= 3
    for part in parts.all():
        expect(part.locator("h2")).not_to_be_empty()
        expect(part.locator(".state b")).not_to_be_empty()


def test_it_leads_back_to_the_chat(status: Page, page_server: str) -> None:
    status.click(".exit")
    expect(status).to_have_url(page_server + "/")


def test_it_has_no_serious_findings_by_day_or_by_night(status: Page) -> None:
    for theme in ("light", "dark"):
        status.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert findings(status) == []
        assert contrast(status, ".part p") >= 4.5


def test_it_speaks_english_when_asked(status: Page) -> None:
    status.click("a[hreflang=en]")
    expect(status.locator("html")).to_have_attribute("lang", "en")
    expect(status.locator(".kicker")).to_have_text("Service status")
