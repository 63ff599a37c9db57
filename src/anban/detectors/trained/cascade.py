"""The two stages together: where the first is unsure of what matters, the second looks too and both are weighed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from anban.detectors.signal import Role
from anban.detectors.trained.second import Second

Weights = Mapping[str, tuple[float, float, float]]
"""Signal -> what the first stage's logit and the second stage's margin weigh, and a constant."""

WATCHED: Mapping[Role, tuple[str, ...]] = {
    "user": ("self-harm", "fraud", "threat", "violence", "abuse", "dependence"),
    "assistant": ("out.self-harm", "out.manipulation", "out.claims-human", "out.holding-back", "out.isolation"),
}
"""The signals for whose sake a second look is taken; it then speaks of all signals."""

UNSURE = (0.06, 0.97)
"""From which and up to which probability the first stage counts as unsure."""

_LEAST, _MOST = 1e-6, 1 - 1e-6


@dataclass(frozen=True, slots=True)
class Cascade:
    """The second stage with what each stage's word weighs."""

    second: Second
    weights: Weights

    def asks(self, role: Role, names: Sequence[str], probability: Any) -> bool:
        """Whether the first stage is unsure of a watched signal."""
        watched = [n for n, name in enumerate(names) if name in WATCHED[role]]
        low, high = UNSURE
        return any(low <= probability[n] <= high for n in watched)

    def weigh(self, names: Sequence[str], probability: Any, margin: Any) -> Any:
        """The probabilities after both looks; a signal that only the first stage knows keeps its own."""
        place = {name: n for n, name in enumerate(self.second.names)}
        joint = probability.copy()
        for n, name in enumerate(names):
            if name in self.weights and name in place:
                first, second, constant = self.weights[name]
                total = first * logit(float(probability[n])) + second * float(margin[place[name]]) + constant
                joint[n] = 1 / (1 + np.exp(-np.clip(total, -30, 30)))
        return joint


def logit(probability: Any) -> Any:
    """log(p / (1 - p)), kept finite."""
    kept = np.clip(probability, _LEAST, _MOST)
    return np.log(kept / (1 - kept))
