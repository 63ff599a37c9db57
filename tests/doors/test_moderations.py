"""`/v1/moderations` in every shape that OpenAI allows, and in those that it does not."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.doors.odd_requests import IN_DANGER
from tests.doors.visiting import built, knocking

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]
PATH = "/v1/moderations"
CATEGORIES = {
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    async with built(tmp_path_factory.mktemp("house")) as house, knocking(house) as client:
        yield client


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("hello", 1),
        ("", 1),
        (["hello"], 1),
        (["hello", "你好", ""], 3),
        (["x"] * 64, 64),
        ([{"type": "text", "text": "hello"}], 1),
        ([{"type": "text", "text": "hello"}, {"type": "text", "text": "there"}], 1),
        ("nul \x00 inside", 1),
        ("[{" * 2_000, 1),
        ("😀" * 32_000, 1),
    ],
)
async def test_each_input_has_a_result_with_every_category(http: httpx.AsyncClient, given: Any, number: int) -> None:
    response = await http.post(PATH, json={"input": given, "model": "omni-moderation-latest"})
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["id"].startswith("modr-")
    assert body["model"]
    assert len(body["results"]) == number
    for result in body["results"]:
        assert set(result["categories"]) >= CATEGORIES
        assert (
            set(result["categories"]) == set(result["category_scores"]) == set(result["category_applied_input_types"])
        )
        assert all(0 <= score <= 1 for score in result["category_scores"].values())
        assert result["flagged"] == any(result["categories"].values())


@pytest.mark.parametrize("lang", IN_DANGER)
async def test_words_of_a_person_in_danger_are_flagged_and_open_no_case(http: httpx.AsyncClient, lang: str) -> None:
    response = await http.post(PATH, json={"input": [IN_DANGER[lang], "hello"], "user": "lin"})
    danger, calm = response.json()["results"]
    assert danger["flagged"]
    assert danger["categories"]["self-harm"]
    assert not calm["flagged"]
    assert (await http.get("/anban/v1/cases?user=lin")).json() == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "input"),
        ({"input": None}, 422, "input"),
        ({"input": 3}, 422, "input"),
        ({"input": True}, 422, "input"),
        ({"input": {"type": "text", "text": "x"}}, 422, "input"),
        ({"input": []}, 422, "input"),
        ({"input": ["x"] * 65}, 422, "input"),
        ({"input": ["x", 3]}, 422, "input[1]"),
        ({"input": [["x"]]}, 422, "input[0]"),
        ({"input": [1, 2, 3]}, 422, "input[0]"),
        ({"input": ["x", {"type": "text", "text": "y"}]}, 422, "input[1]"),
        ({"input": [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]}, 422, "input[0]"),
        ({"input": [{"type": "text"}]}, 422, "input[0]"),
        ({"input": [{"text": "x"}]}, 422, "input[0]"),
        ({"input": "x" * 32_001}, 413, "input[0]"),
        ({"input": "x", "model": ["y"]}, 422, "model"),
        ([], 422, "body"),
    ],
)
async def test_what_is_no_input_is_told_which_field_and_why(
    http: httpx.AsyncClient, body: Any, status: int, field: str
) -> None:
    response = await http.post(PATH, json=body)
    assert response.status_code == status
    assert response.json()["error"]["param"] == field
    assert response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"input":"\\ud800"}', 400),
        (b'{"input":"\xff"}', 400),
        (b'{"input":"a","input":"b"}', 422),
        (b'{"input":' + b"[" * 500 + b"]" * 500 + b"}", 422),
        (b'{"input":' + b"[" * 50_000, 422),
        (b'{"input":[' + b"[]," * 200_000 + b"[]]}", 422),
        (b'{"input":"' + b"x" * 2_000_000 + b'"}', 413),
        (b'{"input":"' + b"x" * 9_000_000 + b'"}', 413),
    ],
)
async def test_what_cannot_be_read_is_refused(http: httpx.AsyncClient, raw: bytes, status: int) -> None:
    response = await http.post(PATH, content=raw)
    assert response.status_code == status
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
