"""Checks an export or an evidence pack with nothing but the file: no database, no line of code shared with the writer.

This folder can be read, copied and run alone (`python3 -m verifier FILE`); it needs Python and the `cryptography`
package. What it proves, and what only an outside witness can prove, is said in `docs/evidence.md`.
"""

import base64
from collections.abc import Sequence
from pathlib import Path

from .lines import Reading, read
from .notes import Key, Note, exactly, read_key
from .pack import is_pack, read_pack
from .report import MOST_PROBLEMS, Findings, LogSeen, Problem, Report, WitnessSeen
from .witness import compare, read_held, wanted

__all__ = ["LogSeen", "Problem", "Report", "WitnessSeen", "verify"]


def verify(
    path: Path | str,
    public_key: str | Sequence[str] | None = None,
    *,
    witnesses: Sequence[Path | str] = (),
    witness_key: str | Sequence[str] | None = None,
    until: str = "",
    most_problems: int = MOST_PROBLEMS,
) -> Report:
    """Check the export or pack at `path`, up to the place where `most_problems` have been found.

    `public_key`: the key or keys that the reader trusts, got elsewhere than from this file: base64 of 32 bytes, or a
    verifier key; without one the file's own keys are believed, which proves that it fits together but not whose it is.
    `witnesses`: files or folders as outside parties hold them; whatever they hold must be here, the same.
    `witness_key`: verifier keys of witnesses that cosign. `until` leaves out what witnesses hold from after that
    moment. Raises `OSError` when there is no such file and `ValueError` for a key that is none; damage never raises.
    """
    reading = Reading(Findings(most_problems), frozenset(_trusted(text) for text in _given(public_key)))
    keys = [_witness_key(text) for text in _given(witness_key)]
    held = [read_held(Path(each), reading.findings, until) for each in witnesses]
    newest: dict[str, Note] = {}
    if is_pack(Path(path)):
        newest = read_pack(Path(path), reading, wanted(held))
    else:
        reading.wanted = wanted(held)
        with open(path, "rb") as file:
            read(file, reading)
    seen = tuple(compare(each, reading, newest, keys) for each in held)
    return _report(reading, seen)


def _report(reading: Reading, seen: tuple[WitnessSeen, ...]) -> Report:
    logs = reading.seen()
    return Report(
        whole=not reading.findings.problems,
        entries=reading.entries,
        signed=sum(max(0, log.signed - log.start) for log in logs),
        checkpoints=reading.checkpoints,
        deployment=str(reading.header.get("deployment", "")),
        created=str(reading.header.get("created", "")),
        part=str(reading.header.get("part", "all")),
        keys=tuple(sorted({base64.b64encode(key.public).decode() for key in reading.keys.values()})),
        root=logs[-1].root if logs else "",
        logs=logs,
        witnesses=seen,
        problems=tuple(sorted(reading.findings.problems, key=lambda problem: (problem.where, problem.line))),
    )


def _given(keys: str | Sequence[str] | None) -> list[str]:
    return [keys] if isinstance(keys, str) else list(keys or ())


def _trusted(text: str) -> bytes:
    key = read_key(text.strip())
    public = key.public if key else exactly(text.strip())
    if public is None or len(public) != 32:
        raise ValueError("a public key is 32 bytes, written as base64")
    return public


def _witness_key(text: str) -> Key:
    key = read_key(text.strip())
    if key is None:
        raise ValueError("a witness's key is a verifier key: name+id+base64")
    return key
