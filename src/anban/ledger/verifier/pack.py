"""Checks an evidence pack: every file against the manifest, the slice, its proofs, and what witnesses hold."""

import hashlib
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .lines import Reading, parsed, read
from .notes import (
    NOTHING,
    Key,
    Note,
    consistent,
    cosigned,
    exactly,
    genuine,
    notes_in,
    read_cosigned,
    read_key,
    read_note,
)
from .report import Findings
from .witness import Held, compare

MANIFEST, SEAL, LEDGER = "manifest.json", "manifest.sig", "ledger.jsonl"
CHECKPOINTS, PROOFS, WITNESSES = "checkpoints.txt", "proofs.json", "witnesses.json"
_NEEDED = (LEDGER, CHECKPOINTS, PROOFS, WITNESSES)
_MOST_FILES = 64
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError)
"""What a damaged or hostile archive makes the library raise."""

_MOST_SMALL = 64 << 20


def is_pack(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"PK\x03\x04"


def read_pack(path: Path, reading: Reading, wishes: dict[str, set[int]]) -> dict[str, Note]:
    """Check everything inside; the newest checkpoint of each log, proven to follow from the slice."""
    findings = reading.findings
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, reading, wishes)
    except _DAMAGED:
        findings.wrong("the archive is damaged")
    return {}


def _read(archive: zipfile.ZipFile, reading: Reading, wishes: dict[str, set[int]]) -> dict[str, Note]:
    findings = reading.findings
    names = archive.namelist()
    manifest = _object(archive, MANIFEST, findings)
    files: dict[str, Any] = manifest["files"] if isinstance(manifest.get("files"), dict) else {}
    if manifest.get("anban") != "pack" or manifest.get("v") != 1 or not files:
        findings.wrong("this is not the manifest of a pack", where=MANIFEST)
        return {}
    if len(names) > _MOST_FILES or sorted(names) != sorted([*files, MANIFEST, SEAL]):
        findings.wrong("the files here are not those of the manifest", where=MANIFEST)
    for name, said in files.items():
        if name in names and said != _sum(archive, name):
            findings.wrong("the file is not as the manifest says", where=name)
    missing = [name for name in _NEEDED if name not in names]
    if missing or findings.problems:
        for name in missing:
            findings.wrong("the file is missing", where=name)
        if missing:
            return {}
    reading.wanted = _with(wishes, archive, findings)
    with archive.open(LEDGER) as file:
        read(file, reading)  # type: ignore[arg-type]
    _sealed(archive, manifest, reading)
    newest = _proven(archive, reading)
    _chained(archive, reading, newest)
    _witnessed(archive, reading, newest)
    return newest


def _small(archive: zipfile.ZipFile, name: str, findings: Findings) -> bytes:
    """A file that fits into memory; nothing when it is missing or does not."""
    if name not in archive.namelist() or archive.getinfo(name).file_size > _MOST_SMALL:
        findings.wrong("the file is missing or far too large", where=name)
        return b""
    return archive.read(name)


def _object(archive: zipfile.ZipFile, name: str, findings: Findings) -> dict[str, Any]:
    """One object on one line; an empty one when it is written in any other way."""
    content = _small(archive, name, findings)
    return parsed(content[:-1]) or {} if content.endswith(b"\n") else {}


