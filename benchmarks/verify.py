"""How long `anban verify` takes for a large ledger, and how much memory: 1,000,000 entries within 30 s.

The ledger is written without the service, as three months of evenings leave it: the writer's own entries, tree, notes
and names, straight into the exported form. Run: `python -m benchmarks.verify [--entries N]`.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from anban.base.keys import MasterKeys
from anban.ledger.checkpoint import FIRST, Signer, digest, signer
from anban.ledger.entry import Entry, canonical, leaf
from anban.ledger.kinds import Kind
from anban.ledger.logs import Log, Signed, closing, opening
from anban.ledger.tree import Frontier

RESULTS = Path(__file__).parent / "results" / "verify.json"
ALLOWED_SECONDS = 30.0
EACH = 500
"""Entries under one checkpoint: a busy second."""

START = datetime(2026, 8, 1, tzinfo=UTC)
KINDS = (Kind.RAIL_INPUT_DECIDED, Kind.RAIL_OUTPUT_DECIDED, Kind.TURN_RECORDED, Kind.NOTICE_AI_SHOWN)


def entry(number: int) -> Entry:
    """The `number`th thing that happened: as long as those that a turn leaves behind."""
    facts = {
        "decision": f"dec_{number:028d}", "detectors": ["explicit-3", "trained-7"], "level": number % 3,
        "score": (number % 997) / 1000, "signals": ["distress"], "verdict": "proceed",
    }  # fmt: skip
    return Entry(
        KINDS[number % 4], START + timedelta(milliseconds=number), f"usr_{number % 5000:028d}", "anban",
        "svc_00000000000000000000000001", "3fa9c1d2", facts, id=f"ent_{number:032d}",
    )  # fmt: skip


class Writer:
    """One export, written line by line in one pass."""

    def __init__(self, key: Signer, entries: int) -> None:
        self.key, self.left, self.number = key, entries, 0
        self.before, self.checkpoints, self.origins = FIRST, 0, list[str]()

    def lines(self) -> Iterator[bytes]:
        """Three logs, each with what it ends and begins with."""
        last, signed, seq, share = None, None, 0, self.left // 3
        for month in range(3):
            log = Log(month + 1, f"{self.key.origin}/2026-{8 + month:02d}", "", seq, None, False, START, START, "")
            self.origins.append(log.origin)
            said = {"first": seq, "number": log.number, "origin": log.origin, "peaks": [], "size": 0}
            yield orjson.dumps({"log": said}, option=orjson.OPT_SORT_KEYS) + b"\n"
            edge, count = Frontier(), share if month < 2 else self.left - 2 * share
            own = [opening(log, last, signed, START)] if last is not None else []
            ends = [closing(log, f"{self.key.origin}/2026-{9 + month:02d}", START)] if month < 2 else []
            for done in range(count):
                # The ledger's own entries count among those of the month.
                if done < len(own):
                    one = own[done]
                elif done >= count - len(ends):
                    one = ends[0]
                else:
                    one = entry(self.number)
                self.number += 1
                body = canonical(one)
                hashed = leaf(body)
                edge.append(hashed)
                yield b'{"body":%b,"leaf":"%b","seq":%d}\n' % (body, hashed.hex().encode(), seq)
                seq += 1
                if edge.size % EACH == 0 or done == count - 1:
                    note = self.key.named(log.origin).note(edge.size, edge.root(), START, self.before)
                    self.before, signed = digest(note), Signed(edge.size, edge.root(), note)
                    self.checkpoints += 1
                    yield orjson.dumps({"checkpoint": note.decode()}) + b"\n"
            last = log


def write(path: Path, entries: int) -> None:
    """The export; its header stands first and is known last, so the lines go to a file beside it."""
    key = signer(MasterKeys({1: hashlib.sha256(b"benchmark").digest()}), "benchmark")
    writer, part = Writer(key, entries), path.with_suffix(".lines")
    with open(part, "wb") as file:
        file.writelines(writer.lines())
    said = {
        "anban": "ledger", "checkpoints": writer.checkpoints, "created": "2026-11-01T00:00:00Z",
        "deployment": "benchmark", "entries": entries, "logs": 3, "part": "all", "v": 2,
        "keys": sorted(key.named(origin).verifier_key for origin in writer.origins),
    }  # fmt: skip
    check = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
    with open(path, "wb") as file, open(part, "rb") as lines:
        file.write(orjson.dumps(said | {"check": check}, option=orjson.OPT_SORT_KEYS) + b"\n")
        while piece := lines.read(1 << 20):
            file.write(piece)
    part.unlink()


_CHILD = """
import json, resource, sys, time
from anban.ledger.verifier import verify
began = time.perf_counter()
report = verify(sys.argv[1])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
cpu = time.process_time()
print(json.dumps({"cpu": cpu, "whole": report.whole, "entries": report.entries, "seconds": time.perf_counter() - began,
                  "peak_kib": peak, "child_peak_kib": children}))
"""


def measure(path: Path) -> dict[str, float]:
    """Verify in a process of its own, so that the memory is the verifier's alone."""
    done = subprocess.run([sys.executable, "-c", _CHILD, str(path)], capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


def main() -> int:
    """0 when the ledger was found whole within the time allowed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--entries", type=int, default=1_000_000)
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--write", action="store_true", help="record the figures in benchmarks/results")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        began = time.perf_counter()
        write(path, given.entries)
        made, size = time.perf_counter() - began, path.stat().st_size
        runs = [measure(path) for _ in range(given.runs)]
    seconds = sorted(run["seconds"] for run in runs)
    figures = {
        "entries": given.entries,
        "bytes": size,
        "whole": all(run["whole"] and run["entries"] == given.entries for run in runs),
        "seconds": [round(each, 2) for each in seconds],
        "cpu_seconds": [round(run["cpu"], 2) for run in runs],
        "peak_mib": round(max(run["peak_kib"] + run["child_peak_kib"] for run in runs) / 1024, 1),
        "written_in_seconds": round(made, 1),
        "allowed_seconds": ALLOWED_SECONDS,
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "cpus": len(os.sched_getaffinity(0)),
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    if given.write:
        RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if figures["whole"] and seconds[-1] <= ALLOWED_SECONDS * given.entries / 1_000_000 else 1


if __name__ == "__main__":
    sys.exit(main())
