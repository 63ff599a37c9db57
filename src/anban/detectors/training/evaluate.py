"""Measures the panel on texts held out of training: by signal, language, set and age, by evasion, on ordinary talk."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from anban.detectors.check import Grade, check
from anban.detectors.panel import Panel
from anban.detectors.signal import Window
from anban.detectors.training.evasions import FAMILIES
from anban.detectors.training.fit import targets
from anban.detectors.training.measure import measure
from anban.detectors.training.pool import HELD_OUT, TEXTS, Row, read_held_out, read_pool

_SEEN_FROM = 0.5
_CALM = {"ordinary chat": "benign-chat", "KdConv": "KdConv", "SmileChat": "smile", "CLINC150": "clinc",
         "held-out ordinary": "ordinary"}  # fmt: skip
_AGES = {
    "young": ("teen", "young", "school", "student", "kid", "child", "pupil", "学生", "小孩"),
    "old": ("elder", "old", "retire", "grand", "senior", "老"),
}  # what a writer's note on the voice of a text says of the age that speaks in it
_DISGUISED = f"{HELD_OUT}evasion"  # the set whose texts are disguised already
_NO_BUDGET = 1e9
_EVADED = 60  # plainly told texts of each language that are disguised
_EVADED_CHARS = 120
_SURELY = 0.7
_LONG = 200

Scored = tuple[Row, Mapping[str, float]]


def evaluate(data: Path | None, panel: Panel, grade: Grade, texts: Path = TEXTS) -> dict[str, Any]:
    """All figures. `panel` should keep nothing back (`build_panel(least=0.0)`); `grade` gives levels as serving does.

    Measured on the sets of `texts/held-out`, and with `data` also on the held-out part of the pool. Labels are partial:
    a text counts for a signal only where the signal is labelled.
    """
    rows = read_held_out(texts)
    if data is not None:
        rows += [row for row in read_pool(data, texts) if row.part == "dev"]
    rows = list({(row.role, row.text, row.recent): row for row in rows}.values())
    began = time.process_time()
    found = [(row, check(Window(row.text, row.role, row.recent), panel, grade)) for row in rows]
    seconds = time.process_time() - began
    scored = [(row, said["scores"]) for row, said in found]
    return {
        "texts": len(rows),
        "texts_per_second": round(len(rows) / seconds),
        "pace": pace(panel, [row.text for row in rows if row.role == "user" and 150 <= len(row.text) <= 250][:200], 3),
        "slices": slices(scored),
        "evasion": {**evasions(scored, panel), **families(scored)},
        "ordinary talk, per 1,000": ordinary([(row, said["level"]) for row, said in found]),
    }


def slices(scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """One line a signal, language and set; by the age that speaks and for long texts again; the worst first."""
    cells: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for row, scores in scored:
        for signal, (value, _) in targets(row).items():
            pair = value, scores.get(signal, 0.0)
            cells[signal, f"{row.lang} {_set(row)}"].append(pair)
            if age := _age(row):
                cells[signal, f"{row.lang} {age} voices"].append(pair)
            if len(row.text) > _LONG:
                cells[signal, f"{row.lang} over {_LONG} characters"].append(pair)
    found = [measure(signal, where, *zip(*pairs, strict=True)) for (signal, where), pairs in sorted(cells.items())]
    return [s.as_dict() for s in sorted((s for s in found if s), key=lambda s: s.auroc)]


def evasions(scored: Sequence[Scored], panel: Panel) -> dict[str, dict[str, Any]]:
    """Of texts that are seen as they stand, the share still seen when disguised; and alarms on harmless ones."""
    found: dict[str, dict[str, Any]] = {}
    for lang, families in FAMILIES.items():
        short = [(row, s) for row, s in scored if row.lang == lang and row.role == "user" and not row.recent
                 and len(row.text) <= _EVADED_CHARS and row.source != _DISGUISED]  # fmt: skip
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


def families(scored: Sequence[Scored]) -> dict[str, dict[str, Any]]:
    """The held-out set of hidden words as it stands: recall of danger and false alarms, by family."""
    cells: dict[str, dict[int, list[bool]]] = defaultdict(lambda: {0: [], 1: []})
    for row, scores in scored:
        if row.source == _DISGUISED:
            danger = row.labels["self-harm"][0]
            cells[f"{row.family} ({row.lang})"][danger].append(scores.get("self-harm", 0.0) >= _SEEN_FROM)
    return {
        f"as people write it: {name}": {
            "texts": len(found[1]),
            "recall": _mean(found[1]),
            "harmless": len(found[0]),
            "false_alarms": _mean(found[0]),
        }
        for name, found in sorted(cells.items(), key=lambda pair: _mean(pair[1][1]) or 0.0)
    }


def ordinary(graded: Sequence[tuple[Row, str]]) -> dict[str, dict[str, float]]:
    """Alarms of level L2 and of L3 on ordinary talk, per 1,000 texts."""
    calm: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row, level in graded:
        if row.role == "user" and row.labels.get("self-harm", (1, 0))[0] == 0:
            for name, source in _CALM.items():
                if source in row.source:
                    calm[name][0] += 1
                    calm[name][1] += level >= "L2"
                    calm[name][2] += level >= "L3"
    return {
        name: {"texts": n, "L2+": round(1000 * two / n, 2), "L3+": round(1000 * three / n, 2)}
        for name, (n, two, three) in sorted(calm.items())
    }


def pace(panel: Panel, texts: Sequence[str], rounds: int = 20) -> dict[str, float]:
    """Milliseconds of one core that a look takes over `texts`: median, 99th percentile, worst.

    Processor time: what else the machine does is no property of the detectors.
    """
    took: list[float] = []
    for _ in range(rounds):
        for text in texts:
            began = time.thread_time()
            panel.look(Window(text), _NO_BUDGET)
            took.append((time.thread_time() - began) * 1000)
    took.sort()
    return {
        "p50_ms": round(took[len(took) // 2], 3),
        "p99_ms": round(took[int(len(took) * 0.99)], 3),
        "worst_ms": round(took[-1], 3),
    }


def _share_seen(texts: Sequence[str], panel: Panel) -> float | None:
    return _mean([check(Window(text), panel)["scores"].get("self-harm", 0.0) >= _SEEN_FROM for text in texts])


def _mean(seen: Sequence[bool]) -> float | None:
    return round(sum(seen) / len(seen), 4) if seen else None


def _set(row: Row) -> str:
    """Public sets together, what was written with them together, each held-out set by itself."""
    if "/" in row.source:
        return "public"
    return row.source if row.source.startswith(HELD_OUT) else "written"


def _age(row: Row) -> str | None:
    return next((age for age, marks in _AGES.items() if any(mark in row.register for mark in marks)), None)
