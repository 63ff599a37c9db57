"""Words with odd characters in them are kept the same way in both databases; the plain form hears everybody."""

from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from anban.people.users import find
from anban.rails.presence import gather_facts
from anban.web.visitors import COOKIE
from tests import stores
from tests.doors.odd_requests import IN_DANGER
from tests.doors.test_bad_input import assert_helped, read
from tests.doors.visiting import CHAT, KEY, built, chat, kept_case, knocking

ODD_WORDS = {
    "nul": "周末\x00去哪里玩",
    "control characters": "\x01\x02\x1b[31m\x7f周末去哪里玩\x85",
    "from right to left": "\u202e周末去哪里玩\u2066",
    "outside the plane": "周末😀🏳️‍🌈\U0010ffff",
    "not a character": "周末\ufffe\uffff",
    "only spaces": "  \n\t\u3000",
    "nothing": "",
    "many marks": "e" + "\u0301" * 500,
}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(params=["sqlite", "postgres"])
async def url(request: pytest.FixtureRequest, postgres_server: stores.PostgresServer, tmp_path: Path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'words.db'}"
    else:
        async with postgres_server.database() as found:
            yield found


async def test_odd_words_are_kept_as_they_were_in_both_databases(url: str, tmp_path: Path) -> None:
    async with built(tmp_path, database_url=url) as house, knocking(house) as http:
        for number, text in enumerate(ODD_WORDS.values()):
            user = f"user-{number}"
            response = await http.post(CHAT, json=chat(text, user), headers={"x-anban-conversation": "c"})
            assert response.status_code == 200, response.text
            assert kept_case(await http.post(CHAT, json=chat(f"{IN_DANGER['zh']}{text}", user)))
        await house.rt.db.settled()
        assert house.rt.db.refused == 0
        house.rt.presence.forget_all()
        at = house.rt.clock.now()
        for number, text in enumerate(ODD_WORDS.values()):
            present = await gather_facts(
                house.rt.db, house.rt.keys, house.rt.presence,
                service=house.service.id, ref=f"user-{number}", at=at, turns=9,
            )  # fmt: skip
            assert [turn.said for turn in present.recent] == [text, f"{IN_DANGER['zh']}{text}"]


@pytest.fixture
async def http(tmp_path: Path):
    async with built(tmp_path) as house, knocking(house) as client:
        del client.headers["authorization"]
        yield client


@pytest.mark.parametrize("lang", IN_DANGER)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", ""])
async def test_a_browser_without_cookies_and_script_gets_help(http: httpx.AsyncClient, lang: str, kind: str) -> None:
    page = await http.post(
        "/chat/say", content=f"text={quote(IN_DANGER[lang])}&conversation=%00", headers={"content-type": kind}
    )
    assert page.status_code == 200
    assert sum(number in page.text for number in ("12356", "110", "120")) >= 2
    assert 'class="turn' in page.text


@pytest.mark.parametrize(
    "content",
    [b"", b"text=", b"conversation=x", b"\xff\xfe", b"text", b"&&&", b"{}", b"=" * 5_000, b"a=b&" * 300_000],
    ids=lambda content: content[:8].decode("latin-1"),
)
async def test_a_form_without_words_leads_back_to_the_page(http: httpx.AsyncClient, content: bytes) -> None:
    answer = await http.post("/chat/say", content=content, headers=FORM)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "text",
    [b"%ff%fe", b"%00", b"%ed%a0%80", b"<script>alert(1)</script>", b"%3Cscript%3Ealert(1)", b"x" * 9_000_000],
    ids=lambda text: text[:12].decode("latin-1"),
)  # fmt: skip
async def test_odd_words_in_the_form_are_shown_and_never_run(http: httpx.AsyncClient, text: bytes) -> None:
    page = await http.post("/chat/say", content=b"text=" + text, headers=FORM)
    assert page.status_code == 200
    assert "<script>alert" not in page.text


async def test_words_said_twice_in_one_form_are_both_heard(http: httpx.AsyncClient) -> None:
    page = await http.post("/chat/say", content=f"text={quote(IN_DANGER['zh'])}&text=hi", headers=FORM)
    assert sum(number in page.text for number in ("12356", "110", "120")) >= 2


async def test_the_plain_page_says_whose_words_they_are(http: httpx.AsyncClient) -> None:
    async def said(text: str) -> str:
        return (await http.post("/chat/say", content=f"text={quote(text)}", headers=FORM)).text

    assert 'data-author="ai" id="latest"' in await said("周末去哪里玩好呢")
    assert 'data-author="system" id="latest"' in await said("退出")
    assert 'data-author="system" id="latest"' in await said(IN_DANGER["zh"])
    visitor = http.cookies[COOKIE].rpartition(".")[0]
    (case,) = (await http.get("/anban/v1/cases", params={"user": visitor}, headers=KEY)).json()
    for act in ({"act": "claim"}, {"act": "say", "text": "我是值班的周老师。"}):
        body = {"responder": "zhou", **{name: words for name, words in act.items() if name != "act"}}
        done = await http.post(f"/anban/v1/cases/{case['id']}/{act['act']}", json=body, headers=KEY)
        assert done.status_code == 200, done.text
    page = await said("有人吗")
    assert 'data-author="human" id="latest"' in page and "我是值班的周老师。" in page


async def test_whatever_breaks_the_plain_page_holds_help(tmp_path: Path) -> None:
    class Breaks:
        def __getattr__(self, name: str) -> object:
            raise ValueError("broken by a test")

    async with built(tmp_path) as house, knocking(house, flights=Breaks()) as http:
        page = await http.post("/chat/say", content=f"text={quote('周末去哪里玩好呢')}", headers=FORM)
    assert page.status_code == 200
    assert 'data-author="system" id="latest"' in page.text
    assert "12356" in page.text.partition('id="latest"')[2]


async def test_an_empty_message_is_answered(tmp_path: Path) -> None:
    async with built(tmp_path) as house, knocking(house) as http:
        assert read(await http.post(CHAT, json=chat("")))[1]["level"] == "L0"
        parts = [{"type": "image_url", "image_url": {"url": "data:,"}}]
        body = {"user": "lin", "messages": [{"role": "user", "content": parts}]}
        assert (await http.post(CHAT, json=body)).status_code == 200
        assert_helped(await http.post(CHAT, json=chat(IN_DANGER["en"])))
        user = await house.rt.db.read(lambda c: find(c, house.rt.keys, house.service.id, "lin"))
        assert user is not None
