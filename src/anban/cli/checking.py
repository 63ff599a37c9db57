"""`anban check`: the detectors over a text or a stream of lines."""

import sys
from collections.abc import Callable

import orjson

from anban.base.clock import SystemClock
from anban.detectors.check import check, check_lines
from anban.detectors.panel import build_panel
from anban.detectors.signal import Reading, Window
from anban.law.register import DEFAULT_PACKS, load
from anban.risk.ladder import LIFE_NAMES, assess


def check_text(text: str) -> int:
    """One text: scores, level and reasons."""
    found = check(Window(text), build_panel(least=0.0), _grade())
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    return 0


def check_stream() -> int:
    """JSON lines in, JSON lines out; a line that cannot be read gives an error object and the stream goes on."""
    for found in check_lines(sys.stdin.buffer, build_panel(least=0.0), _grade()):
        sys.stdout.buffer.write(orjson.dumps(found) + b"\n")
        sys.stdout.buffer.flush()
    return 0


def _grade() -> Callable[[Reading], str]:
    rules = load().in_force(DEFAULT_PACKS, SystemClock().now())
    gentle, costly = rules.table("signal-gentle-thresholds"), rules.table("signal-costly-thresholds")
    return lambda reading: LIFE_NAMES[assess(reading, gentle, costly).life]
