"""Readings of Chinese text: characters set apart, written as their parts, by initials, digits or sound."""

from typing import Any, Protocol

from anban.detectors.expressions import expression, rewrite
from anban.detectors.readings.neighbours import Neighbours
from anban.detectors.readings.sounds import Sounds

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_SPACED = expression(rf"(?:[{_HAN}][^{_HAN}\w]{{1,3}}){{2,}}[{_HAN}]|[{_HAN}][ *._|~+=^#@&·•/\\-]{{1,3}}[{_HAN}]")
_MOST_ROWS = 1500  # rows of such characters in one text
_COMPONENTS = frozenset("歹匕氵刂扌纟讠辶亻艹疒㐅丬")
_WRITTEN_IN_PARTS = ("足兆", "木娄", "月宛", "木乔", "害刀", "禾火")


class Steps(Protocol):
    """Where a reading is put; what follows builds on it."""

    text: str

    def step(self, name: str, reading: str | None) -> None: ...


class Chinese:
    """Holds only tables."""

    def __init__(self, sounds: Sounds, marks: dict[str, Any]) -> None:
        self._sounds = sounds
        self._neighbours = Neighbours()
        self._parts: dict[str, str] = marks["parts"]

    def add(self, trail: Steps, seen: str) -> None:
        """Each reading that changes something, one after another. `seen` is the text as stand-ins were looked for."""
        text = trail.text
        if not _COMPONENTS.isdisjoint(text) or any(hint in text for hint in _WRITTEN_IN_PARTS):
            text = "".join(text.split())
            for parts, char in self._parts.items():
                text = text.replace(parts, char)
            trail.step("parts", text)
        if trail.text != seen:
            self.add_stand_ins(trail)
        trail.step("sounds", self._sounds.from_characters(trail.text))

    def add_stand_ins(self, trail: Steps) -> None:
        """Initials and digits, which may be the whole of a text."""
        trail.step("beside", self._neighbours.read(trail.text))


def close_up(text: str) -> str:
    """Characters set apart by marks or blanks, put together again."""
    return rewrite(
        _SPACED, text, lambda found: "".join(char for char in found if "\u3400" <= char <= "\u9fff"), _MOST_ROWS
    )
