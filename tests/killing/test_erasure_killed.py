"""An erasure that is killed -9 at each of its named points ends by itself after a restart, on both databases."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.guest import MASTER_KEY
from tests.service import KEY, Running
from tests.stores import PostgresServer

POINTS = ("erasure.begun", "erasure.rows", "erasure.sealed", "erasure.erased", "erasure.destroyed")
WITHIN = 40.0


@pytest.mark.timeout(400)
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_an_erasure_ends_by_itself_wherever_it_was_killed(
    store: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(postgres_server.database()) if store == "postgres" else None
        given = {"ANBAN_MASTER_KEY": MASTER_KEY, **({"ANBAN_DATABASE_URL": url} if url else {})}
        await asyncio.to_thread(_each_point, tmp_path, given)


def _each_point(data: Path, given: dict[str, str]) -> None:
    for point in POINTS:
        user = point.replace(".", "-")
        with Running(data, ANBAN_CRASH_AT=point, **given).start() as doomed:
            for number in range(3):
                doomed.say(f"要删掉的第{number}句", user=user, conversation="gone")
                doomed.say(f"要留下的第{number}句", user=user, conversation="stays")
            _ask(doomed, user)
            if point == "erasure.destroyed":
                _wait_for(doomed, user, "erased")
                _later(doomed)
            process = doomed._process
            assert process is not None and process.wait(30) == -9, f"it did not die at {point}"
        with Running(data, **given).start() as again:
            _wait_for(again, user, "erased", "done")
            _later(again)
            _later(again)
            (told,) = _wait_for(again, user, "done")
            assert told["erased"]["turns"] == 3, "each row is counted once"
            assert again.say("还在吗", user=user, conversation="stays").text


def _ask(service: Running, user: str) -> None:
    body = {"scope": "conversation", "target": "gone"}
    try:
        answer = service.http.post(f"{service.url}/anban/v1/people/{user}/erasures", json=body, headers=KEY)
        assert answer.status_code == 202, answer.text
    except httpx.HTTPError:
        return  # it may have died before the answer had left


def _later(service: Running) -> None:
    try:
        moved = {"advance_seconds": 660}
        service.http.post(f"{service.url}/anban/v1/demo/clock", json=moved, headers=KEY)
    except httpx.HTTPError:
        return


def _wait_for(service: Running, user: str, *states: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + WITHIN
    while True:
        found = service.get(f"/anban/v1/people/{user}/erasures")
        if found and all(each["state"] in states for each in found):
            return found
        assert time.monotonic() < deadline, f"{user}: {[each['state'] for each in found]} instead of {states}"
        time.sleep(0.2)
