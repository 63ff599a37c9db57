"""A request that is sent twice under one `Idempotency-Key` is answered once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from anban.app import House
from anban.rails.speech import Completion, UpstreamRequest
from anban.web.gateway import idempotency
from tests.doors.odd_requests import IN_DANGER
from tests.doors.test_when_parts_fail import Model
from tests.doors.visiting import CHAT, built, chat, knocking
from tests.waiting import until

KEY = {"Idempotency-Key": "9f0c-once"}
CALM = "周末去哪里玩好呢"


class Patient(Model):
    """Answers when it may."""

    def __init__(self) -> None:
        super().__init__("我是模型。")
        self.may = asyncio.Event()

    async def complete(self, request: UpstreamRequest) -> Completion:
        found = await super().complete(request)
        await self.may.wait()
        return found


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with built(tmp_path) as found:
        yield found


async def test_the_second_one_gets_the_first_ones_reply_and_no_model_is_asked(house: House) -> None:
    model = Model("我是模型。")
    async with knocking(house, model=model) as http:
        first = await http.post(CHAT, json=chat(CALM), headers=KEY)
        second = await http.post(CHAT, json=chat(CALM), headers=KEY)
    assert second.content == first.content
    assert second.headers["x-anban-decision"] == first.headers["x-anban-decision"]
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert model.asked == 1


async def test_a_person_in_danger_has_one_case_however_often_the_app_repeats_itself(house: House) -> None:
    async with knocking(house) as http:
        replies = [await http.post(CHAT, json=chat(IN_DANGER["zh"]), headers=KEY) for _ in range(3)]
        (case,) = (await http.get("/anban/v1/cases?user=lin")).json()
    assert {reply.content for reply in replies} == {replies[0].content}
    kinds = [event["kind"] for event in case["events"]]
    assert kinds.count("opened") == kinds.count("paged") == 1 and not {"seen", "raised"} & set(kinds)


async def test_while_the_first_one_is_being_answered_the_second_one_has_to_wait(house: House) -> None:
    model = Patient()
    async with knocking(house, model=model) as http:
        first = asyncio.create_task(http.post(CHAT, json=chat(CALM), headers=KEY))
        await until(lambda: model.asked)
        second = await http.post(CHAT, json=chat(CALM), headers=KEY)
        assert second.status_code == 409
        assert second.json()["error"]["param"] == "Idempotency-Key"
        model.may.set()
        assert (await first).status_code == 200
        assert (await http.post(CHAT, json=chat(CALM), headers=KEY)).content == (await first).content
    assert model.asked == 1


async def test_a_person_in_danger_never_waits_for_a_key(house: House) -> None:
    model = Patient()
    async with knocking(house, model=model) as http:
        first = asyncio.create_task(http.post(CHAT, json=chat(CALM), headers=KEY))
        await until(lambda: model.asked)
        helped = await http.post(CHAT, json=chat(IN_DANGER["zh"]), headers=KEY)
        assert helped.json()["anban"]["verdict"] == "escalate"
        model.may.set()
        await first


@pytest.mark.parametrize("other", [chat("别的话"), chat(CALM, temperature=1)], ids=["words", "temperature"])
async def test_a_key_stands_for_one_request_only(house: House, other: dict) -> None:
    async with knocking(house) as http:
        await http.post(CHAT, json=chat(CALM), headers=KEY)
        response = await http.post(CHAT, json=other, headers=KEY)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "idempotency_key_reused"


async def test_another_users_key_is_another_key(house: House) -> None:
    model = Model("我是模型。")
    async with knocking(house, model=model) as http:
        for user in ("lin", "wang"):
            assert (await http.post(CHAT, json=chat(CALM, user), headers=KEY)).status_code == 200
    assert model.asked == 2


async def test_after_ten_minutes_the_key_is_free_again(house: House) -> None:
    model = Model("我是模型。")
    async with knocking(house, model=model) as http:
        await http.post(CHAT, json=chat(CALM), headers=KEY)
        await http.post("/anban/v1/demo/clock", json={"advance_seconds": idempotency.REMEMBERED})
        await http.post(CHAT, json=chat(CALM), headers=KEY)
    assert model.asked == 2


async def test_a_stream_and_a_reply_without_the_model_are_asked_anew(house: House) -> None:
    model = Model("我是模型。")
    async with knocking(house, model=model) as http:
        for _ in range(2):
            assert "[DONE]" in (await http.post(CHAT, json=chat(CALM, stream=True), headers=KEY)).text
    assert model.asked == 2


@pytest.mark.parametrize("key", [b"x" * 257, b"a\x01b", "\x85".encode()])
async def test_a_key_that_cannot_be_one_is_refused(house: House, key: bytes) -> None:
    async with knocking(house) as http:
        response = await http.post(CHAT, json=chat(CALM), headers={"Idempotency-Key": key})
    assert response.status_code == 422
    assert response.json()["error"]["param"] == "Idempotency-Key"


async def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MOST_REPLIES", 3)
    monkeypatch.setattr(idempotency, "MOST_BYTES", 100)
    replies = idempotency.Replies()
    for number in range(5):
        replies.begin(f"key-{number}", "lin", b"", 0.0).keep([], b"x" * 10)
    assert replies.begin("key-4", "lin", b"", 0.0).body
    assert replies.begin("key-0", "lin", b"", 0.0).body is None
    replies.begin("large", "lin", b"", 0.0).keep([], b"x" * 95)
    assert replies.begin("key-4", "lin", b"", 0.0).body is None
