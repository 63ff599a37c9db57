"""kill -9, again and again: at every named crash point and at random moments, on both databases; nothing may be lost.

    python -m tests.killing.loop --kills 300 --data DIR [--url postgresql://…] [--seed N]

Each round is a process that takes up what the one before left, lets somebody speak of dying, and is killed. A line is
kept of what was answered. At the end a last process works in peace until nothing is owed, and everything is compared.
Exit code 0 only when nothing was lost and nothing was repeated beyond what a kill explains.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, select

POINTS = ("case.begun", "case.opened", "case.intended", "case.sent", "case.concluded")
PLAN = "我已经把药吃下去了"
LONGEST = 8.0
"""Seconds after which a round that did not die at its point is killed all the same."""


@dataclass
class Report:
    """What the loop saw."""

    kills: int = 0
    hit: Counter[str] = field(default_factory=Counter[str])
    spoke: int = 0
    answered: int = 0
    cases: int = 0
    letters: int = 0
    repeats: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_json(self) -> str:
        return json.dumps({**vars(self), "hit": dict(self.hit), "seconds": round(self.seconds, 1)})


def main() -> int:
    """The parent: forks one process a round, kills it, and asks the last one to compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--url")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.data.mkdir(parents=True, exist_ok=True)
    # Imported once, here: a forked round begins with everything loaded.
    from tests.killing import rounds

    rounds.warm()
    chance, report, began = random.Random(given.seed), Report(), time.monotonic()
    for number in range(given.kills):
        point = POINTS[number % len(POINTS)] if chance.random() < 0.6 else ""
        _round(given, number, point, chance, report)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{number + 1}/{given.kills} kills, {dict(report.hit)}  ")
    last = given.data / "report.json"
    child = os.fork()
    if child == 0:
        os._exit(_quietly(lambda: asyncio.run(rounds.compare(given.data, given.url, last))))
    _, status = os.waitpid(child, 0)
    if status != 0 or not last.exists():
        report.faults.append("the comparison did not end")
    else:
        for name, value in json.loads(last.read_text()).items():
            setattr(report, name, value)
    if report.repeats > report.kills:
        report.faults.append(f"{report.repeats} repeats for {report.kills} kills")
    report.seconds = time.monotonic() - began
    sys.stdout.write(report.as_json() + "\n")
    return 1 if report.faults else 0


def _round(given: argparse.Namespace, number: int, point: str, chance: random.Random, report: Report) -> None:
    mark = given.data / "crashed"
    mark.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        from tests.killing import rounds

        os._exit(_quietly(lambda: rounds.live(given.data, given.url, number, point, mark)))
    # Without a point, at a random moment of the second in which everything happens.
    until = time.monotonic() + (LONGEST if point else 0.3 + chance.random() * 1.2)
    while time.monotonic() < until:
        done, _ = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.005)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    report.kills += 1
    report.hit[mark.read_text() if mark.exists() else "random"] += 1


def _quietly(work: Callable[[], int | None]) -> int:
    # The parent's own output is the report and nothing else.
    os.dup2(2, 1)
    try:
        return int(work() or 0)
    except BaseException as error:  # noqa: BLE001 - a forked child must never return into the parent's loop
        import traceback

        traceback.print_exception(error)
        return 3


def spoken(connection: Connection, user: str) -> str | None:
    """Our id of a user by the name that the loop gave them."""
    from anban.people.models import users

    return connection.execute(select(users.c.id).where(users.c.ref == user)).scalar()


if __name__ == "__main__":
    sys.exit(main())
