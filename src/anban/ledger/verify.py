"""Checks an exported ledger with nothing but the file: no database, and no line of code shared with the writer.

This file can be read, copied and run alone; it needs Python and the `cryptography` package. What it proves, and what
only an outside witness can prove, is said in `docs/ledger.md`.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LONGEST_LINE = 1 << 20
MOST_PROBLEMS = 1000

_HEADER = {"anban", "check", "checkpoints", "created", "deployment", "entries", "keys", "v"}
_BODY = {"actor", "at", "facts", "id", "kind", "late", "rulebook", "service", "subject", "v"}
_NOTE = re.compile(
    r"(?P<said>(?P<origin>[!-~]+)\n(?P<size>[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"time [0-9T:.-]{26}Z\nbefore (?P<before>[0-9a-f]{64})\n)"
    r"\n\u2014 (?P<signer>[!-~]+) (?P<signature>[A-Za-z0-9+/]{91}=)\n"
)
_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was written; `line` counts from 1, `seq` is the entry where one can be named."""

    line: int
    seq: int | None
    what: str


@dataclass(frozen=True)
class Report:
    """`whole` when nothing is wrong. `signed` of the `entries` stand under a checkpoint, the rest are not yet signed.

    `size` and `root` (hex) are what the last checkpoint signs: compare them with those a witness has kept.
    """

    whole: bool
    entries: int
    signed: int
    checkpoints: int
    deployment: str
    keys: tuple[str, ...]
    root: str
    problems: tuple[Problem, ...]


@dataclass
class _Checkpoint:
    line: int
    size: int
    root: bytes
    before: str
    said: bytes
    key: str
    signature: bytes
    digest: str


@dataclass
class _Reading:
    pins: frozenset[bytes]
    problems: list[Problem] = field(default_factory=list[Problem])
    header: dict[str, Any] = field(default_factory=dict[str, Any])
    keys: dict[str, bytes] = field(default_factory=dict[str, bytes])
    line: int = 0
    entries: int = 0
    checkpoints: int = 0
    expected: int = 0
    peaks: list[bytes] = field(default_factory=list[bytes])
    tree_known: bool = True
    last: _Checkpoint | None = None

    def wrong(self, what: str, seq: int | None = None, line: int | None = None) -> None:
        self.problems.append(Problem(line or self.line, seq, what))


def verify(
    path: Path | str, public_key: str | Sequence[str] | None = None, *, most_problems: int = MOST_PROBLEMS
) -> Report:
    """Check the export at `path`, line by line, up to the line where `most_problems` have been found.

    `public_key`: the key or keys (base64 of 32 bytes) that the reader trusts, got elsewhere than from this file;
    without one the file's own keys are believed, which proves that it fits together but not whose it is. Raises
    `OSError` when there is no such file and `ValueError` for a `public_key` that is none; damage never raises.
    """
    given = [public_key] if isinstance(public_key, str) else list(public_key or ())
    reading = _Reading(frozenset(_trusted(text) for text in given))
    with open(path, "rb") as file:
        for line in _lines(file, reading):
            _look_at(line, reading)
            if len(reading.problems) >= most_problems:
                break
        else:
            _finish(reading)
    last = reading.last
    return Report(
        whole=not reading.problems,
        entries=reading.entries,
        signed=last.size if last else 0,
        checkpoints=reading.checkpoints,
        deployment=str(reading.header.get("deployment", "")),
        keys=tuple(base64.b64encode(key).decode() for key in reading.keys.values()),
        root=last.root.hex() if last else "",
        problems=tuple(sorted(reading.problems, key=lambda problem: problem.line)),
    )


def _trusted(text: str) -> bytes:
    key = _base64(text.strip())
    if key is None or len(key) != 32:
        raise ValueError("a public key is 32 bytes, written as base64")
    return key


def _base64(text: str) -> bytes | None:
    """The bytes, or None unless `text` is the one way to write them: spare bits in the last character may hide."""
    try:
        content = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if base64.b64encode(content).decode() == text else None


def _lines(file: BinaryIO, reading: _Reading) -> Iterator[bytes]:
    """Each line without its end; one that is cut off or endless is a problem and not given."""
    while line := file.readline(LONGEST_LINE):
        reading.line += 1
        if line.endswith(b"\n"):
            yield line[:-1]
            continue
        reading.tree_known = False
        reading.wrong("the line is cut off" if len(line) < LONGEST_LINE else "the line is far too long")
        while len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE)


