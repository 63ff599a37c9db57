"""Every single bit of an exported ledger flipped, one at a time, and every edit of its structure.

The verifier's state before each line is kept, so a flip costs the line that it is in and those up to where it shows.
`python -m tests.ledger.tampering` does all of it on 2,000 entries (`make tamper`); the tests do each twentieth line.
"""

import argparse
import asyncio
import io
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from anban.ledger.verifier.lines import Log, Reading, feed, read
from anban.ledger.verifier.notes import Tree
from anban.ledger.verifier.report import Findings
from tests import stores
from tests.ledger import scenes

ENTRIES = 2000
EACH = 25


async def grown(path: Path, entries: int) -> Path:
    """A ledger of two months: two logs, the end of one and the beginning of the other."""
    async with stores.opened(f"sqlite:///{path.with_suffix('.db')}") as db:
        placing = scenes.sequencer(db)
        for start in range(0, entries - 2, EACH):
            last = min(start + EACH, entries - 2)
            await scenes.write_all(db, (scenes.entry(number) for number in range(start, last)))
            await placing.run_once(scenes.NIGHT + timedelta(days=0 if start < entries // 2 else 31, seconds=start))
        return await scenes.exported(db, path)


@dataclass(frozen=True)
class States:
    """An export's lines, and how far the verifier is before each of them."""

    lines: Sequence[bytes]
    before: Sequence[Reading]

    def rest(self, line: int) -> bytes:
        return b"".join(self.lines[line:])


def states(path: Path) -> States:
    """Read an export that is whole, line by line."""
    lines = path.read_bytes().splitlines(keepends=True)
    reading = Reading(Findings(1), frozenset())
    before: list[Reading] = []
    for line in lines:
        before.append(copied(reading))
        feed(io.BytesIO(line), reading)
    assert not reading.findings.problems
    return States(lines, before)


def copied(reading: Reading) -> Reading:
    """The same state once more, with nothing in common that reading on would change."""
    logs = [*reading.logs[:-1], _log(reading.logs[-1])] if reading.logs else []
    return replace(
        reading, findings=Findings(1), logs=logs, keys=dict(reading.keys), fresh=set(reading.fresh),
        named=set(reading.named), wanted=reading.wanted,
    )  # fmt: skip


def _log(log: Log) -> Log:
    return replace(log, tree=Tree(log.tree.size, list(log.tree.peaks)), wanted=list(log.wanted), roots=dict(log.roots))


def found(of: States, line: int, changed: bytes, then: int) -> bool:
    """Whether it shows when `changed` stands from `line` on, and the export goes on with line `then`."""
    reading = copied(of.before[line])
    if changed.endswith(b"\n") and not feed(io.BytesIO(changed), reading):
        return True
    if not changed.endswith(b"\n"):
        reading = copied(of.before[line])
        read(io.BytesIO(changed + of.rest(then)), reading)
    else:
        read(io.BytesIO(of.rest(then)), reading)
    return bool(reading.findings.problems)


def unnoticed_bits(of: States, line: int) -> list[tuple[int, int, int]]:
    """The bits of one line that can be flipped without anybody noticing: there are none."""
    content = of.lines[line]
    missed: list[tuple[int, int, int]] = []
    for at in range(len(content)):
        for bit in range(8):
            changed = content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
            if not found(of, line, changed, line + 1):
                missed.append((line, at, bit))
    return missed


def structural(of: States) -> Iterator[tuple[str, int, bool]]:
    """Each line left out, doubled, swapped with the next, put in elsewhere; and the file cut off behind each.

    The header stays as it was: `found` reads on to the end, where it counts.
    """
    lines = of.lines
    for line in range(len(lines)):
        yield "deleted", line, found(of, line, b"", line + 1) if line + 1 < len(lines) else _cut(of, line)
        yield "doubled", line, found(of, line, lines[line] * 2, line + 1)
        if line + 1 < len(lines):
            yield "swapped", line, found(of, line, lines[line + 1] + lines[line], line + 2)
        yield "inserted", line, found(of, line, lines[len(lines) // 2] + lines[line], line + 1)
        if line:
            yield "cut off", line, _cut(of, line)


def _cut(of: States, line: int) -> bool:
    reading = copied(of.before[line])
    read(io.BytesIO(b""), reading)
    return bool(reading.findings.problems)


_shared: list[States] = []
"""What the processes that look have in common: the export, read once before they part."""


def _look(line: int) -> list[tuple[int, int, int]]:
    return unnoticed_bits(_shared[0], line)


def main() -> int:
    """0 when nothing went unnoticed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--entries", type=int, default=ENTRIES)
    given = asked.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = asyncio.run(grown(Path(folder) / "ledger.jsonl", given.entries))
        of = states(path)
    _shared.append(of)
    bits = sum(len(line) for line in of.lines) * 8
    with multiprocessing.get_context("fork").Pool(len(os.sched_getaffinity(0))) as pool:
        missed = [each for some in pool.imap_unordered(_look, range(len(of.lines)), 16) for each in some]
    edits = list(structural(of))
    wrong = [(name, line) for name, line, noticed in edits if not noticed]
    sys.stdout.write(
        f"{given.entries} entries: {bits:,} bits flipped, {len(missed)} unnoticed; {len(edits):,} edits,"
        f" {len(wrong)} unnoticed; {time.monotonic() - began:.0f} s\n{missed[:20]}{wrong[:20]}\n"
    )
    return 1 if missed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
