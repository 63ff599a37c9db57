"""One identifier found, how sure that is, and the shapes and telling words that the finders share."""

from dataclasses import dataclass
from pathlib import Path

from anban.detectors.expressions import Expression
from anban.detectors.stated.rules import load_expressions

CHECKED = 0.97
"""A check digit agrees, or the shape allows nothing else."""

TOLD = 0.9
"""A word beside it says what it is."""

SHAPED = 0.7
"""Only the shape speaks for it, or a word without the check digit that belongs to it."""

SHAPES: dict[str, Expression] = load_expressions("identifiers.yaml", Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class Found:
    """One identifier: its kind (`cn-resident`, `email`, ...), its (start, end), and how sure that is. No words."""

    kind: str
    span: tuple[int, int]
    score: float
