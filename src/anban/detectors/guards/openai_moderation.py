"""OpenAI's moderation API, and servers with its shape: one request, answered with a score a category."""

from typing import Any, Final, cast

from anban.detectors.guards.dialogue import MOST_CHARS, fitted
from anban.detectors.guards.family import FAINT, Family, Question, Unreadable, signals
from anban.detectors.signal import Role, Signal, Window

_NAME: Final = "openai-moderation"

_CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "sexual": ("sexual",),
    "sexual/minors": ("sexual", "illegal"),
    "hate": ("abuse",),
    "hate/threatening": ("abuse",),
    "harassment": ("abuse",),
    "harassment/threatening": ("abuse", "violence"),
    "self-harm": ("self-harm",),
    "self-harm/intent": ("self-harm.ideation",),
    "self-harm/instructions": ("self-harm",),
    "violence": ("violence",),
    "violence/graphic": ("violence",),
    "illicit": ("illegal",),
    "illicit/violent": ("illegal", "violence"),
}
_NEEDED: Final = frozenset({"self-harm", "violence", "sexual"})
"""Without these the answer is not that of a moderation model; the `illicit` pair came with the omni models."""


def _ask(window: Window, model: str) -> tuple[Question, ...]:
    return (Question({"model": model, "input": fitted(window.text, MOST_CHARS)}),)


def _read(question: Question, role: Role, answer: Any) -> tuple[Signal, ...]:
    results: Any = cast("dict[str, Any]", answer).get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list) or len(cast("list[Any]", results)) != 1 or not isinstance(results[0], dict):
        raise Unreadable("the guard gave no single result")
    result = cast("dict[str, Any]", results[0])
    scores, flags = result.get("category_scores"), result.get("categories")
    if not isinstance(scores, dict) or not isinstance(flags, dict) or not isinstance(result.get("flagged"), bool):
        raise Unreadable("the guard gave no categories")
    told = cast("dict[str, Any]", scores)
    if not told.keys() >= _NEEDED or not all(_is_chance(score) for score in told.values()):
        raise Unreadable("the guard's scores are no probabilities")
    kinds: dict[str, float] = {}
    named: list[str] = []
    for category, score in sorted(told.items(), key=lambda pair: -pair[1]):
        ours = _CATEGORIES.get(category, ())
        if ours and score >= FAINT:
            named.append(category)
        for kind in ours:
            kinds[kind] = max(kinds.get(kind, 0.0), float(score))
    return signals(_NAME, role, kinds, f"scores:{'+'.join(named[:4])}")


def _is_chance(score: Any) -> bool:
    return isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1


FAMILY = Family(_NAME, "/moderations", _ask, _read)
"""Reference: OpenAI's API reference, "Moderations" (`omni-moderation-latest`): `results[0]` with `flagged`,
`categories` and `category_scores` in 0..1. The scores are taken as they are; `self-harm/intent` becomes
`self-harm.ideation` and never a plan, so that this guard alone cannot open the third level. No earlier turns are sent.
"""
