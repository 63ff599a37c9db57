"""What still works when a part is broken: companionship fails closed, help fails open (reliability section 4)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Executable

from anban.app import House
from anban.base.db import Database, Work
from anban.base.db_dead import DeadDatabase
from anban.base.errors import StorageFailed, UpstreamFailed
from anban.detectors.panel import Panel
from anban.detectors.readings.views import Readings
from anban.detectors.scene import Scene
from anban.detectors.signal import Reading, Signal, Window
from anban.detectors.stated.words_seen import WordsSeen
from anban.rails.post import Post
from anban.rails.pulse import replay_spool
from anban.rails.speech import Completion, Delta, Event, Finished, UpstreamRequest
from tests.doors.odd_requests import IN_DANGER
from tests.doors.test_bad_input import assert_helped, read
from tests.doors.visiting import CHAT, built, chat, kept_case, knocking

HELP = IN_DANGER["zh"]
HARMLESS = "周末去哪里玩好呢"
SECRET = "这句话谁也没有看过。"
STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with built(tmp_path) as found:
        yield found


class Broken:
    """A detector that fails on every text."""

    name = "broken"
    version = "1"

    def look(self, scene: Scene) -> list[Signal]:
        raise ValueError("broken by a test")


class DeafToReplies(Panel):
    """Hears the person, and cannot judge what the model says."""

    def look(self, window: Window, budget_ms: float = 50.0) -> Reading:
        return super().look(window, budget_ms) if window.role == "user" else Reading((), ("late",))


class Model:
    """Says what it is told to; `None` is an upstream that is not there."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        self.asked = 0

    async def stream(self, request: UpstreamRequest) -> AsyncIterator[Event]:
        yield Delta((await self.complete(request)).text)
        yield Finished()

    async def complete(self, request: UpstreamRequest) -> Completion:
        self.asked += 1
        if self.text is None:
            raise UpstreamFailed("not there")
        return Completion(self.text)

    async def models(self) -> tuple[str, ...]:
        return ()

    async def close(self) -> None:
        return


