"""Chinese syllables, one alphabet for characters and pinyin; characters put right that only sound like a phrase."""

from typing import Any

from anban.detectors.places import put_in
from anban.detectors.readings.spellings import HERE, Swap
from anban.detectors.tables import read_lines

_FIRST_CODE = 0xE000  # private-use characters stand for syllables, so that one automaton serves both spellings


class Sounds:
    """Which syllable a character is read as, and the phrases known by their sound. Immutable."""

    def __init__(self, phrases: dict[str, Any]) -> None:
        self.code: dict[str, str] = {}
        self.by_char: dict[int, str] = {}
        self.first_char: dict[str, str] = {}
        for number, line in enumerate(read_lines(HERE / "pinyin.txt")):
            syllable, chars = line.split(" ", 1)
            self.code[syllable] = chr(_FIRST_CODE + number)
            self.first_char[syllable] = chars[0]
            self.by_char.update((ord(char), chr(_FIRST_CODE + number)) for char in chars)
        self._innocent = frozenset(phrases["innocent"])
        self._heard = Swap({p.translate(self.by_char): p for p in phrases["zh"] if len(p) >= 4})
        self._spelt = Swap(phrases["spelt"])

    def from_characters(self, text: str) -> str | None:
        """The text with sound-alike phrases put right, or None when there are none."""
        fixed = self._spelt.swap(text) or text
        puts = [
            (phrase, start, end)
            for phrase, start, end in self._heard.hits(fixed.translate(self.by_char))
            if fixed[start:end] != phrase and fixed[start:end] not in self._innocent
        ]
        fixed = put_in(fixed, puts)
        return fixed if fixed != text else None
