"""What each stage's word weighs: fitted on texts that neither was trained on, one small regression a signal."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from anban.detectors.readings.normalise import fold
from anban.detectors.trained.cascade import logit
from anban.detectors.trained.concepts import Concepts
from anban.detectors.trained.second import Second
from anban.detectors.training.pool import Row

_FEWEST = 20  # positives, and negatives, from which the weights are fitted
_SECOND = 0.3  # what the second stage weighs where they are not, against 1 for the first
_FIRST, _MOST_SECOND = (0.6, 1.2), 0.8
_CALM = ("benign-chat", "KdConv", "clinc")
_RARE = 0.998  # share of ordinary talk that must stay below one half after both looks

Probabilities = Sequence[dict[str, float]]


def mix(
    rows: Sequence[Row], first: Probabilities, second: Second, targets: Any
) -> dict[str, tuple[float, float, float]]:
    """Signal -> (weight of the first stage's logit, weight of the second's margin, constant).

    `first` holds the first stage's probabilities for `rows`, by signal. Same rows, same weights.
    """
    thesaurus = Concepts()
    margins = [_margin(row, second, thesaurus) for row in rows]
    wanted = [targets(row) for row in rows]
    found: dict[str, tuple[float, float, float]] = {}
    for place, name in enumerate(second.names):
        chosen = [n for n, want in enumerate(wanted) if name in want and name in first[n]]
        if not chosen:
            continue
        truth = np.array([wanted[n][name][0] for n in chosen])
        weight = np.array([wanted[n][name][1] for n in chosen])
        one = logit(np.array([first[n][name] for n in chosen]))
        two = np.array([margins[n][place] for n in chosen])
        calm = np.array([any(mark in rows[n].source for mark in _CALM) for n in chosen]) & (truth == 0)
        found[name] = _weights(one, two, truth, weight, calm)
    return found


def _weights(one: Any, two: Any, truth: Any, weight: Any, calm: Any) -> tuple[float, float, float]:
    from sklearn.linear_model import LogisticRegression

    first, second = 1.0, _SECOND
    constant = -_SECOND * float(np.median(two[truth == 0])) if (truth == 0).any() else 0.0
    if min(truth.sum(), (truth == 0).sum()) >= _FEWEST:
        model = LogisticRegression(C=10.0, max_iter=500, random_state=7)
        model.fit(np.stack([one, two], axis=1), truth, sample_weight=weight)
        slopes: Any = model.coef_
        shift: Any = model.intercept_
        first = float(np.clip(slopes[0][0], *_FIRST))
        second = float(np.clip(slopes[0][1], 0.0, _MOST_SECOND))
        constant = float(shift[0])
    if calm.sum() >= 60:
        # Never more alarms on ordinary talk than one look makes.
        constant = min(constant, -float(np.quantile(first * one[calm] + second * two[calm], _RARE)))
    return round(first, 4), round(second, 4), round(constant, 4)


def _margin(row: Row, second: Second, thesaurus: Concepts) -> Any:
    text = fold(row.text)
    concepts = sorted({concept for concept, _, _ in thesaurus.found(text)})
    return second.margins(text, row.role, [(said.role, fold(said.text)) for said in row.recent], concepts)
