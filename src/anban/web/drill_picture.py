"""The timeline of a drill as one picture with its table: a pure function from what was measured to SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH, HEAD, ROW, FOOT = 880, 104, 48, 46
LINE, NAME, AFTER, TOOK, WITHIN, GAUGE, FULL, SAID = 34, 58, 424, 520, 616, 640, 120, 846
LONGEST = 1.25
"""How far a bar goes beyond its target at most; the number beside it tells the rest."""

STYLE: Final = (
    'text{font-family:system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;fill:#1d2733;'
    "font-size:14px}.big{font-size:20px;font-weight:600}.head,.foot{fill:#55606d;font-size:12px}"
    ".kind{font-family:ui-monospace,Menlo,Consolas,monospace;fill:#6a7583;font-size:11px}.moved{fill:#6a7583;font-size:11px}"
    ".r{text-anchor:end;font-variant-numeric:tabular-nums}.page{fill:#fff}.rule{stroke:#e3e8ee}.way{stroke:#b7c2ce;"
    "stroke-width:2}.way.moved{stroke-dasharray:3 5}.dot{fill:#1f7a5a}.dot.late{fill:#b3261e}.dot.none{fill:#fff;"
    "stroke:#b3261e;stroke-width:2}.track{fill:#eef2f5}.bar{fill:#5aa587}.bar.late{fill:#d1574d}.target{stroke:#1d2733;"
    "stroke-width:1.5}.ok{fill:#1f7a5a}text.late{fill:#b3261e;font-weight:600}"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """One step of a drill: the ledger's kind that proves it, when it was, how long it took, how long it may take.

    Seconds all; `after` is since the message, and None when the step did not happen; the message itself took no time.
    `moved` says that the demonstration's clock was moved on before it.
    """

    step: str
    kind: str
    after: float | None = None
    seconds: float | None = None
    within: float | None = None
    moved: bool = False

    @property
    def late(self) -> bool:
        """Over its target, or not there at all."""
        if self.after is None:
            return True
        return self.seconds is not None and self.within is not None and self.seconds > self.within


def drill_picture(steps: Sequence[Taken], words: Mapping[str, str], *, at: str, passed: bool) -> str:
    """The picture: one row a step, each with its number, its target and a word for how that went.

    `words` are page words of one language, `at` is when the drill began, ready to be read. It is light whatever the
    reader's theme: it is made to be filed and printed.
    """
    height = HEAD + ROW * len(steps) + FOOT
    verdict = words["drill.passed"] if passed else words["drill.failed"]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' role="img" aria-label="{escape(words["drill.title"])} · {escape(verdict)}"><style>{STYLE}</style>',
        f'<rect class="page" width="{WIDTH}" height="{height}"/>',
        _text(LINE - 6, 40, words["drill.title"], "big"),
        _text(WIDTH - 34, 40, verdict, "big r " + ("ok" if passed else "late")),
        _text(LINE - 6, 62, f"{words['drill.mark']} {at}", "head"),
        *_header(words),
    ]
    for number, each in enumerate(steps):
        parts += _row(each, HEAD + ROW * number, words, first=number == 0)
    parts.append(_text(LINE - 6, height - 18, words["drill.foot"], "foot"))
    return "".join((*parts, "</svg>\n"))


def _header(words: Mapping[str, str]) -> list[str]:
    y = HEAD - 14
    columns = ((AFTER, "after"), (TOOK, "took"), (WITHIN, "within"))
    return [
        _text(NAME, y, words["drill.column.step"], "head"),
        *(_text(x, y, words[f"drill.column.{name}"], "head r") for x, name in columns),
        f'<path class="rule" d="M28 {HEAD - 4}H{WIDTH - 28}"/>',
    ]


def _row(each: Taken, top: int, words: Mapping[str, str], *, first: bool) -> list[str]:
    middle = top + ROW // 2
    late = " late" if each.late else ""
    dot = " none" if each.after is None else late
    parts: list[str] = []
    if not first:
        parts.append(f'<path class="way{" moved" if each.moved else ""}" d="M{LINE} {middle - ROW + 8}V{middle - 8}"/>')
    parts += [
        f'<circle class="dot{dot}" cx="{LINE}" cy="{middle}" r="6"/>',
        _text(NAME, middle - 2, words[f"drill.step.{each.step}"]),
        _text(NAME, middle + 15, each.kind, "kind"),
    ]
    if each.moved:
        parts.append(_text(NAME + 8 + 6.7 * len(each.kind), middle + 15, words["drill.moved"], "moved"))
    if each.after is None:
        return [*parts, _text(AFTER, middle + 5, words["drill.missing"], "r late")]
    parts.append(_text(AFTER, middle + 5, _seconds(each.after, words), "r"))
    if each.seconds is not None:
        parts.append(_text(TOOK, middle + 5, _seconds(each.seconds, words), f"r{late}"))
    if each.seconds is not None and each.within is not None:
        parts += _gauge(each.seconds, each.within, middle, late)
        parts.append(_text(WITHIN, middle + 5, _seconds(each.within, words), "r"))
        parts.append(_text(SAID, middle + 5, words["drill.late" if each.late else "drill.kept"], f"r {late or 'ok'}"))
    return parts


def _gauge(seconds: float, within: float, middle: int, late: str) -> list[str]:
    share = min(LONGEST, seconds / within) if within else (LONGEST if seconds else 0.0)
    place = f'x="{GAUGE}" y="{middle - 5}" height="10" rx="5"'
    return [
        f'<rect class="track" {place} width="{FULL * LONGEST:.0f}"/>',
        f'<rect class="bar{late}" {place} width="{max(4.0, FULL * share):.1f}"/>',
        f'<path class="target" d="M{GAUGE + FULL} {middle - 9}v18"/>',
    ]


def _seconds(value: float, words: Mapping[str, str]) -> str:
    number = f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
    shown = number.rstrip("0").rstrip(".") if "." in number and float(number) == int(float(number)) else number
    return words["drill.seconds"].replace("{number}", shown)


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    named = f' class="{" ".join(kind.split())}"' if kind else ""
    return f'<text x="{x:g}" y="{y}"{named}>{escape(text)}</text>'
