"""Signed notes, keys and the Merkle tree, written anew from the C2SP documents and RFC 6962."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NOTHING = hashlib.sha256().hexdigest()
MOST_SIGNATURES = 16
PLAIN, COSIGNED = 1, 4

_NOTE = (
    r"(?P<said>(?P<origin>[!-~]+)\n(?P<size>[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"time (?P<time>[0-9T:.-]{26}Z)\nbefore (?P<before>[0-9a-f]{64})\n)"
    r"\n\u2014 (?P<signer>[!-~]+) (?P<signature>[A-Za-z0-9+/]{91}=)\n"
)
_ALONE = re.compile(_NOTE)
_ANYWHERE = re.compile(_NOTE + r"(?P<more>(?:\u2014 [!-~]+ [A-Za-z0-9+/]+=*\n)*)")
_MORE = re.compile(r"\u2014 ([!-~]+) ([A-Za-z0-9+/]+=*)\n")


@dataclass
class Note:
    """A checkpoint. `key` is the id that its signature names, `digest` what the next one calls it; `more` are the
    signature lines of others, as name and bytes."""

    origin: str
    size: int
    root: bytes
    time: str
    before: str
    said: bytes
    key: str
    signature: bytes
    digest: str
    more: tuple[tuple[str, bytes], ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Key:
    """A public key under a name; `kind` 1 signs notes, 4 cosigns them with a time."""

    name: str
    id: str
    kind: int
    public: bytes


@dataclass
class Tree:
    """A Merkle tree of which only the edge is kept."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list[bytes])

    def add(self, leaf: bytes) -> None:
        size, peaks = self.size, self.peaks
        while size & 1:
            leaf = hashlib.sha256(b"\x01" + peaks.pop() + leaf).digest()
            size >>= 1
        peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        node = b""
        for peak in reversed(self.peaks):
            node = hashlib.sha256(b"\x01" + peak + node).digest() if node else peak
        return node


def exactly(text: str) -> bytes | None:
    """The bytes, or None unless `text` is the one way to write them: spare bits in the last character may hide."""
    try:
        content = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if base64.b64encode(content).decode() == text else None


def key_id(name: str, kind: int, public: bytes) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace") + b"\n" + bytes([kind]) + public).hexdigest()[:8]


def read_key(text: object) -> Key | None:
    """A verifier key `name+id+base64`; None when it is none, or does not belong to its id."""
    parts = text.split("+", 2) if isinstance(text, str) else []
    content = exactly(parts[2]) if len(parts) == 3 else None
    if content is None or len(content) != 33 or content[0] not in (PLAIN, COSIGNED):
        return None
    found = Key(parts[0], parts[1], content[0], content[1:])
    return found if found.id == key_id(found.name, found.kind, found.public) else None


def read_note(text: object) -> Note | None:
    """The checkpoint that `text` is, with one signature and no byte beside; None when it is none."""
    match = _ALONE.fullmatch(text) if isinstance(text, str) else None
    return _note(match) if match else None


def read_cosigned(text: object) -> Note | None:
    """The checkpoint that `text` is, with the signature lines of others behind the log's own."""
    match = _ANYWHERE.fullmatch(text) if isinstance(text, str) else None
    return _note(match, _others(match["more"])) if match else None


def notes_in(text: str) -> Iterator[tuple[int, int, Note | None]]:
    """Every checkpoint in `text`, with where it begins and ends; None for one that is written in an odd way."""
    for match in _ANYWHERE.finditer(text):
        yield match.start(), match.end(), _note(match, _others(match["more"]))


def _others(lines: str) -> tuple[tuple[str, bytes], ...] | None:
    found = [(name, exactly(signature)) for name, signature in _MORE.findall(lines)]
    if len(found) >= MOST_SIGNATURES or any(signature is None for _, signature in found):
        return None
    return tuple((name, signature or b"") for name, signature in found)


def _note(match: "re.Match[str]", more: tuple[tuple[str, bytes], ...] | None = ()) -> Note | None:
    root, signature = exactly(match["root"]), exactly(match["signature"])
    if root is None or signature is None or more is None or match["origin"] != match["signer"]:
        return None
    alone = match["said"] + f"\n\u2014 {match['signer']} {match['signature']}\n"
    return Note(
        match["origin"], int(match["size"]), root, match["time"], match["before"], match["said"].encode(),
        signature[:4].hex(), signature[4:], hashlib.sha256(alone.encode()).hexdigest(), more,
    )  # fmt: skip


def genuine(public: bytes, signature: bytes, said: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, said)
    except (InvalidSignature, ValueError):
        return False
    return True


def cosigned(note: Note, key: Key) -> bool | None:
    """Whether `key` cosigned the note (C2SP cosignature/v1); None when no line is of this key."""
    lines = [signature[4:] for name, signature in note.more if name == key.name and signature[:4].hex() == key.id]
    if not lines:
        return None
    for line in lines:
        if len(line) != 72:
            return False
        time = int.from_bytes(line[:8], "big")
        if not genuine(key.public, line[8:], f"cosignature/v1\ntime {time}\n".encode() + note.said):
            return False
    return True


def consistent(earlier: int, earlier_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows the first `earlier` leaves unchanged in the tree of `size` (RFC 6962 section 2.1.2)."""
    if earlier == size:
        return not proof and earlier_root == root
    if not 0 < earlier < size:
        return False
    left = list(proof)
    rebuilt = _rebuilt(earlier, size, earlier_root, left, whole=True)
    return rebuilt == (earlier_root, root) and not left


def _rebuilt(
    earlier: int, size: int, earlier_root: bytes, left: list[bytes], *, whole: bool
) -> tuple[bytes, bytes] | None:
    """The roots of the first `earlier` and of all `size` leaves, as the proof tells them; it is eaten from its end."""
    if earlier == size:
        known = earlier_root if whole else (left.pop(0) if left else None)
        return None if known is None else (known, known)
    middle = 1 << (size - 1).bit_length() - 1
    if earlier <= middle:
        inner = _rebuilt(earlier, middle, earlier_root, left, whole=whole)
        if inner is None or not left:
            return None
        return inner[0], hashlib.sha256(b"\x01" + inner[1] + left.pop(0)).digest()
    inner = _rebuilt(earlier - middle, size - middle, earlier_root, left, whole=False)
    if inner is None or not left:
        return None
    beside = left.pop(0)
    old, new = (hashlib.sha256(b"\x01" + beside + each).digest() for each in inner)
    return old, new
