"""Digits and signs that stand for letters or words, read as those, where that makes English words."""

from itertools import islice, product
from typing import Any

from anban.detectors.expressions import expression
from anban.detectors.places import Put, put_in
from anban.detectors.readings.english import English, Parting
from anban.detectors.readings.spellings import HERE
from anban.detectors.tables import read_yaml

_TOKEN = expression(
    r"[a-z0-9@$!|+*€£¥¢§¡×']*(?:[a-z][0-9@$!|+*€£¥¢§¡×]|[0-9@$!|+*€£¥¢§¡×][a-z])[a-z0-9@$!|+*€£¥¢§¡×']*"
)
_NUMBER = expression(
    r"^[0-9]+(?:[a-z]|am|pm|kg|mg|ml|km|cm|mm|gb|mb|tb|px|hz|hr|hrs|min|mins|yrs|usd|rmb|pcs|days|th|kcal)?$"
    r"|^[0-9]*(?:1st|2nd|3rd)$"
)
_COUNTED = expression(r"^[a-z]+(?:[0-9]{2,}|[2689])$")  # a name with its number: only a word of our list is likelier
_MOST = 64  # readings of one token that are tried
_MOST_READ = 500  # tokens of one text that are looked at
_LONGEST = 40  # letters of a token
_AROUND = ".,!?:;"


class Leet:
    """Holds the tables. A reading is offered only when something in it became a word."""

    def __init__(self, english: English) -> None:
        table: dict[str, Any] = read_yaml(HERE / "leet.yaml")
        self._english = english
        self._letters: dict[str, list[str]] = table["letters"]
        self._first = {ord(sign): letters[0] for sign, letters in self._letters.items()}
        self._words: dict[str, str] = table["words"]
        self._then: dict[str, str] = table["then"]
        self._alone: dict[str, Any] = {
            digit: (entry["word"], frozenset(entry["before"]), frozenset(entry["after"]))
            for digit, entry in table["alone"].items()
        }
        self.signs = frozenset(self._letters)

    def read(self, text: str, parting: Parting) -> str | None:
        """The text with `1 w4nt 2 d13` as words, or None when nothing in it is more than a number."""
        puts: list[Put] = []
        told = 0
        for found in islice(_TOKEN.finditer(text), _MOST_READ):
            word, sure = self._token(found.group(), parting)
            told += sure
            puts.append((word, *found.span()))
        plain, beside = self._digits_alone(put_in(text, puts), told > 0)
        return plain if told or beside else None

    def _token(self, token: str, parting: Parting) -> tuple[str, bool]:
        """What one token says, and whether that is sure: a known word came of it."""
        core = token.strip("!'*|+")
        if core.isalpha() or len(core) > _LONGEST:
            return token, False
        lead, core, tail = token.partition(core)
        if core in self._words:
            return lead + self._words[core] + tail, True
        if core[0] in self._alone and core[1:] in self._alone[core[0]][2]:
            return f"{lead}{self._alone[core[0]][0]} {core[1:]}{tail}", True
        if parting.tries <= 0 or len(core) < 3 or _NUMBER.search(core):
            return token, False
        parting.tries -= 1
        readings = list(self._readings(core))
        known = next((reading for reading in readings if reading in self._english.words), None)
        if _COUNTED.search(core):
            known = known if len(core) > 3 else None
            readings = []
        for reading in readings[:3] if known is None else ():
            known = known or (reading if self._english.knows(reading) else None)
            if core.isalnum() and len(core) > 4:
                known = known or parting.of(reading)
        if known is not None:
            return lead + known + tail, True
        inside = core[0].isalpha() and core[-1].isalpha()
        return (lead + core.translate(self._first) + tail if inside else token), False

    def _readings(self, core: str) -> "islice[str]":
        choices = [self._letters.get(char, [char]) for char in core]
        return islice(("".join(letters) for letters in product(*choices)), _MOST)

    def _digits_alone(self, text: str, told: bool) -> tuple[str, bool]:
        """`2` and `4` as words where a neighbour says so, or where digits are known to be letters here."""
        tokens = text.split(" ")
        found = False
        for at, token in enumerate(tokens):
            word, before, after = self._alone.get(token, (None, (), ()))
            ahead = tokens[at + 1].strip(_AROUND) if word and at + 1 < len(tokens) else ""
            if word and (ahead in after or (at > 0 and tokens[at - 1] in before)):
                tokens[at], found = word, True
        if found or told:
            tokens = [self._then.get(token, token) for token in tokens]
        return " ".join(tokens), found
