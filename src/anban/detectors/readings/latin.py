"""Readings of text in Latin letters: set apart, written with digits, run together, misspelt, shifted, mixed in."""

from typing import Any

from ahocorasick_rs import AhoCorasick

from anban.detectors.places import Put, put_in
from anban.detectors.readings.chinese import Steps
from anban.detectors.readings.english import English, Parting
from anban.detectors.readings.leet import Leet
from anban.detectors.readings.pieces import words_in
from anban.detectors.readings.spaced import Spaced
from anban.detectors.readings.spellings import Letters, Swap


class Latin:
    """Holds only tables."""

    def __init__(self, english: English, phrases: dict[str, Any], marks: dict[str, Any]) -> None:
        self._english = english
        self._spaced = Spaced(english)
        self._leet = Leet(english)
        self._letters = Letters(phrases)
        mixed: dict[str, str] = marks["mixed"]
        self._mixed_plain = list(mixed.values())
        self._mixed_words = AhoCorasick(list(mixed))
        self._in_english = Swap({chinese: f" {word} " for chinese, word in marks["in_english"].items()})

    def closed(self, text: str, parting: Parting) -> str | None:
        """Blanks and marks between letters taken out."""
        return self._spaced.closed(text, self._english.strange(text), parting)

    def without_digits(self, text: str, parting: Parting) -> str | None:
        """Digits and signs that stand for letters put back."""
        return None if self._leet.signs.isdisjoint(text) else self._leet.read(text, parting)

    def add_words(self, trail: Steps, parting: Parting) -> None:
        """What hides words, undone: blanks left out, letters swapped or shifted."""
        strange = self._english.strange(trail.text)
        if not strange:
            return
        trail.step("shifted", self._letters.shifted(trail.text, self._english.words))
        trail.step("glued", parting.glued(trail.text, strange))
        trail.step("glued", self._letters.glued(trail.text))
        trail.step("respelt", self._letters.respelt(trail.text, self._english.words))

    def one_language(self, text: str) -> str | None:
        """A text in two languages in the one it is mostly in; None when nothing in it is known in that one."""
        latin = len(words_in(text))
        if sum("\u3400" <= char <= "\u9fff" for char in text) < latin:
            return self._in_english.swap(text)
        puts: list[Put] = []
        at = 0
        for word, start, end in self._mixed_words.find_matches_as_indexes(text, overlapping=True):
            if start >= at and not (_is_letter(text[start - 1 : start]) or _is_letter(text[end : end + 1])):
                start = at + len(text[at:start].rstrip(" "))
                at = end + (text[end : end + 1] == " ")
                puts.append((self._mixed_plain[word], start, at))
        return put_in(text, puts) if puts else None


def _is_letter(char: str) -> bool:
    return "a" <= char <= "z" or "0" <= char <= "9" or char == "'"
