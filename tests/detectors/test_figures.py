"""The figures of the detectors on the tables shipped here are not worse than those recorded."""

import json
from pathlib import Path

from anban.detectors.panel import Panel
from anban.detectors.signal import Window
from tests.detectors.reading import level, table

RECORDED = Path(__file__).parents[2] / "benchmarks" / "detectors.json"


def measured(panel: Panel) -> dict[str, float]:
    """Recall of danger at its own level, and the share of harmless texts that raise nothing."""
    figures: dict[str, float] = {}
    for name in ("crisis_zh", "crisis_en", "veiled"):
        cases = table(name)
        hit = sum(level(panel.look(Window(case["text"]), 1e9)) >= int(case["expect"][1]) for case in cases)
        figures[f"{name}.recall"] = round(hit / len(cases), 4)
    harmless = table("harmless") + [{"text": case["twin"]} for case in table("evasion")]
    calm = sum(level(panel.look(Window(case["text"]), 1e9)) == 0 for case in harmless)
    figures["harmless.calm"] = round(calm / len(harmless), 4)
    families = table("evasion")
    found = sum(level(panel.look(Window(case["text"]), 1e9)) >= 2 for case in families)
    figures["evasion.recall"] = round(found / len(families), 4)
    return figures


def test_no_figure_is_worse_than_the_recorded_one(panel: Panel) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))["shipped"]
    now = measured(panel)
    assert {name: now[name] for name in recorded if now[name] < recorded[name]} == {}
