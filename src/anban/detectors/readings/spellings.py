"""Readings by letter: English words misspelt, glued together or shifted along the alphabet."""

import codecs
from itertools import groupby
from pathlib import Path
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from anban.detectors.places import Put, put_in
from anban.detectors.readings.pieces import words_in

HERE = Path(__file__).parent / "tables"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_SHIFTS = [str.maketrans(_ALPHABET, _ALPHABET[by:] + _ALPHABET[:by]) for by in range(1, 26)]
_SAMPLE = 200  # characters by which a shift is told, and
_LEAST_SHIFTED = 4  # words of it
_LONGEST = 24  # letters of a word that is put right


class Swap:
    """Replaces whichever of many strings occur, leftmost and longest first."""

    def __init__(self, plain: dict[str, str]) -> None:
        self._plain = list(plain.values())
        self._find = AhoCorasick(list(plain), matchkind=MatchKind.LeftmostLongest)

    def hits(self, text: str) -> list[Put]:
        return [(self._plain[n], start, end) for n, start, end in self._find.find_matches_as_indexes(text)]

    def swap(self, text: str) -> str | None:
        found = self.hits(text)
        return put_in(text, found) if found else None


class Letters:
    """Puts English phrases that are misspelt, glued together or shifted by thirteen back into plain words."""

    def __init__(self, phrases: dict[str, Any]) -> None:
        english: list[str] = phrases["en"]
        glued = {p.replace(" ", "").replace("'", ""): f" {p} " for p in english if " " in p}
        self._glued = Swap({g: p for g, p in glued.items() if len(g) >= 5})
        self._shifted = AhoCorasick([codecs.encode(p, "rot13") for p in english if len(p) > 6])
        self._known = frozenset(phrases["known"]) | frozenset(phrases["respell"])
        self._respell = {self._signature(word): word for word in phrases["respell"]}

    def glued(self, text: str) -> str | None:
        """`endmylife` as three words."""
        return self._glued.swap(text)

    def shifted(self, text: str, words: frozenset[str]) -> str | None:
        """The text shifted back: by thirteen when a phrase stands in it so, by any number when most words do."""
        if self._shifted.find_matches_as_indexes(text):
            return codecs.encode(text, "rot13")
        sample = words_in(text[:_SAMPLE])
        if len(sample) < _LEAST_SHIFTED or sum(word in words for word in sample) * 4 > len(sample):
            return None
        for table in _SHIFTS:
            if sum(word.translate(table) in words for word in sample) * 4 >= 3 * len(sample):
                return text.translate(table)
        return None

    def respelt(self, text: str, words: frozenset[str]) -> str | None:
        """The text with key words whose inner letters are swapped, doubled or drawn out put right.

        `words` are those that are right as they stand.
        """
        changed = False
        out: list[str] = []
        for token in text.split(" "):
            put = None
            if token not in words and 2 < len(token) < _LONGEST and token not in self._known:
                put = self._meant(token) or _drawn_out(token, words)
            out.append(put or token)
            changed = changed or put is not None
        return " ".join(out) if changed else None

    def _meant(self, token: str) -> str | None:
        word = self._respell.get(self._signature(token))
        return word if word is not None and abs(len(word) - len(token)) <= 1 else None

    @staticmethod
    def _signature(word: str) -> tuple[str, frozenset[str]]:
        return word[:1], frozenset(word[1:])


def _drawn_out(token: str, words: frozenset[str]) -> str | None:
    """`killll` as kill, `diiie` as die: a letter that stands three times or more, once or twice."""
    core = token.rstrip(".,!?~")
    if not core.isalpha() or not any(a == b == c for a, b, c in zip(core, core[1:], core[2:], strict=False)):
        return None
    runs = [(char, len(list(same))) for char, same in groupby(core)]
    for most in (1, 2):
        word = "".join(char * (count if count < 3 else most) for char, count in runs)
        if len(word) > 2 and word in words:
            return word + token[len(core) :]
    return None
