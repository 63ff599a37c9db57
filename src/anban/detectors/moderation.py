"""A reading in the shape of OpenAI's moderation results, our own signals beside it."""

from typing import Any

from anban.detectors.signal import Reading
from anban.detectors.vocabulary import LISTED

_FLAGGED_FROM = 0.5
_CATEGORIES: dict[str, tuple[str, ...]] = {
    "sexual": ("sexual", "out.sexual"),
    "hate": (),
    "harassment": ("abuse", "out.abuse"),
    "self-harm": ("self-harm", "self-harm.ideation", "out.self-harm"),
    "self-harm/intent": ("self-harm.plan", "self-harm.imminent"),
    "self-harm/instructions": ("out.self-harm",),
    "sexual/minors": (),
    "hate/threatening": (),
    "violence/graphic": (),
    "violence": ("violence", "out.violence"),
    "harassment/threatening": ("violence",),
    "illicit": ("illegal", "out.illegal", "fraud"),
    "illicit/violent": (),
}


def moderation_result(reading: Reading) -> dict[str, Any]:
    """`results[0]` of `POST /v1/moderations`: OpenAI's categories and scores, plus `anban` with our signals.

    A category of theirs that we do not look for stays false with score 0 and is listed under `anban.not_checked`.
    """
    scores = {name: max((reading.score(kind) for kind in kinds), default=0.0) for name, kinds in _CATEGORIES.items()}
    if reading.score("minority") >= _FLAGGED_FROM:
        scores["sexual/minors"] = scores["sexual"]
    categories = {name: score >= _FLAGGED_FROM for name, score in scores.items()}
    signals: dict[str, float] = {}
    for signal in reading.signals:
        if signal.kind == LISTED:
            continue  # told as a reason only
        signals.setdefault(signal.kind, round(signal.score, 4))
    return {
        "flagged": any(categories.values()),
        "categories": categories,
        "category_scores": {name: round(score, 6) for name, score in scores.items()},
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
        "anban": {
            "signals": signals,
            "why": list(dict.fromkeys(f"{s.kind} {s.why}" for s in reading.signals)),
            "unavailable": list(reading.unavailable),
            "not_checked": sorted(name for name, kinds in _CATEGORIES.items() if not kinds and not scores[name]),
        },
    }
