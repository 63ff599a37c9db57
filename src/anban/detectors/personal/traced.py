"""Folds a text character by character, so that every place in it leads back to the raw text."""

from collections.abc import Sequence
from functools import lru_cache

from anban.detectors.readings.normalise import fold


def traced(raw: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its characters the index in `raw`. Always exact, unlike a guess from lengths."""
    if raw == fold(raw):
        return raw, range(len(raw))
    pieces: list[str] = []
    at: list[int] = []
    for index, char in enumerate(raw):
        folded = _fold_one(char)
        pieces.append(folded)
        at.extend([index] * len(folded))
    return "".join(pieces), at


@lru_cache(maxsize=4096)
def _fold_one(char: str) -> str:
    return fold(char)
