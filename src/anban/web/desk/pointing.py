"""Which words of a message caused a level? Found again where they are shown; nobody stores them."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from anban.conversations.reading import Line
from anban.detectors.panel import Panel
from anban.detectors.signal import Said, Window
from anban.law.rulebook import Rulebook
from anban.rails.input import graded
from anban.risk.models import Reason
from anban.words.language import language_of

BUDGET = 4
"""Times the budget of a turn that a look may take here: nobody waits for an answer."""

MOST_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Pointed:
    """What one message says by itself: levels of life and property, and the reasons with their places."""

    life: int = 0
    wealth: int = 0
    reasons: tuple[Reason, ...] = ()

    @property
    def telling(self) -> bool:
        return self.life >= 2 or self.wealth >= 2


Piece = tuple[str, Reason | None]


class Pointing:
    """Looks at a person's messages, and remembers levels and places by the message's id: never words."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Pointed] = OrderedDict()

    async def look(self, lines: Sequence[Line], panel: Panel, rules: Rulebook) -> dict[str, Pointed]:
        """What each message of the person says, by the id of its line."""
        new = [place for place, line in enumerate(lines) if line.by == "user" and line.id not in self._known]
        if new:
            found = await asyncio.to_thread(lambda: {lines[at].id: _look(lines, at, panel, rules) for at in new})
            self._known.update(found)
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return {line.id: self._known.get(line.id, Pointed()) for line in lines if line.by == "user"}


def pieces(text: str, pointed: Pointed) -> list[Piece]:
    """The text cut where words caused the level: each piece with its reason, or None. Places that overlap are one."""
    if not pointed.telling:
        return [(text, None)]
    spans = [(*each.span, each) for each in pointed.reasons if each.span is not None and _counts(each)]
    cut: list[Piece] = []
    done = 0
    for start, end, reason in sorted(spans, key=lambda span: (span[0], -span[1])):
        start, end = max(start, done), min(end, len(text))
        if start >= end:
            continue
        cut += [(text[done:start], None), (text[start:end], reason)]
        done = end
    return [piece for piece in (*cut, (text[done:], None)) if piece[0]]


def _counts(reason: Reason) -> bool:
    return reason.rule.partition(".")[0] in ("life", "property")


def _look(lines: Sequence[Line], at: int, panel: Panel, rules: Rulebook) -> Pointed:
    line = lines[at]
    most = rules.whole("detection-window-turns")
    before = tuple(
        Said("user" if each.by == "user" else "assistant", each.text, (line.at - each.at).total_seconds())
        for each in lines[max(0, at - most) : at]
        if each.text
    )
    window = Window(line.text, "user", before, language_of(line.text))
    _, seen = graded(panel.look(window, BUDGET * rules.number("detector-budget-milliseconds")), rules)
    return Pointed(seen.life, seen.property, seen.reasons)
