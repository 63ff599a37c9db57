"""Pictures of one's own use, made on the server: pure functions from days to SVG, each with its table."""

import csv
import io
from collections.abc import Sequence
from html import escape

from anban.conversations.usage import HOURS, Day

WIDE, HIGH, FOOT, HEAD, EDGE = 360, 150, 20, 18, 6
CELL, ROW, LEFT, TOP = 13, 16, 46, 16
SHADES = (0, 10, 30)
"""Minutes of an hour beyond which the next darker shade begins; the legend says so."""

Hour = tuple[int, int]


def minutes(seconds: float) -> int:
    """Whole minutes; anything over nothing is at least one, so that no use looks like none."""
    return max(1, round(seconds / 60)) if seconds > 0 else 0


def bars(days: Sequence[Day], limit: int | None, label: str) -> str:
    """A bar a day with its minutes above it, and the person's own limit as a line. Without days it is an empty axis."""
    counted = [minutes(day.seconds) for day in days]
    most = max([*counted, limit or 0, 60])
    step = WIDE / max(1, len(days))
    floor = HEAD + HIGH
    box = f"{-EDGE} 0 {WIDE + 2 * EDGE} {floor + FOOT}"
    parts = [f'<svg class="days" viewBox="{box}" role="img" aria-label="{escape(label)}">']
    for number, (day, count) in enumerate(zip(days, counted, strict=True)):
        x, height = number * step, HIGH * count / most
        if count:
            place = f'x="{x + 3:.1f}" y="{floor - height:.1f}" width="{step - 6:.1f}" height="{height:.1f}"'
            parts.append(f'<rect class="bar" {place} rx="3"/>')
            parts.append(f'<text class="n" x="{x + step / 2:.1f}" y="{floor - height - 4:.1f}">{count}</text>')
        if (len(days) - 1 - number) % 2 == 0:
            parts.append(f'<text class="d" x="{x + step / 2:.1f}" y="{floor + 14}">{_short(day)}</text>')
    parts.append(f'<path class="axis" d="M0 {floor}H{WIDE}"/>')
    if limit is not None:
        y = floor - HIGH * limit / most
        parts.append(f'<path class="limit" d="M0 {y:.1f}H{WIDE}"/>')
    return "".join((*parts, "</svg>"))


def strip(days: Sequence[Day], label: str) -> str:
    """Days as rows, the hours of each as columns, darker where more of the hour was used."""
    width, height = LEFT + HOURS * CELL, TOP + len(days) * ROW
    parts = [f'<svg class="hours" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">']
    parts += [f'<text x="{LEFT + each * CELL}" y="11">{each:02d}</text>' for each in range(0, HOURS, 3)]
    for row, day in enumerate(days):
        y = TOP + row * ROW
        parts.append(f'<text class="day" x="0" y="{y + 12}">{_short(day)}</text>')
        for hour in range(HOURS):
            kind = shade(day.hours[hour])
            x = LEFT + hour * CELL
            parts.append(
                f'<rect class="u{kind}" x="{x + 1}" y="{y + 1}" width="{CELL - 2}" height="{ROW - 2}" rx="3"/>'
            )
    return "".join((*parts, "</svg>"))


def shade(seconds: float) -> int:
    """How dark an hour is: 0 for none, then 1 to 3."""
    return sum(seconds / 60 > least for least in SHADES)


def used_hours(day: Day) -> tuple[Hour, ...]:
    """The table beside the strip: (hour, minutes) of each hour with any use."""
    return tuple((hour, minutes(seconds)) for hour, seconds in enumerate(day.hours) if seconds > 0)


def as_csv(days: Sequence[Day]) -> str:
    """The same as a file: a row a day with its minutes, and the minutes of each hour."""
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\r\n")
    sheet.writerow(["day", "minutes", *(f"h{hour:02d}" for hour in range(HOURS))])
    for day in days:
        sheet.writerow([day.day.isoformat(), minutes(day.seconds), *(minutes(each) for each in day.hours)])
    return out.getvalue()


def _short(day: Day) -> str:
    return f"{day.day.month}/{day.day.day}"
