"""Two replicas on PostgreSQL; the one that opened the case is killed -9 at each named point; the other goes on."""

import asyncio
import contextlib
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.guest import MASTER_KEY
from tests.killing.loop import POINTS
from tests.service import KEY, Running
from tests.stores import PostgresServer

NOW = "我已经把药吃下去了"
CONTACT = {"name": "妈妈", "route": "phone", "address": "13800000000"}
TAKEN_OVER_WITHIN = 60.0
"""Seconds: the lease of the dead one ends after fifteen, and this machine may be busy."""


@pytest.mark.timeout(300)
async def test_whoever_is_left_goes_on_with_the_case(postgres_server: PostgresServer, tmp_path: Path) -> None:
    async with postgres_server.database() as url:
        await asyncio.to_thread(_killed_at_every_point, url, tmp_path)


def _killed_at_every_point(url: str, data: Path) -> None:
    given = {"ANBAN_MASTER_KEY": MASTER_KEY, "ANBAN_DATABASE_URL": url}
    with contextlib.ExitStack() as stack:
        other = stack.enter_context(Running(data / "other", **given).start())
        for point in POINTS:
            user = point.replace(".", "-")
            with Running(data / user, ANBAN_CRASH_AT=point, **given).start() as doomed:
                put = doomed.http.put(f"{doomed.url}/anban/v1/people/{user}", json={"contacts": [CONTACT]}, headers=KEY)
                assert put.status_code == 200
                with contextlib.suppress(httpx.HTTPError):
                    doomed.say(NOW, user=user)
                _dies(doomed, point)
            if not other.cases(user):
                # It died before anything was promised, and the app has had no answer: it asks the other replica.
                assert point == "case.begun"
                other.say(NOW, user=user)
        for point in POINTS:
            _goes_on(other, point.replace(".", "-"))


def _dies(doomed: Running, point: str) -> None:
    process = doomed._process
    assert process is not None
    assert process.wait(20) == -9, f"the replica did not die at {point}"


def _goes_on(other: Running, user: str) -> None:
    deadline = time.monotonic() + TAKEN_OVER_WITHIN
    while True:
        (case,) = other.cases(user)
        mine = [letter for letter in other.get("/anban/v1/demo/sent") if letter["id"].startswith(case["id"])]
        ended = {event["send"] for event in case["events"] if event["kind"] == "sent"}
        if mine and ended:
            break
        assert time.monotonic() < deadline, f"{user}: nobody went on; {_timeline(case)}"
        time.sleep(0.5)
    letters = Counter(letter["id"] for letter in mine)
    attempted = [event["send"] for event in case["events"] if event["kind"] == "attempted"]
    assert set(letters) <= set(attempted), "nothing was sent that was not meant before"
    first = attempted[0]
    assert 1 <= letters[first] <= 2, "at least once, and once more at most for one kill"
    assert any(event["kind"] == "paged" for event in case["events"])
    print(f"\n{user}", *_timeline(case), sep="\n  ")  # noqa: T201 - the timeline is what this test shows


def _timeline(case: dict[str, Any]) -> list[str]:
    return [f"{event['at'][11:23]} {event['kind']} {event.get('send', '')[-6:]}" for event in case["events"]]
