"""What an outside witness holds, beside what the ledger's owner shows: only this finds a rewritten or shortened log."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .lines import Reading, parsed
from .notes import COSIGNED, NOTHING, PLAIN, Key, Note, cosigned, genuine, notes_in, read_cosigned
from .report import Findings, WitnessSeen

_BUNDLE = {"anban", "before", "checkpoint", "n", "v"}


@dataclass
class Held:
    """One witness's file: its checkpoints, each once, with the lines where they begin."""

    name: str
    notes: list[Note] = field(default_factory=list[Note])


def wanted(held: Sequence[Held]) -> dict[str, set[int]]:
    """The sizes at which the ledger's root must be known for comparing, by log."""
    sizes: dict[str, set[int]] = {}
    for each in held:
        for note in each.notes:
            sizes.setdefault(note.origin, set()).add(note.size)
    return sizes


def read_held(path: Path, findings: Findings, until: str = "") -> Held:
    """What a witness's file or folder holds: signed notes one after another, or a bundle.

    `until` leaves out what was signed after that moment (UTC, as notes write it). Raises `OSError`.
    """
    held = Held(path.name)
    seen: set[str] = set()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if not file.is_file():
            continue
        content = file.read_bytes()
        notes = (
            _bundle(content, file.name, findings) if content.startswith(b"{") else _plain(content, file.name, findings)
        )
        for note in notes:
            if note.digest not in seen and not (until and note.time > until):
                seen.add(note.digest)
                held.notes.append(note)
    if not held.notes:
        findings.wrong("the witness holds no checkpoint", where=held.name)
    return held


def _plain(content: bytes, name: str, findings: Findings) -> Iterator[Note]:
    text = content.decode("utf-8", "replace")
    end, line = 0, 1
    for start, stop, note in notes_in(text):
        line += text.count("\n", end, start)
        if note is None or text[end:start].strip("\n"):
            findings.wrong("what stands here is no checkpoint", line, where=name)
        if note is not None:
            note.line = line
            yield note
        line += text.count("\n", start, stop)
        end = stop
    if text[end:].strip("\n"):
        findings.wrong("what stands here is no checkpoint", line, where=name)


def _bundle(content: bytes, name: str, findings: Findings) -> Iterator[Note]:
    """Records that each hold the hash of the one before, so that none can be taken out or changed."""
    before = NOTHING
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        record = parsed(line)
        note = read_cosigned(record["checkpoint"]) if record and record.keys() == _BUNDLE else None
        if record is None or note is None or (record["anban"], record["v"], record["n"]) != ("bundle", 1, number):
            findings.wrong("what stands here is no record of a bundle", number, where=name)
        elif record["before"] != before:
            findings.wrong("this record does not follow the one before", number, where=name)
        before = hashlib.sha256(line).hexdigest()
        if note is not None:
            note.line = number
            yield note
    if not content.endswith(b"\n"):
        findings.wrong("the last record is cut off", content.count(b"\n") + 1, where=name)


def compare(held: Held, reading: Reading, newest: dict[str, Note], keys: Sequence[Key]) -> WitnessSeen:
    """Each checkpoint of a witness beside the ledger. `newest` are later ones that are proven to follow from it.

    `keys`: the witness's own, where it cosigns; then each of its checkpoints must carry such a line.
    """
    agreed = beyond = foreign = 0
    base = f"anban/{reading.header.get('deployment', '')}"
    for note in held.notes:
        if note.origin != base and not note.origin.startswith(base + "/"):
            foreign += 1
            continue
        what = _contradiction(note, reading, newest) or _unsigned(note, reading) or _not_cosigned(note, keys)
        if what:
            reading.findings.wrong(what, note.line, where=held.name)
        elif _comparable(note, reading, newest):
            agreed += 1
        else:
            beyond += 1
    return WitnessSeen(held.name, agreed, beyond, foreign)


def _root(note: Note, reading: Reading, newest: dict[str, Note]) -> bytes | None:
    """What the ledger shows as root over as many entries as the note's."""
    log = next((each for each in reading.logs if each.origin == note.origin), None)
    if log is not None and note.size in log.roots:
        return log.roots[note.size]
    later = newest.get(note.origin)
    return later.root if later is not None and later.size == note.size else None


def _comparable(note: Note, reading: Reading, newest: dict[str, Note]) -> bool:
    return _root(note, reading, newest) is not None


def _contradiction(note: Note, reading: Reading, newest: dict[str, Note]) -> str:
    root = _root(note, reading, newest)
    if root is not None:
        if root == note.root:
            return ""
        return f"over {note.size} entries of {note.origin} the witness holds another root: the log was rewritten"
    log = next((each for each in reading.logs if each.origin == note.origin), None)
    later = newest.get(note.origin)
    size = max(log.tree.size if log else 0, later.size if later else 0)
    if not size:
        return f"the witness holds {note.origin}, which is not here" if reading.whole_ledger else ""
    if note.size > size and (reading.whole_ledger or later is not None):
        return f"the witness holds {note.size} entries of {note.origin}, here are {size}: the log was cut or set back"
    return ""


def _unsigned(note: Note, reading: Reading) -> str:
    """What is wrong with the log's own signature; of a log that is not here the key cannot be known."""
    known = [key for key in reading.keys.values() if key.name == note.origin and key.kind == PLAIN]
    if not known:
        return ""
    key = next((each for each in known if each.id == note.key), None)
    if key is None:
        return f"the witness holds a checkpoint of {note.origin} by a key that the ledger does not name"
    return "" if genuine(key.public, note.signature, note.said) else "a checkpoint that the log did not sign"


def _not_cosigned(note: Note, keys: Sequence[Key]) -> str:
    """Of several keys of one witness, one is enough; a line that does not hold is wrong in any case."""
    if not keys:
        return ""
    told = [cosigned(note, key) for key in keys if key.kind == COSIGNED]
    if False in told:
        return "a cosignature that is not genuine"
    return "" if True in told else "a checkpoint that the witness did not cosign"
