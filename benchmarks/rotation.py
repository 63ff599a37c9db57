"""What a rotation of the master key costs those who are talking: chat at a fixed rate, before, while and after.

    python -m benchmarks.rotation [--people 100000] [--rate 10] [--url postgresql://…]

The service is killed -9 once half way, and goes on by itself. Writes `benchmarks/results/rotation.json`.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Connection
from tests.house import PLAIN
from tests.service import KEY, Running

from anban import __version__
from anban.app import build
from anban.detectors.panel import Panel
from anban.people.users import KEY_INSERT, USER_INSERT, new_user
from anban.settings import Settings

RESULTS = Path(__file__).parent / "results" / "rotation.json"
TALKING = 40
QUIET = 60.0
"""Seconds of quiet measured before and after."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--quiet", type=float, default=QUIET)
    parser.add_argument("--url")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        asyncio.run(_fill(data, given.url, given.people, PLAIN))
        up = subprocess.Popen([sys.executable, "-m", "benchmarks.upstream", "18931"])
        more = {"ANBAN_DATABASE_URL": given.url} if given.url else {}
        try:
            with Running(data, ANBAN_UPSTREAM_URL="http://127.0.0.1:18931/v1", **more).start() as service:
                figures = asyncio.run(_measured(service, given))
        finally:
            up.terminate()
    store = "postgresql" if given.url else "sqlite"
    told = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    told[store] = {
        "about": {
            "version": __version__, "python": platform.python_version(), "cores": os.cpu_count(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"), "load": [round(each, 1) for each in os.getloadavg()],
            "people": given.people, "turns_a_second": given.rate,
        },
        "figures": figures,
    }  # fmt: skip
    RESULTS.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    sys.stdout.write(json.dumps(told[store], indent=2) + "\n")
    return 0


async def _fill(data: Path, url: str | None, people: int, panel: Panel) -> None:
    """So many people, each with a wrapped key, straight into the database."""
    house = await build(Settings(demo=True, data=data, database_url=url), panel)
    rt, at = house.rt, house.rt.clock.now()

    def some(connection: Connection, start: int) -> None:
        rows = [new_user(rt.keys, house.service.id, f"p{number}", at)[1:] for number in range(start, start + 5000)]
        connection.execute(USER_INSERT, [person for person, _ in rows])
        connection.execute(KEY_INSERT, [key for _, key in rows])

    for start in range(0, people, 5000):
        await rt.db.write(partial(some, start=start))
    await rt.model.close()
    await rt.db.close()


@dataclass
class Chat:
    """Turns at a fixed rate, whoever is slow: a stall is counted for everybody who had to wait behind it."""

    service: Running
    rate: float
    http: httpx.AsyncClient
    seconds: list[float] = field(default_factory=list[float])
    failed: int = 0
    number: int = 0

    async def go_on(self, until: "asyncio.Event") -> None:
        began, under_way, first = time.perf_counter(), set[asyncio.Task[None]](), self.number
        while not until.is_set():
            due = began + (self.number - first) / self.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(self._turn(due, self.number))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            self.number += 1
        await asyncio.gather(*under_way)

    async def _turn(self, due: float, number: int) -> None:
        body = {"model": "m", "messages": [{"role": "user", "content": f"今天把阳台的花浇了，第{number}盆。"}]}
        who = {**KEY, "X-Anban-User": f"p{number % TALKING}", "X-Anban-Conversation": "bench"}
        try:
            answer = await self.http.post(f"{self.service.url}/v1/chat/completions", json=body, headers=who)
        except httpx.HTTPError:
            self.failed += 1
            return
        if answer.status_code != 200:
            self.failed += 1
            return
        self.seconds.append(time.perf_counter() - due)

    def taken(self) -> dict[str, float]:
        """The latencies since the last time, in milliseconds."""
        mine, self.seconds = self.seconds, []
        found = {
            "turns": len(mine), "p50": round(statistics.median(mine) * 1000, 2),
            "p95": round(statistics.quantiles(mine, n=20)[18] * 1000, 2),
            "p99": round(statistics.quantiles(mine, n=100)[98] * 1000, 2), "failed": self.failed,
        }  # fmt: skip
        self.failed = 0
        return found


async def _measured(service: Running, given: argparse.Namespace) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=30) as http:
        chat = Chat(service, given.rate, http)
        await _for(chat, 10)
        chat.taken()
        await _for(chat, given.quiet)
        before = chat.taken()
        began = time.perf_counter()
        await http.post(f"{service.url}/anban/v1/keys/rotate", headers=KEY)
        await _while(chat, service, http, given.people // 2)
        first_half = chat.taken()
        service.kill()
        killed = time.perf_counter()
        await asyncio.to_thread(service.start)
        down = time.perf_counter() - killed
        await _for(chat, 5)
        chat.taken()
        await _while(chat, service, http, 0)
        seconds = time.perf_counter() - began
        second_half = chat.taken()
        await _for(chat, given.quiet)
        after = chat.taken()
        status = (await http.get(f"{service.url}/anban/v1/keys", headers=KEY)).json()
    quiet, busy = (before["p50"] + after["p50"]) / 2, (first_half["p50"] + second_half["p50"]) / 2
    return {
        "rotation, seconds, with one kill -9 half way": {"value": round(seconds, 1), "target": 600},
        "chat p50 beside quiet, percent more": {"value": round((busy / quiet - 1) * 100, 1), "target": 10},
        "down after kill -9, seconds": round(down, 1),
        "left under the old version": sum(each["wraps"] for each in status["versions"] if each["state"] != "current"),
        "milliseconds": {"before": before, "first half": first_half, "second half": second_half, "after": after},
    }


async def _for(chat: Chat, seconds: float) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    await chat.go_on(stop)


async def _while(chat: Chat, service: Running, http: httpx.AsyncClient, more_than: int) -> None:
    """Chat until no more than so many keys are under the old version."""
    stop = asyncio.Event()

    async def watch() -> None:
        while True:
            await asyncio.sleep(5)
            told = (await http.get(f"{service.url}/anban/v1/keys", headers=KEY)).json()
            left = sum(each["wraps"] for each in told["versions"] if each["version"] == 1)
            if left <= more_than:
                stop.set()
                return

    watching = asyncio.create_task(watch())
    await chat.go_on(stop)
    await watching


if __name__ == "__main__":
    sys.exit(main())
