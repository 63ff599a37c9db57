"""`anban check`: the detectors over a text or a stream of lines."""

import sys
from typing import Any

import orjson

from anban.base.clock import SystemClock
from anban.detectors.check import Grade, check, check_lines
from anban.detectors.listed_words import listed_words
from anban.detectors.panel import Panel, build_panel
from anban.detectors.signal import Reading, Window
from anban.law.register import DEFAULT_PACKS, load
from anban.risk.explain import explained
from anban.risk.ladder import DEPENDENCE_NAMES, LIFE_NAMES, PROPERTY_NAMES, assess, credible
from anban.settings import read_settings


def check_text(text: str, *, masked: bool = False) -> int:
    """One text: scores, level and reasons; with `masked` the text too, its personal identifiers masked."""
    found = check(Window(text), _panel(), levels_today(), masked=masked)
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    return 0


def check_stream(*, masked: bool = False) -> int:
    """JSON lines in, JSON lines out; a line that cannot be read gives an error object and the stream goes on."""
    for found in check_lines(sys.stdin.buffer, _panel(), levels_today(), masked=masked):
        sys.stdout.buffer.write(orjson.dumps(found) + b"\n")
        sys.stdout.buffer.flush()
    return 0


def _panel() -> Panel:
    """Every probability, and the operator's word lists where the deployment has some."""
    return build_panel(least=0.0, listed=listed_words(read_settings().wordlists))


def levels_today() -> Grade:
    """The levels that the gateway would give under the default rule packs today, each reason in both languages."""
    rules = load().in_force(DEFAULT_PACKS, SystemClock().now())
    gentle, costly = rules.table("signal-gentle-thresholds"), rules.table("signal-costly-thresholds")
    learned = rules.table("signal-learned-thresholds")

    def grade(reading: Reading) -> dict[str, Any]:
        seen = assess(credible(reading, learned), gentle, costly)
        return {
            "level": LIFE_NAMES[seen.life],
            "property": PROPERTY_NAMES[seen.property],
            "dependence": DEPENDENCE_NAMES[seen.dependence],
            "explained": [explained(reason) for reason in seen.reasons],
        }

    return grade
