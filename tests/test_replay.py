"""Every token that opens something, caught and sent again: after use, log-out, a change of role, a renewed key."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import select

from anban.people.family_models import guardian_sessions
from anban.people.guardian_sessions import enter, guardian_inside, new_link
from anban.provider.demo_staff import DEMO_PASSWORD
from anban.provider.services import add_key, revoke_key
from anban.provider.staff_sessions import begin, session_of
from anban.settings import Settings
from anban.web.auth import KNOWN_FOR
from tests.doors.at_the_desk import PAGE, browser, code, knock, proof
from tests.doors.at_the_guardians import bound
from tests.house import House, open_house
from tests.staffed import bearing, employ, key_of

SHARED = "a-token-key-that-is-long-enough-for-hs256"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, token_key=SHARED) as opened:
        yield opened


def page_token(house: House, jti: str, secret: str = SHARED) -> str:
    now = int(house.clock.now().timestamp())
    claims = {"iss": "anban-app", "aud": "anban-page", "sub": "lin", "iat": now, "exp": now + 600, "jti": jti}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))


async def opens(house: House, path: str, **headers: str) -> bool:
    async with browser(house) as thief:
        answer = await thief.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        assert answer.status_code in (200, 303, 401, 403), answer.text
        return answer.status_code == 200


async def caught(house: House, login: str = "wang") -> tuple[Any, str]:
    """Somebody logs in; their browser, and the cookie that was caught."""
    client = browser(house)
    house.clock.advance(seconds=31)
    assert (await knock(client, house, login)).status_code == 303
    return client, client.cookies["anban_desk"]


async def desk(house: House, token: str) -> bool:
    return await opens(house, "/desk/queue", cookie=f"anban_desk={token}")


async def test_a_cookie_of_the_desk_after_the_log_out(house: House) -> None:
    client, token = await caught(house)
    assert await desk(house, token)
    csrf = proof((await client.get("/desk/account", headers=PAGE)).text)
    await client.post("/desk/logout", data={"csrf": csrf})
    assert not await desk(house, token)


async def test_a_cookie_of_the_desk_after_logging_out_everywhere(house: House) -> None:
    _, elsewhere = await caught(house)
    client, token = await caught(house)
    csrf = proof((await client.get("/desk/account", headers=PAGE)).text)
    await client.post("/desk/account/out", data={"csrf": csrf})
    assert not await desk(house, token) and not await desk(house, elsewhere)


@pytest.mark.parametrize(
    ("act", "body"),
    [("role", {"role": "auditor"}), ("password", {"password": "another long password"}), ("totp", {}), ("off", {})],
)
async def test_a_cookie_and_a_key_after_a_change_of_role_password_code_or_state(
    house: House, act: str, body: dict[str, Any]
) -> None:
    _, token = await caught(house)
    key = await key_of(house, "wang")
    await house.post(f"/anban/v1/staff/wang/{act}", body)
    if act == "off":
        await house.post("/anban/v1/staff/wang/on", {})
    assert not await desk(house, token)
    assert not await opens(house, "/anban/v1/rota", **bearing(key))


async def test_a_cookie_that_was_turned_into_another(house: House) -> None:
    client, token = await caught(house)
    house.clock.advance(minutes=15)
    assert (await client.get("/desk/queue")).status_code == 200
    fresh = client.cookies["anban_desk"]
    assert fresh != token
    assert await desk(house, token), "requests under way still count"
    house.clock.advance(seconds=31)
    assert not await desk(house, token) and await desk(house, fresh)
    csrf = proof((await client.get("/desk/account", headers=PAGE)).text)
    assert (await client.post("/desk/lint", data={"csrf": csrf, "text": "你好"})).status_code == 200


async def test_forms_that_were_open_before_a_turn_still_count(house: House) -> None:
    client, _ = await caught(house)
    csrf = proof((await client.get("/desk/account", headers=PAGE)).text)
    house.clock.advance(minutes=16)
    await client.get("/desk/queue")
    assert (await client.post("/desk/lint", data={"csrf": csrf, "text": "你好"})).status_code == 200


async def test_a_code_of_the_authenticator_app_after_use(house: House) -> None:
    seen = code(house)
    async with browser(house) as client, browser(house, address="10.0.0.2") as thief:
        assert (await knock(client, house)).status_code == 303
        form = {"login": "lin", "password": DEMO_PASSWORD, "code": seen}
        assert (await thief.post("/desk/login", data=form, headers=PAGE)).status_code == 401


async def test_a_key_of_somebody_after_it_was_ended(house: House) -> None:
    await employ(house, "auditor")
    key = await key_of(house, "auditor")
    (kept,) = (await house.get("/anban/v1/staff/auditor/keys")).json()
    await house.http.delete(f"/anban/v1/staff/auditor/keys/{kept['id']}")
    assert not await opens(house, "/anban/v1/ledger", **bearing(key))


async def test_a_service_key_after_it_was_revoked(house: House) -> None:
    key = await house.rt.db.write(lambda c: add_key(c, house.service.id, house.clock.now()))
    assert await opens(house, "/v1/models", **bearing(key))
    await house.rt.db.write(lambda c: revoke_key(c, key, house.clock.now()))
    house.clock.advance(seconds=KNOWN_FOR)
    assert not await opens(house, "/v1/models", **bearing(key))


async def test_a_token_of_the_app_for_a_page_after_use_and_under_a_renewed_key(house: House) -> None:
    token = page_token(house, "one")
    assert await opens(house, "/me", x_anban_token=token)
    assert not await opens(house, "/me", x_anban_token=token)
    assert not await opens(house, "/me", x_anban_token=page_token(house, "two", secret=SHARED[::-1]))


async def test_a_session_of_ones_own_page_after_leaving(house: House) -> None:
    async with browser(house) as client:
        await client.get("/me", headers={"x-anban-token": page_token(house, "one")})
        kept = client.cookies["anban_me"]
        csrf = proof((await client.get("/me/card")).text)
        await client.post("/me/leave", data={"csrf": csrf})
    assert not await opens(house, "/me/card", cookie=f"anban_me={kept}")


async def test_two_at_once_with_one_token_are_one_too_many(house: House) -> None:
    import asyncio

    token = page_token(house, "one")
    found = await asyncio.gather(*(opens(house, "/me", x_anban_token=token) for _ in range(4)))
    assert sorted(found) == [False, False, False, True]


async def test_a_guardians_link_and_session_after_use_log_out_and_time(house: House) -> None:
    guardian = await bound(house)
    now = house.clock.now()
    rules = house.rt.rules(house.service, frozenset(), now)
    lasts = rules.lasting("guardian-link-minutes")
    assert lasts.total_seconds() <= 15 * 60
    link = await house.rt.db.write(lambda c: new_link(c, guardian, now, lasts))
    stored = await house.rt.db.read(lambda c: str(c.execute(select(guardian_sessions)).all()))
    assert link not in stored, "only its digest is kept"
    session = await house.rt.db.write(lambda c: enter(c, link, now, rules))
    assert session is not None
    assert await house.rt.db.write(lambda c: enter(c, link, now, rules)) is None
    async with browser(house) as client:
        client.cookies.set("anban_guardian", session, domain="house.local", path="/guardian")
        page = await client.get("/guardian", headers=PAGE)
        assert page.status_code == 200
        await client.post("/guardian/logout", data={"csrf": proof(page.text)})
    assert await house.rt.db.read(lambda c: guardian_inside(c, session, now)) is None
    late = await house.rt.db.write(lambda c: new_link(c, guardian, now, lasts))
    assert await house.rt.db.write(lambda c: enter(c, late, now + lasts, rules)) is None


async def test_nothing_that_opens_anything_is_stored_as_it_is(house: House, tmp_path: Path) -> None:
    client, token = await caught(house)
    key = await key_of(house, "wang")
    async with browser(house) as mine:
        await mine.get("/me", headers={"x-anban-token": page_token(house, "one")})
        session = mine.cookies["anban_me"]
    await house.rt.db.settled()
    assert isinstance(house.built.settings, Settings)
    stored = b"".join(path.read_bytes() for path in house.built.settings.data.rglob("*") if path.is_file())
    for secret in (token, key, session):
        assert secret.encode() not in stored
    await client.aclose()


async def test_a_log_in_ends_whatever_happens_and_an_idle_one_sooner(house: House) -> None:
    from datetime import timedelta

    found = (await house.get("/anban/v1/staff")).json()[0]["id"]
    at = house.clock.now()
    token = await house.rt.db.write(lambda c: begin(c, found, at, timedelta(hours=12)))
    for later in (timedelta(minutes=30), timedelta(hours=12)):
        assert await house.rt.db.read(lambda c, at=at + later: session_of(c, token, at, timedelta(minutes=30))) is None
