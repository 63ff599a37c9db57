"""Weighs the detectors' words against each other: the model alone counts for less than what a rule can name."""

from collections.abc import Iterable, Set
from dataclasses import replace

from anban.detectors.signal import Signal

MODEL = "model"
GUESSING = frozenset({MODEL, "drift"})
"""Detectors whose word is a guess from examples."""
CALM = "calm"
_NAMED_FROM = 0.5  # a rule's score from which it counts as naming a danger
_ALONE = {"self-harm.plan": 0.69, "self-harm.imminent": 0.69}  # most that the model may say without a rule beside it
_CALMED = 0.45  # and what it may say of self-harm when the words plainly speak of another or deny it


def weigh(signals: Iterable[Signal]) -> list[Signal]:
    """The signals with the model's scores bounded by what rules found, and without the room's own notes."""
    found = list(signals)
    named = any(s.detector not in GUESSING and s.kind.startswith("self-harm") and s.score >= _NAMED_FROM for s in found)
    calm = not named and any(_speaks_of_calm(s) for s in found)
    stated = {s.kind for s in found if s.detector not in GUESSING}
    as_it_should = {kind for s in found if s.kind == CALM and s.value for kind in s.value.split()} - stated
    return [_bounded(s, named, calm, as_it_should) for s in found if s.kind != CALM]


def _speaks_of_calm(signal: Signal) -> bool:
    """Whether a rule plainly says that another is meant, or that nothing is the matter."""
    other = signal.kind == "worry-for-other" and signal.detector not in GUESSING
    return other or (signal.kind == CALM and signal.value is None)


def _bounded(signal: Signal, named: bool, calm: bool, as_it_should: Set[str]) -> Signal:
    if signal.detector in GUESSING and signal.kind in as_it_should:
        return replace(signal, score=_below(_CALMED, signal.score))
    if signal.detector not in GUESSING or not signal.kind.startswith("self-harm"):
        return signal
    most = 1.0 if named else _ALONE.get(signal.kind, 1.0)
    if calm:
        most = min(most, _CALMED)
    return signal if most == 1.0 else replace(signal, score=_below(most, signal.score))


def _below(most: float, score: float) -> float:
    """The score, pressed below `most`. Small ones stay, and of two the higher stays the higher: bounds make no ties."""
    half = most / 2
    return score if score <= half else half + (score - half) * half / (1 - half)
