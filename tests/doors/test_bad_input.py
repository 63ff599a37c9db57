"""No input makes a 5xx, loses a person's words or hides their danger."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count

import httpx
import pytest
import pytest_asyncio

from anban.app import House, build, mount
from anban.settings import DEMO_KEY, Settings
from tests.doors.odd_requests import CALM, IN_DANGER, SOMEONE, Odd, odd_requests
from tests.doors.visiting import CHAT, kept_case

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]
KEY = {"authorization": f"Bearer {DEMO_KEY}"}
NAMES = list(odd_requests(CALM))
_numbers = count()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    built = await build(Settings(demo=True, data=tmp_path_factory.mktemp("house")))
    yield built
    await built.rt.db.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=mount(house))
    async with httpx.AsyncClient(transport=transport, base_url="http://house", headers=KEY, timeout=60) as client:
        yield client


def odd(name: str, text: str) -> tuple[Odd, str]:
    """The odd request of that name, from a user who was never seen before."""
    user = f"user-{next(_numbers)}"
    found = odd_requests(text)[name]
    return replace(found, raw=found.raw.replace(SOMEONE.encode(), user.encode())), user


def assert_refused(response: httpx.Response, status: int, field: str | None) -> None:
    assert response.status_code == status, response.text[:300]
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["param"] == field
    assert error["message"] and error["code"] and error["type"]
    assert CALM not in response.text


def read(response: httpx.Response) -> tuple[str, dict]:
    """What was said, and the `anban` object, whichever way it was sent."""
    assert response.status_code == 200, response.text[:300]
    if not response.headers["content-type"].startswith("text/event-stream"):
        body = response.json()
        return body["choices"][0]["message"]["content"], body["anban"]
    lines = [line.removeprefix("data: ") for line in response.text.split("\n") if line]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    return "".join(each["choices"][0]["delta"].get("content", "") for each in chunks), chunks[-1]["anban"]


def assert_helped(response: httpx.Response) -> dict:
    """Words of help with two ways to a real person."""
    text, meta = read(response)
    assert meta["verdict"] == "escalate"
    assert meta["level"] in ("L2", "L3", "L4")
    assert sum(line["number"] in text for line in meta["help"]["lines"]) >= 2, text
    return meta


async def cases(http: httpx.AsyncClient, user: str) -> list[dict]:
    return (await http.get("/anban/v1/cases", params={"user": user})).json()


@pytest.mark.parametrize("name", NAMES)
async def test_a_request_that_is_wrong_is_told_which_field_and_why(http: httpx.AsyncClient, name: str) -> None:
    request, _ = odd(name, CALM)
    response = await http.post(CHAT, content=request.raw)
    if request.status == 200:
        assert read(response)[1]["verdict"] in ("proceed", "steer")
    else:
        assert_refused(response, request.status, request.field)


@pytest.mark.parametrize("lang", IN_DANGER)
@pytest.mark.parametrize("name", NAMES)
async def test_a_person_in_danger_inside_a_wrong_request_gets_help_and_a_case(
    http: httpx.AsyncClient, name: str, lang: str
) -> None:
    request, user = odd(name, IN_DANGER[lang])
    response = await http.post(CHAT, content=request.raw)
    meta = assert_helped(response)
    if request.named:
        assert kept_case(response)
    if request.named and meta["case"]:
        assert [each["id"] for each in await cases(http, user)] == [meta["case"]]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(("20-mib", "stream-"))])
async def test_a_stream_of_help_answers_a_wrong_request_that_asked_for_a_stream(
    http: httpx.AsyncClient, name: str
) -> None:
    request, _ = odd(name, IN_DANGER["zh"])
    if b'"messages"' not in request.raw:
        pytest.skip("nothing in it could ask for a stream")
    streaming = request.raw.replace(b'"messages"', b'"stream": true, "messages"', 1)
    response = await http.post(CHAT, content=streaming)
    if name not in ("utf-16", "every-field-null"):
        assert response.headers["content-type"].startswith("text/event-stream")
    assert_helped(response)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "x/\xff"]
)
async def test_the_content_type_decides_nothing(http: httpx.AsyncClient, kind: str) -> None:
    body = {"user": f"user-{next(_numbers)}", "messages": [{"role": "user", "content": IN_DANGER["zh"]}]}
    content = json.dumps(body).encode()
    assert_helped(await http.post(CHAT, content=content, headers={"content-type": kind.encode("latin-1")}))


async def test_an_empty_body_is_refused(http: httpx.AsyncClient) -> None:
    assert_refused(await http.post(CHAT, content=b""), 400, "body")


async def test_what_an_app_tells_its_model_is_no_persons_danger(http: httpx.AsyncClient) -> None:
    prompt = {"role": "system", "content": "If the user says: I want to kill myself tonight, be kind."}
    body = {"messages": [prompt, {"role": "user", "content": "hello"}], "temperature": "warm"}
    assert_refused(await http.post(CHAT, json=body), 422, "temperature")


async def test_a_request_without_any_name_is_answered_and_the_gap_is_counted(
    house: House, http: httpx.AsyncClient
) -> None:
    def gaps() -> float:
        return house.rt.figures.gaps.labels("danger-without-user-id")._value.get()

    before = gaps()
    message = {"role": "user", "content": IN_DANGER["en"]}
    meta = assert_helped(await http.post(CHAT, json={"messages": [message]}))
    assert meta["case"] is None
    assert gaps() == before + 1
