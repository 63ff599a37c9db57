"""From signals to levels, by pure rules with two keys (product section 4).

Kind words are cheap and come at low confidence. What is costly (a human, a case that calls family) needs an explicit
statement, or the agreement of two signals: a trained model alone never opens the third level.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from anban.detectors.signal import Reading, Signal
from anban.risk.models import Assessed, Reason

Thresholds = Mapping[str, float]
Signals = Sequence[Signal]

LEARNED = ("model", "drift", "guard:")
"""How the names of detectors begin that estimate from examples, guard models of other houses among them; all others
point at an explicit statement."""

LIFE_NAMES = ("L0", "L1", "L2", "L3", "L4")
TRANSFERRING = "transferring-now"
"""The reason code of a person who is sending money at this moment."""

PROPERTY_NAMES = ("P0", "P1", "P2", "P3")
DEPENDENCE_NAMES = ("D0", "D1", "D2", "D3")


def credible(reading: Reading, learned: Thresholds) -> Reading:
    """The reading without suspicions that only a trained model has and that are too weak to count.

    `learned` is a parameter such as `signal-learned-thresholds`. A kind that is also stated keeps all its signals.
    """
    stated = {signal.kind for signal in reading.signals if not _is_learned(signal)}
    kept = tuple(
        signal
        for signal in reading.signals
        if not _is_learned(signal) or signal.kind in stated or signal.score >= learned.get(signal.kind, 1.0)
    )
    return reading if len(kept) == len(reading.signals) else replace(reading, signals=kept)


def assess(reading: Reading, gentle: Thresholds, costly: Thresholds) -> Assessed:
    """What one message in its window says.

    `gentle` and `costly` are the parameters `signal-gentle-thresholds` and `signal-costly-thresholds`, by signal name.
    """
    reading = _loud(reading, gentle, costly)
    life, theme, life_signals = _life(reading, gentle, costly)
    wealth, wealth_signals = _property(reading, gentle, costly)
    bound, bound_signals = _dependence(reading, gentle, costly, life if theme == "self" else 0)
    reasons = tuple(_reason(f"life.{LIFE_NAMES[life]}", each) for each in life_signals)
    reasons += tuple(_reason(f"property.{PROPERTY_NAMES[wealth]}", each) for each in wealth_signals)
    reasons += tuple(_reason(f"dependence.{DEPENDENCE_NAMES[bound]}", each) for each in bound_signals)
    return Assessed(life, wealth, bound, theme, reasons)


def _life(reading: Reading, gentle: Thresholds, costly: Thresholds) -> tuple[int, str, Signals]:
    imminent, plan = _over(reading, gentle, "self-harm.imminent"), _over(reading, gentle, "self-harm.plan")
    wish = (*_over(reading, gentle, "self-harm.ideation"), *_over(reading, gentle, "self-harm"))
    if _two_keys(imminent, (*plan, *wish), costly):
        return 4, "self", (*imminent, *plan, *wish)
    if _stated(_over(reading, costly, "health-emergency")):
        return 4, "health-emergency", _over(reading, costly, "health-emergency")
    if _two_keys(plan, (*wish, *imminent), costly):
        return 3, "self", (*plan, *wish)
    if _stated(_over(reading, costly, "threat")):
        return 3, "threat", _over(reading, costly, "threat")
    worry = _over(reading, gentle, "worry-for-other")
    if worry and not _stated((*wish, *plan, *imminent)):
        return 2, "other", worry
    if wish or plan or imminent:
        return 2, "self", (*wish, *plan, *imminent)
    for theme in ("violence", "threat", "health-emergency"):
        if found := _over(reading, gentle, theme):
            return 2, theme, found
    distress = _over(reading, gentle, "distress")
    return (1, "self", distress) if distress else (0, "self", ())


def _property(reading: Reading, gentle: Thresholds, costly: Thresholds) -> tuple[int, Signals]:
    fraud, aged = _over(reading, gentle, "fraud"), _over(reading, costly, "elderly")
    if stated := _stated(_over(reading, costly, "fraud")):
        return (3 if any(signal.why.endswith(TRANSFERRING) for signal in stated) else 2), fraud
    # Old people lose most and are asked for secrecy first: their age is the second key to a suspicion.
    if fraud and aged and _over(reading, costly, "fraud"):
        return 2, (*fraud, *aged)
    gambling = _over(reading, gentle, "gambling")
    return (1, (*fraud, *gambling)) if fraud or gambling else (0, ())


def _dependence(reading: Reading, gentle: Thresholds, costly: Thresholds, life: int) -> tuple[int, Signals]:
    """What one message shows of being bound to the companion; how somebody lives with it over weeks is no message's.

    D1: it shows. D2: said outright, or suspected beside suffering. D3: said outright, with life hanging on it.
    """
    bound, suffering = _over(reading, gentle, "dependence"), _over(reading, costly, "distress")
    sure = _over(reading, costly, "dependence")
    stated = _stated(sure) or (_stated(bound) and sure)
    if stated and life >= 2:
        return 3, bound
    if stated or (suffering and sure):
        return 2, (*bound, *suffering)
    return (1, bound) if bound else (0, ())


def _loud(reading: Reading, gentle: Thresholds, costly: Thresholds) -> Reading:
    """The reading without signals that reach no threshold, most of those of a model that tells all it thinks."""
    kept = tuple(
        signal
        for signal in reading.signals
        if signal.score >= min(gentle.get(signal.kind, 1.0), costly.get(signal.kind, 1.0))
    )
    return replace(reading, signals=kept)


def _over(reading: Reading, thresholds: Thresholds, kind: str) -> Signals:
    limit = thresholds.get(kind)
    if limit is None:
        return ()
    return tuple(signal for signal in reading.signals if signal.kind == kind and signal.score >= limit)


def _stated(signals: Signals) -> Signals:
    return tuple(signal for signal in signals if not _is_learned(signal))


def _is_learned(signal: Signal) -> bool:
    return signal.detector.startswith(LEARNED)


def _two_keys(first: Signals, second: Signals, costly: Thresholds) -> bool:
    """An explicit statement at the costly threshold, or agreement with another signal that reaches its own.

    Two signals of one guessing detector are one key: what it misreads, it misreads for both.
    """
    if any(signal.score >= costly.get(signal.kind, 1.0) for signal in _stated(first)):
        return True
    sure = [signal for signal in second if signal.score >= costly.get(signal.kind, 1.0)]
    return any(_independent(one, other) for one in first for other in sure)


def _independent(one: Signal, other: Signal) -> bool:
    if not (_is_learned(one) and _is_learned(other)):
        return True
    return _guesser(one) != _guesser(other)


def _guesser(signal: Signal) -> str:
    """Who guesses: what adds up over turns is the model's own guess again."""
    return "model" if signal.detector == "drift" else signal.detector


def _reason(rule: str, signal: Signal) -> Reason:
    return Reason(
        rule, signal.kind, round(signal.score, 3), signal.detector, signal.version, signal.view, signal.why, signal.span
    )
