"""Reads the pool of labelled texts: only sources with a verified licence, split so that twins stay together.

Two folders. The *data folder* holds what others published and what was written first (`SOURCES.md`, `train/`,
`written/`). The *texts folder* is the project's own `training/`: `texts/` to train on and `held-out/`, written by
others in other registers, which no recipe ever reads.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from anban.base.errors import Misconfigured
from anban.detectors.check import turns_before
from anban.detectors.signal import Role, Said

Part = Literal["train", "dev"]

HELD_OUT = "held-out: "  # begins the source of a text that no recipe reads
TEXTS = Path("training")  # the project's own texts, from the root of a checkout

_NAMES = {
    "suicide": "self-harm", "self_harm": "self-harm", "exit": "leaving", "minor": "minority",
    "out_manipulation": "out.manipulation", "out_user_retention": "out.holding-back",
    "out_claims_human": "out.claims-human", "out_insult": "out.abuse", "out_selfharm": "out.self-harm",
    "out_sexual": "out.sexual", "out_illegal": "out.illegal", "out_violence": "out.violence",
    "out_sycophancy": "out.flattery",
}  # fmt: skip
_SAME = frozenset(
    ["distress", "violence", "threat", "fraud", "dependence", "elderly", "abuse", "sexual", "illegal", "gambling"]
)  # labels of the public pool that already bear our names
_WEAK_WEIGHT = 0.3
_OWN_WEIGHT = 3.0  # texts written for these signals against scraped ones
_SAMPLED = {"thu-coai/COLDataset": 6, "t-davidson/hate-speech-and-offensive-language": 3, "qiuhuachuan/smile": 2}
_SEVERE = {"L3": 3, "L4": 4}


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text. `labels` are partial: a signal that is absent is unknown. `grade` is 2 to 4 for self-harm."""

    text: str
    role: Role
    lang: str
    labels: dict[str, tuple[int, float]]
    source: str
    recent: tuple[Said, ...] = ()
    grade: int | None = None
    part: Part = "train"
    family: str = ""
    register: str = ""


def verified_sources(folder: Path) -> tuple[frozenset[str], frozenset[str]]:
    """(used, left out): the sources whose licence note in SOURCES.md says verified, and the others."""
    used: set[str] = set()
    left: set[str] = set()
    for line in (folder / "SOURCES.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 7 and cells[3].isdigit():
            (used if "verified" in cells[6] else left).add(cells[0])
    if not used:
        raise Misconfigured("SOURCES.md names no verified source", field="data")
    return frozenset(used), frozenset(left)


def read_pool(folder: Path, texts: Path = TEXTS) -> list[Row]:
    """Every usable row of `folder` (`written/*.jsonl`, `train/*.jsonl.gz`) and of `texts/texts`, in a fixed order."""
    used, _ = verified_sources(folder)
    rows = [row for path in sorted((folder / "written").glob("*.jsonl")) for row in _written(path)]
    rows.extend(
        replace(row, part="train") for path in sorted((texts / "texts").glob("*.jsonl")) for row in _written(path)
    )
    for part in ("train", "dev"):
        with gzip.open(folder / "train" / f"{part}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows.extend(_public(row, part) for line in lines if _kept(row := json.loads(line), part, used))
    return [row for row in rows if row.text.strip() and row.labels]


def read_held_out(texts: Path = TEXTS) -> list[Row]:
    """The texts that no recipe reads: each file a set of its own, named by its `source`."""
    paths = sorted((texts / "held-out").glob("*.jsonl"))
    rows = [replace(row, part="dev", source=f"{HELD_OUT}{path.stem}") for path in paths for row in _written(path)]
    if not rows:
        raise Misconfigured(f"{texts} holds no `held-out/*.jsonl`: run from a checkout or name it", field="texts")
    return rows


def _kept(row: dict[str, Any], part: Part, used: frozenset[str]) -> bool:
    """Large sources with weak labels are thinned for training, all of their rarer positives kept."""
    if row["source"] not in used:
        return False
    every = _SAMPLED.get(row["source"], 1)
    rare = any(value for name, value in row["labels"].items() if name not in ("abuse", "distress", "minor"))
    return part == "dev" or rare or zlib.crc32(row["text"].encode("utf-8", "replace")) % every == 0


def _public(row: dict[str, Any], part: Part) -> Row:
    weak = set(row.get("weak", ()))
    labels: dict[str, tuple[int, float]] = {}
    for name, value in row["labels"].items():
        ours = _NAMES.get(name, name if name in _SAME else None)
        if ours is None or (name == "self_harm" and not value):
            continue
        weight = _WEAK_WEIGHT if name in weak else 1.0
        if row["source"].endswith("COLDataset") and ours == "abuse":
            weight = 0.1  # scorn for groups of people; ours is abuse of whom one talks to
        if ours not in labels or labels[ours][0] < value:
            labels[ours] = (int(value), weight)
    recent = (Said("user", row["context"], 30.0),) if row.get("context") else ()
    grade = row["labels"].get("suicide_grade")
    return Row(row["text"], row["role"], row["lang"], labels, row["source"], recent, grade, part)


def _written(path: Path) -> Iterator[Row]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    group = _groups(rows)
    for row in rows:
        labels = {name: (int(value), _OWN_WEIGHT) for name, value in row["labels"].items()}
        if path.stem.endswith(("-crisis", "-long")):
            # Age is marked here wherever the words show it; unmarked texts would else count as young or old.
            for name in ("minority", "elderly"):
                labels.setdefault(name, (0, 1.0))
        grade = None
        if row["labels"].get("self-harm"):
            grade = _SEVERE.get(row.get("level", ""), 2)
        part: Part = "dev" if zlib.crc32(group[row["id"]].encode()) % 6 == 0 else "train"
        recent = turns_before(row.get("context"), row["role"])
        lang = row.get("lang", "zh")
        family, register = row.get("family", ""), row.get("register", "")
        yield Row(row["text"], row["role"], lang, labels, path.stem, recent, grade, part, family, register)


def _groups(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Row id -> the name of its connected component of twins; a language mirror falls on the same side by number."""
    parent = {row["id"]: row["id"] for row in rows}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for row in rows:
        if row.get("pair") in parent:
            low, high = sorted((root(row["id"]), root(row["pair"])))
            parent[high] = low
    return {name: root(name).split("-", 1)[-1] if "output" in name else root(name) for name in parent}
