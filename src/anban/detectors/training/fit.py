"""Fits the linear model: one masked logistic regression a signal, calibrated by language, the same every time."""

import hashlib
import io
import json
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from anban.detectors.readings.normalise import fold
from anban.detectors.signal import Role
from anban.detectors.stated.lexicon import Lexicon
from anban.detectors.stated.rules import load_idioms
from anban.detectors.trained.concepts import BITS as CONCEPT_BITS
from anban.detectors.trained.concepts import Concepts
from anban.detectors.trained.features import BITS, buckets, buckets_before, share
from anban.detectors.trained.linear import BEFORE_SHARE, FOLDER, language
from anban.detectors.training.disguise import disguised
from anban.detectors.training.ordinary import ordinary_rows
from anban.detectors.training.pool import TEXTS, Row, read_pool, verified_sources
from anban.detectors.vocabulary import OUTPUT_SIGNALS

VERSION = "1"
CONCEPTS_SHARE = 0.7  # what the concepts of a text weigh against its pieces, by experiment (docs/detectors.md)
_SAFE_REPLIES = ("EmoLLM", "smile", "VERA-MH")  # sources of replies in which nothing is wrong
_SENTENCE = re.compile(r"(?<=[。！？!?])|(?<=\.) ")
_FEWEST = 12  # positives below which a signal is left to the word lists
_STRENGTH = {"user": 12.0, "assistant": 12.0}
# Groups of ordinary talk, each guarded by itself, and how many times the allowance each has.
_ORDINARY = ((("benign-chat",), 2.0), (("ordinary",), 10.0), (("KdConv", "clinc", "EmoLLM"), 1.0))
_RARE = {"self-harm.plan": 1.0, "self-harm.imminent": 1.0, "self-harm": 0.996, "distress": 0.985}
_RARE_OTHERWISE = 0.996  # share of ordinary talk that must stay below one half
_FOLDS = 3
_GRADED = {"self-harm.plan": 3, "self-harm.imminent": 4}


