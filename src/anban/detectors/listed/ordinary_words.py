"""Which words are of every day, so that an operator may be warned of listing them; nothing else follows from it."""

from functools import cache
from pathlib import Path

from anban.detectors.readings.normalise import fold
from anban.detectors.tables import read_lines

_SHORT = 2  # Latin letters that stand in ordinary talk for a hundred things


def is_ordinary(word: str) -> bool:
    """Whether a folded word is one of our list of ordinary ones, two Latin letters, or a short bare number."""
    if word.isascii() and (len(word) <= _SHORT or (word.isdigit() and len(word) <= 2 * _SHORT)):
        return True
    return word in _words()


@cache
def _words() -> frozenset[str]:
    lines = read_lines(Path(__file__).with_name("ordinary_words.txt"))
    return frozenset(word for line in lines for word in fold(line).split())
