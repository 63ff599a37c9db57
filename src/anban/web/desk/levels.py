"""The level line above the time axis: how a person's level moved, what each of their messages said, what was done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from anban.cases.case import CaseEvent
from anban.conversations.reading import Line
from anban.web.desk.pointing import Pointed
from anban.web.desk.telling import clock, day_and_clock

WIDE, HIGH, LEFT, FOOT, TOP = 720, 96, 34, 40, 8
SHORT = 24 * 3600.0
LEAST = timedelta(minutes=1)
MARKED = ("paged", "claimed", "joined", "sent", "confirmed", "handed_back", "closed")
APART = 58.0
"""Least distance between two words below the axis."""


@dataclass(frozen=True, slots=True)
class Step:
    """From this moment on the level is this."""

    at: datetime
    level: int


def steps_of(events: Sequence[CaseEvent]) -> list[Step]:
    """How the level moved: up by what was said, down by what people decided."""
    found: list[Step] = []
    for event in events:
        lowered = event.facts.get("lowered_to")
        level = int(str(lowered)[1:]) if lowered else event.facts.get("level")
        if level is not None and (not found or found[-1].level != int(level)):
            found.append(Step(event.at, int(level)))
    return found


def level_line(
    events: Sequence[CaseEvent],
    lines: Sequence[Line],
    pointed: Mapping[str, Pointed],
    now: datetime,
    zone: ZoneInfo,
    words: Mapping[str, str],
) -> str:
    """The picture as SVG. The log beside it is its table."""
    steps = steps_of(events)
    if not steps:
        return ""
    first = min([steps[0].at, *(line.at for line in lines[:1])])
    first = max(first, datetime.fromtimestamp(steps[0].at.timestamp() - SHORT, steps[0].at.tzinfo))
    last = max(now, first + LEAST)
    span = (last - first).total_seconds()

    def x(at: datetime) -> float:
        return LEFT + (WIDE - LEFT - 8) * max(0.0, min(1.0, (at - first).total_seconds() / span))

    def y(level: int) -> float:
        return TOP + (HIGH - TOP) * (4 - level) / 4

    label = escape(words["room.levels"], quote=True)
    parts = [f'<svg class="levels" viewBox="0 0 {WIDE} {HIGH + FOOT}" role="img" aria-label="{label}">']
    for level in range(5):
        parts.append(f'<path class="rule" d="M{LEFT} {y(level):.1f}H{WIDE}"/>')
        parts.append(f'<text x="0" y="{y(level) + 4:.1f}">L{level}</text>')
    path = f"M{x(steps[0].at):.1f} {y(steps[0].level):.1f}"
    for step in steps[1:]:
        path += f"H{x(step.at):.1f}V{y(step.level):.1f}"
    parts.append(f'<path class="level" d="{path}H{x(now):.1f}"/>')
    for line in lines:
        if line.by == "user" and line.at >= first:
            own = pointed.get(line.id, Pointed()).life
            parts.append(f'<circle class="l{own}" cx="{x(line.at):.1f}" cy="{y(own):.1f}" r="4"/>')
    parts += _below(events, first, x, words)
    shown = clock if span < SHORT else day_and_clock
    parts.append(f'<text x="{LEFT}" y="{HIGH + FOOT - 4}">{shown(first, zone)}</text>')
    parts.append(f'<text class="end" x="{WIDE}" y="{HIGH + FOOT - 4}">{shown(last, zone)}</text></svg>')
    return "".join(parts)


def _below(
    events: Sequence[CaseEvent], first: datetime, x: Callable[[datetime], float], words: Mapping[str, str]
) -> list[str]:
    parts: list[str] = []
    free = 0.0
    for event in events:
        if event.kind not in MARKED or event.at < first:
            continue
        place = x(event.at)
        parts.append(f'<path class="did {event.kind}" d="M{place:.1f} {HIGH - 6}v10"/>')
        if place >= free:
            name = escape(words[f"room.did.{event.kind}"])
            end = ' class="end"' if place > WIDE - APART else ""
            parts.append(f'<text{end} x="{place:.1f}" y="{HIGH + 18}">{name}</text>')
            free = place + APART
    return parts
