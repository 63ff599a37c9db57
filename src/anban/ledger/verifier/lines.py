"""Goes through an export line by line: every byte accounted for, every root recomputed, every signature checked."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from .notes import NOTHING, PLAIN, Key, Note, Tree, exactly, genuine, key_id, read_key, read_note
from .report import Findings, LogSeen

LONGEST_LINE = 1 << 20

_HEADER = {"anban", "check", "checkpoints", "created", "deployment", "entries", "keys", "logs", "part", "v"}
_HEADER_1 = _HEADER - {"logs", "part"}
_LOG = {"first", "number", "origin", "peaks", "size"}
_BODY = {"actor", "at", "facts", "id", "kind", "late", "rulebook", "service", "subject", "v"}
# Sorted keys put the body first, so its bytes are what lies between two fixed ends.
_ENTRY = re.compile(rb'\{"body":(\{.*\}),"leaf":"([0-9a-f]{64})","seq":(0|[1-9][0-9]{0,18})\}')

encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().decode
_sha256 = hashlib.sha256


@dataclass
class Log:
    """One log on its way through: `first` entries stand before it, the file begins at its entry `start`."""

    origin: str
    number: int
    first: int
    start: int
    tree: Tree
    known: bool = True
    last: Note | None = None
    opened: dict[str, Any] | None = None
    kind: str = ""
    wanted: list[int] = field(default_factory=list[int])
    roots: dict[int, bytes] = field(default_factory=dict[int, bytes])

    def note_root(self) -> None:
        self.wanted.pop()
        self.roots[self.tree.size] = self.tree.root()


@dataclass
class Reading:
    """An export as far as it has been read. `pins` are the keys that the reader trusts; `wanted` sizes by log."""

    findings: Findings
    pins: frozenset[bytes]
    wanted: dict[str, set[int]] = field(default_factory=dict[str, set[int]])
    header: dict[str, Any] = field(default_factory=dict[str, Any])
    keys: dict[str, Key] = field(default_factory=dict[str, Key])
    logs: list[Log] = field(default_factory=list[Log])
    line: int = 0
    entries: int = 0
    checkpoints: int = 0
    signs: bytes = b""
    fresh: set[bytes] = field(default_factory=set[bytes])
    named: set[bytes] = field(default_factory=set[bytes])
    """Keys that entries hand over to: `fresh` stand behind the last checkpoint, `named` under one."""

    def wrong(self, what: str, seq: int | None = None, line: int | None = None) -> None:
        self.findings.wrong(what, line or self.line, seq)

    @property
    def whole_ledger(self) -> bool:
        return self.header.get("part", "all") == "all"

    def signed(self, note: Note, where: str = "") -> bool:
        """Whether a known and trusted key has signed the checkpoint; tells what is wrong."""
        key = self.keys.get(note.key)
        if key is None or key.name != note.origin:
            what = "a checkpoint signed by a key that the header does not name"
        elif self.pins and key.public not in self.pins:
            what = "a checkpoint signed by another key than the one trusted"
        elif not genuine(key.public, note.signature, note.said):
            what = "the signature of a checkpoint is not genuine"
        else:
            return True
        self.findings.wrong(what, note.line or 1, where=where)
        return False

    def seen(self) -> tuple[LogSeen, ...]:
        return tuple(
            LogSeen(
                log.origin, log.start, log.tree.size, log.last.size if log.last else 0,
                log.last.root.hex() if log.last else "",
            )
            for log in self.logs
        )  # fmt: skip


def read(file: BinaryIO, reading: Reading) -> None:
    """Read the whole export, up to the line where enough problems have been found."""
    if feed(file, reading):
        _finish(reading)


def feed(file: BinaryIO, reading: Reading) -> bool:
    """Read the lines of `file` behind what was read before; False when enough problems have been found."""
    for line in _lines(file, reading):
        match = _ENTRY.fullmatch(line) if reading.line > 1 else None
        if match:
            _entry(match, reading)
        else:
            _other(line, reading)
        if reading.findings.full:
            return False
    return True


def _lines(file: BinaryIO, reading: Reading) -> Iterator[bytes]:
    """Each line without its end; one that is cut off or endless is a problem and not given."""
    while line := file.readline(LONGEST_LINE):
        reading.line += 1
        if line.endswith(b"\n"):
            yield line[:-1]
            continue
        _lose_the_tree(reading)
        reading.wrong("the line is cut off" if len(line) < LONGEST_LINE else "the line is far too long")
        while len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE)


def _lose_the_tree(reading: Reading) -> None:
    if reading.logs:
        reading.logs[-1].known = False


def parsed(line: bytes) -> dict[str, Any] | None:
    """The object on this line; None unless the line is exactly how that object is written."""
    try:
        text = line.decode("utf-8")
        content = _decode(text)
        return content if isinstance(content, dict) and encode(content) == text else None
    except (ValueError, RecursionError):
        return None


def _other(line: bytes, reading: Reading) -> None:
    content = parsed(line)
    if reading.line == 1:
        _header(content, reading)
    elif content is None:
        _lose_the_tree(reading)
        reading.wrong("the line is not canonical JSON")
    elif content.keys() == {"log"}:
        _log(content["log"], reading)
    elif content.keys() == {"checkpoint"}:
        _checkpoint(content["checkpoint"], reading)
    else:
        _lose_the_tree(reading)
        an_entry = content.keys() == {"body", "leaf", "seq"}
        reading.wrong(
            "an entry without a proper number or hash" if an_entry else "neither an entry, a log nor a checkpoint"
        )


def _header(content: dict[str, Any] | None, reading: Reading) -> None:
    if content is None or content.keys() not in (_HEADER, _HEADER_1) or content["anban"] != "ledger":
        reading.wrong("this is not the header of a ledger export")
        return
    said = encode({name: value for name, value in content.items() if name != "check"})
    if _sha256(said.encode()).hexdigest() != content["check"]:
        reading.wrong("the header is not as it was written")
    if type(content["v"]) is not int or content["v"] != (2 if "logs" in content else 1):
        reading.wrong("a version of the format that this program does not know")
    reading.header = content
    if content.get("part", "all") not in ("all", "slice"):
        reading.wrong("the header says neither all nor a slice")
    if content["v"] == 1:
        _header_1(content, reading)
        return
    for text in content["keys"] if isinstance(content["keys"], list) else [None]:
        key = read_key(text)
        if key is None or key.kind != PLAIN or not _of(key.name, content["deployment"]):
            reading.wrong("a public key in the header does not belong to its name")
        else:
            reading.keys[key.id] = key


def _header_1(content: dict[str, Any], reading: Reading) -> None:
    """A file from before there were months: one log, and keys by their id."""
    origin = f"anban/{content['deployment']}"
    reading.logs.append(_with_wishes(Log(origin, 0, 0, 0, Tree()), reading))
    for name, text in content["keys"].items() if isinstance(content["keys"], dict) else ():
        public = exactly(text) if isinstance(text, str) else None
        if public is None or len(public) != 32 or name != key_id(origin, PLAIN, public):
            reading.wrong("a public key in the header does not belong to its name")
        else:
            reading.keys[name] = Key(origin, name, PLAIN, public)


def _of(origin: object, deployment: object) -> bool:
    """Whether a log's name is one of the deployment's."""
    base = f"anban/{deployment}"
    return isinstance(origin, str) and (origin == base or origin.startswith(base + "/"))


def _log(said: object, reading: Reading) -> None:
    before = reading.logs[-1] if reading.logs else None
    if not isinstance(said, dict) or said.keys() != _LOG or reading.header.get("v") != 2:
        reading.wrong("a log whose beginning cannot be read")
        said = {}
    numbers = [said.get(name) for name in ("first", "number", "size")]
    peaks = [exactly(peak) if isinstance(peak, str) else None for peak in said.get("peaks", [None])]
    if not all(type(each) is int and 0 <= each < 1 << 63 for each in numbers) or None in peaks:
        reading.wrong("a log whose beginning cannot be read")
        _lose_the_tree(reading)
        return
    first, number, size = (int(each or 0) for each in numbers)
    tree = Tree(size, [peak for peak in peaks if peak])
    log = Log(str(said.get("origin")), number, first, size, tree)
    if len(peaks) != size.bit_count() or any(len(peak) != 32 for peak in tree.peaks):
        reading.wrong("a log whose beginning does not fit its size")
        log.known = False
    if not _of(log.origin, reading.header.get("deployment")):
        reading.wrong("a log of another deployment")
    if before is not None:
        _follows(before, log, reading)
    elif reading.whole_ledger and (first or size):
        reading.wrong("what came before this log is missing")
    reading.logs.append(_with_wishes(log, reading))


def _with_wishes(log: Log, reading: Reading) -> Log:
    log.wanted = sorted((size for size in reading.wanted.get(log.origin, ()) if size >= log.start), reverse=True)
    if log.wanted and log.start and log.wanted[-1] == log.start:
        log.note_root()
    return log


def _follows(before: Log, log: Log, reading: Reading) -> None:
    """Whether a log stands behind the one that it should; in a slice some may be missing between."""
    _settle(before, None, reading)
    adjoining = log.number == before.number + 1
    if log.number <= before.number or (reading.whole_ledger and not adjoining):
        reading.wrong("a log is missing before this one, or they are in the wrong order")
    elif adjoining and (log.start or (before.known and log.first != before.first + before.tree.size)):
        reading.wrong("this log does not begin where the one before ends")


def _entry(match: "re.Match[bytes]", reading: Reading) -> None:
    written, hexed, digits = match.groups()
    claimed, seq = bytes.fromhex(hexed.decode()), int(digits)
    reading.entries += 1
    if not reading.logs:
        reading.wrong("an entry stands in no log", seq)
        return
    log = reading.logs[-1]
    tree = log.tree
    if seq != log.first + tree.size:
        log.known = False
        reading.wrong(f"entry {log.first + tree.size} should stand here, this is {seq}", seq)
        tree.size = max(0, seq - log.first)
        tree.peaks = [b"\x00" * 32] * tree.size.bit_count()
    body = parsed(written)
    if body is None:
        reading.wrong("the entry is not canonical JSON", seq)
    elif body.keys() != _BODY or body["v"] != 1:
        reading.wrong("an entry in a form that this program does not know", seq)
    else:
        log.kind = body["kind"]
        if log.kind == "key.rotated":
            _names_a_key(body["facts"], reading)
        if log.kind == "ledger.opened" and tree.size == 0:
            log.opened = body["facts"]
    if _sha256(b"\x00" + written).digest() != claimed:
        reading.wrong("the entry does not match its hash", seq)
    # The tree is built from what the lines claim: one altered body is then one problem, at its own line.
    tree.add(claimed)
    if log.wanted and log.wanted[-1] == tree.size:
        log.note_root()


def _checkpoint(text: object, reading: Reading) -> None:
    reading.checkpoints += 1
    note = read_note(text)
    log = reading.logs[-1] if reading.logs else None
    if note is None or log is None or note.origin != log.origin:
        reading.wrong("a checkpoint that does not read as one of this log")
        if log is not None:
            _settle(log, None, reading)
        return
    note.line = reading.line
    if log.last is None:
        _first(log, note, reading)
    else:
        _settle(log, note, reading)
    _hand_over(note, reading)
    if note.size != log.tree.size:
        log.known = False
        at = log.first + log.tree.size
        reading.wrong(f"a checkpoint over {note.size} entries stands behind entry {at - 1}")
    elif log.known and log.tree.root() != note.root:
        start = log.first + (log.last.size if log.last else log.start)
        log.known = False
        reading.wrong(f"entries {start} to {log.first + note.size - 1} are not those that were signed", start)
    log.last = note


def _first(log: Log, note: Note, reading: Reading) -> None:
    """The first checkpoint of a log names the last one of the log before, and so does its first entry."""
    if log.start:
        return  # a slice begins behind this checkpoint, whose own signature counts
    place = reading.logs.index(log)
    before = reading.logs[place - 1] if place else None
    if before is None or before.number + 1 != log.number:
        if reading.whole_ledger and note.before != NOTHING:
            reading.wrong("the first checkpoint names another before it")
        return
    last, opened = before.last, log.opened or {}
    if last is None or note.before != last.digest:
        reading.wrong("this log's first checkpoint does not follow the one before")
    elif (opened.get("previous"), opened.get("previous_size"), opened.get("previous_root")) != (
        before.origin, last.size, last.root.hex(),
    ):  # fmt: skip
        reading.wrong("this log does not name the end of the one before", log.first)


def _settle(log: Log, following: Note | None, reading: Reading) -> None:
    """Check the signature of the checkpoint before, unless the one that follows signs over it and the same key does."""
    last = log.last
    if last is None or (following and following.before == last.digest and following.key == last.key):
        return
    if reading.signed(last) and following and following.before != last.digest:
        reading.wrong("this checkpoint does not follow the one before")


def _names_a_key(facts: object, reading: Reading) -> None:
    """An entry may name the key that signs next; it counts once the key before has signed it."""
    public = facts.get("public") if isinstance(facts, dict) else None
    if isinstance(public, str) and re.fullmatch("[0-9a-f]{64}", public):
        reading.fresh.add(bytes.fromhex(public))


def _hand_over(note: Note, reading: Reading) -> None:
    """Another key is believed when the one before, itself believed, has signed its name; or is trusted already."""
    key = reading.keys.get(note.key)
    public = key.public if key else b""
    if reading.signs and public and public != reading.signs:
        if public in reading.named:
            if reading.signs in reading.pins:
                reading.pins |= {public}
        elif public not in reading.pins:
            reading.wrong("the signing key changed, and the one before did not hand over to it")
    reading.signs = public or reading.signs
    reading.named |= reading.fresh
    reading.fresh.clear()


def _finish(reading: Reading) -> None:
    header = reading.header
    if reading.logs:
        last = reading.logs[-1]
        _settle(last, None, reading)
        if reading.whole_ledger and last.kind == "ledger.closed":
            reading.wrong("the log was ended here, and the one that follows is missing")
    if reading.line == 0:
        reading.wrong("the file is empty", line=1)
    elif header:
        found = {"entries": reading.entries, "checkpoints": reading.checkpoints}
        if header["v"] == 2:
            found["logs"] = len(reading.logs)
        for name, number in found.items():
            if header[name] != number:
                reading.wrong(f"the header says {header[name]} {name}, there are {number}", line=1)
    if reading.pins and not any(log.last for log in reading.logs):
        reading.wrong("nothing here is signed by the key trusted", line=1)
