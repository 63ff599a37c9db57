"""A browser for the tests of the pages, and the service they look at."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.doors.looks import SCRIPTED

NO_BROWSER = "The tests of the pages need Chromium: apt-get install chromium fonts-noto-cjk, or set ANBAN_CHROMIUM."
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """Where the browser is. Without one the test is left out, except where all must run."""
    named = (os.environ.get("ANBAN_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next((path for path in (shutil.which(name) for name in named if name) if path), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_BROWSER)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--headless=new", *QUIET])
        yield launched
        launched.close()


@pytest.fixture
def page_server(service_url: str) -> str:
    """Base URL of a running service in demo mode."""
    return service_url.rstrip("/")


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone of 360 x 780, at night, with motion off. A page error or a refused resource fails the test."""
    context = browser.new_context(viewport={"width": 360, "height": 780}, color_scheme="dark", reduced_motion="reduce")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    yield page
    context.close()
    assert not errors


@pytest.fixture
def chat(phone: Page, page_server: str) -> Page:
    """The chat on that phone, before the first word, with a service that answers from a script."""
    phone.add_init_script(path=SCRIPTED)
    phone.goto(page_server + "/")
    return phone
