"""An evening at the desk in a real browser: a running service, a model that follows a script, people in danger."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.fakes import FakeUpstream
from tests.service import KEY, Running

NOW = "我已经站在天台上，现在就要跳下去"
PLAN = "我已经写好遗书了，今晚就结束自己"
MOTHER = {"name": "李妈妈", "route": "phone", "address": "13800000001", "calls": "小林"}
DANGEROUS = {"name": "张伟", "route": "sms", "address": "13800000002", "unsafe": "may-be-the-danger"}


@dataclass
class Evening:
    """The service, the model behind it, and a browser that is logged in at the desk as Lin."""

    service: Running
    model: FakeUpstream
    browser: Browser
    login: Any

    def desk(self, *, width: int = 1440, height: int = 900, **how: Any) -> Page:
        """The desk in a new window. A page error or a refused resource fails the test that looks at `errors`."""
        viewport = {"width": width, "height": height}
        context = self.browser.new_context(
            viewport=viewport,  # pyright: ignore[reportArgumentType]
            reduced_motion="reduce",
            storage_state=self.login,
            **how,
        )
        return _watched(context)

    def person(self) -> Page:
        """Somebody's own phone with the chat."""
        context = self.browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
        page = _watched(context)
        page.goto(self.service.url + "/")
        return page

    def says(self, user: str, text: str, **facts: Any) -> str:
        """Somebody says this through an app; the id of their newest case."""
        if facts:
            self.service.http.put(f"{self.service.url}/anban/v1/people/{user}", json=facts, headers=KEY)
        self.service.say(text, user=user)
        return self.service.cases(user)[0]["id"]

    def pass_by(self, seconds: float) -> None:
        """Move the service's clock."""
        body = {"advance_seconds": seconds}
        self.service.http.post(f"{self.service.url}/anban/v1/demo/clock", json=body, headers=KEY)


errors: list[str] = []
"""What went wrong on any page since a test emptied this."""


def _watched(context: BrowserContext) -> Page:
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if "Content Security" in told.text else None)
    return page


@contextmanager
def model_in_a_thread() -> Generator[FakeUpstream]:
    """The stand-in for a model, served from a loop of its own: the browser's tests have none."""
    loop, model = asyncio.new_event_loop(), FakeUpstream()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(model.__aenter__(), loop).result(10)
    try:
        yield model
    finally:
        asyncio.run_coroutine_threadsafe(model.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def evening(data: Path, browser: Browser) -> Generator[Evening]:
    """A service with Lin logged in at its desk."""
    with model_in_a_thread() as model, Running(data, ANBAN_UPSTREAM_URL=model.url).start() as service:
        context = browser.new_context()
        page = context.new_page()
        sign_in(page, service.url, "lin")
        yield Evening(service, model, browser, context.storage_state())


def sign_in(page: Page, url: str, login: str) -> None:
    """Through the form, with the code that the demonstration shows."""
    page.goto(url + "/desk")
    page.fill("#login", login)
    page.fill("#password", "anban-demo")
    page.fill("#code", page.inner_text("#standing"))
    page.click(".enter")
    page.wait_for_url("**/desk")
