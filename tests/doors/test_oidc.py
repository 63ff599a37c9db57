"""Logging in by way of the operator's own provider, against a stand-in that speaks its protocol and lies to order."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from anban.ledger.kinds import Kind
from anban.ledger.reading import of_kind
from anban.settings import read_settings
from anban.web.oidc import ASKED_AGAIN_AFTER, provider_of
from tests.doors.at_the_desk import PAGE, browser
from tests.doors.provider_of_logins import (
    CLIENT,
    CLIENT_SECRET,
    LogIns,
    log_ins,
    with_a_key_of_ones_own,
    with_nothing,
    with_the_public_key_as_secret,
)
from tests.house import House, open_house

ROLES = {"care-leads": "lead", "care": "responder", "legal": "officer", "it": "administrator"}
BACK = "/desk/login/oidc/back"


@pytest.fixture(params=["RS256", "ES256"])
async def there(request: pytest.FixtureRequest) -> AsyncIterator[LogIns]:
    async with log_ins(request.param) as made:
        made.person = {"sub": "u-1", "preferred_username": "zhao", "name": "赵宁", "groups": ["staff", "care"]}
        yield made


@pytest.fixture
async def house(tmp_path: Path, there: LogIns) -> AsyncIterator[House]:
    chosen = {
        "oidc_issuer": there.url, "oidc_client_id": CLIENT, "oidc_client_secret": CLIENT_SECRET,
        "oidc_algorithm": there.algorithm, "oidc_roles": ROLES,
    }  # fmt: skip
    async with open_house(tmp_path, **chosen) as opened:
        there.now = lambda: opened.clock.now().timestamp()
        yield opened


async def go(client: httpx.AsyncClient) -> str:
    """Begin at our door; where the browser is sent."""
    sent = await client.get("/desk/login/oidc?next=/desk/closed", headers=PAGE)
    assert sent.status_code == 303, sent.text
    return sent.headers["location"]


async def log_in(client: httpx.AsyncClient, there: LogIns) -> httpx.Response:
    """The whole way there and back."""
    code, state = there.let_in(await go(client))
    return await client.get(BACK, params={"code": code, "state": state}, headers=PAGE)


async def refusals(house: House) -> list[Any]:
    found = await house.rt.db.read(lambda c: of_kind(c, Kind.STAFF_LOGIN_REFUSED))
    return [each.entry.facts["why"] for each in found]


async def test_somebody_new_comes_in_in_the_role_that_the_provider_tells(house: House, there: LogIns) -> None:
    async with browser(house) as client:
        back = await log_in(client, there)
        assert back.status_code == 200 and "url=/desk/closed" in back.text
        shown = await client.get("/desk", headers=PAGE)
        assert shown.status_code == 200 and "赵宁" in shown.text
    listed = (await house.get("/anban/v1/staff")).json()
    (zhao,) = [each for each in listed if each["name"] == "赵宁"]
    assert (zhao["login"], zhao["role"]) == ("zhao@127.0.0.1", "responder")
    async with browser(house) as again:
        await log_in(again, there)
    assert len((await house.get("/anban/v1/staff")).json()) == len(listed), "the second time it is the same account"


async def test_another_role_at_the_provider_ends_what_was_open_here(house: House, there: LogIns) -> None:
    async with browser(house) as client, browser(house) as elsewhere:
        await log_in(client, there)
        there.person["groups"] = ["care-leads"]
        await log_in(elsewhere, there)
        assert (await client.get("/desk/queue")).status_code == 401
        assert (await elsewhere.get("/desk/lead", headers=PAGE)).status_code == 200


async def test_whoever_was_switched_off_here_stays_out(house: House, there: LogIns) -> None:
    async with browser(house) as client:
        await log_in(client, there)
        await house.post("/anban/v1/staff/zhao@127.0.0.1/off", {})
        assert (await log_in(client, there)).status_code == 401
    assert await refusals(house) == ["provider.off"]


async def test_an_account_made_here_is_never_taken_over_by_its_name(house: House, there: LogIns) -> None:
    there.person["preferred_username"] = "wang"
    async with browser(house) as client:
        await log_in(client, there)
    listed = (await house.get("/anban/v1/staff")).json()
    assert {each["login"]: each["role"] for each in listed if "wang" in each["login"]} == {
        "wang": "lead",
        "wang@127.0.0.1": "responder",
    }


@pytest.mark.parametrize("group", ["legal", "it"])
async def test_officers_and_administrators_need_a_second_factor_there_too(
    house: House, there: LogIns, group: str
) -> None:
    there.person["groups"] = [group]
    async with browser(house) as client:
        for methods in (None, ["pwd"], "mfa", []):
            there.claims = {"amr": methods}
            assert (await log_in(client, there)).status_code == 401
        there.claims = {"amr": ["pwd", "otp"]}
        assert (await log_in(client, there)).status_code == 200
    assert await refusals(house) == ["provider.one_factor"] * 4


FAULTS: dict[str, Callable[[LogIns], None]] = {
    "another issuer": lambda there: there.claims.update(iss="https://elsewhere.example"),
    "another audience": lambda there: there.claims.update(aud="another-client"),
    "several audiences and not for us": lambda there: there.claims.update(aud=[CLIENT, "other"]),
    "made out to another": lambda there: there.claims.update(aud=[CLIENT, "other"], azp="other"),
    "another nonce": lambda there: there.claims.update(nonce="another"),
    "no nonce": lambda there: there.claims.update(nonce=None),
    "expired": lambda there: there.claims.update(exp=int(there.now()) - 3_600),
    "without an end": lambda there: there.claims.update(exp=None),
    "of tomorrow": lambda there: there.claims.update(iat=int(there.now()) + 86_400),
    "of nobody": lambda there: there.claims.update(sub=None),
    "no role": lambda there: there.person.update(groups=["canteen"]),
    "no signature": lambda there: setattr(there, "sign", with_nothing),
    "the public key as a secret": lambda there: setattr(there, "sign", with_the_public_key_as_secret(there)),
    "a key of one's own": lambda there: setattr(there, "sign", with_a_key_of_ones_own),
    "garbage": lambda there: setattr(there, "sign", lambda _told: "no.token.here"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_is_not_exactly_as_it_must_be_opens_nothing(house: House, there: LogIns, fault: str) -> None:
    FAULTS[fault](there)
    async with browser(house) as client:
        answer = await log_in(client, there)
        assert answer.status_code == 401 and "anban_desk" not in client.cookies
        assert (await client.get("/desk/queue")).status_code == 401
    assert len(await refusals(house)) == 1


async def test_the_way_back_works_once_and_in_the_browser_that_began_it(house: House, there: LogIns) -> None:
    async with browser(house) as client, browser(house) as thief:
        code, state = there.let_in(await go(client))
        for stolen in ({"code": code, "state": state}, {"code": code, "state": "x"}, {"code": code}, {}):
            assert (await thief.get(BACK, params=stolen, headers=PAGE)).status_code == 401
        kept = client.cookies["anban_oidc"]
        assert (await client.get(BACK, params={"code": code, "state": state}, headers=PAGE)).status_code == 200
        again = {"cookie": f"anban_oidc={kept}", **PAGE}
        assert (await thief.get(BACK, params={"code": code, "state": state}, headers=again)).status_code == 401
        slow, late = there.let_in(await go(client))
        house.clock.advance(minutes=11)
        assert (await client.get(BACK, params={"code": slow, "state": late}, headers=PAGE)).status_code == 401


async def test_a_code_of_somebody_elses_log_in_is_of_no_use(house: House, there: LogIns) -> None:
    async with browser(house) as client, browser(house) as other:
        code, _ = there.let_in(await go(other))
        _, state = there.let_in(await go(client))
        answer = await client.get(BACK, params={"code": code, "state": state}, headers=PAGE)
        assert answer.status_code == 401, "the proof of who began it does not fit"


async def test_a_renewed_key_is_looked_for_and_a_withdrawn_one_opens_nothing(house: House, there: LogIns) -> None:
    async with browser(house) as client:
        await log_in(client, there)
        former = there.keys[0]
        there.renew_key()
        assert (await log_in(client, there)).status_code == 401, "asked for keys a moment ago, not again"
        house.clock.advance(seconds=ASKED_AGAIN_AFTER)
        assert (await log_in(client, there)).status_code == 200
        assert there.looked_for_keys == 2
        there.keys, fresh = [former], there.keys
        there.sign = None
        await log_in(client, there)
        there.keys = fresh
        assert (await refusals(house))[-1] == "provider.not_vouched"


async def test_a_provider_that_is_away_or_calls_itself_otherwise_is_said_so(tmp_path: Path, there: LogIns) -> None:
    chosen = {"oidc_client_id": CLIENT, "oidc_roles": ROLES}
    away = {"oidc_issuer": "http://127.0.0.1:9", **chosen}
    async with open_house(tmp_path / "a", **away) as house, browser(house) as client:
        assert (await client.get("/desk/login/oidc", headers=PAGE)).status_code == 503
        assert "统一登录" in (await client.get("/desk/login", headers=PAGE)).text
    for wrong in ({"issuer": "https://elsewhere.example"}, {"token_endpoint": "http://inside.example/token"}):
        there.description = wrong
        async with open_house(tmp_path / "b", oidc_issuer=there.url, **chosen) as house, browser(house) as client:
            assert (await client.get("/desk/login/oidc", headers=PAGE)).status_code == 503


async def test_many_tries_from_one_address_are_slowed(house: House, there: LogIns) -> None:
    async with browser(house) as client:
        answers = [(await client.get("/desk/login/oidc", headers=PAGE)).status_code for _ in range(22)]
    assert answers[:20] == [303] * 20 and answers[-1] == 429


async def test_without_a_provider_there_is_no_such_door(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house, browser(house) as client:
        assert (await client.get("/desk/login/oidc")).status_code == 404
        assert "统一登录" not in (await client.get("/desk/login", headers=PAGE)).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"oidc_issuer": "http://idp.example"},
        {"oidc_client_id": ""},
        {"oidc_roles": {"care": "boss"}},
        {"oidc_roles": {}},
    ],
)
def test_what_cannot_work_does_not_start(wrong: dict[str, Any]) -> None:
    from anban.base.clock import SystemClock
    from anban.base.errors import Misconfigured

    chosen = {"oidc_issuer": "https://idp.example", "oidc_client_id": CLIENT, "oidc_roles": ROLES, **wrong}
    with pytest.raises(Misconfigured):
        provider_of(read_settings(**chosen), SystemClock())
