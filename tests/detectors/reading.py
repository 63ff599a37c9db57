"""Reads the case tables and says what level a reading amounts to, as the risk room will."""

from pathlib import Path
from typing import Any

import yaml

from anban.detectors.signal import Reading

CASES = Path(__file__).parent / "cases"


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