def train(
    data: Path, out: Path = FOLDER, say: Callable[[str], None] = lambda line: None, texts: Path = TEXTS
) -> dict[str, Any]:
    """Train on the pool in `data` and on `texts`, write `weights.npz` and `card.json` to `out`, and return the card.

    Needs the extra `train` (scikit-learn, SciPy). The same pool gives the same file, byte for byte.
    """
    rows = [row for row in read_pool(data, texts) if row.part == "train"]
    rows.extend(ordinary_rows())
    rows.extend(_counter_examples(rows))
    rows = disguised(rows)
    used, left = verified_sources(data)
    arrays: dict[str, Any] = {}
    signals: dict[str, list[str]] = {}
    calibration: dict[str, Any] = {}
    roles: tuple[Role, Role] = ("user", "assistant")
    for role in roles:
        mine = [row for row in rows if row.role == role]
        say(f"{role}: {len(mine)} texts")
        names, weights, bias, lines = _fit_role(mine, role, say)
        pieces = 1 << BITS
        arrays[f"{role}_weights"], arrays[f"{role}_scale"] = _small(weights[:pieces])
        arrays[f"{role}_concepts"], arrays[f"{role}_concepts_scale"] = _small(weights[pieces:] * CONCEPTS_SHARE)
        arrays[f"{role}_bias"] = bias.astype(np.float32)
        signals[role], calibration[role] = names, lines
    blob = _stored(arrays)
    out.mkdir(parents=True, exist_ok=True)
    (out / "weights.npz").write_bytes(blob)
    card: dict[str, Any] = {
        "name": "anban-linear", "version": VERSION, "sha256": hashlib.sha256(blob).hexdigest(), "bytes": len(blob),
        "about": "hashed pieces of characters and words, and concepts of a thesaurus; a logistic regression a signal, "
                 "labels masked where unknown",
        "texts": {role: sum(row.role == role for row in rows) for role in roles},
        "sources": sorted(used | {"written for this project"}), "sources_left_out": sorted(left),
        "thesaurus": Concepts().digest, "signals": signals, "calibration": calibration,
    }  # fmt: skip
    (out / "card.json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return card


def targets(row: Row) -> dict[str, tuple[int, float]]:
    """What each signal of the model should say of a row: the labels, and the steps of self-harm where graded."""
    found = dict(row.labels)
    known = found.get("self-harm")
    if known is not None:
        value, weight = known
        for name, step in _GRADED.items():
            if not value:
                found[name] = (0, weight)
            elif row.grade is not None:
                found[name] = (int(row.grade >= step), weight)
    return found


def _counter_examples(rows: Sequence[Row]) -> list[Row]:
    """Ordinary talk is also no example of the rarer signals; without it their models would see only their own files."""
    extra: list[Row] = []
    plain = {"secrets", "asks-human", "asks-if-ai", "injection", "kinship-request", "intimacy-request", "gambling",
             "illegal", "leaving", "sexual", "elderly", "minority", "violence", "threat", "fraud", "dependence",
             "health-emergency", "abuse", "political", "worry-for-other"}  # fmt: skip
    for row in rows:
        if row.role == "user" and ("KdConv" in row.source or "clinc" in row.source or row.source == "benign-chat"):
            names = plain - set(row.labels)
            if row.source == "benign-chat":
                names -= {"elderly", "minority"}
            extra.append(replace(row, labels=dict.fromkeys(names, (0, 0.5)), grade=None))
        if row.role == "assistant" and any(name in row.source for name in _SAFE_REPLIES):
            names = OUTPUT_SIGNALS - {"out.political"}
            extra.append(replace(row, labels=dict.fromkeys(names - set(row.labels), (0, 0.5)), grade=None))
            # The output rail judges sentence by sentence: a harmless one by itself must look harmless too.
            first = _SENTENCE.split(row.text, maxsplit=1)[0]
            if 2 <= len(first) < len(row.text):
                extra.append(replace(row, text=first, labels=dict.fromkeys(names, (0, 0.5)), grade=None))
    return extra


def matrix(rows: Sequence[Row]) -> Any:
    """The rows as a sparse matrix, scaled as at run time: first the pieces of text, then the concepts."""
    from scipy.sparse import hstack

    idioms, thesaurus = Lexicon(load_idioms()), Concepts()
    folded = [fold(row.text) for row in rows]
    pieces = [
        (buckets(idioms.without_idioms(text)), buckets_before([(said.role, fold(said.text)) for said in row.recent]))
        for text, row in zip(folded, rows, strict=True)
    ]
    concepts = [(thesaurus.buckets(text),) for text in folded]
    return hstack(
        [_sparse(pieces, (1.0, float(BEFORE_SHARE)), BITS), _sparse(concepts, (CONCEPTS_SHARE,), CONCEPT_BITS)]
    ).tocsr()


def _sparse(found: Sequence[tuple[Any, ...]], weights: Sequence[float], bits: int) -> Any:
    """A row for each group of buckets; what stands in one bucket weighs its group's weight, shared among its like."""
    from scipy.sparse import csr_matrix

    columns = [part for parts in found for part in parts]
    values = [
        np.full(len(part), weight * share(len(part)), np.float32)
        for parts in found
        for part, weight in zip(parts, weights, strict=True)
    ]
    ends = np.concatenate(([0], np.cumsum([sum(map(len, parts)) for parts in found])))
    made = csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=(len(found), 1 << bits))
    made.sum_duplicates()
    return made


