"""The figures of the detectors on the tables shipped here are not worse than those recorded."""

import json
from pathlib import Path

from anban.cli.checking import levels_today
from anban.detectors.panel import Panel, build_panel
from anban.detectors.readings.normalise import fold
from anban.detectors.signal import Window
from anban.detectors.training.evaluate import evaluate
from anban.detectors.training.recorded import worse
from tests.detectors.reading import level, table

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "benchmarks" / "detectors.json"
TEXTS = ROOT / "training"


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


def test_no_figure_on_the_held_out_sets_is_worse_than_the_recorded_one() -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))["held_out"]
    now = evaluate(None, build_panel(least=0.0), levels_today(), TEXTS)
    assert worse(now, recorded) == []


def test_no_held_out_text_stands_among_those_to_train_on() -> None:
    trained, held = (
        {fold(json.loads(line)["text"]) for path in (TEXTS / name).glob("*.jsonl") for line in path.open("rb")}
        for name in ("texts", "held-out")
    )
    assert held and sorted(text for text in trained & held if len(text) > 12) == []
