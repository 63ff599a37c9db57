"""Cuts a folded text into the pieces that the second stage knows: the longest first, single characters at last."""

from collections.abc import Sequence

from ahocorasick_rs import AhoCorasick, MatchKind

from anban.detectors.signal import Role

SPACE = "▁"
PAD, UNKNOWN, START, USER, COMPANION, HIDDEN = range(6)
MARKS = ("[pad]", "[unknown]", "[start]", "[user]", "[companion]", "[hidden]")
"""The first entries of every vocabulary: what is no text."""

_BEFORE = 3  # turns before that are read, and
_BEFORE_CHARS = 120  # how much of the end of each
_BEFORE_TOKENS = 40


class Vocabulary:
    """The pieces, in order of their numbers. Immutable."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = tuple(pieces)
        self._known = [n for n, piece in enumerate(self.pieces) if n >= len(MARKS) and len(piece) > 0]
        self._find = AhoCorasick([self.pieces[n] for n in self._known], matchkind=MatchKind.LeftmostLongest)

    def of(self, text: str, most: int = 1_000) -> list[int]:
        """Numbers of the pieces of a folded text; a run of characters that no piece covers is one unknown."""
        found: list[int] = []
        at = 0
        for index, start, end in self._find.find_matches_as_indexes(SPACE + text.replace(" ", SPACE)):
            if start > at:
                found.append(UNKNOWN)
            found.append(self._known[index])
            at = end
            if len(found) >= most:
                break
        return found[:most]

    def turn(self, text: str, role: Role, before: Sequence[tuple[Role, str]]) -> tuple[list[int], list[int]]:
        """(what comes before the text, the text): the last turns, each begun by who speaks, and then the text."""
        head = [START]
        for speaker, said in before[-_BEFORE:]:
            head.append(_speaker(speaker))
            head.extend(self.of(said[-_BEFORE_CHARS:], _BEFORE_TOKENS))
        head.append(_speaker(role))
        return head, self.of(text)


def _speaker(role: Role) -> int:
    return USER if role == "user" else COMPANION
