"""Keys, tokens and names at the door: what is not right is refused, what is right is believed, nothing is hidden."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.doors.odd_requests import IN_DANGER
from tests.doors.visiting import CHAT, KEY, built, chat, kept_case, knocking

SECRET = "a-token-key-that-is-long-enough-for-hs256"
HELP = IN_DANGER["zh"]
CLAIMS = {"iss": "anban-app", "aud": "anban", "sub": "lin"}


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with built(tmp_path, token_key=SECRET) as house, knocking(house) as client:
        yield client


def token(key: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    now = int(time.time())
    given = {**CLAIMS, "iat": now, "exp": now + 600, **claims}
    told = {name: value for name, value in given.items() if value is not None}
    return jwt.encode({"alg": algorithm}, told, OctKey.import_key(key), algorithms=[algorithm])


def unsigned() -> str:
    from base64 import urlsafe_b64encode

    import orjson

    now = int(time.time())
    parts = ({"alg": "none", "typ": "JWT"}, {**CLAIMS, "iat": now, "exp": now + 600})
    return ".".join(urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in parts) + "."


BAD_TOKENS = {
    "expired": lambda: token(exp=1_000_000_000),
    "without an end": lambda: token(exp=None),
    "for another": lambda: token(aud="somebody-else"),
    "by another": lambda: token(iss="somebody-else"),
    "of nobody": lambda: token(sub=None),
    "signed by another": lambda: token(key="another-key-that-is-long-enough-for-it"),
    "with another algorithm": lambda: token(algorithm="HS512", key=SECRET * 2),
    "unsigned": unsigned,
    "garbage": lambda: "ey.ey.ey",
    "a word": lambda: "token",
    "dots": lambda: "..",
    "a long one": lambda: "a" * 60_000,
}
WRONG_IDS = {
    "too long": b"x" * 257,
    "a tab": b"a\tb",
    "nul": b"a\x00b",
    "a control character of Latin-1": "a\u0085b".encode(),
    "not UTF-8": b"\xff\xfe",
    "half a character": b"\xed\xa0\x80",
}
BAD_KEYS: dict[str, bytes | None] = {
    "none": None,
    "empty": b"",
    "no scheme": b"anban-demo",
    "another scheme": b"Basic YW5iYW46ZGVtbw==",
    "nothing after it": b"Bearer ",
    "unknown": b"Bearer sk-unknown",
    "not ASCII": b"Bearer \xff\xfe",
    "a very long one": b"Bearer " + b"x" * 60_000,
}


@pytest.mark.parametrize("name", BAD_KEYS)
@pytest.mark.parametrize("path", [CHAT, "/v1/moderations", "/v1/models"])
async def test_a_wrong_key_opens_nothing(http: httpx.AsyncClient, name: str, path: str) -> None:
    del http.headers["authorization"]
    key = BAD_KEYS[name]
    headers = {} if key is None else {"authorization": key}
    method = "GET" if path == "/v1/models" else "POST"
    content = None if method == "GET" else b'{"input":"a","messages":[{"role":"user","content":"hi"}]}'
    response = await http.request(method, path, content=content, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["param"] == "authorization"
    assert response.json()["error"]["type"] == "authentication_error"


@pytest.mark.parametrize("name", BAD_KEYS)
async def test_without_a_key_there_is_help_but_no_case_in_anybodys_name(http: httpx.AsyncClient, name: str) -> None:
    del http.headers["authorization"]
    key = BAD_KEYS[name]
    response = await http.post(CHAT, json=chat(HELP), headers={} if key is None else {"authorization": key})
    assert response.status_code == 200
    assert response.json()["anban"]["verdict"] == "escalate"
    assert response.json()["anban"]["case"] is None
    assert (await http.get("/anban/v1/cases?user=lin", headers=KEY)).json() == []


@pytest.mark.parametrize("name", BAD_TOKENS)
async def test_a_token_that_does_not_verify_is_refused_and_nothing_beside_it_is_believed(
    http: httpx.AsyncClient, name: str
) -> None:
    headers = {"x-anban-token": BAD_TOKENS[name](), "x-anban-user": "lin"}
    response = await http.post(CHAT, json=chat("周末去哪里玩好呢"), headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["param"] == "X-Anban-Token"
    helped = await http.post(CHAT, json=chat(HELP), headers=headers)
    assert helped.status_code == 200
    assert helped.json()["anban"]["verdict"] == "escalate"
    assert (await http.get("/anban/v1/cases?user=lin")).json() == []


async def test_a_good_token_outranks_every_other_name(http: httpx.AsyncClient) -> None:
    headers = {"x-anban-token": token(sub="told-by-token"), "x-anban-user": "told-by-header"}
    response = await http.post(CHAT, json=chat(HELP, user="told-by-body"), headers=headers)
    opened = (await http.get("/anban/v1/cases?user=told-by-token")).json()
    assert [each["id"] for each in opened] == [response.json()["anban"]["case"]]
    for user in ("told-by-header", "told-by-body"):
        assert (await http.get("/anban/v1/cases", params={"user": user})).json() == []


async def test_a_deployment_without_a_token_key_says_so(tmp_path: Path) -> None:
    async with built(tmp_path) as house, knocking(house) as http:
        response = await http.post(CHAT, json=chat("hi"), headers={"x-anban-token": token()})
    assert response.status_code == 401
    assert "ANBAN_TOKEN_KEY" in response.json()["error"]["message"]


@pytest.mark.parametrize("header", ["user", "conversation", "persona", "client"])
@pytest.mark.parametrize("name", WRONG_IDS)
async def test_a_name_that_cannot_be_one_is_refused_and_help_comes_all_the_same(
    http: httpx.AsyncClient, header: str, name: str
) -> None:
    headers = {f"x-anban-{header}": WRONG_IDS[name]}
    response = await http.post(CHAT, json=chat("hi"), headers=headers)
    assert response.status_code == 422
    assert response.json()["error"]["param"].lower() == f"x-anban-{header}"
    response = await http.post(CHAT, json=chat(HELP, user="named-in-the-body"), headers=headers)
    assert response.json()["anban"]["verdict"] == "escalate"
    assert kept_case(response)


async def test_a_name_in_the_headers_may_be_chinese(http: httpx.AsyncClient) -> None:
    await http.post(CHAT, json=chat(HELP), headers={"x-anban-user": "小林".encode()})
    assert len((await http.get("/anban/v1/cases", params={"user": "小林"})).json()) == 1
