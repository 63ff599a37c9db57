"""What a crisis costs and how soon somebody comes: latencies one by one, a flood, and ten thousand open cases.

    python -m benchmarks.crisis [--fakes 10000] [--idle 10000]

Writes `benchmarks/results/crisis.json`: each figure beside its target, with version, machine and time.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
from tests.service import KEY, Running

from anban import __version__

NOW = "我已经把药吃下去了"
PLAN = "我不想活了，药已经买好了"
RESULTS = Path(__file__).parent / "results" / "crisis.json"
REAL = 20
SETTLED = 260.0
"""Seconds after which an unclaimed case has gone through all its lines and waits for its next alarm."""

RESPONDER_SECONDS = 20.0
"""How long one look at a case takes in the flood; the same in quiet and in flood."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fakes", type=int, default=10_000)
    parser.add_argument("--idle", type=int, default=10_000)
    given = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, Running(Path(folder)).start() as service:
        figures |= asyncio.run(_latencies(service))
        figures |= asyncio.run(_flood(service, given.fakes))
        figures |= _idle(service, given.idle)
    told = {
        "about": {
            "version": __version__, "python": platform.python_version(), "cores": os.cpu_count(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"), "load": [round(each, 1) for each in os.getloadavg()],
        },
        "figures": figures,
    }  # fmt: skip
    RESULTS.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    for name, figure in figures.items():
        mark = "  " if figure["value"] <= figure["target"] else "✗ "
        print(f"{mark}{name:58} {figure['value']:>10.3f} {figure['unit']:4} target {figure['target']}")
    return 0


def _figure(value: float, target: float, unit: str, of: int) -> dict[str, Any]:
    return {"value": round(value, 4), "target": target, "unit": unit, "of": of}


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98] if len(values) > 1 else values[0]


async def _say(
    http: httpx.AsyncClient, url: str, user: str, text: str, stream: bool = False
) -> tuple[float, dict[str, Any]]:
    body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": stream}
    began = time.perf_counter()
    if stream:
        async with http.stream(
            "POST", f"{url}/v1/chat/completions", json=body, headers={**KEY, "X-Anban-User": user}
        ) as got:
            async for line in got.aiter_lines():
                if '"content"' in line:
                    return time.perf_counter() - began, {}
    answer = await http.post(f"{url}/v1/chat/completions", json=body, headers={**KEY, "X-Anban-User": user})
    answer.raise_for_status()
    return time.perf_counter() - began, answer.json()["anban"]


async def _latencies(service: Running, people: int = 200) -> dict[str, Any]:
    """One person after another, with a contact each; the reply comes only when the case is durable."""
    async with httpx.AsyncClient(timeout=60) as http:
        whole: list[float] = []
        words: list[float] = []
        for number in range(people):
            user = f"one-{number}"
            contact = {"contacts": [{"name": "x", "route": "phone", "address": "13800000000"}]}
            await http.put(f"{service.url}/anban/v1/people/{user}", json=contact, headers=KEY)
            seconds, _ = await _say(http, service.url, user, NOW)
            whole.append(seconds)
            seconds, _ = await _say(http, service.url, f"words-{number}", NOW, stream=True)
            words.append(seconds)
        await asyncio.sleep(2)
        waits: list[float] = []
        for number in range(people):
            events = (await http.get(f"{service.url}/anban/v1/cases?user=one-{number}", headers=KEY)).json()[0][
                "events"
            ]
            at = {event["kind"]: datetime.fromisoformat(event["at"]) for event in reversed(events)}
            waits.append((at["attempted"] - at["opened"]).total_seconds() if "attempted" in at else 1e9)
    return {
        "case durable, p99 from the message": _figure(_p99(whole), 0.150, "s", people),
        "first safe words, p99": _figure(_p99(words), 1.0, "s", people),
        "first contact attempt, p95": _figure(statistics.quantiles(waits, n=20)[18], 10.0, "s", people),
        "first contact attempt, p99": _figure(_p99(waits), 30.0, "s", people),
    }


