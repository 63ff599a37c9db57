"""Texts written the wrong way round: letters or words backwards, a part in quotes backwards, letters upside down."""

from itertools import islice
from typing import Any

from ahocorasick_rs import AhoCorasick

from anban.detectors.expressions import expression
from anban.detectors.places import Put, put_in
from anban.detectors.readings.english import English
from anban.detectors.readings.pieces import words_in
from anban.detectors.readings.spellings import HERE
from anban.detectors.tables import read_yaml

_SAMPLE = 400  # characters of a text by which its direction is told
_QUOTED = expression(r"[\"'「『《(\[]([^\"'」』》)\]\n]{3,200})[\"'」』》)\]]")
_MOST_QUOTES = 20
_AROUND = ".,!?;:\"'"
_LONGER = (14, 60)  # characters from which one more must stand so, as by chance some do
_LEAST_PAIRS = 2  # more pairs of words that are often met this way round than that one, and
_LEAST_WORDS = 2  # words that are ones only backwards, or one of so many letters
_LONG_WORD = 5


class Turned:
    """Each way is offered only when the text reads better by it; holds only tables."""

    def __init__(self, english: English, phrases: dict[str, Any]) -> None:
        self._english = english
        listed: list[str] = phrases["en"]
        self._phrases = AhoCorasick([p[::-1] for p in listed] + [p[::-1] for p in phrases["zh"] if len(p) > 2])
        everyday = dict.fromkeys([*phrases["everyday"]["zh"], *phrases["said"]])
        telling = [phrase for phrase in everyday if phrase[::-1] not in everyday]
        self._everyday = AhoCorasick(telling)
        self._everyday_back = AhoCorasick([phrase[::-1] for phrase in telling])
        table: dict[str, Any] = read_yaml(HERE / "flipped.yaml")
        only: dict[str, str] = table["only"]
        self._upright = {ord(odd): plain for odd, plain in (only | table["too"]).items()}
        self.upside_down = frozenset(odd for odd in only if odd.isalpha())

    def reading(self, text: str) -> str | None:
        """The text in the direction in which it reads better than as it stands; None where that is this one."""
        sample = text[:_SAMPLE]
        words = words_in(sample)
        if self._phrases.find_matches_as_indexes(text) or self._runs_backwards(sample, words):
            quoted = self._quotes_turned(text)
            whole, by_word = text[::-1], " ".join(word[::-1] for word in text.split(" "))
            if quoted is not None:
                return quoted
            if self._english.pairs_in(by_word[:_SAMPLE].split()) > self._pairs_back(words):
                return by_word
            return whole
        if len(words) > 2 and self._order_is_turned(words):
            return " ".join(reversed(text.split()))
        if not text.isascii() and (clauses := self._clauses_turned(text)):
            return clauses
        return None if self._english.backwards.isdisjoint(words) else self._row_turned(text)

    def upright(self, text: str, chars: set[str]) -> str | None:
        """A text of upside-down letters with the page turned round, and only that part of it which is.

        None when it holds fewer than two such letters.
        """
        if len(chars & self.upside_down) < 2:
            return None
        tokens = text.split(" ")
        odd = [at for at, token in enumerate(tokens) if not self.upside_down.isdisjoint(token)]
        first, last = odd[0], odd[-1] + 1
        plain = " ".join(tokens[first:last]).translate(self._upright)
        turned = plain[::-1]
        straight = self._known_in(plain) > self._known_in(turned)
        return " ".join([*tokens[:first], plain if straight else turned, *tokens[last:]])

    def _known_in(self, text: str) -> int:
        return sum(word.strip(_AROUND) in self._english.words for word in text.split())

    def _runs_backwards(self, text: str, words: list[str]) -> bool:
        backwards = self._english.backwards
        back = 0 if backwards.isdisjoint(words) else sum(word in backwards for word in words)
        if back >= _LEAST_WORDS or back == len(words) > 0:
            back -= sum(word in self._english.words for word in words if len(word) > 2)
            if back > 0:
                return True
        return not text.isascii() and self._more_back(text, 1 + sum(len(text) > size for size in _LONGER))

    def _more_back(self, text: str, by: int) -> bool:
        """Whether so many more everyday words of Chinese stand backwards in it than forwards."""
        # Only where enough stand the wrong way round is it worth counting those that do not.
        back = len(self._everyday_back.find_matches_as_indexes(text))
        return back >= by and back >= by + len(self._everyday.find_matches_as_indexes(text))

    def _pairs_back(self, words: list[str]) -> int:
        return self._english.pairs_in([word[::-1] for word in reversed(words)])

    def _order_is_turned(self, words: list[str]) -> bool:
        """Whether the words are met in the other order more often than in this one."""
        back = sum(map(self._english.is_pair, words[1:], words))
        return back >= _LEAST_PAIRS and back >= self._english.pairs_in(words) + _LEAST_PAIRS

    def _clauses_turned(self, text: str) -> str | None:
        """The text with those Chinese clauses turned in which two more everyday words stand backwards than forwards."""
        back = self._everyday_back.find_matches_as_indexes(text)
        if len(back) < _LEAST_WORDS or len(text) > _SAMPLE:
            return None
        puts: list[Put] = []
        at = 0
        for _, start, _end in back:
            if start < at:
                continue
            first, last = _clause_around(text, start)
            if self._more_back(text[first:last], _LEAST_WORDS):
                puts.append((text[first:last][::-1], first, last))
                at = last
        return put_in(text, puts) if puts else None

    def _row_turned(self, text: str) -> str | None:
        """The text with the first row of words turned that stand backwards in it; a single one only when it is long."""
        tokens = text.split(" ")
        known, backwards = self._english.words, self._english.backwards
        cores = [token.strip(_AROUND) for token in tokens]
        first = next((at for at, core in enumerate(cores) if core in backwards), None)
        if first is None:
            return None
        start, end = first, first + 1
        while start > 0 and cores[start - 1][::-1] in known:
            start -= 1
        while end < len(cores) and cores[end] and cores[end][::-1] in known:
            end += 1
        row = [core for core in cores[start:end] if core in backwards]
        if len(row) < _LEAST_WORDS and len(row[0]) < _LONG_WORD:
            return None
        return " ".join([*tokens[:start], " ".join(tokens[start:end])[::-1], *tokens[end:]])

    def _quotes_turned(self, text: str) -> str | None:
        """The text with those parts in quotes turned that read better so."""
        puts: list[Put] = []
        for found in islice(_QUOTED.finditer(text), _MOST_QUOTES):
            inside = found.group(1)
            words = words_in(inside)
            if self._phrases.find_matches_as_indexes(inside) or self._runs_backwards(inside, words):
                start, end = found.span()
                puts.append((inside[::-1], start + 1, end - 1))
        return put_in(text, puts) if puts else None


def _clause_around(text: str, place: int) -> tuple[int, int]:
    """Where the characters begin and end among which this place is."""
    first = last = place
    while first > 0 and "\u3400" <= text[first - 1] <= "\u9fff":
        first -= 1
    while last < len(text) and "\u3400" <= text[last] <= "\u9fff":
        last += 1
    return first, last
