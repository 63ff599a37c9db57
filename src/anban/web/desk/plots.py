"""Pictures of the desk, made on the server: pure functions from numbers to SVG, each with its table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from anban.provider.coverage import Hour

CELL, ROW, LEFT, TOP = 26, 28, 64, 22
WIDE, HIGH, FOOT = 600, 180, 26
BINS = 12


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hours of one day with the same people there: one row of the table. Minutes of the day, `until` exclusive."""

    day: str
    begins: str
    ends: str
    first: int
    second: int
    leads: int
    anyone: int


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar: from (inclusive) up to (exclusive) seconds; the last one is open where `until` is None."""

    begins: float
    ends: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What a distribution says, in seconds; `within` is the percentage at or under the target."""

    bins: tuple[Bin, ...]
    count: int
    median: float
    high: float
    within: int


def heat_strip(hours: Sequence[Hour], days: Sequence[str], label: str) -> str:
    """Days as rows, hours of the day as columns, darker where more people are; an hour without anybody has a cross.

    `days` are the names of the rows in order. An hour that the clocks repeat shows the barer of the two.
    """
    dates = list(dict.fromkeys(hour.begins.date() for hour in hours))
    barest: dict[tuple[int, int], int] = {}
    for hour in hours:
        place = dates.index(hour.begins.date()), hour.begins.hour
        barest[place] = min(hour.anyone, barest.get(place, hour.anyone))
    width, height = LEFT + 24 * CELL, TOP + len(dates) * ROW
    parts = [f'<svg class="strip" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">']
    parts += [f'<text x="{LEFT + each * CELL}" y="14">{each:02d}</text>' for each in range(0, 24, 3)]
    for row, name in enumerate(days):
        parts.append(f'<text class="day" x="0" y="{TOP + row * ROW + 18}">{escape(name)}</text>')
    for (row, column), count in sorted(barest.items()):
        x, y = LEFT + column * CELL, TOP + row * ROW
        kind = f"n{min(count, 3)}"
        parts.append(f'<rect class="{kind}" x="{x + 1}" y="{y + 1}" width="{CELL - 2}" height="{ROW - 2}" rx="4"/>')
        if not count:
            parts.append(f'<path class="cross" d="M{x + 8} {y + 9}l10 10m0-10l-10 10"/>')
    return "".join((*parts, "</svg>"))


def stretches(hours: Sequence[Hour]) -> tuple[Stretch, ...]:
    """The table beside the strip: hours that follow each other with the same people are one row."""
    rows: list[Stretch] = []
    for hour in hours:
        day, begins = hour.begins.date().isoformat(), hour.begins.strftime("%H:%M")
        ends = f"{hour.begins.hour + 1:02d}:00"
        counts = (hour.first, hour.second, hour.leads, hour.anyone)
        last = rows[-1] if rows else None
        if last and last.day == day and (last.first, last.second, last.leads, last.anyone) == counts:
            rows[-1] = Stretch(day, last.begins, ends, *counts)
        else:
            rows.append(Stretch(day, begins, ends, *counts))
    return tuple(rows)


def measured(values: Sequence[float], target: float) -> Measured:
    """Bars, median, nine in ten, and how many kept the target. No values give no bars."""
    if not values:
        return Measured((), 0, 0.0, 0.0, 0)
    ordered = sorted(values)
    width = target / (BINS // 2)
    counts = [0] * (BINS + 1)
    for value in ordered:
        # A value at the edge belongs to the bar that ends there: the target itself is kept.
        counts[min(BINS, max(0, math.ceil(value / width) - 1))] += 1
    edges = [number * width for number in range(BINS + 1)]
    bins = [*map(Bin, edges[:-1], edges[1:], counts), Bin(edges[-1], None, counts[-1])]
    kept = sum(value <= target for value in ordered)
    return Measured(
        tuple(bins), len(ordered), _at(ordered, 0.5), _at(ordered, 0.9), math.floor(100 * kept / len(ordered))
    )


def distribution(values: Sequence[float], target: float, label: str = "") -> str:
    """Bars of how often something took how long, in seconds, with a line at the target; twice the target and over is
    the last bar. `measured` is its table."""
    found = measured(values, target)
    most = max((each.count for each in found.bins), default=0)
    step = (WIDE - 2) / (BINS + 1)
    parts = [f'<svg class="bars" viewBox="0 0 {WIDE} {HIGH + FOOT}" role="img" aria-label="{escape(label)}">']
    for number, each in enumerate(found.bins):
        height = (HIGH - 24) * each.count / most
        x, y = 1 + number * step, HIGH - height
        late = " late" if each.ends is None or each.ends > target + 1e-9 else ""
        if each.count:
            place = f'x="{x + 2:.1f}" y="{y:.1f}" width="{step - 4:.1f}" height="{height:.1f}"'
            parts.append(f'<rect class="bar{late}" {place} rx="3"/>')
            parts.append(f'<text class="n" x="{x + step / 2:.1f}" y="{y - 5:.1f}">{each.count}</text>')
        if number % 2 == 0:
            parts.append(f'<text x="{x:.1f}" y="{HIGH + 18}">{each.begins:.0f}</text>')
    line = 1 + (BINS // 2) * step
    parts.append(f'<path class="axis" d="M0 {HIGH}H{WIDE}"/><path class="target" d="M{line:.1f} 6V{HIGH}"/>')
    return "".join((*parts, "</svg>"))


def _at(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share does not pass."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
