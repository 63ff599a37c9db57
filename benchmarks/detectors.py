"""Measures the detectors and writes `detectors.json`: `python benchmarks/detectors.py [DATA]`.

Without the data folder only what stands in the project is measured.
"""

import json
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

OUT = Path(__file__).with_name("detectors.json")


def main() -> None:
    """Measure, print and record."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    from anban.detectors.panel import build_panel

    panel = build_panel()
    load_ms = round((time.perf_counter() - began) * 1000)
    grown_mb = round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1)
    from tests.detectors.reading import table
    from tests.detectors.test_figures import measured

    from anban.cli.checking import levels_today
    from anban.detectors.training.evaluate import evaluate, pace

    figures = json.loads(OUT.read_text(encoding="utf-8")) if OUT.exists() else {}
    ordinary = [case["text"] * 4 for case in table("harmless")]
    alarming = [case["text"] * 4 for case in table("crisis_zh") + table("crisis_en")]
    long = [(case["text"] * 4000)[:32_000] for case in (*table("crisis_zh")[::6], *table("harmless")[::12])]
    figures["versions"] = panel.versions
    figures["shipped"] = measured(panel)
    figures["pace"] = {
        "load_ms": load_ms,
        "load_mb": grown_mb,
        "ordinary": pace(panel, ordinary),
        "alarming": pace(panel, alarming),
        "32,000 characters": pace(panel, long, 2),
    }
    measuring = build_panel(least=0.0)
    figures["held_out"] = evaluate(None, measuring, levels_today())
    if len(sys.argv) > 1:
        figures["with_data"] = evaluate(Path(sys.argv[1]), measuring, levels_today())
    OUT.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: figures[name] for name in ("shipped", "pace")}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
