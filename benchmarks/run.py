"""`make bench`: the gateway beside its upstream, alternately; table, JSON and picture under `benchmarks/results/`."""

import argparse
import asyncio
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from anban import __version__
from benchmarks.load import Run, load
from benchmarks.picture import draw

HERE = Path(__file__).parent
UPSTREAM, GATEWAY = 18_991, 18_992
KEY = "anban-demo"
PEOPLE = {"no user id": "", "forty who return": "person-{m}", "a new person each time": "new-{i}"}
"""Who sends the requests: a bare client, people with twenty turns behind them, and first messages only."""

TARGETS = {
    **{f"added p50, 1 connection, {who}, ms": 1.4 for who in PEOPLE},
    **{f"requests a second, {at_once} at once, {who}": 550.0 for who in PEOPLE for at_once in (16, 64)},
    "first words later, ms": 3.0,
    "CPU a relayed chunk, ms": 0.1,
    "resident memory after 10,000 turns, MB": 180.0,
    "start to first protected reply, s": 5.0,
}
LOWER_IS_BETTER = {name for name in TARGETS if not name.startswith("requests")}


def main() -> int:
    """Measure, print, record. Exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), asked.rounds, asked.turns))
    missed = [name for name, value in found.items() if not _reached(name, value)]
    _report(found)
    return 1 if missed else 0


async def measure(folder: Path, rounds: int, turns: int) -> dict[str, float]:
    """Every figure of the table."""
    upstream = _upstream()
    began = time.perf_counter()
    gateway = _start(folder)
    direct, through = (f"http://127.0.0.1:{port}/v1/chat/completions" for port in (UPSTREAM, GATEWAY))
    try:
        await _first_reply(through)
        found = {"start to first protected reply, s": time.perf_counter() - began}
        await load(through, at_once=8, requests=400, streaming=False, user="warm", key=KEY)
        for who, user in PEOPLE.items():
            pairs = [
                (await load(direct, at_once=1, requests=400, streaming=False), await _through(through, 1, 400, user))
                for _ in range(rounds)
            ]
            found[f"added p50, 1 connection, {who}, ms"] = _added(pairs)
            for at_once in (1, 16, 64):
                runs = [await _through(through, at_once, 1_000, user) for _ in range(rounds)]
                found[f"requests a second, {at_once} at once, {who}"] = _median_rate(runs)
        streams = [
            (
                await load(direct, at_once=1, requests=150, streaming=True),
                await _through(through, 1, 150, "person-{m}", streaming=True),
            )
            for _ in range(rounds)
        ]
        found["first words later, ms"] = statistics.median(t.first - d.first for d, t in streams)
        whole = await _cpu(gateway.pid, through, 400, streaming=False)
        chunked = await _cpu(gateway.pid, through, 400, streaming=True)
        found["CPU a turn, ms"] = whole
        found["CPU a relayed chunk, ms"] = (chunked - whole) / 60
        await load(through, at_once=16, requests=turns, streaming=False, user="soak-{i}", key=KEY)
        found["resident memory after 10,000 turns, MB"] = _resident(gateway.pid)
        return found
    finally:
        gateway.send_signal(signal.SIGTERM)
        upstream.kill()
        gateway.wait(15)
        upstream.wait(5)


def _upstream() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "benchmarks.upstream", str(UPSTREAM)], cwd=HERE.parent)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "ANBAN_UPSTREAM_URL": f"http://127.0.0.1:{UPSTREAM}/v1"}
    command = [
        str(Path(sys.executable).with_name("anban")),
        "up",
        "--demo",
        "--data",
        str(folder),
        "--port",
        str(GATEWAY),
    ]
    with open(folder / "gateway.log", "wb") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


async def _first_reply(url: str) -> None:
    for _ in range(400):
        try:
            await asyncio.to_thread(lambda: urlopen(f"http://127.0.0.1:{GATEWAY}/healthz", timeout=1).read())
            break
        except OSError:
            await asyncio.sleep(0.025)
    run = await load(url, at_once=1, requests=1, streaming=False, user="first", key=KEY)
    if run.failed:
        raise SystemExit("the gateway did not answer")


async def _through(url: str, at_once: int, requests: int, user: str, *, streaming: bool = False) -> Run:
    run = await load(url, at_once=at_once, requests=requests, streaming=streaming, user=user, key=KEY)
    if run.failed:
        raise SystemExit(f"{run.failed} requests failed")
    return run


async def _cpu(pid: int, url: str, requests: int, *, streaming: bool) -> float:
    before = _cpu_seconds(pid)
    await load(url, at_once=1, requests=requests, streaming=streaming, user="cpu", key=KEY)
    return (_cpu_seconds(pid) - before) * 1000 / requests


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _added(pairs: list[tuple[Run, Run]]) -> float:
    return statistics.median(through.p(0.5) - direct.p(0.5) for direct, through in pairs)


def _median_rate(runs: list[Run]) -> float:
    return statistics.median(run.rate for run in runs)


def _reached(name: str, value: float) -> bool:
    target = TARGETS.get(name)
    if target is None:
        return True
    return value <= target if name in LOWER_IS_BETTER else value >= target


def _report(found: dict[str, float]) -> None:
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    rows = [
        {"figure": name, "value": round(value, 3), "target": TARGETS.get(name), "reached": _reached(name, value)}
        for name, value in found.items()
    ]
    about = {
        "version": __version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
    }
    (folder / "gateway.json").write_text(
        json.dumps({"about": about, "figures": rows}, indent=2, ensure_ascii=False) + "\n"
    )
    lines = [
        f"Anban {__version__}, Python {about['python']}, {about['cores']} cores, SQLite, one process, all rails on.",
        "",
    ]
    lines += ["| figure | measured | target | |", "|---|---:|---:|---|"]
    for row in rows:
        target = "–" if row["target"] is None else f"{row['target']:g}"
        lines.append(f"| {row['figure']} | {row['value']:g} | {target} | {'' if row['reached'] else 'missed'} |")
    table = "\n".join(lines) + "\n"
    (folder / "gateway.md").write_text(table)
    (folder / "gateway.svg").write_text(draw([row for row in rows if row["target"] is not None]))
    print(table)


if __name__ == "__main__":
    sys.exit(main())
