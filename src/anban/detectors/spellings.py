"""Readings by sound and by letter: pinyin, characters that sound alike, words misspelt, glued or turned round."""

import codecs
from pathlib import Path
from typing import Any

import yaml
from ahocorasick_rs import AhoCorasick, MatchKind

HERE = Path(__file__).parent / "views"
_FIRST_CODE = 0xE000  # private-use characters stand for syllables, so that one automaton serves both spellings


def read_yaml(path: Path) -> dict[str, Any]:
    """A data file of this room."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


class Sounds:
    """Puts phrases written by their sound back into plain characters."""

    def __init__(self, phrases: dict[str, Any]) -> None:
        self._code: dict[str, str] = {}
        self._by_char: dict[int, str] = {}
        lines = (HERE / "pinyin.txt").read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(line for line in lines if not line.startswith("#")):
            syllable, chars = line.split(" ", 1)
            self._code[syllable] = chr(_FIRST_CODE + number)
            self._by_char.update((ord(char), chr(_FIRST_CODE + number)) for char in chars)
        self._syllable = {code: syllable for syllable, code in self._code.items()}
        self._guess: dict[str, str] = phrases["guess"]
        self._innocent = frozenset(phrases["innocent"])
        coded = {p.translate(self._by_char): p for p in phrases["zh"]}
        self._typed = _Swap(coded)
        self._heard = _Swap({code: p for code, p in coded.items() if len(p) >= 4})
        self._spelt = _Swap(phrases["spelt"])

    def from_characters(self, text: str) -> str | None:
        """The text with sound-alike phrases put right, or None when there are none."""
        fixed = self._spelt.swap(text) or text
        coded = fixed.translate(self._by_char)
        found = self._heard.hits(coded)
        parts: list[str] = []
        at = 0
        for phrase, start, end in found:
            if fixed[start:end] != phrase and fixed[start:end] not in self._innocent:
                parts.append(fixed[at:start] + phrase)
                at = end
        fixed = "".join(parts) + fixed[at:]
        return fixed if fixed != text else None

    def from_pinyin(self, text: str) -> str | None:
        """Text typed as pinyin, its known phrases in characters, or None when it holds none."""
        coded: list[str] = []
        for token in text.split():
            word = token.strip(".,!?;:'\"~0123456789")
            syllables = self._split(word) if word.isascii() and word.isalpha() and len(word) <= 40 else None
            coded.append("".join(self._code[s] for s in syllables) if syllables else f" {token} ")
        joined = "".join(coded)
        swapped = self._typed.swap(joined)
        if swapped is None:
            return None
        return "".join(self._guess.get(self._syllable.get(c, ""), self._syllable.get(c, c)) for c in swapped)

    def _split(self, word: str) -> list[str] | None:
        """The word as whole syllables, longest first with one look back; None when it is no pinyin."""
        best: list[list[str] | None] = [None] * (len(word) + 1)
        best[0] = []
        for end in range(1, len(word) + 1):
            for start in range(max(0, end - 6), end):
                head = best[start]
                if head is not None and word[start:end] in self._code:
                    best[end] = [*head, word[start:end]]
                    break
        return best[len(word)]


_SAMPLE = 400  # characters of a text by which its direction is told


class _Swap:
    """Replaces whichever of many strings occur, leftmost and longest first."""

    def __init__(self, plain: dict[str, str]) -> None:
        self._plain = list(plain.values())
        self._find = AhoCorasick(list(plain), matchkind=MatchKind.LeftmostLongest)

    def hits(self, text: str) -> list[tuple[str, int, int]]:
        return [(self._plain[n], start, end) for n, start, end in self._find.find_matches_as_indexes(text)]

    def swap(self, text: str) -> str | None:
        found = self.hits(text)
        if not found:
            return None
        parts: list[str] = []
        at = 0
        for plain, start, end in found:
            parts.append(text[at:start] + plain)
            at = end
        return "".join(parts) + text[at:]


class Letters:
    """Puts English phrases that are misspelt, glued together, reversed or shifted by thirteen back into plain words."""

    def __init__(self, phrases: dict[str, Any]) -> None:
        english: list[str] = phrases["en"]
        glued = {p.replace(" ", "").replace("'", ""): f" {p} " for p in english if " " in p}
        self._glued = _Swap({g: p for g, p in glued.items() if len(g) >= 5})
        self._turned = AhoCorasick([p[::-1] for p in english] + [p[::-1] for p in phrases["zh"] if len(p) > 2])
        self._everyday = AhoCorasick(phrases["everyday"]["zh"])
        self._everyday_turned = AhoCorasick([p[::-1] for p in phrases["everyday"]["zh"]])
        self._words = frozenset(phrases["everyday"]["en"])
        self._words_turned = frozenset(word[::-1] for word in phrases["everyday"]["en"])
        self._shifted = AhoCorasick([codecs.encode(p, "rot13") for p in english if len(p) > 6])
        self._known = frozenset(phrases["known"]) | frozenset(phrases["respell"])
        self._respell = {self._signature(word): word for word in phrases["respell"]}

    def glued(self, text: str) -> str | None:
        """`endmylife` as three words."""
        return self._glued.swap(text)

    def turned(self, text: str) -> str | None:
        """The text read backwards, when a phrase stands in it that way, or everyday words mostly do."""
        return (
            text[::-1] if self._turned.find_matches_as_indexes(text) or self._runs_backwards(text[:_SAMPLE]) else None
        )

    def _runs_backwards(self, text: str) -> bool:
        words = set(text.split())
        against = len(words & self._words_turned) - len(words & self._words)
        if not text.isascii():
            # Only where some stand the wrong way round is it worth counting those that do not.
            against += len(self._everyday_turned.find_matches_as_indexes(text))
            if against > 0:
                against -= len(self._everyday.find_matches_as_indexes(text))
        return against > 0

    def shifted(self, text: str) -> str | None:
        """The text after rot13, when a phrase stands in it that way."""
        return codecs.encode(text, "rot13") if self._shifted.find_matches_as_indexes(text) else None

    def respelt(self, text: str) -> str | None:
        """The text with key words whose inner letters are swapped or doubled put right."""
        changed = False
        out: list[str] = []
        for token in text.split(" "):
            word = self._respell.get(self._signature(token)) if 2 < len(token) < 12 else None
            if word is not None and token not in self._known and abs(len(word) - len(token)) <= 1:
                out.append(word)
                changed = True
            else:
                out.append(token)
        return " ".join(out) if changed else None

    @staticmethod
    def _signature(word: str) -> tuple[str, frozenset[str]]:
        return word[:1], frozenset(word[1:])