def _look_at(line: bytes, reading: _Reading) -> None:
    content = _parsed(line)
    if reading.line == 1:
        _header(content, reading)
    elif content is None:
        reading.tree_known = False
        reading.wrong("the line is not canonical JSON")
    elif content.keys() == {"body", "leaf", "seq"}:
        _entry(line, content, reading)
    elif content.keys() == {"checkpoint"}:
        _checkpoint(content["checkpoint"], reading)
    else:
        reading.tree_known = False
        reading.wrong("neither an entry nor a checkpoint")


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The object on this line; None unless the line is exactly how that object is written."""
    try:
        text = line.decode("utf-8")
        content = json.loads(text)
        return content if isinstance(content, dict) and _encode(content) == text else None
    except (ValueError, RecursionError):
        return None


def _header(content: dict[str, Any] | None, reading: _Reading) -> None:
    if content is None or content.keys() != _HEADER or content["anban"] != "ledger":
        reading.wrong("this is not the header of a ledger export")
        return
    said = _encode({name: value for name, value in content.items() if name != "check"})
    if hashlib.sha256(said.encode()).hexdigest() != content["check"]:
        reading.wrong("the header is not as it was written")
    if type(content["v"]) is not int or content["v"] != 1:
        reading.wrong("a version of the format that this program does not know")
    reading.header = content
    keys = content["keys"] if isinstance(content["keys"], dict) else {}
    for name, text in keys.items():
        key = _base64(text) if isinstance(text, str) else None
        if key is None or len(key) != 32 or name != _key_id(f"anban/{content['deployment']}", key):
            reading.wrong("a public key in the header does not belong to its name")
        else:
            reading.keys[name] = key


def _key_id(origin: str, key: bytes) -> str:
    return hashlib.sha256(origin.encode("utf-8", "replace") + b"\n\x01" + key).hexdigest()[:8]


def _entry(line: bytes, content: dict[str, Any], reading: _Reading) -> None:
    body, leaf, seq = content["body"], content["leaf"], content["seq"]
    if type(seq) is not int or not isinstance(leaf, str) or not re.fullmatch("[0-9a-f]{64}", leaf):
        reading.tree_known = False
        reading.wrong("an entry without a proper number or hash")
        return
    reading.entries += 1
    if seq != reading.expected:
        reading.tree_known = False
        reading.wrong(f"entry {reading.expected} should stand here, this is {seq}", seq)
    reading.expected = seq + 1
    if not isinstance(body, dict) or body.keys() != _BODY or body["v"] != 1:
        reading.wrong("an entry in a form that this program does not know", seq)
    # Sorted keys put the body first, so its bytes are what lies between the two fixed ends.
    written = line[len(b'{"body":') : -len(f',"leaf":"{leaf}","seq":{seq}}}'.encode())]
    claimed = bytes.fromhex(leaf)
    if hashlib.sha256(b"\x00" + written).digest() != claimed:
        reading.wrong("the entry does not match its hash", seq)
    # The tree is built from what the lines claim: one altered body is then one problem, at its own line.
    _grow(reading.peaks, reading.entries - 1, claimed)


def _grow(peaks: list[bytes], size: int, node: bytes) -> None:
    while size & 1:
        node = hashlib.sha256(b"\x01" + peaks.pop() + node).digest()
        size >>= 1
    peaks.append(node)


def _root(peaks: list[bytes]) -> bytes:
    node = b""
    for peak in reversed(peaks):
        node = hashlib.sha256(b"\x01" + peak + node).digest() if node else peak
    return node


def _checkpoint(note: object, reading: _Reading) -> None:
    reading.checkpoints += 1
    match = _NOTE.fullmatch(note) if isinstance(note, str) else None
    root = _base64(match["root"]) if match else None
    signature = _base64(match["signature"]) if match else None
    origin = f"anban/{reading.header.get('deployment', '')}"
    if match is None or root is None or signature is None or match["origin"] != origin or match["signer"] != origin:
        reading.wrong("a checkpoint that does not read as one of this deployment")
        _settle(reading, None)
        return
    found = _Checkpoint(
        line=reading.line,
        size=int(match["size"]),
        root=root,
        before=match["before"],
        said=match["said"].encode(),
        key=signature[:4].hex(),
        signature=signature[4:],
        digest=hashlib.sha256(match[0].encode()).hexdigest(),
    )
    _settle(reading, found)
    if found.size != reading.expected:
        reading.tree_known = False
        reading.wrong(f"a checkpoint over {found.size} entries stands behind entry {reading.expected - 1}")
    elif reading.tree_known and _root(reading.peaks) != found.root:
        first = reading.last.size if reading.last else 0
        reading.tree_known = False
        reading.wrong(f"entries {first} to {found.size - 1} are not those that were signed", first)
    reading.last = found


def _settle(reading: _Reading, following: _Checkpoint | None) -> None:
    """Check the signature of the checkpoint before, unless the one that follows signs over it and the same key does."""
    last = reading.last
    if last is None:
        if following and reading.checkpoints == 1 and following.before != hashlib.sha256().hexdigest():
            reading.wrong("the first checkpoint names another before it")
        return
    if following and following.before == last.digest and following.key == last.key:
        return
    genuine = _signed(last, reading)
    if following and following.before != last.digest and genuine:
        reading.wrong("this checkpoint does not follow the one before")


def _signed(checkpoint: _Checkpoint, reading: _Reading) -> bool:
    key = reading.keys.get(checkpoint.key)
    if key is None:
        reading.wrong("a checkpoint signed by a key that the header does not name", line=checkpoint.line)
        return False
    if reading.pins and key not in reading.pins:
        reading.wrong("a checkpoint signed by another key than the one trusted", line=checkpoint.line)
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(checkpoint.signature, checkpoint.said)
    except (InvalidSignature, ValueError):
        reading.wrong("the signature of a checkpoint is not genuine", line=checkpoint.line)
        return False
    return True


def _finish(reading: _Reading) -> None:
    _settle(reading, None)
    if reading.line == 0:
        reading.wrong("the file is empty", line=1)
    elif reading.header:
        for name, found in (("entries", reading.entries), ("checkpoints", reading.checkpoints)):
            if reading.header[name] != found:
                reading.wrong(f"the header says {reading.header[name]} {name}, there are {found}", line=1)
    if reading.pins and reading.last is None:
        reading.wrong("nothing here is signed by the key trusted", line=1)