class FullLedger:
    """A database that takes everything but what would wait for a group commit."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    async def write(self, work: Work[Any], *, urgent: bool = False) -> Any:
        return await self._db.write(work, urgent=urgent)

    def later(self, statement: Executable, row: Mapping[str, Any]) -> None:
        raise StorageFailed("too much waits to be written")


def assert_unavailable(response: httpx.Response) -> None:
    assert response.status_code == 503, response.text
    assert int(response.headers["retry-after"]) > 0
    assert response.json()["error"]["type"] == "server_error"
    assert response.json()["error"]["code"] == "storage_failed"


def words(house: House, template: str) -> str:
    return house.rt.words.render(template, lang="zh").text


# --- the detectors --------------------------------------------------------------------------------------------------


@STREAMS
async def test_while_a_detector_fails_the_companion_is_silent_and_every_reply_holds_help(
    house: House, stream: bool
) -> None:
    model = Model("我是模型。")
    async with knocking(house, panel=Panel([Broken()], Readings()), model=model) as http:
        text, meta = read(await http.post(CHAT, json=chat(HARMLESS, stream=stream)))
    assert model.asked == 0
    assert meta["verdict"] == "stop"
    assert meta["author"] == "system"
    assert sum(number in text for number in ("12356", "110", "120")) >= 2


async def test_a_detector_that_fails_is_shown_to_whoever_runs_the_machine(house: House) -> None:
    async with knocking(house) as http:
        assert (await http.get("/readyz")).json()["parts"]["safety"] == "ok"
    async with knocking(house, panel=Panel([Broken()], Readings())) as http:
        await http.post(CHAT, json=chat(HARMLESS))
        ready, figures = await http.get("/readyz"), (await http.get("/metrics")).text
    assert ready.status_code == 503
    assert ready.json()["parts"]["safety"] == "down"
    assert 'anban_detector_unavailable_total{detector="broken"} 1.0' in figures
    assert "anban_detectors_seconds_count 1.0" in figures
    assert "anban_turns_in_flight 0.0" in figures


@STREAMS
async def test_what_the_detectors_that_still_work_notice_opens_a_case(house: House, stream: bool) -> None:
    async with knocking(house, panel=Panel([Broken(), WordsSeen("1")], Readings())) as http:
        response = await http.post(CHAT, json=chat(HELP, stream=stream))
    assert_helped(response)
    assert kept_case(response)


@STREAMS
async def test_words_that_nobody_could_judge_are_not_released(house: House, stream: bool) -> None:
    panel = DeafToReplies([WordsSeen("1")], Readings())
    async with knocking(house, panel=panel, model=Model(SECRET)) as http:
        text, meta = read(await http.post(CHAT, json=chat(HARMLESS, stream=stream)))
    assert SECRET[:4] not in text
    assert meta["verdict"] == "replace"
    assert text.strip()


# --- the database ---------------------------------------------------------------------------------------------------


@STREAMS
async def test_without_the_database_an_ordinary_message_is_refused_and_may_come_again(
    house: House, stream: bool
) -> None:
    model = Model("我是模型。")
    async with knocking(house) as before:
        assert (await before.post(CHAT, json=chat(HARMLESS))).status_code == 200
    async with knocking(house, db=DeadDatabase("taken away"), model=model) as http:
        assert_unavailable(await http.post(CHAT, json=chat(HARMLESS, stream=stream)))
        assert model.asked == 0
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
        assert (await http.get("/")).status_code == 200
        status = await http.get("/status")
        assert "12356" in status.text


@STREAMS
async def test_without_the_database_help_comes_and_the_case_waits_in_the_spool(house: House, stream: bool) -> None:
    async with knocking(house, db=DeadDatabase("taken away")) as http:
        response = await http.post(CHAT, json=chat(HELP, stream=stream))
    assert_helped(response)
    assert kept_case(response)
    (record,) = house.rt.spool.records()
    assert b"lin" in record


@STREAMS
async def test_without_the_database_whoever_wants_to_leave_is_let_go(house: House, stream: bool) -> None:
    async with knocking(house, db=DeadDatabase("taken away")) as http:
        text, meta = read(await http.post(CHAT, json=chat("退出", stream=stream)))
    assert meta["verdict"] == "stop"
    assert text == house.rt.words.render("goodbye.exit", lang="zh").text


async def test_without_the_database_an_odd_request_still_gets_help(house: House) -> None:
    async with knocking(house, db=DeadDatabase("taken away")) as http:
        for raw in (f'{{"user":"lin","messages":[{{"role":"user","content":"{HELP}'.encode(), b"[" * 9_000):
            response = await http.post(CHAT, content=raw)
            assert response.status_code in (200, 503)
        assert_helped(await http.post(CHAT, json=chat(HELP, temperature="warm")))


async def test_without_database_and_spool_words_come_and_claim_nothing(house: House, tmp_path: Path) -> None:
    house.rt.spool.path.mkdir()
    async with knocking(house, db=DeadDatabase("taken away")) as http:
        response = await http.post(CHAT, json=chat(HELP))
    meta = assert_helped(response)
    assert "case:lost" in response.headers["x-anban-actions"]
    assert meta["case"] is None


async def test_a_management_door_without_the_database_says_when_to_come_again(house: House) -> None:
    async with knocking(house, db=DeadDatabase("taken away")) as http:
        response = await http.get("/anban/v1/cases?user=lin")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) > 0


@STREAMS
async def test_when_no_entry_can_be_written_chat_stops_and_help_does_not(house: House, stream: bool) -> None:
    model = Model("我是模型。")
    async with knocking(house, db=FullLedger(house.rt.db), model=model) as http:
        assert_unavailable(await http.post(CHAT, json=chat(HARMLESS, stream=stream)))
        assert model.asked == 0
        response = await http.post(CHAT, json=chat(HELP, user="in-danger", stream=stream))
        text, meta = read(response)
        assert meta["verdict"] == "escalate"
        assert sum(line["number"] in text for line in meta["help"]["lines"]) >= 2
        left, meta = read(await http.post(CHAT, json=chat("退出", stream=stream)))
        assert meta["verdict"] == "stop"
        assert left == house.rt.words.render("goodbye.exit", lang="zh").text


class DeafPost(Post):
    """Cannot tell whether a responder has written."""

    def bell(self, user: str) -> Any:
        raise StorageFailed("broken by a test")


@STREAMS
async def test_our_last_words_are_not_passed_off_as_a_responders(house: House, stream: bool) -> None:
    async with knocking(house) as http:
        read(await http.post(CHAT, json=chat(HELP)))
        await replay_spool(house.rt, house.service)  # a busy machine may have kept the case there
        (case,) = (await http.get("/anban/v1/cases?user=lin")).json()
        claimed = await http.post(f"/anban/v1/cases/{case['id']}/claim", json={"responder": "zhou"})
        assert claimed.status_code == 200
    async with knocking(house, post=DeafPost()) as http:
        text, meta = read(await http.post(CHAT, json=chat("有人吗", stream=stream)))
    assert text == words(house, "outage.storage")
    assert meta["author"] == "system"


# --- the model, and the rest -----------------------------------------------------------------------------------------


@STREAMS
async def test_without_the_model_there_is_a_short_word_and_never_a_broken_reply(house: House, stream: bool) -> None:
    async with knocking(house, model=Model(None)) as http:
        text, meta = read(await http.post(CHAT, json=chat(HARMLESS, stream=stream)))
        assert words(house, "outage.upstream") in text
        assert meta["verdict"] == "replace"


@STREAMS
async def test_without_the_model_help_comes_all_the_same(house: House, stream: bool) -> None:
    model = Model(None)
    async with knocking(house, model=model) as http:
        assert_helped(await http.post(CHAT, json=chat(HELP, stream=stream)))
    assert model.asked == 0


async def test_a_notice_that_nobody_confirmed_comes_again_before_the_answer(house: House) -> None:
    shows = {"x-anban-client": "notices"}
    async with knocking(house, model=Model("我是模型。")) as http:
        first, meta = read(await http.post(CHAT, json=chat(HARMLESS), headers=shows))
        assert first == "我是模型。"
        assert [each["kind"] for each in meta["notices"]] == ["ai.first"]
        await http.post("/anban/v1/demo/clock", json={"advance_seconds": 60})
        second, _ = read(await http.post(CHAT, json=chat(HARMLESS), headers=shows))
        assert second.startswith(words(house, "notice.ai.first"))
        assert second.endswith("我是模型。")
        third, _ = read(await http.post(CHAT, json=chat(HARMLESS), headers=shows))
        assert third == "我是模型。"


async def test_whatever_breaks_inside_a_turn_help_comes_and_the_log_holds_no_words(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    class Confused(Panel):
        times = 0

        def look(self, window: Window, budget_ms: float = 50.0) -> Reading:
            self.times += 1
            if self.times % 2:
                raise ValueError(window.text)
            return super().look(window, budget_ms)

    async with knocking(house, panel=Confused([WordsSeen("1")], Readings())) as http:
        assert_helped(await http.post(CHAT, json=chat(HELP)))
        calm = await http.post(CHAT, json=chat(HARMLESS))
        assert calm.status_code == 500
        assert HARMLESS not in calm.text
    assert HARMLESS not in capsys.readouterr().out
    await asyncio.sleep(0)


async def test_a_service_that_is_switched_off_still_helps_and_lets_go(house: House) -> None:
    off = replace(house, service=replace(house.service, state="off"))
    async with knocking(off, model=Model("我是模型。")) as http:
        await http.post("/anban/v1/switch", json={"state": "off"})
        text, meta = read(await http.post(CHAT, json=chat(HARMLESS)))
        assert meta["verdict"] == "stop"
        assert "我是模型" not in text
        assert_helped(await http.post(CHAT, json=chat(HELP)))
        assert read(await http.post(CHAT, json=chat("退出", user="other")))[1]["verdict"] == "stop"
