"""Pictures of a child's use, made on the server: pure functions from an overview's days to SVG, each with its table."""

import csv
import io
from collections.abc import Mapping, Sequence
from html import escape

from anban.people.overview import DayOfUse

WIDE, HIGH, FOOT, HEAD, GUTTER = 640, 190, 24, 18, 4
CELL, ROW, LEFT, TOP = 24, 26, 60, 24
COLOURS = 5
"""Characters that have a colour of their own; the others share the last."""

SHADES = (0, 10, 30)
"""Minutes of an hour beyond which the next darker shade begins; the legend says so."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the beginning of a cell."""


def coloured(days: Sequence[DayOfUse]) -> tuple[str, ...]:
    """The characters that have a colour, most minutes first."""
    total: dict[str, float] = {}
    for day in days:
        for ref, minutes in day.personas.items():
            total[ref] = total.get(ref, 0.0) + minutes
    return tuple(sorted(total, key=lambda ref: (-total[ref], ref)))[:COLOURS]


def whole(minutes: float) -> int:
    """Whole minutes; anything over nothing is at least one, so that no use looks like none."""
    return max(1, round(minutes)) if minutes > 0 else 0


def bars(days: Sequence[DayOfUse], limit: float | None, label: str) -> str:
    """A stacked bar a day, one colour a character, its minutes above it, and the limit as a dashed line."""
    most = max([*(day.minutes for day in days), limit or 0.0, 30.0])
    step, floor, order = WIDE / max(1, len(days)), HEAD + HIGH, coloured(days)
    parts = [f'<svg class="stack" viewBox="0 0 {WIDE} {floor + FOOT}" role="img" aria-label="{escape(label)}">']
    for number, day in enumerate(days):
        x, top = number * step, float(floor)
        for place, (ref, minutes) in enumerate(_stacked(day, order)):
            height = HIGH * minutes / most
            top -= height
            kind = f"c{place if ref else COLOURS}"
            where = f'x="{x + GUTTER:.1f}" y="{top:.1f}" width="{step - 2 * GUTTER:.1f}" height="{height:.1f}"'
            parts.append(f'<rect class="{kind}" {where}/>')
        if day.minutes > 0:
            parts.append(f'<text class="n" x="{x + step / 2:.1f}" y="{top - 5:.1f}">{whole(day.minutes)}</text>')
        if (len(days) - 1 - number) % 2 == 0:
            name = f"{day.day.month}/{day.day.day}"
            parts.append(f'<text class="d" x="{x + step / 2:.1f}" y="{floor + 17}">{name}</text>')
    parts.append(f'<path class="axis" d="M0 {floor}H{WIDE}"/>')
    if limit is not None:
        parts.append(f'<path class="limit" d="M0 {floor - HIGH * limit / most:.1f}H{WIDE}"/>')
    return "".join((*parts, "</svg>"))


def strip(days: Sequence[DayOfUse], quiet: frozenset[int], label: str) -> str:
    """Days as rows, hours as columns, darker where more of the hour was used; quiet hours are framed, broken ones
    crossed."""
    width, height = LEFT + 24 * CELL, TOP + len(days) * ROW
    parts = [f'<svg class="hours" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">']
    parts += [f'<text x="{LEFT + hour * CELL}" y="16">{hour:02d}</text>' for hour in range(0, 24, 3)]
    for row, day in enumerate(days):
        y = TOP + row * ROW
        parts.append(f'<text class="day" x="0" y="{y + 18}">{day.day.month}/{day.day.day}</text>')
        for hour, minutes in enumerate(day.hours):
            x = LEFT + hour * CELL
            kind = f"u{shade(minutes)}{' quiet' if hour in quiet else ''}"
            place = f'x="{x + 1.5}" y="{y + 1.5}" width="{CELL - 3}" height="{ROW - 3}"'
            parts.append(f'<rect class="{kind}" {place} rx="4"/>')
            if hour in quiet and minutes >= 1:
                parts.append(f'<path class="cross" d="M{x + 8} {y + 9}l8 8m0-8l-8 8"/>')
    return "".join((*parts, "</svg>"))


def row_of_days(days: Sequence[DayOfUse], label: str) -> str:
    """One mark a day: kept, used up, over, none. The shape tells it, so that no colour has to."""
    step = WIDE / max(1, len(days))
    parts = [f'<svg class="kept" viewBox="0 0 {WIDE} 52" role="img" aria-label="{escape(label)}">']
    for number, day in enumerate(days):
        x = number * step + step / 2
        match state(day):
            case "none":
                parts.append(f'<circle class="none" cx="{x:.1f}" cy="16" r="4"/>')
            case "under":
                parts.append(f'<circle class="under" cx="{x:.1f}" cy="16" r="10"/>')
            case "reached":
                parts.append(f'<circle class="under" cx="{x:.1f}" cy="16" r="10"/>')
                parts.append(f'<path class="tick" d="M{x - 5:.1f} 16l3.6 4 6.4-8"/>')
            case _:
                parts.append(f'<path class="over" d="M{x - 9:.1f} 25l9-18 9 18z"/>')
        if (len(days) - 1 - number) % 2 == 0:
            parts.append(f'<text class="d" x="{x:.1f}" y="46">{day.day.month}/{day.day.day}</text>')
    return "".join((*parts, "</svg>"))


def state(day: DayOfUse) -> str:
    """How a day fared: none, under, reached, over, or quiet for one in whose quiet hours there was talk."""
    return "quiet" if day.quiet >= 1 else day.kept


def shade(minutes: float) -> int:
    """How dark an hour is: 0 for none, then 1 to 3."""
    return sum(minutes > least for least in SHADES)


def as_csv(days: Sequence[DayOfUse], names: Mapping[str, str]) -> str:
    """All of it as a file: a row a day with its minutes in all, in quiet hours, by character and by hour."""
    refs = sorted({ref for day in days for ref in day.personas})
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\r\n")
    cells = [_cell(names.get(ref, ref)) for ref in refs]
    sheet.writerow(["day", "minutes", "quiet", "state", *cells, *(f"h{hour:02d}" for hour in range(24))])
    for day in days:
        by_character = [whole(day.personas.get(ref, 0.0)) for ref in refs]
        by_hour = [whole(each) for each in day.hours]
        sheet.writerow([day.day.isoformat(), whole(day.minutes), whole(day.quiet), state(day), *by_character, *by_hour])
    return out.getvalue()


def _stacked(day: DayOfUse, order: Sequence[str]) -> list[tuple[str, float]]:
    """The pieces of one bar from the floor up; characters without a colour are one piece, under no name."""
    known = [(ref, day.personas.get(ref, 0.0)) for ref in order]
    return [*known, ("", sum(each for ref, each in day.personas.items() if ref not in order))]


def _cell(name: str) -> str:
    return f"'{name}" if name.startswith(FORMULA) else name
