"""Ranking figures with their intervals: how well scores part the texts that bear a signal from those that do not."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

FEWEST = 4  # positives, and negatives, below which no figure is worth printing
_RESAMPLES = 200
_BINS = 10


@dataclass(frozen=True, slots=True)
class Slice:
    """Figures of one signal on one set. Rates are shares in 0..1; intervals are 95 %.

    `recall_1` and `recall_5` are recall where at most 1 % or 5 % of the negatives score higher; `calibration` is the
    expected calibration error (Guo et al. 2017) over ten equal bins.
    """

    signal: str
    where: str
    positives: int
    negatives: int
    auroc: float
    auroc_low: float
    auroc_high: float
    auprc: float
    recall_1: float
    recall_5: float
    recall_5_low: float
    recall_5_high: float
    calibration: float

    def as_dict(self) -> dict[str, Any]:
        """The figures rounded to four places."""
        return {name: round(v, 4) if isinstance(v, float) else v for name, v in asdict(self).items()}


def measure(signal: str, where: str, truth: Any, score: Any) -> Slice | None:
    """The figures of one slice, or None where there are too few texts to say anything. Same input, same output."""
    truth, score = np.asarray(truth, dtype=bool), np.asarray(score, dtype=float)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if min(positives, negatives) < FEWEST:
        return None
    drawn = np.random.default_rng(0)
    areas: list[float] = []
    for _ in range(_RESAMPLES):
        taken = drawn.integers(0, len(truth), len(truth))
        if 0 < truth[taken].sum() < len(truth):
            areas.append(auroc(truth[taken], score[taken]))
    low, high = np.percentile(areas, [2.5, 97.5])
    recall_5 = recall_at(truth, score, 0.05)
    recall_low, recall_high = wilson(recall_5, positives)
    return Slice(
        signal, where, positives, negatives,
        auroc(truth, score), float(low), float(high), average_precision(truth, score),
        recall_at(truth, score, 0.01), recall_5, recall_low, recall_high, calibration_error(truth, score),
    )  # fmt: skip


def auroc(truth: Any, score: Any) -> float:
    """Area under the receiver operating characteristic; ties count one half."""
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    positives = int(truth.sum())
    negatives = len(truth) - positives
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(truth: Any, score: Any) -> float:
    """Area under precision and recall, texts of equal score taken together."""
    order = np.argsort(-score, kind="stable")
    hits, ordered = np.cumsum(truth[order]), score[order]
    last = np.append(ordered[1:] != ordered[:-1], True)
    precision = (hits / np.arange(1, len(hits) + 1))[last]
    recall = hits[last] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def recall_at(truth: Any, score: Any, alarms: float) -> float:
    """Share of positives above the score that at most `alarms` of the negatives exceed."""
    calm = np.sort(score[~truth])[::-1]
    return float((score[truth] > calm[int(alarms * len(calm))]).mean())


def wilson(share: float, count: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    z = 1.96
    centre = share + z * z / (2 * count)
    half = z * float(np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)))
    return (centre - half) / (1 + z * z / count), (centre + half) / (1 + z * z / count)


def calibration_error(truth: Any, score: Any) -> float:
    """Mean gap between what was said and what was so, weighted by how often it was said."""
    place = np.minimum((score * _BINS).astype(int), _BINS - 1)
    gaps = [abs(score[place == n].mean() - truth[place == n].mean()) * (place == n).mean() for n in np.unique(place)]
    return float(sum(gaps))
