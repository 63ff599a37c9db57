"""Runs of certain characters in a text, with their places: quicker over a long text than an expression's matches."""

from collections.abc import Iterable, Iterator

_BLANK = 32
_PLANE = 0x10000


class Only(dict[int, int]):
    """Keeps these characters of a text and makes a blank of every other one. Whatever they are, in any script."""

    def __init__(self, kept: Iterable[str]) -> None:
        super().__init__({ord(char): ord(char) for char in kept})

    def __missing__(self, code: int) -> int:
        if code < _PLANE:
            self[code] = _BLANK  # met once it is met again; what is remembered has an end
        return _BLANK

    def of(self, text: str) -> str:
        """The text with its other characters blank, as long as it was."""
        return text.translate(self)


class OnlyAscii:
    """As `Only`, for characters of ASCII: over bytes, where it costs next to nothing."""

    def __init__(self, kept: str) -> None:
        self._table = bytes(code if chr(code) in kept else _BLANK for code in range(256))

    def of(self, text: str) -> str:
        """The text with its other characters blank, as long as it was."""
        return text.encode("ascii", "replace").translate(self._table).decode("ascii")


LETTERS = OnlyAscii("abcdefghijklmnopqrstuvwxyz'")


def words_in(text: str, kept: OnlyAscii = LETTERS) -> list[str]:
    """The runs of letters, in order."""
    return kept.of(text).split()


def pieces(text: str, kept: Only | OnlyAscii = LETTERS) -> Iterator[tuple[str, int, int]]:
    """(run, start, end) of each run of kept characters, in order."""
    plain = kept.of(text)
    at = 0
    for run in plain.split():
        start = plain.index(run, at)
        at = start + len(run)
        yield run, start, at
