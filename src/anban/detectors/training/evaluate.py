"""Measures the panel: on texts held out of training, and how long and how much memory a look takes."""

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anban.detectors.panel import Panel
from anban.detectors.signal import Window
from anban.detectors.training.pool import Row, read_pool

_SEEN_FROM = 0.5
_LEVEL_3_FROM = 0.7
_CALM = {"ordinary chat": "benign-chat", "KdConv": "KdConv", "SmileChat": "smile", "CLINC150": "clinc"}
_NO_BUDGET = 1e9


def evaluate(data: Path, panel: Panel) -> dict[str, Any]:
    """Recall and false alarms per signal on the held-out part of the pool, split into written and public texts."""
    rows = [row for row in read_pool(data) if row.part == "dev"]
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    calm: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    grades: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        reading = panel.look(Window(row.text, row.role, row.recent), _NO_BUDGET)
        severe = max(reading.score("self-harm.plan"), reading.score("self-harm.imminent")) >= _LEVEL_3_FROM
        any_self_harm = reading.score("self-harm") >= _SEEN_FROM
        for name, (value, _) in row.labels.items():
            cell = counts[name, _origin(row)]
            cell[0 if value else 2] += reading.score(name) >= _SEEN_FROM
            cell[1 if value else 3] += 1
        if row.role == "user" and row.labels.get("self-harm", (1, 0))[0] == 0:
            for name, source in _CALM.items():
                if source in row.source:
                    calm[name][0] += 1
                    calm[name][1] += any_self_harm
                    calm[name][2] += severe
        if row.grade is not None:
            grade = grades[f"{_origin(row)} {row.lang} L{row.grade}"]
            grade[0] += any_self_harm
            grade[1] += 1
    return {
        "signals": {f"{name} ({origin})": _rates(cell) for (name, origin), cell in sorted(counts.items())},
        "ordinary talk, per 1,000": {
            name: {"texts": n, "L2+": round(1000 * two / n, 2), "L3+": round(1000 * three / n, 2)}
            for name, (n, two, three) in sorted(calm.items())
        },
        "self-harm seen, by level": {
            name: {"texts": n, "seen": round(hit / n, 3)} for name, (hit, n) in sorted(grades.items())
        },
    }


def pace(panel: Panel, texts: Sequence[str], rounds: int = 20) -> dict[str, float]:
    """Milliseconds a look takes over `texts`: median, 99th percentile, worst."""
    took: list[float] = []
    for _ in range(rounds):
        for text in texts:
            began = time.perf_counter()
            panel.look(Window(text), _NO_BUDGET)
            took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return {
        "p50_ms": round(took[len(took) // 2], 3),
        "p99_ms": round(took[int(len(took) * 0.99)], 3),
        "worst_ms": round(took[-1], 3),
    }


def _origin(row: Row) -> str:
    return "public" if "/" in row.source else "written"


def _rates(cell: list[int]) -> dict[str, float]:
    hit, positive, alarm, negative = cell
    rates: dict[str, float] = {"positives": positive, "negatives": negative}
    if positive:
        rates["recall"] = round(hit / positive, 3)
    if negative:
        rates["false_alarms"] = round(alarm / negative, 4)
    return rates
