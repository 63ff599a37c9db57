"""`anban check`: the detectors over a text or a stream of lines."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from io import BufferedReader
from typing import Any, cast

import orjson

from anban.base.clock import SystemClock
from anban.detectors.check import Grade, check, check_lines
from anban.detectors.listed.listed_words import listed_words
from anban.detectors.panel import Panel, build_panel
from anban.detectors.signal import Reading, Window
from anban.law.register import DEFAULT_PACKS, load
from anban.risk.explain import explained
from anban.risk.ladder import DEPENDENCE_NAMES, LEARNED, LIFE_NAMES, PROPERTY_NAMES, assess, credible
from anban.risk.models import Assessed
from anban.settings import read_settings

_AT_ONCE = 1 << 16  # bytes read at a time: answers wait for no more than these


def check_text(text: str, *, masked: bool = False) -> int:
    """One text: scores, level and reasons; with `masked` the text too, its personal identifiers masked."""
    found = check(Window(text), _panel(), levels_today(), masked=masked)
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    return 0


def check_stream(*, masked: bool = False) -> int:
    """JSON lines in, JSON lines out; a line that cannot be read gives an error object and the stream goes on.

    Answers leave as soon as no further line is waiting, so that a caller may ask one at a time or a million at once.
    """
    panel, grade = _panel(), levels_today()
    for lines in arriving(cast(BufferedReader, sys.stdin.buffer)):
        for found in check_lines(lines, panel, grade, masked=masked):
            sys.stdout.buffer.write(orjson.dumps(found) + b"\n")
        sys.stdout.buffer.flush()
    return 0


def arriving(stream: BufferedReader) -> Iterator[list[bytes]]:
    """The lines of `stream` in the groups in which they come; the last one also where no line end follows it."""
    rest = b""
    while piece := stream.read1(_AT_ONCE):
        *lines, rest = (rest + piece).split(b"\n")
        if lines:
            yield lines
    if rest:
        yield [rest]


def _panel() -> Panel:
    """Every probability, and the operator's word lists where the deployment has some."""
    return build_panel(least=0.0, listed=listed_words(read_settings().wordlists))


def levels_today() -> Grade:
    """The levels that the gateway would give under the default rule packs today, each reason in both languages."""
    rules = load().in_force(DEFAULT_PACKS, SystemClock().now())
    gentle, costly = rules.table("signal-gentle-thresholds"), rules.table("signal-costly-thresholds")
    learned = rules.table("signal-learned-thresholds")
    floor = {kind: min(gentle.get(kind, 1.0), costly.get(kind, 1.0)) for kind in {*gentle, *costly}}

    def grade(reading: Reading) -> dict[str, Any]:
        # What lies below every threshold of its kind the ladder need not read through; of most texts nothing is left.
        heard = [s for s in reading.signals if s.score >= floor.get(s.kind, 1.0) or not s.detector.startswith(LEARNED)]
        if not heard:
            return _told(Assessed())
        return _told(assess(credible(replace(reading, signals=tuple(heard)), learned), gentle, costly))

    return grade


def _told(seen: Assessed) -> dict[str, Any]:
    return {
        "level": LIFE_NAMES[seen.life],
        "property": PROPERTY_NAMES[seen.property],
        "dependence": DEPENDENCE_NAMES[seen.dependence],
        "explained": [explained(reason) for reason in seen.reasons],
    }
