"""Which runs of letters are English words, and how a run without blanks falls apart into them."""

from functools import cache
from typing import Any

from anban.detectors.places import put_in
from anban.detectors.readings.pieces import pieces, words_in
from anban.detectors.readings.spellings import HERE
from anban.detectors.tables import LEXICONS, read_lines, read_yaml, thesaurus_entries

_LEAST_RUN = 7
_LONGEST_RUN = 400  # letters without a blank that are parted
_LONGEST = 16  # letters of a word
_COST = (0.0, 2.0, 1.6, 1.3)  # of a word of one, two, three letters; a longer one costs 1
_PAIR = 0.3  # what a pair that is often met takes off
_DEAREST = 0.56  # a letter; what parts more dearly than this is a name or a word we do not know
_ENDINGS = ("s", "ing", "ed", "ly", "er", "es", "d", "'s")
_SHORT_BACKWARDS = frozenset({"ot", "ym", "eb", "od", "og", "yb", "ew", "fi"})  # those that no pinyin is written like
_NOT_INSIDE = frozenset(
    {"ai", "ex", "id", "ur", "bc", "rn", "hi", "oh", "nan", "uni", "hes", "til", "cos", "ill", "tin"}
)


class English:
    """The words this package itself is written with, and the pairs they make. Immutable; loaded once."""

    def __init__(self) -> None:
        words = {"i", "a"}
        for line in read_lines(HERE / "words.txt"):
            words.update(line.split())
        for entry in _phrases():
            words.update(w for w in entry.replace("'", "").split() if len(w) > 2 and w.isascii() and w.isalpha())
        self.words = frozenset(words)
        self.followers = {
            first: frozenset(seconds.split())
            for first, seconds in (line.split(": ") for line in read_lines(HERE / "pairs.txt"))
        }
        turned = (word[::-1] for word in words if len(word) > 2)
        self.backwards = frozenset(back for back in turned if back not in words) | _SHORT_BACKWARDS

    def knows(self, word: str) -> bool:
        """Whether it is a word, or a form of one."""
        return word in self.words or any(
            word.endswith(end) and ((stem := word[: -len(end)]) in self.words or f"{stem}e" in self.words
                                    or (len(stem) > 3 and stem[-1] == stem[-2] and stem[:-1] in self.words))
            for end in _ENDINGS if len(word) > len(end) + 2
        )  # fmt: skip

    def strange(self, text: str) -> frozenset[str]:
        """The runs of letters in a folded text that are no words: without any, nothing in it is hidden by letters."""
        return frozenset(words_in(text)) - self.words

    def parted(self, run: str) -> str | None:
        """A run of letters as words with blanks, few and long ones before many short; None unless all of it is words.

        Sixteen look-ups a letter at most; the cheapest way to each place is kept, as in any shortest path.
        """
        size = len(run)
        cost = [0.0] + [1e9] * size
        came: list[int] = [0] * (size + 1)
        last = [""] * (size + 1)
        for end in range(1, size + 1):
            for start in range(max(0, end - _LONGEST), end):
                word = run[start:end]
                if cost[start] < 1e9 and word in self.words and word not in _NOT_INSIDE:
                    price = cost[start] + (_COST[end - start] if end - start < len(_COST) else 1.0)
                    if word in self.followers.get(last[start], ()):
                        price -= _PAIR
                    if price < cost[end]:
                        cost[end], came[end], last[end] = price, start, word
        if cost[size] > _DEAREST * size:
            return None
        words: list[str] = []
        while size:
            words.append(last[size])
            size = came[size]
        return " ".join(reversed(words)) if len(words) > 1 else None

    def pairs_in(self, words: list[str]) -> int:
        """How many neighbours in a row of words are often met in that order."""
        return sum(map(self.is_pair, words, words[1:]))

    def is_pair(self, first: str, second: str) -> bool:
        """Whether the second word is often met after the first."""
        return second in self.followers.get(first, ())


class Parting:
    """Parts runs of letters for one text, up to so many letters in all, so that a hostile text costs no more.

    `tries` is how many tokens with digits may still be tried as words, by whoever tries them.
    """

    def __init__(self, english: English, letters: int = 2500, tries: int = 200) -> None:
        self._english = english
        self._left = letters
        self.tries = tries

    def of(self, run: str) -> str | None:
        """The run as words, or None: it is not made of them, or this text has had its share."""
        run = run.replace("'", "")
        if not run or len(run) > _LONGEST_RUN or len(run) > self._left:
            return None
        self._left -= len(run)
        return self._english.parted(run)

    def glued(self, text: str, strange: frozenset[str]) -> str | None:
        """The text with those of its strange runs parted that are words without blanks; None when there are none."""
        put = {
            run: parted
            for run in sorted(strange)
            if len(run) >= _LEAST_RUN and not self._english.knows(run) and (parted := self.of(run))
        }
        if not put:
            return None
        return put_in(text, ((f" {put[run]} ", start, end) for run, start, end in pieces(text) if run in put))


@cache
def english() -> English:
    """The one English, loaded when first asked for."""
    return English()


def chinese_phrases() -> list[str]:
    """Phrases of two to eight Chinese characters from our own lists, the more telling lists first."""
    phrases: dict[str, Any] = read_yaml(HERE / "phrases.yaml")
    return [
        *phrases["zh"],
        *phrases["said"],
        *(entry for entry in thesaurus_entries() if 2 <= len(entry) <= 8 and _is_han(entry)),
    ]


def _phrases() -> list[str]:
    """English words and phrases of our own lists."""
    phrases: dict[str, Any] = read_yaml(HERE / "phrases.yaml")
    found: list[str] = [*phrases["en"], *phrases["respell"]]
    for path in sorted((LEXICONS / "user").glob("*_en.yaml")):
        for rule in read_yaml(path)["rules"].values():
            found.extend(str(key) for key in rule["keys"])
    found.extend(entry for entry in thesaurus_entries() if entry.isascii())
    return found


def _is_han(text: str) -> bool:
    return all("\u4e00" <= char <= "\u9fff" for char in text)
