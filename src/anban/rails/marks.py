"""Finds a model's imitation of the marks that only Anban or a person at the desk may bear."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from anban.detectors.readings.normalise import fold

_SQUARE = {ord(mark): "[" for mark in "【〔〖⟦"} | {ord(mark): "]" for mark in "】〕〗⟧"}
_UNSEEN = {ord(mark): None for mark in " \t\r*_#>`~"}
_TABLE: dict[int, str | None] = {**_SQUARE, **_UNSEEN, ord("，"): ",", ord("："): ":"}


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks as data (`marks.yaml`), ready to be looked for; `kind` is the signal that an imitation is."""

    kind: str
    bracketed: tuple[str, ...]
    leading: tuple[str, ...]
    phrases: tuple[str, ...]

    def imitated(self, text: str, *, at_start: bool) -> bool:
        """True when `text` bears one of the marks. `at_start`: it is the beginning of the reply, hence of a line."""
        plain = fold(text).translate(_TABLE)
        if at_start:
            plain = "\n" + plain
        if "[" in plain and any(mark in plain for mark in self.bracketed):
            return True
        if ":" in plain and any(mark in plain for mark in self.leading):
            return True
        return any(phrase in plain for phrase in self.phrases)


@cache
def known_marks() -> Marks:
    """The marks of `marks.yaml`."""
    table: dict[str, Any] = yaml.safe_load(files("anban.rails").joinpath("marks.yaml").read_text("utf-8"))
    names: list[str] = table["names"]
    return Marks(
        kind=table["kind"],
        bracketed=tuple(f"[{name}]" for name in names),
        leading=tuple(f"\n{name}:" for name in names),
        phrases=tuple(table["phrases"]),
    )