def _sum(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as file:
        while part := file.read(1 << 20):
            digest.update(part)
            size += len(part)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _with(wishes: dict[str, set[int]], archive: zipfile.ZipFile, findings: Findings) -> dict[str, set[int]]:
    """The sizes asked for from outside, and those that this pack's own witnesses hold."""
    found = {origin: set(sizes) for origin, sizes in wishes.items()}
    for _, note, _ in _held(archive, findings):
        found.setdefault(note.origin, set()).add(note.size)
    return found


def _sealed(archive: zipfile.ZipFile, manifest: dict[str, Any], reading: Reading) -> None:
    """The manifest itself is signed with the ledger's key, under a name of its own."""
    key = read_key(manifest.get("key"))
    said = f"{manifest.get('deployment')}\n{hashlib.sha256(archive.read(MANIFEST)).hexdigest()}\n"
    name = f"anban/{manifest.get('deployment')}/pack"
    text = _small(archive, SEAL, reading.findings).decode("utf-8", "replace")
    wanted = f"{name}\n{said}\n\u2014 {name} "
    signature = exactly(text[len(wanted) : -1]) if text.startswith(wanted) and text.endswith("\n") else None
    trusted = key is not None and key.name == name and (not reading.pins or key.public in reading.pins)
    ledgers = key is not None and any(each.public == key.public for each in reading.keys.values())
    if key is None or not trusted or not ledgers:
        reading.findings.wrong("the manifest names no key of this ledger", where=MANIFEST)
    elif (
        signature is None
        or signature[:4].hex() != key.id
        or not genuine(key.public, signature[4:], f"{name}\n{said}".encode())
    ):
        reading.findings.wrong("the manifest is not signed by the ledger's key", where=SEAL)
    if manifest.get("deployment") != reading.header.get("deployment"):
        reading.findings.wrong("the manifest and the ledger speak of two deployments", where=MANIFEST)


def _proven(archive: zipfile.ZipFile, reading: Reading) -> dict[str, Note]:
    """The newest checkpoint of each log in the slice, by its proof of consistency."""
    content = _object(archive, PROOFS, reading.findings)
    newest: dict[str, Note] = {}
    proofs: list[Any] = content["logs"] if isinstance(content.get("logs"), list) else []
    of_this_form = (content.get("anban"), content.get("v"), content.keys()) == ("proofs", 1, {"anban", "logs", "v"})
    if not of_this_form or len(proofs) != len(reading.logs):
        reading.findings.wrong("there is not one proof for each log", where=PROOFS)
        return newest
    for number, (said, log) in enumerate(zip(proofs, reading.logs, strict=True), 1):
        note = read_note(said.get("checkpoint")) if isinstance(said, dict) else None
        lines: list[Any] = said["proof"] if isinstance(said, dict) and isinstance(said.get("proof"), list) else [None]
        proof = [exactly(line) if isinstance(line, str) else None for line in lines]
        named = (said.get("log"), said.get("from"), len(said)) if isinstance(said, dict) else ()
        end = log.last.size if log.last else 0
        if note is None or log.last is None or note.origin != log.origin or named != (log.origin, end, 4):
            reading.findings.wrong("a proof that does not belong to its log", number, where=PROOFS)
        elif not consistent(log.last.size, log.last.root, note.size, note.root, [each or b"" for each in proof]):
            reading.findings.wrong("the newest checkpoint does not follow from the entries here", number, where=PROOFS)
        elif reading.signed(note, where=PROOFS):
            newest[log.origin] = note
    return newest


def _chained(archive: zipfile.ZipFile, reading: Reading, newest: dict[str, Note]) -> None:
    """The first and last checkpoint of every log there ever was: each log names the end of the one before."""
    text = _small(archive, CHECKPOINTS, reading.findings).decode("utf-8", "replace")
    notes = [note for _, _, note in notes_in(text) if note is not None]
    ends: dict[str, Note] = {}
    before = NOTHING
    for place, note in enumerate(notes):
        if reading.signed(note, where=CHECKPOINTS) and place % 2 == 0 and note.before != before:
            reading.findings.wrong(f"{note.origin} does not follow the log before", place + 1, where=CHECKPOINTS)
        before, ends[note.origin] = note.digest, note
    rebuilt = "".join(text[start:stop] + "\n" for start, stop, _ in notes_in(text))
    paired = all(first.origin == last.origin for first, last in zip(notes[::2], notes[1::2], strict=False))
    if rebuilt != text or len(notes) % 2 or not paired:
        reading.findings.wrong("these are not the first and last checkpoints of the logs", where=CHECKPOINTS)
    for origin, note in newest.items():
        if origin not in ends or ends[origin].digest != note.digest:
            reading.findings.wrong(f"another newest checkpoint of {origin} than the proof's", where=CHECKPOINTS)


def _held(archive: zipfile.ZipFile, findings: Findings) -> list[tuple[str, Note, Key | None]]:
    """What the pack says that witnesses hold: witness, checkpoint, and the witness's key where it cosigns."""
    content = _object(archive, WITNESSES, findings)
    found: list[tuple[str, Note, Key | None]] = []
    every: Sequence[Any] = content["witnesses"] if isinstance(content.get("witnesses"), list) else [None]
    for number, witness in enumerate(every, 1):
        if not isinstance(witness, dict) or not isinstance(witness.get("held"), list):
            findings.wrong("the record of a witness cannot be read", number, where=WITNESSES)
            continue
        key = read_key(witness["key"]) if witness.get("key") else None
        for each in witness["held"]:
            note = read_cosigned(each.get("note")) if isinstance(each, dict) else None
            if note is None or (witness.get("key") and key is None):
                findings.wrong("the record of a witness cannot be read", number, where=WITNESSES)
            else:
                note.line = number
                found.append((str(witness.get("name")), note, key))
    return found


def _witnessed(archive: zipfile.ZipFile, reading: Reading, newest: dict[str, Note]) -> None:
    for name, note, key in _held(archive, Findings(0)):
        compare(Held(f"{WITNESSES}: {name}", [note]), reading, newest, [])
        if key is not None and not cosigned(note, key):
            reading.findings.wrong(f"the cosignature of {name} is not genuine", note.line, where=WITNESSES)
