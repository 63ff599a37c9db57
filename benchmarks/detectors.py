"""Measures the detectors and writes `detectors.json`: `python benchmarks/detectors.py [DATA]`.

Without the data folder only what stands in the project is measured.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anban.detectors.panel import Panel

sys.path.insert(0, str(Path(__file__).parents[1]))

OUT = Path(__file__).with_name("detectors.json")
TEXTS = Path(__file__).parents[1] / "training"


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
        "hostile, worst five of 32,000 characters, ms": hostile(panel),
        "anban check": streamed(TEXTS / "held-out"),
    }
    measuring = build_panel(least=0.0)
    figures["held_out"] = evaluate(None, measuring, levels_today())
    if len(sys.argv) > 1:
        figures["with_data"] = evaluate(Path(sys.argv[1]), measuring, levels_today())
    OUT.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: figures[name] for name in ("shipped", "pace")}, ensure_ascii=False, indent=1))


def hostile(panel: "Panel") -> dict[str, float]:
    """Milliseconds of the five kinds that take longest, each the quickest of three looks. Processor time."""
    from tests.detectors.test_hostile import FILLERS, SIZE

    from anban.detectors.signal import Window

    took: dict[str, float] = {}
    for kind, filler in FILLERS.items():
        window = Window((filler * SIZE)[:SIZE])
        looks: list[float] = []
        for _ in range(3):
            began = time.thread_time()
            panel.look(window, 1e9)
            looks.append((time.thread_time() - began) * 1000)
        took[kind] = round(min(looks), 1)
    return dict(sorted(took.items(), key=lambda pair: -pair[1])[:5])


def streamed(folder: Path, rounds: int = 3) -> dict[str, float]:
    """Lines a second of the command itself over the texts of `folder`, with its start and without."""
    rows = [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.open("rb")]
    lines = [json.dumps({key: row.get(key) for key in ("id", "text", "role", "context")}) for row in rows]
    start, whole = (_seconds(given) for given in (lines[:1], lines * rounds))
    count = rounds * len(lines)
    return {"lines": count, "a second": round(count / whole), "a second, started": round(count / (whole - start)),
            "start_ms": round(start * 1000)}  # fmt: skip


def _seconds(lines: list[str]) -> float:
    """Processor time of `anban check` over the lines, start and end included."""
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    program = "import sys; from anban.cli import main; sys.argv = ['anban', 'check']; sys.exit(main())"
    given = "\n".join(lines).encode()
    subprocess.run([sys.executable, "-c", program], input=given, stdout=subprocess.DEVNULL, check=True)  # noqa: S603
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime


if __name__ == "__main__":
    main()
