"""A copy that is killed at any point is made after all, and a file whose time is up goes after all."""

import asyncio
import contextlib
import io
import time
import zipfile
from pathlib import Path

import orjson
import pytest

from tests.guest import MASTER_KEY
from tests.service import KEY, Running
from tests.stores import PostgresServer

POINTS = ("copy.begun", "copy.halfway", "copy.written", "copy.ready", "copy.fetched", "copy.dropped")
CAT = "我养了一只叫豆包的猫"
WITHIN = 60.0


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
@pytest.mark.parametrize("point", POINTS)
async def test_killed_there_it_finishes_by_itself(
    point: str, store: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        given = {"ANBAN_MASTER_KEY": MASTER_KEY}
        if store == "postgres":
            given["ANBAN_DATABASE_URL"] = await stack.enter_async_context(postgres_server.database())
        await asyncio.to_thread(_killed_and_started_again, tmp_path, point, given)


def _killed_and_started_again(data: Path, point: str, given: dict[str, str]) -> None:
    mark = data / "killed"
    with Running(data, ANBAN_CRASH_AT=point, ANBAN_CRASH_MARK=str(mark), **given).start() as first:
        first.say(CAT, user="lin")
        copy = first.http.post(f"{first.url}/anban/v1/people/lin/copies", json={}, headers=KEY).json()["id"]
        with contextlib.suppress(Exception):  # it dies in the middle of one of these
            _wait(first, copy, "ready")
            _fetch(first, copy)
            _later(first, minutes=16)
            _wait(first, copy, "over")
        _until(mark.exists)
        assert mark.read_text() == point
    with Running(data, **given).start() as second:
        state = _state(second, copy)
        if point in ("copy.begun", "copy.halfway", "copy.written", "copy.ready"):
            assert state in ("asked", "writing", "ready")
        if point != "copy.dropped":
            _wait(second, copy, "ready", "fetched")
            (file,) = (data / "copies").iterdir()
            assert CAT.encode() not in file.read_bytes()
            archive = zipfile.ZipFile(io.BytesIO(_fetch(second, copy)))
            said = [orjson.loads(line).get("text") for line in archive.read("messages.jsonl").splitlines()]
            assert archive.testzip() is None and said.count(CAT) == 1
        else:
            assert state == "fetched" and list((data / "copies").iterdir()) == []
        _later(second, minutes=16)  # a clock that was moved stands right again after a start
        _wait(second, copy, "over")
        assert list((data / "copies").iterdir()) == []
        made = [each["facts"]["state"] for each in second.ledger("record.copied")]
        assert made.count("made") == 1


def _fetch(service: Running, copy: str) -> bytes:
    link = service.http.post(f"{service.url}/anban/v1/people/lin/copies/{copy}/link", json={}, headers=KEY).json()
    answer = service.http.get(service.url + link["path"])
    assert answer.status_code == 200, answer.text
    return answer.content


def _state(service: Running, copy: str) -> str:
    return service.get(f"/anban/v1/people/lin/copies/{copy}")["state"]


def _later(service: Running, minutes: float) -> None:
    moved = service.http.post(f"{service.url}/anban/v1/demo/clock", json={"advance_seconds": minutes * 60}, headers=KEY)
    assert moved.status_code < 300, moved.text


def _wait(service: Running, copy: str, *states: str) -> None:
    _until(lambda: _state(service, copy) in states)


def _until(true: object) -> None:
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        if true():  # type: ignore[operator]
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to that")
