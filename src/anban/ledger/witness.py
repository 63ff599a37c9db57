"""What passes between the ledger and a witness outside: notes, requests, cosignatures, bundle records (pure)."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from anban.base.errors import Misconfigured

MOST_COSIGNATURES = 15
"""Lines that a note carries beside the log's own (signed note: readers take sixteen)."""

COSIGNED = b"\x04"
_STAMP, _SIGNATURE = 8, 64
_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+=*)")
_CHECKPOINT = re.compile(
    rb"(?P<origin>[!-~]+)\n(?P<size>[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*"
    rb"\n(?:\xe2\x80\x94 [^\n]+\n)+"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a checkpoint says: so many entries of this log, with this root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Cosigner:
    """The key of a witness that cosigns (C2SP tlog-cosignature, Ed25519)."""

    name: str
    id: bytes
    public: bytes


def cosigner(key: str) -> Cosigner:
    """The cosigner that a verifier key `name+id+base64` names. Raises `Misconfigured`."""
    name, _, rest = key.partition("+")
    identifier, _, encoded = rest.partition("+")
    try:
        content = base64.b64decode(encoded, validate=True)
        found = Cosigner(name, bytes.fromhex(identifier), content[1:])
    except ValueError:
        raise Misconfigured("a witness's key is name+id+base64", field="key") from None
    known = hashlib.sha256(name.encode() + b"\n" + content).digest()[:4]
    if content[:1] != COSIGNED or len(found.public) != 32 or found.id != known or not name:
        raise Misconfigured("a witness's key is an Ed25519 cosignature key (type 4) with its own id", field="key")
    return found


def claim(note: bytes) -> Claim | None:
    """What a note says; None when it is no checkpoint."""
    match = _CHECKPOINT.fullmatch(note)
    if match is None:
        return None
    return Claim(match["origin"].decode(), int(match["size"]), base64.b64decode(match["root"]))


def last_claim(content: bytes, origin: str) -> Claim | None:
    """The last checkpoint of one log among notes that stand one after another."""
    found = None
    for match in _CHECKPOINT.finditer(content):
        if match["origin"] == origin.encode():
            found = Claim(origin, int(match["size"]), base64.b64decode(match["root"]))
    return found


def add_checkpoint(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """The body of C2SP `add-checkpoint`: what the witness should hold, the proof from there, the checkpoint."""
    lines = [f"old {old}", *(base64.b64encode(each).decode() for each in proof), "", ""]
    return "\n".join(lines).encode() + note


def cosignatures(answer: bytes, note: bytes, key: Cosigner) -> tuple[bytes, ...]:
    """The signature lines of an answer that are truly this witness's over `note`; others are left aside."""
    said = note[: note.rindex(b"\n\n") + 1]
    found: list[bytes] = []
    for line in answer.decode("utf-8", "replace").splitlines():
        match = _LINE.fullmatch(line)
        if match is not None and match["name"] == key.name and _holds(match["signature"], said, key):
            found.append(f"{line}\n".encode())
    return tuple(found[:MOST_COSIGNATURES])


def _holds(encoded: str, said: bytes, key: Cosigner) -> bool:
    try:
        content = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    if len(content) != len(key.id) + _STAMP + _SIGNATURE or not content.startswith(key.id):
        return False
    time = int.from_bytes(content[len(key.id) : len(key.id) + _STAMP], "big")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(
            content[-_SIGNATURE:], f"cosignature/v1\ntime {time}\n".encode() + said
        )
    except InvalidSignature:
        return False
    return True


def first_record(note: bytes) -> bytes:
    """The first line of a bundle."""
    return _record(note, hashlib.sha256().hexdigest(), 1)


def next_record(last: bytes, note: bytes) -> bytes | None:
    """The line that follows `last` in a bundle: it holds the hash of the whole line before, as a commit does.

    None when `last` is no record.
    """
    number = record_number(last)
    return None if number is None else _record(note, hashlib.sha256(last).hexdigest(), number + 1)


def record_number(line: bytes) -> int | None:
    """The number of a bundle's record; None when it is none."""
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    number = content.get("n") if isinstance(content, dict) and content.get("anban") == "bundle" else None
    return number if isinstance(number, int) else None


def record_note(line: bytes) -> bytes:
    """The checkpoint in a bundle's record; nothing when it has none."""
    if record_number(line) is None:
        return b""
    note = orjson.loads(line).get("checkpoint")
    return note.encode() if isinstance(note, str) else b""


def _record(note: bytes, before: str, number: int) -> bytes:
    said = {"anban": "bundle", "before": before, "checkpoint": note.decode(), "n": number, "v": 1}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