async def _flood(service: Running, fakes: int) -> dict[str, Any]:
    """Real people known for longer than a day, first alone and then in a flood of new accounts at the highest level."""
    async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=32)) as http:
        for number in range(2 * REAL):
            await _say(http, service.url, f"real-{number}", "今天把阳台的花浇了。")
        await http.post(f"{service.url}/anban/v1/demo/clock", json={"advance_seconds": 25 * 3600}, headers=KEY)
        await _close_all(http, service.url)
        for number in range(REAL):
            await _say(http, service.url, f"real-{number}", NOW)
        quiet = await _views(http, service.url, {f"real-{number}" for number in range(REAL)})
        await _close_all(http, service.url)
        gate = asyncio.Semaphore(16)
        durable: list[float] = []

        async def fake(number: int) -> None:
            async with gate:
                seconds, _ = await _say(http, service.url, f"fake-{number}", NOW)
                durable.append(seconds)
                if number % 500 == 0:
                    print(f"\r  {number} of {fakes} fakes", end="", file=sys.stderr)

        every = max(1, fakes // REAL)
        for number in range(REAL):
            # The real ones come evenly among the fakes.
            await asyncio.gather(*(fake(number * every + each) for each in range(every)))
            await _say(http, service.url, f"real-{REAL + number}", NOW)
        flood = await _views(http, service.url, {f"real-{REAL + number}" for number in range(REAL)})
    return {
        "real first view in a flood, p99, times quiet": _figure(_p99(flood) / _p99(quiet), 2.0, "x", REAL),
        "case durable in a flood of sixteen at once, p99": _figure(_p99(durable), 0.300, "s", fakes),
    }


async def _close_all(http: httpx.AsyncClient, url: str) -> None:
    while cases := (await http.get(f"{url}/anban/v1/queue", headers=KEY)).json():
        for case in cases:
            body = {"responder": "bench", "level": "L0", "outcome": "bench"}
            await http.post(f"{url}/anban/v1/cases/{case['case']}/close", json=body, headers=KEY)


async def _views(http: httpx.AsyncClient, url: str, people: set[str]) -> list[float]:
    """Seconds until each of them is looked at, by one responder who always takes the first of the queue."""
    seen: set[str] = set()
    views: list[float] = []
    spent = 0.0
    while len(views) < len(people):
        queue = (await http.get(f"{url}/anban/v1/queue", headers=KEY)).json()
        first = next((each for each in queue if each["case"] not in seen), None)
        if first is None:
            break
        seen.add(first["case"])
        spent += RESPONDER_SECONDS
        case = (await http.get(f"{url}/anban/v1/cases/{first['case']}", headers=KEY)).json()
        if case["user"] in people:
            views.append(spent)
        await http.post(
            f"{url}/anban/v1/cases/{first['case']}/close",
            json={"responder": "bench", "level": "L0", "outcome": "bench"}, headers=KEY,
        )  # fmt: skip
    return views


def _idle(service: Running, wanted: int) -> dict[str, Any]:
    """What open cases cost while nothing happens: of the last flood, so that there are `wanted` of them."""
    assert service._process is not None
    process = psutil.Process(service._process.pid)
    # Until every line has been called and every alarm has gone out: from then on nothing happens.
    time.sleep(SETTLED)
    before, began = process.cpu_times(), time.monotonic()
    time.sleep(30)
    after = process.cpu_times()
    used = (after.user + after.system - before.user - before.system) / (time.monotonic() - began)
    return {
        f"processor, {wanted} open cases": _figure(100 * used, 5.0, "%", wanted),
        f"memory of the process, {wanted} open cases": _figure(process.memory_info().rss / 2**20, 380.0, "MiB", wanted),
    }


if __name__ == "__main__":
    sys.exit(main())
