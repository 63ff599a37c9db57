"""Runs of certain characters in a text, with their places: quicker over a long text than an expression's matches."""

from collections.abc import Iterable, Iterator

_BLANK = 32
_PLANE = 0x10000


class Only(dict[int, int]):
    """A table for `str.translate` that keeps these characters and makes a blank of every other one."""

    def __init__(self, kept: Iterable[str]) -> None:
        super().__init__({ord(char): ord(char) for char in kept})

    def __missing__(self, code: int) -> int:
        if code < _PLANE:
            self[code] = _BLANK  # met once it is met again; what is remembered has an end
        return _BLANK


LETTERS = Only("abcdefghijklmnopqrstuvwxyz'")


def pieces(text: str, kept: Only = LETTERS) -> Iterator[tuple[str, int, int]]:
    """(run, start, end) of each run of kept characters, in order."""
    plain = text.translate(kept)
    at = 0
    for run in plain.split():
        start = plain.index(run, at)
        at = start + len(run)
        yield run, start, at
