"""Runs every detector over one message within a time budget, and says which ones could not look."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from anban.detectors import scene
from anban.detectors.detector import CutShort, Detector
from anban.detectors.listed.listed_words import ListedWords
from anban.detectors.personal.identifiers import IdentifiersSeen
from anban.detectors.readings.views import Readings
from anban.detectors.scene import see, see_plainly
from anban.detectors.signal import Reading, Signal, Window
from anban.detectors.stated.ages import AgesSeen
from anban.detectors.stated.leaving import LeavingSeen
from anban.detectors.stated.words_seen import WordsSeen
from anban.detectors.trained import features
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

    def forget_earlier_turns(self) -> None:
        """Drop what is remembered of earlier turns, as erasing a person's words requires."""
        scene.forget_earlier_turns()
        features.forget_earlier_turns()
        for detector in self._detectors:
            if isinstance(detector, WordsSeen | DriftSeen):
                detector.forget_earlier_turns()

    def look(self, window: Window, budget_ms: float = 50.0) -> Reading:
        """What was noticed in the last message of `window`, in its context.

        Detectors run in order; one that raises, or whose turn comes after `budget_ms`, is named in `unavailable`.
        Never raises, whatever the text holds.
        """
        return self.look_at_each((window,), budget_ms)[0]

    def look_at_each(self, windows: Sequence[Window], budget_ms: float = 50.0) -> list[Reading]:
        """As `look`, of several messages, each with a budget of its own; a quarter quicker from a few dozen on.

        Every detector sees all of them before the next one does: its tables are then near at hand.
        """
        looks = [_Look(window, self._readings) for window in windows]
        for detector in self._detectors:
            for look in looks:
                look.ask(detector, budget_ms)
        return [look.reading() for look in looks]


class _Look:
    """One look at one message, in progress."""

    __slots__ = ("_scene", "_signals", "_spent", "_unavailable")

    def __init__(self, window: Window, readings: Readings) -> None:
        began = time.perf_counter()
        self._signals: list[Signal] = []
        self._unavailable: list[str] = []
        try:
            self._scene = see(window, readings)
        except Exception:  # noqa: BLE001 - the plain text is still looked at, and the gap is reported
            self._unavailable.append("readings")
            self._scene = see_plainly(window)
        self._spent = time.perf_counter() - began

    def ask(self, detector: Detector, budget_ms: float) -> None:
        """What this detector says, unless the time for this message is spent."""
        if self._spent * 1000 > budget_ms:
            self._unavailable.append(detector.name)
            return
        began = time.perf_counter()
        try:
            self._signals.extend(detector.look(self._scene))
        except CutShort as short:
            self._signals.extend(short.found)
            self._unavailable.append(f"{detector.name}:partial")
        except Exception:  # noqa: BLE001 - reported, never swallowed: policy reads `unavailable` as danger possible
            self._unavailable.append(detector.name)
        self._spent += time.perf_counter() - began

    def reading(self) -> Reading:
        signals = _strongest(weigh(self._signals))
        return Reading(signals, tuple(self._unavailable), faint=tuple(self._scene.faint))


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
