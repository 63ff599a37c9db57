"""The figures as a picture: each bar is the measured value as a share of its target."""

from typing import Any
from xml.sax.saxutils import escape

WIDTH, ROW, LEFT, FULL = 760, 34, 300, 260


def draw(rows: list[dict[str, Any]]) -> str:
    """An SVG of the rows that have a target; the line marks the target itself."""
    parts = [_row(row, 40 + at * ROW) for at, row in enumerate(rows)]
    height = 60 + len(rows) * ROW
    x = LEFT + FULL
    line = (
        f'<line x1="{LEFT + FULL}" y1="28" x2="{LEFT + FULL}" y2="{height - 16}" stroke="#777" stroke-dasharray="4 3"/>'
    )
    mark = f'<text x="{x}" y="20" text-anchor="middle" fill="#777">target</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="13">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>{mark}{line}{"".join(parts)}</svg>\n'
    )


def _row(row: dict[str, Any], y: int) -> str:
    share = row["value"] / row["target"]
    length = min(share, 1.6) * FULL
    colour = "#2f7d6d" if row["reached"] else "#b3423a"
    return (
        f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end" fill="#222">{escape(row["figure"])}</text>'
        f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="20" rx="3" fill="{colour}"/>'
        f'<text x="{LEFT + length + 6:.1f}" y="{y + 14}" fill="#222">{row["value"]:g}</text>'
    )
