"""The input rail: a message in its window becomes signals, and signals a level."""

from collections.abc import Iterable
from datetime import datetime

from anban.conversations.transcript import Turn
from anban.detectors.panel import Panel
from anban.detectors.signal import Reading, Said, Window
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.rails.message import Message
from anban.risk.ladder import assess, credible
from anban.risk.models import Assessed


@performs("user-state-recognition")
def observe(message: Message, before: tuple[Said, ...], panel: Panel, rules: Rulebook) -> tuple[Reading, Assessed]:
    """What the detectors noticed, and what it says about the person.

    Looks at the turns `before` it too; a detector that was late or crashed is named in the reading.
    """
    window = Window(message.said, "user", before, message.lang)
    return graded(panel.look(window, rules.number("detector-budget-milliseconds")), rules)


def graded(looked: Reading, rules: Rulebook) -> tuple[Reading, Assessed]:
    """What counts of a reading, and what it says about the person."""
    reading = credible(looked, rules.table("signal-learned-thresholds"))
    seen = assess(reading, rules.table("signal-gentle-thresholds"), rules.table("signal-costly-thresholds"))
    return reading, seen


def earlier(message: Message, recent: Iterable[Turn], rules: Rulebook) -> tuple[Said, ...]:
    """The turns before this message: our own record of the conversation where there is one.

    An app may rewrite the history it sends; what we recorded ourselves cannot be made to disappear. Only for a
    conversation that we have not seen yet is the app's history all there is. What is older than a level lasts without
    a sign no longer colours what is said now: the level itself is the memory of it.
    """
    most, within = rules.whole("detection-window-turns"), rules.lasting("risk-decay-hours")
    own = [turn for turn in recent if turn.conversation == message.conversation and message.at - turn.at < within]
    if not own:
        known = any(turn.conversation == message.conversation for turn in recent)
        return () if known else message.history[-most:]
    said: list[Said] = []
    for turn in own[-most:]:
        ago = _seconds(message.at, turn.at)
        said.append(Said("user", turn.said, ago))
        if turn.answer:
            said.append(Said("assistant", turn.answer, ago))
    return tuple(said[-most:])


def _seconds(now: datetime, then: datetime) -> float:
    return max(0.0, (now - then).total_seconds())
