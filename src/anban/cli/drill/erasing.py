"""`anban drill erase`: what a person said goes, its key is destroyed, and the evidence still verifies."""

import tempfile
import time
from pathlib import Path
from typing import Any

from anban.cli.drill.person import EVERY, GENTLE, Drill
from anban.ledger.verifier import verify

WITHIN = 60.0
"""Seconds within which everything is gone on a service that runs (reliability F8)."""

TURNS = 3


def run(drill: Drill) -> None:
    """Says a few things, asks that everything goes, waits for the receipt, and has an export of the ledger verified."""
    for _ in range(TURNS):
        drill.say(GENTLE)
    people = f"/anban/v1/people/{drill.user}/erasures"
    asked = drill.service.ask("POST", people, {"scope": "all"})
    gone = _until(drill, asked["id"], ("erased", "done"))
    drill.expect("everything is gone within a minute", gone is not None)
    if gone is None:
        return
    drill.expect("every message is counted in the receipt", gone["erased"].get("turns") == TURNS)
    drill.expect("the receipt says what stays and why", all(each["clauses"] for each in gone["stays"]))
    if drill.demo:
        drill.clock(minutes=drill.rules.number("erasure-settle-minutes") + 1)
        drill.expect("the old key is destroyed", _until(drill, asked["id"], ("done",)) is not None)
    drill.expect("the ledger verifies afterwards", _verifies(drill))


def _until(drill: Drill, erasure: str, states: tuple[str, ...]) -> dict[str, Any] | None:
    ends = time.monotonic() + WITHIN
    while True:
        told = drill.service.ask("GET", f"/anban/v1/erasures/{erasure}")
        if told["state"] in states:
            return told
        if time.monotonic() >= ends:
            return None
        time.sleep(EVERY)


def _verifies(drill: Drill) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "ledger.jsonl"
        export.write_bytes(drill.service.raw("GET", "/anban/v1/ledger/export"))
        return verify(export).whole
