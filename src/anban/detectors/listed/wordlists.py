"""Reads an operator's word lists: every entry under one of the 31 risks, folded as the texts will be.

`*.txt` holds one entry a line under a header `# risk: A.1.a`; `*.csv` and `*.tsv` hold
`word,risk[,score][,role][,signal]`. UTF-8, with or without a byte order mark. What cannot be read is named by file and
line, never by its word.
"""

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anban.base.errors import Misconfigured
from anban.detectors.listed.ordinary_words import is_ordinary
from anban.detectors.listed.risks import risks
from anban.detectors.readings.normalise import fold
from anban.detectors.signal import Role
from anban.detectors.vocabulary import LISTED

SCORE = 0.9
"""What an entry counts that names no score of its own."""

_LONGEST = 100  # characters: what is longer is a sentence, and a sentence is not said twice alike
_SUFFIXES = {".txt": "", ".csv": ",", ".tsv": "\t"}
_COLUMNS = ("word", "risk", "score", "role", "signal")
_ROLES: dict[str, tuple[Role, ...]] = {
    "": ("user", "assistant"),
    "both": ("user", "assistant"),
    "user": ("user",),
    "assistant": ("assistant",),
    "companion": ("assistant",),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One word to look for, folded, in what `role` says; `signal` may be `LISTED`: then nothing follows."""

    word: str
    risk: str
    role: Role
    signal: str
    score: float


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said about one line; `line` 0 is the whole file."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


@dataclass(frozen=True, slots=True)
class WordLists:
    """What a folder of lists holds. `version` changes with its entries; `words` counts words, not roles."""

    entries: tuple[Entry, ...]
    words: int
    duplicates: tuple[Remark, ...]
    refused: tuple[Remark, ...]
    warnings: tuple[Remark, ...]
    version: str


@dataclass(frozen=True, slots=True)
class _Row:
    """One line as written, before it is judged."""

    file: str
    line: int
    cells: dict[str, str]


class _Refused(Exception):
    """This line cannot be taken."""


def load_wordlists(folder: Path) -> WordLists:
    """The lists of a folder for serving. Raises `Misconfigured` naming the first line that cannot be taken."""
    lists = read_wordlists(folder)
    for first in lists.refused:
        raise Misconfigured(f"word lists: {first} (refused lines: {len(lists.refused)})", field="wordlists")
    if not lists.entries:
        raise Misconfigured(f"word lists: {folder} holds no entries", field="wordlists")
    return lists


def read_wordlists(path: Path) -> WordLists:
    """The lists of a folder, or one list, with everything that is to be said about them.

    Raises `Misconfigured` when there is no such folder or file.
    """
    entries: dict[tuple[str, str, Role], Entry] = {}
    duplicates: list[Remark] = []
    refused: list[Remark] = []
    warnings: list[Remark] = []
    for file in _files(path, warnings):
        for row in _rows(file, refused):
            try:
                made = _entries(row)
            except _Refused as error:
                refused.append(Remark(row.file, row.line, str(error)))
                continue
            new = [entry for entry in made if (entry.word, entry.risk, entry.role) not in entries]
            if not new:
                duplicates.append(Remark(row.file, row.line, "listed before under the same risk"))
            elif is_ordinary(made[0].word):
                warnings.append(Remark(row.file, row.line, "an ordinary word: it will be found in harmless talk"))
            entries.update({(entry.word, entry.risk, entry.role): entry for entry in new})
    ordered = tuple(entries[key] for key in sorted(entries))
    digest = hashlib.sha256(repr([(e.word, e.risk, e.role, e.signal, e.score) for e in ordered]).encode())
    words = len({entry.word for entry in ordered})
    return WordLists(ordered, words, tuple(duplicates), tuple(refused), tuple(warnings), digest.hexdigest()[:12])


def _files(path: Path, warnings: list[Remark]) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise Misconfigured(f"word lists: no folder {path}", field="wordlists")
    found: list[Path] = []
    for file in sorted(path.iterdir()):
        if file.suffix.lower() in _SUFFIXES and file.is_file():
            found.append(file)
        elif not file.name.startswith("."):
            warnings.append(Remark(file.name, 0, "not read: a list is a .txt, .csv or .tsv of this folder"))
    return found


def _rows(file: Path, refused: list[Remark]) -> Iterator[_Row]:
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = bytes(error.object[: error.start]).count(b"\n") + 1
        refused.append(Remark(file.name, line, "not UTF-8"))
        return
    except OSError as error:
        refused.append(Remark(file.name, 0, f"cannot be read: {error.strerror}"))
        return
    separator = _SUFFIXES.get(file.suffix.lower(), "")
    yield from _table(file.name, text, separator, refused) if separator else _lines(file.name, text)


def _lines(name: str, text: str) -> Iterator[_Row]:
    """A list under headers: `# risk:`, and if wanted `# score:`, `# role:`, `# signal:`, for the lines that follow."""
    header: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        said = line.strip()
        if said.startswith("#"):
            key, colon, value = said[1:].replace("：", ":").partition(":")
            if colon and key.strip().lower() in _COLUMNS[1:]:
                header[key.strip().lower()] = value.strip()
        elif said:
            yield _Row(name, number, {**header, "word": said})


def _table(name: str, text: str, separator: str, refused: list[Remark]) -> Iterator[_Row]:
    columns: tuple[str, ...] = _COLUMNS
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    first = True
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            if not any(row) or row[0].startswith("#"):
                continue
            if first and "word" in (heads := tuple(cell.lower() for cell in row)):
                columns = heads
                if not set(columns) <= set(_COLUMNS) or len(set(columns)) < len(columns):
                    refused.append(Remark(name, reader.line_num, f"columns are {', '.join(_COLUMNS)}"))
                    return
            elif len(row) > len(columns):
                refused.append(Remark(name, reader.line_num, f"more than {len(columns)} columns"))
            else:
                yield _Row(name, reader.line_num, dict(zip(columns, row, strict=False)))
            first = False
    except csv.Error as error:
        refused.append(Remark(name, reader.line_num, f"not a table: {error}"))


def _entries(row: _Row) -> list[Entry]:
    """The row as entries, one a role. Raises `_Refused` with the reason."""
    word = " ".join(fold(row.cells.get("word", "")).split())
    if not word:
        raise _Refused("nothing is left of the entry once it is folded")
    if len(word) == 1:
        raise _Refused("an entry of one character would be found everywhere")
    if len(word) > _LONGEST:
        raise _Refused(f"longer than {_LONGEST} characters")
    risk = risks().get(row.cells.get("risk", ""))
    if risk is None:
        raise _Refused("no risk, or none of the standard's: say one of A.1.a to A.5.b")
    roles = _ROLES.get(row.cells.get("role", "").lower())
    if roles is None:
        raise _Refused("the role is user, assistant or both")
    score, wanted = _score(row.cells.get("score", "")), row.cells.get("signal", "")
    made: list[Entry] = []
    for role in roles:
        kinds = risk.kinds(role)
        bare = [kind.removeprefix("out.") for kind in kinds]
        if wanted and wanted.removeprefix("out.") in bare:
            made.append(Entry(word, risk.code, role, kinds[bare.index(wanted.removeprefix("out."))], score))
        elif not wanted:
            made.append(Entry(word, risk.code, role, kinds[0], score))
    if not made:
        raise _Refused(f"{risk.code} does not count as that signal")
    return made


def _score(written: str) -> float:
    if not written:
        return SCORE
    try:
        score = float(written)
    except ValueError:
        score = -1.0
    if not 0 < score <= 1:
        raise _Refused("the score is a number above 0, at most 1")
    return score


def per_risk(lists: WordLists) -> dict[str, int]:
    """Risk code -> words listed under it, every risk of the standard."""
    words: dict[str, set[str]] = {code: set() for code in risks()}
    for entry in lists.entries:
        words[entry.risk].add(entry.word)
    return {code: len(found) for code, found in words.items()}


def per_signal(lists: WordLists) -> dict[str, int]:
    """Signal -> words that count as it; `none` for those from which nothing follows."""
    words: dict[str, set[str]] = {}
    for entry in lists.entries:
        words.setdefault("none" if entry.signal == LISTED else entry.signal, set()).add(entry.word)
    return {signal: len(found) for signal, found in sorted(words.items())}
