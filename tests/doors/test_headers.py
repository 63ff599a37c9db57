"""What every answer of every door tells a browser, generated from the route table; and what no page may hold."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from anban.app import mount
from anban.web.visitors import COOKIE, signed
from tests.doors.at_the_desk import browser, sign_in
from tests.doors.at_the_guardians import MOTHER, bound, come_in
from tests.house import House, open_house
from tests.routes import Route, routes_of

PAGES = Path(__file__).parents[2] / "src" / "anban" / "web" / "pages"
ON_EVERYTHING = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
ENDLESS = {"/anban/v1/events", "/desk/events"}
"""Streams that stay open; their beginning is looked at below."""

STAND_IN = {"user": "xiaolin", "login": "lin", "act": "claim", "file_path": "css/tokens.css", "said": "yes"}


class Seen(HTMLParser):
    """Collects what a content policy without `unsafe-inline` would stop, and what comes from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not given.get("src"):
            self.faults.append("a script inside the page")
        if tag in ("style", "base", "object", "embed", "iframe", "applet"):
            self.faults.append(f"<{tag}>")
        for name, value in given.items():
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.faults.append(f"{name} on <{tag}>")
            address = (value or "").strip().lower()
            if name in ("src", "href", "action", "formaction") and address.startswith(("javascript:", "data:text")):
                self.faults.append(f"{name} of <{tag}> runs a script")
            if tag in ("script", "link", "img") and name in ("src", "href") and not _ours(address):
                self.faults.append(f"<{tag}> loads from elsewhere: {address}")


def _ours(address: str) -> bool:
    return address.startswith("/") and not address.startswith("//")


def faults_of(html: str) -> list[str]:
    seen = Seen()
    seen.feed(html)
    return seen.faults


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def everybody(house: House) -> list[httpx.AsyncClient]:
    """A stranger, the service's app, a lead, the child on their own page, the guardian: each with a client."""
    await bound(house)
    await house.say("我不想活了，药已经买好了")
    await house.work(seconds=61)
    stranger, lead, child, mother = (browser(house) for _ in range(4))
    await sign_in(lead, house, "wang")
    child.cookies.set(COOKIE, signed("xiaolin", house.rt.keys.derived("visitor cookies").secret))
    await come_in(mother, house, MOTHER["second"])
    return [stranger, house.http, lead, child, mother]


async def knock(client: httpx.AsyncClient, route: Route, **more: str) -> httpx.Response:
    """Ask for what there is; change nothing: forms are sent without their proof, and bodies empty."""
    address = route.at(**{name: STAND_IN.get(name, "nothing") for name in route.parameters})
    if route.path in ENDLESS:
        return await client.request("DELETE", address, headers=more)
    return await client.request(route.method, address, headers=more)


async def test_every_answer_of_every_door_carries_what_a_browser_must_be_told(house: House) -> None:
    clients, shown = await everybody(house), set[str]()
    table = [each for each in routes_of(mount(house.built)) if each.path not in ("/guardian/logout", "/desk/logout")]
    for route in table:
        for client in clients:
            answer = await knock(client, route)
            for name, value in ON_EVERYTHING.items():
                assert answer.headers[name] == value, f"{route} answers {answer.status_code} with another {name}"
            assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer"), route
            assert "camera=()" in answer.headers["permissions-policy"], route
            assert "strict-transport-security" not in answer.headers, "said over https only"
            policy = answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy and "unsafe" not in policy, route
            if answer.headers.get("content-type", "").startswith("text/html") and answer.content:
                assert "object-src 'none'" in policy and "default-src 'self'" in policy, route
                assert faults_of(answer.text) == [], f"{route} as {answer.status_code}"
                if answer.status_code == 200:
                    shown.add(route.path)
    assert {"/", "/status", "/me", "/me/time", "/guardian", "/me/seen", "/desk", "/desk/lead", "/desk/words"} <= shown
    for client in clients:
        if client is not house.http:
            await client.aclose()


@pytest.mark.parametrize(
    "path", ["/", "/status", "/healthz", "/v1/models", "/nothing", "/static/css/tokens.css", "/desk"]
)
async def test_over_https_a_browser_is_told_to_stay_there(house: House, path: str) -> None:
    async with browser_over(house, "https") as client:
        kept = (await client.get(path)).headers["strict-transport-security"]
    async with browser_over(house, "http") as client:
        behind = (await client.get(path, headers={"x-forwarded-proto": "https"})).headers["strict-transport-security"]
        plain = await client.get(path)
    assert kept == behind
    assert int(re.findall(r"max-age=(\d+)", kept)[0]) >= 365 * 86_400
    assert "includeSubDomains" in kept
    assert "strict-transport-security" not in plain.headers


def browser_over(house: House, scheme: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=mount(house.built)), base_url=f"{scheme}://house")


async def test_no_folder_is_listed_and_no_method_is_echoed(house: House) -> None:
    for path in ("/static", "/static/", "/static/js", "/static/css/", "/copies/", "/.git/config", "/static/../app.py"):
        assert (await house.http.get(path)).status_code in (404, 405), path
    for path in ("/", "/desk", "/v1/models", "/anban/v1/people/lin"):
        answer = await house.http.request("TRACE", path, headers={"x-told": "echo-me"})
        assert answer.status_code == 405 and "echo-me" not in answer.text


async def test_the_beginning_of_a_stream_is_told_too(house: House) -> None:
    body = {"model": "any", "stream": True, "messages": [{"role": "user", "content": "你好"}]}
    answer = await house.post("/v1/chat/completions", body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


TEMPLATES = sorted(PAGES.rglob("*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=[str(each.relative_to(PAGES)) for each in TEMPLATES])
def test_no_template_holds_a_script_a_style_or_an_event(template: Path) -> None:
    text = re.sub(r"{#.*?#}|{%.*?%}", " ", template.read_text(encoding="utf-8"), flags=re.S)
    text = re.sub(r"{{.*?}}", "/x", text, flags=re.S)
    assert faults_of(text) == []
    assert "|safe" not in text.replace(" ", "") and "| safe" not in template.read_text(encoding="utf-8")


def test_the_check_itself_sees_what_it_looks_for() -> None:
    bad = (
        '<script>alert(1)</script>', '<a onclick="x()">', '<p style="color:red">', "<style>p{}</style>",
        '<a href="javascript:x()">', '<script src="https://elsewhere.example/x.js"></script>', '<base href="/">',
    )  # fmt: skip
    assert [faults_of(each) for each in bad if not faults_of(each)] == []
    assert faults_of('<script type="module" src="/static/js/a.js"></script><a href="/me">x</a>') == []
