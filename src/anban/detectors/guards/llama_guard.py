"""Llama Guard 3 and 4: one chat completion, answered `safe`, or `unsafe` and a line of hazard codes."""

from typing import Any, Final

from anban.detectors.guards.chat_answer import chances, text_of
from anban.detectors.guards.dialogue import asked_of
from anban.detectors.guards.family import UNSAFE, Family, Question, Unreadable, signals
from anban.detectors.signal import Role, Signal, Window

_NAME: Final = "llama-guard"
_LABELS: Final = ("unsafe", "safe")

_HAZARDS: Final[dict[str, tuple[str, ...]]] = {
    "S1": ("violence",),  # violent crimes
    "S2": ("illegal",),  # non-violent crimes
    "S3": ("sexual", "illegal"),  # sex-related crimes
    "S4": ("sexual", "illegal"),  # child sexual exploitation
    "S5": (),  # defamation
    "S6": (),  # specialised advice
    "S7": (),  # privacy
    "S8": (),  # intellectual property
    "S9": ("illegal",),  # indiscriminate weapons
    "S10": ("abuse",),  # hate
    "S11": ("self-harm",),  # suicide and self-harm
    "S12": ("sexual",),  # sexual content
    "S13": ("political",),  # elections
    "S14": (),  # code interpreter abuse
}
"""The MLCommons hazards in our vocabulary; nothing where we have no such signal."""


def _ask(window: Window, model: str) -> tuple[Question, ...]:
    return (Question(asked_of(window, model, most_tokens=64, alternatives=5)),)


def _read(question: Question, role: Role, answer: Any) -> tuple[Signal, ...]:
    lines = [line.strip() for line in text_of(answer).splitlines() if line.strip()]
    if lines == ["safe"]:
        return ()
    if len(lines) != 2 or lines[0] != "unsafe":
        raise Unreadable("the guard said something else")
    codes = [code.strip() for code in lines[1].split(",")]
    if any(code not in _HAZARDS for code in codes):
        raise Unreadable("the guard named a hazard that its card does not")
    share = chances(answer, _LABELS)
    score = UNSAFE if share is None else share["unsafe"]
    kinds = {kind: score for code in codes for kind in _HAZARDS[code]}
    return signals(_NAME, role, kinds, f"unsafe:{'+'.join(codes)}")


FAMILY = Family(_NAME, "/chat/completions", _ask, _read)
"""Cards: meta-llama/Llama-Guard-3-1B and -8B, meta-llama/Llama-Guard-4-12B, and their prompt-format pages.

The server's chat template makes the prompt; the last message is judged by its role. The first line is `safe` or
`unsafe`, the second the violated codes S1 to S14 joined by commas (S14 only where tools are judged). With logprobs the
score is the share of `unsafe` at the first token, as the cards score it, else 0.85. S11 covers encouragement of
self-harm; that it also notices who speaks of their own is observed, not promised by the card.
"""
