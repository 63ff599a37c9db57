"""Turns the panel's reading of the companion's words into the output rail's yes or no."""

import re
from collections.abc import Mapping
from typing import Final, Protocol

from anban.detectors.signal import Reading, Said, Signal, Window
from anban.rails.marks import known_marks
from anban.rails.output import Hit, Judge
from anban.risk.ladder import credible

# In text that is JSON (a response format, a tool's arguments) words may be written as escapes.
_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
# Marks are short; what lies further back has been looked at with the segments before.
_MARK_CHARS: Final = 40


class Looks(Protocol):
    """The panel of detectors, or a stand-in for it."""

    def look(self, window: Window, budget_ms: float) -> Reading: ...


def make_judge(
    panel: Looks,
    recent: tuple[Said, ...],
    thresholds: Mapping[str, float],
    *,
    learned: Mapping[str, float] | None = None,
    budget_ms: float = 50.0,
    lang: str | None = None,
    goodbye: bool = True,
) -> Judge:
    """A judge for one reply.

    `recent` are the turns before it, oldest first, the user's message last. `thresholds` names the kinds that may not
    be said, gravest first: of several hits the first named is told. A mark of our own is a hit whatever the
    thresholds. When a detector was late or failed and nothing else was seen, the hit is "unavailable": companionship
    fails closed. `budget_ms` is for one look at one segment.
    """
    marks = known_marks()
    bounds = learned if learned is None or goodbye else {**learned, "out.holding-back": 1.0}

    def judge(tail: str, pending: str) -> Hit | None:
        text = tail + pending
        if "\\u" in text:
            text = _unescaped(text)
        if marks.imitated(text[-len(pending) - _MARK_CHARS :], at_start=not tail):
            return Hit(marks.kind, 1.0, "imitates-our-marks")
        reading = panel.look(Window(text, "assistant", recent, lang), budget_ms)
        if bounds is not None:
            reading = credible(reading, bounds)
        return _gravest(reading, thresholds) or _unavailable(reading)

    return judge


def _gravest(reading: Reading, thresholds: Mapping[str, float]) -> Hit | None:
    strongest: dict[str, Signal] = {}
    for signal in reading.signals:
        least = thresholds.get(signal.kind)
        if least is not None and signal.score >= least:
            known = strongest.get(signal.kind)
            if known is None or signal.score > known.score:
                strongest[signal.kind] = signal
    for kind in thresholds:
        if kind in strongest:
            seen = strongest[kind]
            return Hit(kind, seen.score, seen.why, seen.span)
    return None


def _unavailable(reading: Reading) -> Hit | None:
    if not reading.unavailable:
        return None
    return Hit("unavailable", 1.0, ",".join(reading.unavailable))


def _unescaped(text: str) -> str:
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
