"""Reads the data files of this room: tables in YAML, and the thesaurus."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from anban.base.errors import Misconfigured

ROOM = Path(__file__).parent
LEXICONS = ROOM / "lexicons"
THESAURUS = ROOM / "thesaurus"


def read_yaml(path: Path) -> dict[str, Any]:
    """A data file of this room."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def read_lines(path: Path) -> list[str]:
    """The lines of a word file of this room, without empty ones and remarks (`#`)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def read_thesaurus(folder: Path = THESAURUS) -> Iterator[tuple[str, str]]:
    """(entry, concept) for each line `name = english, english | 中文, 中文` of the folder's files, in order.

    Raises `Misconfigured` naming the file and line that is malformed.
    """
    for path in sorted(folder.glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip() and not line.startswith("#"):
                yield from _read(line, f"{path.name}:{number}")


@cache
def thesaurus_entries() -> tuple[str, ...]:
    """Every word and phrase of our own thesaurus, in both languages."""
    return tuple(entry for entry, _ in read_thesaurus())


def _read(line: str, where: str) -> Iterator[tuple[str, str]]:
    name, equals, sides = line.partition("=")
    name = name.strip()
    if not equals or not name or "|" not in sides:
        raise Misconfigured(f"{where}: a concept is written `name = english | 中文`", field="thesaurus")
    for side in sides.split("|"):
        for entry in side.split(","):
            if entry.strip():
                yield entry.strip(), name
