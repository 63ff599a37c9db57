"""How long it takes until ten thousand messages of one person are gone, on a running service (reliability F8).

    python -m benchmarks.erasure [--messages 10000]

Writes `benchmarks/results/erasure.json`: each figure beside its target, with version, machine and time.
"""

import argparse
import json
import os
import platform
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.guest import MASTER_KEY
from tests.service import KEY, Running

from anban import __version__
from anban.base.keys import parse_master_keys
from anban.conversations.transcript import Turn, seal_turn

RESULTS = Path(__file__).parent / "results" / "erasure.json"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = _measured(Path(folder), given.messages)
    told = {
        "about": {
            "version": __version__, "python": platform.python_version(), "cores": os.cpu_count(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"), "load": [round(each, 1) for each in os.getloadavg()],
            "messages": given.messages, "store": "sqlite",
        },
        "figures": figures,
    }  # fmt: skip
    RESULTS.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    for name, figure in figures.items():
        mark = "  " if figure["value"] <= figure["target"] else "✗ "
        print(f"{mark}{name:58} {figure['value']:>10.3f} {figure['unit']:4} target {figure['target']}")
    return 0


def _measured(data: Path, messages: int) -> dict[str, Any]:
    environment = {"ANBAN_MASTER_KEY": MASTER_KEY}
    with Running(data, **environment).start() as service:
        service.say("你好", user="lin", conversation="all")
        service.say("留下的", user="lin", conversation="stays")
    _fill(data / "anban.db", messages)
    figures: dict[str, Any] = {}
    with Running(data, **environment).start() as service:
        figures["one conversation of that many gone, the rest sealed anew"] = _erase(service, "conversation", "all")
    _fill(data / "anban.db", messages)
    with Running(data, **environment).start() as service:
        figures["everything of a person with that many gone"] = _erase(service, "all", "")
    return figures


def _fill(database: Path, messages: int) -> None:
    """Many rows, half of them in a conversation that stays: sealed as a turn seals, under the person's own key."""
    keys = parse_master_keys(MASTER_KEY)
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        key = connection.execute("SELECT * FROM user_keys ORDER BY version DESC LIMIT 1").fetchone()
        last = connection.execute("SELECT * FROM turns ORDER BY id DESC LIMIT 1").fetchone()
        opened = keys.unwrap(key["wrapped"], key["user"], key["version"], key["master"])
        at = datetime.fromisoformat(last["at"]).replace(tzinfo=UTC)
        stamp = f"{time.time_ns():x}"
        for number in range(messages):
            turn = Turn(
                f"trn_{stamp}{number:06}", key["user"], "all" if number % 2 else "stays", "companion", last["session"],
                at, "今天下了一场小雨，路上的人都走得很快。", "听起来很安静。你有带伞吗？", "ai",
            )  # fmt: skip
            row = seal_turn(turn, opened) | {"at": last["at"]}
            names = ", ".join(f'"{name}"' for name in row)
            connection.execute(f"INSERT INTO turns ({names}) VALUES ({','.join('?' * len(row))})", [*row.values()])


def _erase(service: Running, scope: str, target: str) -> dict[str, Any]:
    began = time.perf_counter()
    asked = service.http.post(
        f"{service.url}/anban/v1/people/lin/erasures", json={"scope": scope, "target": target}, headers=KEY
    )
    number = asked.json()["id"]
    while service.get(f"/anban/v1/erasures/{number}")["state"] not in ("erased", "done"):
        time.sleep(0.05)
    return {"value": time.perf_counter() - began, "unit": "s", "target": 60.0}


if __name__ == "__main__":
    raise SystemExit(main())
