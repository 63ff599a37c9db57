"""Reads the case tables and says what level a reading amounts to, as the risk room will."""

from pathlib import Path
from typing import Any

import yaml

import anban.law
from anban.detectors.signal import Reading
from anban.risk.ladder import credible

CASES = Path(__file__).parent / "cases"


def parameter(name: str) -> dict[str, float]:
    """The value of a parameter for everyone, as the law room ships it."""
    path = Path(anban.law.__file__).parent / "parameters" / f"{name}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))["values"][0]["value"]


def withheld(reading: Reading) -> set[str]:
    """The kinds for which the output rail would withhold what was read."""
    bounds = parameter("output-thresholds")
    found = credible(reading, parameter("output-learned-thresholds")).signals
    return {signal.kind for signal in found if signal.score >= bounds[signal.kind]}


def table(name: str) -> list[dict[str, Any]]:
    """The rows of one case table."""
    return yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))


def level(reading: Reading) -> int:
    """0, 2, 3 or 4 by the thresholds this room recommends."""
    if reading.score("self-harm.imminent") >= 0.7:
        return 4
    if reading.score("self-harm.plan") >= 0.7:
        return 3
    return 2 if reading.score("self-harm") >= 0.5 else 0
