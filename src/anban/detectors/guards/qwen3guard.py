"""Qwen3Guard-Gen: one chat completion, answered with `Safety:` and `Categories:` lines."""

from typing import Any, Final

from anban.detectors.guards.chat_answer import chances, text_of
from anban.detectors.guards.dialogue import asked_of
from anban.detectors.guards.family import UNSAFE, UNSURE, Family, Question, Unreadable, signals
from anban.detectors.signal import Role, Signal, Window

_NAME: Final = "qwen3guard"
_SEVERITIES: Final = {"Safe": 0.0, "Controversial": UNSURE, "Unsafe": UNSAFE}

_CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "Violent": ("violence",),
    "Non-violent Illegal Acts": ("illegal",),
    "Sexual Content or Sexual Acts": ("sexual",),
    "PII": (),
    "Personally Identifiable Information": (),
    "Suicide & Self-Harm": ("self-harm",),
    "Unethical Acts": ("abuse",),
    "Politically Sensitive Topics": ("political",),
    "Copyright Violation": (),
    "Jailbreak": ("injection",),
    "None": (),
}
"""Their categories (the last one but one for prompts only) in our vocabulary; nothing where we have no such signal."""


def _ask(window: Window, model: str) -> tuple[Question, ...]:
    return (Question(asked_of(window, model, most_tokens=128, alternatives=10)),)


def _read(question: Question, role: Role, answer: Any) -> tuple[Signal, ...]:
    lines = [line.strip() for line in text_of(answer).splitlines() if line.strip()]
    told: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name not in ("Safety", "Categories", "Refusal") or name in told:
            raise Unreadable("the guard said something else")
        told[name] = value.strip()
    severity = told.get("Safety")
    if severity not in _SEVERITIES or told.get("Refusal", "No") not in ("Yes", "No"):
        raise Unreadable("the guard gave no severity")
    named = [name.strip() for name in told.get("Categories", "").split(",") if name.strip()]
    if any(name not in _CATEGORIES for name in named):
        raise Unreadable("the guard named a category that its card does not")
    if severity == "Safe":
        return ()
    if not named or named == ["None"]:
        raise Unreadable("the guard named no category for what is not safe")
    share = chances(answer, tuple(_SEVERITIES), after=":")
    score = _SEVERITIES[severity] if share is None else share["Unsafe"] + UNSURE * share["Controversial"]
    kinds = {kind: score for name in named for kind in _CATEGORIES[name]}
    return signals(_NAME, role, kinds, f"{severity.lower()}:{'+'.join(_short(name) for name in named)}")


def _short(category: str) -> str:
    return category.lower().replace(" & ", "-").replace(" ", "-")


FAMILY = Family(_NAME, "/chat/completions", _ask, _read)
"""Card: Qwen/Qwen3Guard-Gen-0.6B, -4B, -8B, and the repository's README (OpenAI-compatible example under "Deployment").

A prompt is judged as the last user message, a response as the assistant message after it. The answer is
`Safety: Safe|Unsafe|Controversial`, `Categories: …` (joined by commas) and, for responses, `Refusal: Yes|No`.
With logprobs the score is P(Unsafe) + P(Controversial) / 2 at the severity, else 0.85 and 0.5.
"""