def _small(weights: Any) -> tuple[Any, Any]:
    """The weights as int8, and for each signal what one step of them is worth."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127.0
    return np.round(weights / scale).astype(np.int8), scale.astype(np.float32)


def _fit_role(rows: list[Row], role: Role, say: Callable[[str], None]) -> tuple[list[str], Any, Any, dict[str, Any]]:
    whole = matrix(rows)
    wanted = [targets(row) for row in rows]
    langs = np.array([language(row.text) for row in rows])
    folds = np.array([zlib.crc32(row.text.encode("utf-8", "replace")) for row in rows]) % _FOLDS
    ordinary = [
        (np.array([any(name in row.source for name in group) for row in rows]), part) for group, part in _ORDINARY
    ]
    names: list[str] = []
    weights: list[Any] = []
    bias: list[float] = []
    lines: dict[str, list[tuple[float, float]]] = {"zh": [], "en": []}
    for name in sorted({name for want in wanted for name in want}):
        chosen = np.array([n for n, want in enumerate(wanted) if name in want])
        truth = np.array([wanted[n][name][0] for n in chosen])
        if truth.sum() < _FEWEST or truth.sum() == len(truth):
            continue
        weight = _balanced(truth, np.array([wanted[n][name][1] for n in chosen]))
        part = whole[chosen]
        held = np.zeros(len(chosen), np.float32)
        for fold_number in range(_FOLDS):
            inside = folds[chosen] != fold_number
            model = _logistic(part[inside], truth[inside], weight[inside], role)
            held[~inside] = model.decision_function(part[~inside])
        model = _logistic(part, truth, weight, role)
        names.append(name)
        weights.append(model.coef_[0].astype(np.float32))
        bias.append(float(model.intercept_[0]))
        base = np.array([wanted[n][name][1] for n in chosen])
        for lang in lines:
            here = langs[chosen] == lang
            slope, shift = _line(held, truth, base, here)
            for group, allowance in ordinary:
                calm = held[here & group[chosen] & (truth == 0)]
                share_below = 1 - allowance * (1 - _RARE.get(name, _RARE_OTHERWISE))
                shift = _guarded(slope, shift, calm, share_below)
            lines[lang].append((slope, shift))
        say(f"  {name}: {int(truth.sum())} of {len(truth)}")
    stacked = np.stack(weights, axis=1) if weights else np.zeros((whole.shape[1], 0), np.float32)
    return names, stacked, np.array(bias), lines


def _balanced(truth: Any, weight: Any) -> Any:
    """Positives together weigh at most a fifth of the negatives, and no less than they are."""
    positive, negative = weight[truth == 1].sum(), weight[truth == 0].sum()
    boost = min(20.0, max(1.0, 0.2 * negative / max(positive, 1e-9)))
    return np.where(truth == 1, weight * boost, weight)


def _logistic(part: Any, truth: Any, weight: Any, role: Role) -> Any:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_STRENGTH[role], solver="liblinear", max_iter=60, tol=1e-3, random_state=7)
    return model.fit(part, truth, sample_weight=weight)


def _line(margin: Any, truth: Any, weight: Any, here: Any) -> tuple[float, float]:
    """Slope and shift that turn held-out margins into probabilities (Platt 1999), from all texts when few."""
    from sklearn.linear_model import LogisticRegression

    if truth[here].sum() < 8 or (truth[here] == 0).sum() < 8:
        here = np.ones(len(truth), bool)
    model = LogisticRegression(C=100.0, max_iter=200, random_state=7)
    model.fit(margin[here].reshape(-1, 1), truth[here], sample_weight=weight[here])
    slope: Any = model.coef_
    shift: Any = model.intercept_
    return round(max(float(slope[0][0]), 0.05), 4), round(float(shift[0]), 4)


def _guarded(slope: float, shift: float, calm: Any, share: float) -> float:
    """The shift, lowered until only one in so many ordinary texts comes out above one half."""
    if len(calm) < 60:
        return shift
    return round(min(shift, -slope * float(np.quantile(calm, share))), 4)


def _stored(arrays: dict[str, Any]) -> bytes:
    """The arrays as an uncompressed .npz whose bytes depend on nothing but their content."""
    import zipfile

    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            inner = io.BytesIO()
            np.lib.format.write_array(inner, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), inner.getvalue())
    return blob.getvalue()
