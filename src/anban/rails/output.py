"""Holds the companion's words back until they have been judged; what is not judged does not leave."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Hit:
    """Why text was withheld. `kind` is a signal's kind or "unavailable"; `span` is (start, end) in the whole reply."""

    kind: str
    score: float
    why: str
    span: tuple[int, int] | None = None


Judge = Callable[[str, str], Hit | None]
"""(the last released characters, the pending text) -> a hit whose span counts from the first of them, or None."""

_NOTABLE: Final = re.compile(r"[\n。！？!?.．]")
_ENDERS: Final = frozenset("。！？!?.．")
# A point is also in numbers, addresses and names: it ends a sentence only before a space.
_POINTS: Final = frozenset(".．")
_CLOSERS: Final = frozenset("”’\"'」』）)】]》>〕…~～")
_CLAUSE_ENDS: Final = frozenset("，,、；;：:…—～~ \t\n\r\u3000") | _ENDERS | _CLOSERS
# Shorter sentences wait for the next one, so that broken-up words are seen together and judging stays linear.
_LEAST: Final = 8


class OutputRail:
    """Feed it text cut anywhere; it gives back what may be released, the same for every cutting.

    At most `hold` characters wait. A sentence is judged when it ends. When none ends within `hold` characters, those
    are judged together but only a first part leaves, at a clause boundary: two fifths stay back (three fifths of
    text in Latin letters, which says less per character), so that words that straddle the cut have been seen whole
    before their first half leaves. The judge sees the last `tail` released characters too.

    After a hit nothing more is ever released, and what was pending is gone. If the judge raises, the rail closes too.
    `said` is what the reply continues (an answer that the app began itself): judged along, never given back.
    """

    def __init__(self, judge: Judge, hold: int = 60, tail: int = 120, said: str = "") -> None:
        self.hit: Hit | None = None
        self.withheld = False
        self._judge = judge
        self._half = ""
        self._hold = hold
        self._tail_size = tail
        self._tail = self._whole_characters(said)[-tail:] if tail else ""
        self._released: list[str] = []
        self._released_size = 0
        self._held = ""
        # How far `_held` has been looked at, and whether a sentence has just ended there.
        self._seen = 0
        self._ender = ""
        self._finished = False

    @property
    def released(self) -> str:
        """Everything that was given back so far."""
        return "".join(self._released)

    @property
    def released_size(self) -> int:
        """Characters given back so far."""
        return self._released_size

    @property
    def pending_size(self) -> int:
        """Characters that wait."""
        return len(self._held)

    def feed(self, text: str) -> str:
        """Take more of the reply; the text that may now be released, "" while it is held."""
        if self.withheld or self._finished:
            return ""
        self._held += self._whole_characters(text)
        before = len(self._released)
        start = 0
        while (cut := self._next_cut(start)) is not None:
            end, judged = cut
            if not self._release(self._held[start:judged], end - start):
                break
            start = end
        self._forget(start)
        return "".join(self._released[before:]) if len(self._released) > before else ""

    def finish(self) -> str:
        """The reply is whole: the rest of it, after a last look."""
        if self.withheld or self._finished:
            return ""
        half, self._half = self._half, ""
        last = self.feed("\ufffd" if half else "")
        self._finished = True
        rest = self._held
        if rest and not self.withheld and self._release(rest, len(rest)):
            last += rest
        self._forget(len(rest))
        return last

    def admits(self, text: str) -> bool:
        """Judge text that leaves beside the reply (a tool call's arguments); false, and the rail closes, at a hit."""
        step = self._tail_size + self._hold
        for start in range(0, len(text), step):
            if self.withheld:
                break
            self._look(text[max(0, start - self._tail_size) : start], text[start : start + step], beside=True)
        return not self.withheld

    def _next_cut(self, start: int) -> tuple[int, int] | None:
        """(where the next piece of `_held` from `start` ends, how far it is judged), or None while undecided.

        Decided from the characters alone, each looked at once in order: this is what makes chunks irrelevant.
        """
        held, at = self._held, self._seen
        last = start + self._hold
        least = _LEAST if start or self._released_size else 1
        while at < len(held) and at <= last:
            if not self._ender:
                # Nothing notable between here and the next ender: skip there, but not past the hold.
                found = _NOTABLE.search(held, at, last + 1)
                at = min(len(held), last) if found is None else found.start()
                if at == len(held):
                    break
            character = held[at]
            at += 1
            end = self._sentence_end(character, at)
            if end - start >= least:
                self._seen, self._ender = at, ""
                return end, end
            if at > last:
                self._seen = at
                return self._clause_cut(start), at
        self._seen = at
        return None

    def _sentence_end(self, character: str, at: int) -> int:
        """Where a sentence ends, now that `character` stands before `at`; 0 when none does."""
        if character in _ENDERS or (self._ender and character in _CLOSERS):
            self._ender = character if character in _ENDERS else self._ender
            return 0
        ender, self._ender = self._ender, ""
        if character == "\n" or (ender and character.isspace()):
            return at
        return at - 1 if ender and ender not in _POINTS else 0

    def _clause_cut(self, start: int) -> int:
        """The last clause boundary early enough to keep a lookahead, or that place itself when there is none."""
        window = self._held[start : start + self._hold + 1]
        letters = sum(map(str.isascii, window))
        ahead = self._hold * 3 // 5 if letters * 2 > len(window) else self._hold * 2 // 5
        latest = len(window) - ahead
        for place in range(latest, latest // 3, -1):
            if window[place - 1] in _CLAUSE_ENDS:
                return start + place
        return start + latest

    def _release(self, judged: str, size: int) -> bool:
        """Judge `judged`; if it passes, count its first `size` characters as released."""
        if not self._look(self._tail, judged):
            return False
        piece = judged[:size]
        self._released.append(piece)
        self._released_size += size
        self._tail = (self._tail + piece)[-self._tail_size :] if self._tail_size else ""
        return True

    def _look(self, tail: str, pending: str, *, beside: bool = False) -> bool:
        # Closed while the judge looks: an error there must not leave an open rail behind.
        self.withheld = True
        hit = self._judge(tail, pending)
        if hit is None:
            self.withheld = False
            return True
        if hit.span is not None:
            shift = self._released_size - len(tail)
            hit = replace(hit, span=None if beside else (hit.span[0] + shift, hit.span[1] + shift))
        self.hit = hit
        return False

    def _forget(self, size: int) -> None:
        if self.withheld:
            self._held = ""
        elif size:
            self._held = self._held[size:]
            self._seen -= size

    def _whole_characters(self, text: str) -> str:
        """`text` with surrogate pairs joined across chunks, lonely halves replaced and NUL removed.

        A lonely half cannot be encoded and NUL cannot be stored; neither says anything.
        """
        if text.isascii() and not self._half:
            return text.replace("\0", "") if "\0" in text else text
        text = self._half + text
        self._half = ""
        try:
            text.encode()
        except UnicodeEncodeError:
            if "\ud800" <= text[-1] <= "\udbff":
                text, self._half = text[:-1], text[-1]
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text.replace("\0", "") if "\0" in text else text
