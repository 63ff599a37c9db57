"""Measures the panel on texts held out of training: by signal, language and origin, by evasion, on ordinary talk."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from anban.detectors.check import check
from anban.detectors.panel import Panel
from anban.detectors.signal import Window
from anban.detectors.training.evasions import FAMILIES
from anban.detectors.training.fit import targets
from anban.detectors.training.measure import measure
from anban.detectors.training.pool import Row, read_pool

_SEEN_FROM = 0.5
_LEVEL_3_FROM = 0.7
_CALM = {"ordinary chat": "benign-chat", "KdConv": "KdConv", "SmileChat": "smile", "CLINC150": "clinc"}
_NO_BUDGET = 1e9
_EVADED = 60  # plainly told texts of each language that are disguised
_EVADED_CHARS = 120
_SURELY = 0.7
_LONG = 200

Scored = tuple[Row, Mapping[str, float]]


def evaluate(data: Path, panel: Panel) -> dict[str, Any]:
    """All figures on the held-out part of the pool. `panel` should keep nothing back (`build_panel(least=0.0)`).

    Labels are partial: a text counts for a signal only where the signal is labelled.
    """
    rows = list({(row.role, row.text, row.recent): row for row in read_pool(data) if row.part == "dev"}.values())
    began = time.perf_counter()
    scored = [(row, scores_of(row.text, panel, row)) for row in rows]
    seconds = time.perf_counter() - began
    return {
        "texts": len(rows),
        "texts_per_second": round(len(rows) / seconds),
        "slices": slices(scored),
        "evasion": evasions(scored, panel),
        "ordinary talk, per 1,000": ordinary(scored),
    }


def scores_of(text: str, panel: Panel, row: Row | None = None) -> Mapping[str, float]:
    """Signal -> score, as `anban check` says it."""
    window = Window(text, row.role, row.recent) if row else Window(text)
    return check(window, panel)["scores"]


def slices(scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """One line a signal, language and origin (written here, public, long texts apart), the worst first."""
    cells: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for row, scores in scored:
        for signal, (value, _) in targets(row).items():
            pair = value, scores.get(signal, 0.0)
            cells[signal, f"{row.lang} {_origin(row)}"].append(pair)
            if len(row.text) > _LONG:
                cells[signal, f"{row.lang} over {_LONG} characters"].append(pair)
    found = [measure(signal, where, *zip(*pairs, strict=True)) for (signal, where), pairs in sorted(cells.items())]
    return [s.as_dict() for s in sorted((s for s in found if s), key=lambda s: s.auroc)]


def evasions(scored: Sequence[Scored], panel: Panel) -> dict[str, dict[str, Any]]:
    """Of texts that are seen as they stand, the share still seen when disguised; and alarms on harmless ones."""
    found: dict[str, dict[str, Any]] = {}
    for lang, families in FAMILIES.items():
        short = [(row, s) for row, s in scored if row.lang == lang and row.role == "user" and not row.recent
                 and len(row.text) <= _EVADED_CHARS]  # fmt: skip
        danger = [row.text for row, s in short if row.grade is not None and s.get("self-harm", 0.0) >= _SURELY]
        calm = [row.text for row, s in short if "benign-chat" in row.source and s.get("self-harm", 0.0) < _SEEN_FROM]
        for family, disguise in families.items():
            found[f"{family} ({lang})"] = {
                "texts": len(danger[:_EVADED]),
                "recall": _share_seen([disguise(text) for text in danger[:_EVADED]], panel),
                "harmless": len(calm[:_EVADED]),
                "false_alarms": _share_seen([disguise(text) for text in calm[:_EVADED]], panel),
            }
    return dict(sorted(found.items(), key=lambda pair: pair[1]["recall"] or 0.0))


def ordinary(scored: Sequence[Scored]) -> dict[str, dict[str, float]]:
    """Alarms of level L2 and of L3 on ordinary talk, per 1,000 texts."""
    calm: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row, scores in scored:
        if row.role == "user" and row.labels.get("self-harm", (1, 0))[0] == 0:
            severe = max(scores.get("self-harm.plan", 0.0), scores.get("self-harm.imminent", 0.0)) >= _LEVEL_3_FROM
            for name, source in _CALM.items():
                if source in row.source:
                    calm[name][0] += 1
                    calm[name][1] += scores.get("self-harm", 0.0) >= _SEEN_FROM
                    calm[name][2] += severe
    return {
        name: {"texts": n, "L2+": round(1000 * two / n, 2), "L3+": round(1000 * three / n, 2)}
        for name, (n, two, three) in sorted(calm.items())
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


def _share_seen(texts: Sequence[str], panel: Panel) -> float | None:
    if not texts:
        return None
    return round(sum(scores_of(text, panel).get("self-harm", 0.0) >= _SEEN_FROM for text in texts) / len(texts), 4)


def _origin(row: Row) -> str:
    return "public" if "/" in row.source else "written"
