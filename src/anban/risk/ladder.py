"""From signals to levels, by pure rules with two keys (product section 4).

Kind words are cheap and come at low confidence. What is costly (a human, a case that calls family) needs an explicit
statement, or the agreement of two signals: a trained model alone never opens the third level.
"""

from collections.abc import Callable, Mapping, Sequence

from anban.detectors.signal import Reading, Signal
from anban.risk.models import Assessed, Reason

Thresholds = Mapping[str, float]

LEARNED = frozenset({"model"})
"""Detectors that estimate from examples; all others point at an explicit statement."""

LIFE_NAMES = ("L0", "L1", "L2", "L3", "L4")
PROPERTY_NAMES = ("P0", "P1", "P2", "P3")
DEPENDENCE_NAMES = ("D0", "D1", "D2", "D3")


def assess(reading: Reading, thresholds: Thresholds) -> Assessed:
    """What one message in its window says. Thresholds are the parameter `signal-thresholds`, by signal name."""
    life, theme, life_signals = _life(reading, thresholds)
    wealth, wealth_signals = _property(reading, thresholds)
    bound = _over(reading, thresholds, "dependence")
    reasons = tuple(_reason(f"life.{LIFE_NAMES[life]}", each) for each in life_signals)
    reasons += tuple(_reason(f"property.{PROPERTY_NAMES[wealth]}", each) for each in wealth_signals)
    reasons += tuple(_reason("dependence.D1", each) for each in bound)
    return Assessed(life, wealth, 1 if bound else 0, theme, reasons)


def _life(reading: Reading, thresholds: Thresholds) -> tuple[int, str, Sequence[Signal]]:
    over: Callable[[str], Sequence[Signal]] = lambda kind: _over(reading, thresholds, kind)  # noqa: E731
    imminent, plan = over("self-harm.imminent"), over("self-harm.plan")
    wish = (*over("self-harm.ideation"), *over("self-harm"))
    if imminent and _two_keys(imminent, (*plan, *wish)):
        return 4, "self", (*imminent, *plan, *wish)
    for theme in ("health-emergency", "threat"):
        # Needs a plain statement: these two open level four for someone who does not want to die.
        if any(signal.detector not in LEARNED for signal in over(theme)):
            return 4 if theme == "health-emergency" else 3, theme, over(theme)
    if plan and _two_keys(plan, wish):
        return 3, "self", (*plan, *wish)
    if wish or plan or imminent:
        return 2, "self", (*wish, *plan, *imminent)
    for theme in ("violence", "threat", "health-emergency"):
        if over(theme):
            return 2, theme, over(theme)
    distress = over("distress")
    return (1, "self", distress) if distress else (0, "self", ())


def _property(reading: Reading, thresholds: Thresholds) -> tuple[int, Sequence[Signal]]:
    fraud = _over(reading, thresholds, "fraud")
    gambling = _over(reading, thresholds, "gambling")
    stated = [signal for signal in fraud if signal.detector not in LEARNED]
    if stated and max(signal.score for signal in stated) >= thresholds.get("fraud.now", 1.0):
        return 3, fraud
    if stated:
        return 2, fraud
    return (1, (*fraud, *gambling)) if fraud or gambling else (0, ())


def _over(reading: Reading, thresholds: Thresholds, kind: str) -> Sequence[Signal]:
    limit = thresholds.get(kind)
    if limit is None:
        return ()
    return tuple(signal for signal in reading.signals if signal.kind == kind and signal.score >= limit)


def _two_keys(first: Sequence[Signal], second: Sequence[Signal]) -> bool:
    """An explicit statement, or two detectors or signals that agree."""
    return any(signal.detector not in LEARNED for signal in first) or bool(second)


def _reason(rule: str, signal: Signal) -> Reason:
    return Reason(
        rule, signal.kind, round(signal.score, 3), signal.detector, signal.version, signal.view, signal.why, signal.span
    )
