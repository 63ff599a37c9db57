"""The door of the care desk: what opens it, what does not, how fast one may guess, what is left in evidence."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from anban.app import mount
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.reading import tail
from anban.provider.demo_staff import DEMO_PASSWORD
from anban.provider.staff import set_state, staff_of
from tests.doors.at_the_desk import PAGE, browser, code, knock, proof, sign_in
from tests.house import House, open_house

LOGINS = {Kind.STAFF_LOGGED_IN, Kind.STAFF_LOGIN_REFUSED, Kind.STAFF_LOGGED_OUT}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(house) as opened:
        yield opened


async def evidence(house: House) -> list[Entry]:
    await house.rt.db.settled()
    found = await house.rt.db.read(lambda c: tail(c, 500))
    return sorted((each.entry for each in found if each.entry.kind in LOGINS), key=lambda entry: entry.id)


async def test_login_password_and_code_together_open_the_desk(house: House, client: httpx.AsyncClient) -> None:
    assert (await client.get("/desk/lead", headers=PAGE)).headers["location"] == "/desk/login?next=/desk/lead"
    answer = await knock(client, house, "wang", next="/desk/lead")
    assert answer.status_code == 303 and answer.headers["location"] == "/desk/lead"
    page = await client.get("/desk/lead", headers=PAGE)
    assert page.status_code == 200 and "王敏" in page.text
    assert (await client.get("/desk/login", headers=PAGE)).status_code == 303, "who is in needs no form"


async def test_the_cookies_are_out_of_reach_of_scripts_and_of_other_sites(house: House) -> None:
    for scheme, secure in (("http", False), ("https", True)):
        async with browser(house, scheme=scheme) as client:
            answer = await knock(client, house)
            house.clock.advance(seconds=30)
        cookies = answer.headers.get_list("set-cookie")
        assert len(cookies) == 2
        for cookie in cookies:
            parts = {part.strip().lower() for part in cookie.split(";")}
            where = "path=/desk" if "anban_desk_known" in cookie else "path=/"
            assert {"httponly", "samesite=strict", where} <= parts
            assert ("secure" in parts) is secure


async def test_whatever_is_wrong_the_answer_is_the_same(house: House, client: httpx.AsyncClient) -> None:
    wrong = [
        await knock(client, house, "lin", "not the password"),
        await knock(client, house, "lin", code="000000"),
        await knock(client, house, "nil"),
        await knock(client, house, "nil", "not the password", code=""),
    ]
    assert {each.status_code for each in wrong} == {401}
    assert len({each.text.replace('value="lin"', "").replace('value="nil"', "") for each in wrong}) == 1
    assert "anban_desk" not in client.cookies


async def test_a_code_opens_once(house: House, client: httpx.AsyncClient) -> None:
    assert (await knock(client, house)).status_code == 303
    async with browser(house) as other:
        assert (await knock(other, house)).status_code == 401
        house.clock.advance(seconds=30)
        assert (await knock(other, house)).status_code == 303


async def test_a_wrong_password_does_not_use_up_the_code(house: House, client: httpx.AsyncClient) -> None:
    assert (await knock(client, house, password="wrong")).status_code == 401
    assert (await knock(client, house)).status_code == 303


async def test_of_two_who_send_the_same_code_at_once_one_comes_in(house: House) -> None:
    async with browser(house) as one, browser(house) as other:
        answers = await asyncio.gather(knock(one, house), knock(other, house))
    assert sorted(answer.status_code for answer in answers) == [303, 401]


async def test_guessing_is_slowed_and_nobody_is_locked_out(house: House, client: httpx.AsyncClient) -> None:
    for _ in range(5):
        assert (await knock(client, house, password="guess")).status_code == 401
    slowed = await knock(client, house)
    assert slowed.status_code == 429 and slowed.headers["retry-after"]
    assert "不会一直锁住" in slowed.text
    for _ in range(30):
        house.clock.advance(seconds=30)
        assert (await knock(client, house, password="guess")).status_code == 401
    house.clock.advance(seconds=30)
    assert (await knock(client, house)).status_code == 303


async def test_a_name_that_nobody_has_is_slowed_like_any_other(house: House, client: httpx.AsyncClient) -> None:
    answers = [await knock(client, house, "nobody", "guess") for _ in range(6)]
    assert [each.status_code for each in answers] == [401] * 5 + [429]


async def test_a_stranger_who_keeps_guessing_does_not_slow_the_one_whose_name_it_is(house: House) -> None:
    async with browser(house, address="10.0.0.2") as mine, browser(house, address="10.6.6.6") as strangers:
        assert (await knock(mine, house)).status_code == 303
        mine.cookies.delete("anban_desk")
        house.clock.advance(seconds=30)
        for _ in range(5):
            await knock(strangers, house, password="guess")
        assert (await knock(strangers, house, password="guess")).status_code == 429
        assert (await knock(mine, house)).status_code == 303


async def test_a_browser_known_for_one_name_gets_no_lane_for_another(house: House, client: httpx.AsyncClient) -> None:
    assert (await knock(client, house, "chen")).status_code == 303
    client.cookies.delete("anban_desk")
    answers = [await knock(client, house, "lin", "guess") for _ in range(6)]
    assert answers[-1].status_code == 429
    async with browser(house, address="10.0.0.9") as other:
        assert (await knock(other, house, "lin", "guess")).status_code == 429, "the name's own lane was charged"


async def test_one_address_that_tries_many_names_is_slowed(house: House, client: httpx.AsyncClient) -> None:
    for number in range(20):
        assert (await knock(client, house, f"name{number}", "guess")).status_code == 401
    assert (await knock(client, house, "one-more", "guess")).status_code == 429
    async with browser(house, address="10.0.0.9") as other:
        assert (await knock(other, house)).status_code == 303


async def test_every_log_in_refusal_and_log_out_is_evidence_without_a_name(
    house: House, client: httpx.AsyncClient
) -> None:
    await knock(client, house, "lin", "wrong")
    await knock(client, house, "stranger-with-a-name")
    await knock(client, house, "lin")
    page = await client.get("/desk/lead", headers=PAGE)
    assert page.status_code == 403
    who = (await house.rt.db.read(lambda c: staff_of(c, house.rt.keys, house.service.id)))[0]
    await sign_in(client, house, "wang")
    form = {"csrf": proof((await client.get("/desk/lead", headers=PAGE)).text)}
    out = await client.post("/desk/logout", data=form, headers=PAGE)
    assert out.status_code == 303 and out.headers["location"] == "/desk/login"
    entries = await evidence(house)
    assert [(each.kind, each.facts.get("why")) for each in entries] == [
        (Kind.STAFF_LOGIN_REFUSED, "password"),
        (Kind.STAFF_LOGIN_REFUSED, "unknown"),
        (Kind.STAFF_LOGGED_IN, None),
        (Kind.STAFF_LOGGED_OUT, None),
    ]
    assert [entries[0].subject, entries[1].subject, entries[2].subject] == [who.id, "desk", who.id]
    told = " ".join(f"{each.subject} {each.actor} {dict(each.facts)}" for each in entries)
    assert "stranger" not in told and "10.0.0" not in told and "lin" not in told.replace(who.id, "")


async def test_after_the_log_out_the_old_cookie_opens_nothing(house: House, client: httpx.AsyncClient) -> None:
    await sign_in(client, house, "wang")
    kept = client.cookies["anban_desk"]
    form = {"csrf": proof((await client.get("/desk/lead", headers=PAGE)).text)}
    await client.post("/desk/logout", data=form, headers=PAGE)
    client.cookies.clear()
    client.cookies.set("anban_desk", kept, domain="house.local", path="/")
    assert (await client.get("/desk/lead")).status_code == 401


async def test_coming_in_again_ends_the_log_in_that_this_browser_had(house: House, client: httpx.AsyncClient) -> None:
    await sign_in(client, house, "wang")
    before = client.cookies["anban_desk"]
    client.cookies.delete("anban_desk")
    headers = {"cookie": f"anban_desk={before}", **PAGE}
    form = {"login": "wang", "password": DEMO_PASSWORD, "code": code(house)}
    assert (await client.post("/desk/login", data=form, headers=headers)).status_code == 303
    assert client.cookies["anban_desk"] != before
    client.cookies.clear()
    assert (await client.get("/desk/lead", headers={"cookie": f"anban_desk={before}"})).status_code == 401


async def test_whoever_walks_away_is_asked_again_and_whoever_stays_is_not(
    house: House, client: httpx.AsyncClient
) -> None:
    await sign_in(client, house, "wang")
    for _ in range(4):
        house.clock.advance(minutes=20)
        assert (await client.get("/desk/lead")).status_code == 200
        await house.rt.db.settled()
    house.clock.advance(minutes=31)
    assert (await client.get("/desk/lead")).status_code == 401


async def test_somebody_switched_off_is_out_at_once_and_stays_out(house: House, client: httpx.AsyncClient) -> None:
    who = await sign_in(client, house, "wang")
    await house.rt.db.write(lambda c: set_state(c, who, "off"))
    assert (await client.get("/desk/lead")).status_code == 401
    assert (await knock(client, house, "wang")).status_code == 401


@pytest.mark.parametrize(
    "foreign", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}]
)
async def test_another_site_cannot_send_the_form(
    house: House, client: httpx.AsyncClient, foreign: dict[str, str]
) -> None:
    form = {"login": "lin", "password": DEMO_PASSWORD, "code": code(house)}
    answer = await client.post("/desk/login", data=form, headers={**PAGE, **foreign})
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "asked", ["//evil.example", "https://evil.example/desk", "/desk/../../x", "/desk/login", "/", "/desk\\@evil", ""]
)
async def test_nobody_is_led_away_after_the_log_in(house: House, client: httpx.AsyncClient, asked: str) -> None:
    answer = await knock(client, house, next=asked)
    assert answer.status_code == 303 and answer.headers["location"] == "/desk"


@pytest.mark.parametrize("body", [b"", b"login=lin", b"\xff\xfe=\x00", b"login=" + b"x" * 9_000, b"a=1&" * 3_000])
async def test_odd_forms_are_refused_and_break_nothing(house: House, client: httpx.AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", **PAGE}
    answer = await client.post("/desk/login", content=body, headers=headers)
    assert answer.status_code in (400, 401)


async def test_only_a_demonstration_shows_its_code(house: House, client: httpx.AsyncClient) -> None:
    shown = (await client.get("/desk/login", headers=PAGE)).text
    assert code(house) in shown and "anban-demo" in shown and "真正的部署不会" in shown
    real = replace(house.built, settings=house.built.settings.model_copy(update={"demo": False}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=mount(real)), base_url="http://house") as http:
        page = (await http.get("/desk/login", headers=PAGE)).text
    assert code(house) not in page and "anban-demo" not in page
