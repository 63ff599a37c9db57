"""Weighs the detectors' words against each other: the model alone counts for less than what a rule can name."""

from collections.abc import Iterable, Set
from dataclasses import replace

from anban.detectors.signal import Signal

MODEL = "model"
GUESSING = frozenset({MODEL, "drift"})
"""Detectors whose word is a guess from examples."""
CALM = "calm"
_LIFE = "self-harm"
_NAMED_FROM = 0.5  # a rule's score from which it counts as naming a danger
_ALONE = {"self-harm.plan": 0.69, "self-harm.imminent": 0.69}  # most that the model may say without a rule beside it
_CALMED = 0.45  # and what it may say of self-harm when the words plainly speak of another or deny it


def weigh(signals: Iterable[Signal]) -> list[Signal]:
    """The signals with the model's scores bounded by what rules found, and without the room's own notes."""
    found = list(signals)
    stated = [s for s in found if s.detector not in GUESSING]
    named = any(s.kind.startswith(_LIFE) and s.score >= _NAMED_FROM for s in stated)
    calm = not named and any(_speaks_of_calm(s) for s in stated)
    if named and not any(s.kind == CALM for s in stated):
        return found
    kinds = {s.kind for s in stated}
    as_it_should = {kind for s in stated if s.kind == CALM and s.value for kind in s.value.split()} - kinds
    return [
        # Only a guess of danger, or of what a rule calls as it should be, has a bound; the others are most of them.
        _bounded(s, named, calm, as_it_should) if s.kind.startswith(_LIFE) or s.kind in as_it_should else s
        for s in found
        if s.kind != CALM
    ]


def _speaks_of_calm(stated: Signal) -> bool:
    """Whether a rule plainly says that another is meant, or that nothing is the matter."""
    return stated.kind == "worry-for-other" or (stated.kind == CALM and stated.value is None)


def _bounded(signal: Signal, named: bool, calm: bool, as_it_should: Set[str]) -> Signal:
    if signal.detector not in GUESSING:
        return signal
    if signal.kind in as_it_should:
        return replace(signal, score=_below(_CALMED, signal.score))
    if named or not signal.kind.startswith(_LIFE):
        return signal
    most = _CALMED if calm else _ALONE.get(signal.kind, 1.0)
    score = signal.score if most == 1.0 else _below(most, signal.score)
    return signal if score == signal.score else replace(signal, score=score)


def _below(most: float, score: float) -> float:
    """The score, pressed below `most`. Small ones stay, and of two the higher stays the higher: bounds make no ties."""
    half = most / 2
    return score if score <= half else half + (score - half) * half / (1 - half)
