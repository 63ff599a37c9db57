"""Runs every detector over one message within a time budget, and says which ones could not look."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from anban.detectors.detector import CutShort, Detector
from anban.detectors.listed.listed_words import ListedWords
from anban.detectors.personal.identifiers import IdentifiersSeen
from anban.detectors.readings.views import Readings
from anban.detectors.scene import Scene, see, see_plainly
from anban.detectors.signal import Reading, Signal, Window
from anban.detectors.stated.ages import AgesSeen
from anban.detectors.stated.leaving import LeavingSeen
from anban.detectors.stated.words_seen import WordsSeen
from anban.detectors.trained.drift import DriftSeen
from anban.detectors.trained.linear import LEAST, Trained
from anban.detectors.weighing import weigh

PER_KIND = 3  # strongest signals kept of each kind
ROOTS = {"self-harm.ideation": "self-harm", "self-harm.plan": "self-harm", "self-harm.imminent": "self-harm"}


class Panel:
    """A fixed row of detectors. Immutable; may be shared by threads."""

    def __init__(self, detectors: Sequence[Detector], readings: Readings) -> None:
        self._detectors = tuple(detectors)
        self._readings = readings

    @property
    def versions(self) -> dict[str, str]:
        """Detector name -> version, for the record of a decision."""
        return {detector.name: detector.version for detector in self._detectors}

    def look(self, window: Window, budget_ms: float = 50.0) -> Reading:
        """What was noticed in the last message of `window`, in its context.

        Detectors run in order; one that raises, or whose turn comes after `budget_ms`, is named in `unavailable`.
        Never raises, whatever the text holds.
        """
        began = time.perf_counter()
        signals: list[Signal] = []
        unavailable: list[str] = []
        scene = self._see(window, unavailable)
        for detector in self._detectors:
            if (time.perf_counter() - began) * 1000 > budget_ms:
                unavailable.append(detector.name)
                continue
            try:
                signals.extend(detector.look(scene))
            except CutShort as short:
                signals.extend(short.found)
                unavailable.append(f"{detector.name}:partial")
            except Exception:  # noqa: BLE001 - reported, never swallowed: policy reads `unavailable` as danger possible
                unavailable.append(detector.name)
        return Reading(_strongest(weigh(signals)), tuple(unavailable), faint=tuple(scene.faint))

    def _see(self, window: Window, unavailable: list[str]) -> Scene:
        try:
            return see(window, self._readings)
        except Exception:  # noqa: BLE001 - the plain text is still looked at, and the gap is reported
            unavailable.append("readings")
            return see_plainly(window)


def joined(reading: Reading, *others: Reading) -> Reading:
    """Several looks at one message as one reading: the strongest few signals of each kind, and every gap of each."""
    every = (reading, *others)
    return Reading(
        _strongest(signal for each in every for signal in each.signals),
        tuple(dict.fromkeys(name for each in every for name in each.unavailable)),
        tuple(dict.fromkeys(name for each in every for name in each.unheard)),
    )


def _strongest(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """The strongest few signals of each kind, a sub-kind also counted for its root; strongest first."""
    kinds: dict[str, dict[str, Signal]] = {}
    for signal in signals:
        by_reason = kinds.get(signal.kind)
        if by_reason is None:
            kinds[signal.kind] = {signal.why: signal}
        elif (known := by_reason.get(signal.why)) is None or known.score < signal.score:
            by_reason[signal.why] = signal
        if root := ROOTS.get(signal.kind):
            by_reason = kinds.setdefault(root, {})
            if (known := by_reason.get(signal.why)) is None or known.score < signal.score:
                by_reason[signal.why] = replace(signal, kind=root)
    kept: list[Signal] = []
    for by_reason in kinds.values():
        kept.extend(sorted(by_reason.values(), key=_order)[:PER_KIND] if len(by_reason) > 1 else by_reason.values())
    return tuple(sorted(kept, key=_order))


def _order(signal: Signal) -> tuple[float, str, str]:
    return -signal.score, signal.kind, signal.why


def build_panel(least: float = LEAST, listed: ListedWords | None = None) -> Panel:
    """The panel with everything this package carries, loaded once at start; the word lists first, the model last.

    `least` is the probability from which the model's word is noted, if only as faint: 0.0 to measure it, the default
    to serve. `listed` reads an operator's own word lists.
    """
    model = Trained(least=least)
    plain = [WordsSeen("1"), LeavingSeen(), AgesSeen(), IdentifiersSeen(), *([] if listed is None else [listed])]
    return Panel([*plain, model, DriftSeen(model)], Readings())
