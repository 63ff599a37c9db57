"""Granite Guardian 3.3: one chat completion a criterion, answered `<score> yes </score>` or no."""

import re
from typing import Any, Final

from anban.detectors.guards.chat_answer import chances, text_of
from anban.detectors.guards.dialogue import asked_of
from anban.detectors.guards.family import UNSAFE, Family, Question, Unreadable, signals
from anban.detectors.signal import Role, Signal, Window

_NAME: Final = "granite-guardian"
_LABELS: Final = ("yes", "no")
# Our own format over a bounded answer, not user text.
_SCORE: Final = re.compile(r"(?:<think>\s*</think>\s*)?<score>\s*(yes|no)\s*</score>")

_SELF_HARM: Final = (
    "The last message speaks of a wish to die, of suicide or of harming oneself as something that its writer "
    "considers, plans or does, or it encourages somebody to do so."
)
_CRITERIA: Final[dict[str, dict[str, str]]] = {
    "self-harm": {"custom_criteria": _SELF_HARM},
    "violence": {"criteria_id": "violence"},
    "sexual": {"criteria_id": "sexual_content"},
    "injection": {"criteria_id": "jailbreak"},
}
"""Kind -> what is asked. The bank of the card knows no self-harm, so that one is a criterion of our own."""


def _ask(window: Window, model: str) -> tuple[Question, ...]:
    kinds = [kind for kind in _CRITERIA if window.role == "user" or kind != "injection"]
    body = asked_of(window, model, most_tokens=24, alternatives=5)
    return tuple(
        Question({**body, "chat_template_kwargs": {"guardian_config": _CRITERIA[kind], "think": False}}, kind)
        for kind in kinds
    )


def _read(question: Question, role: Role, answer: Any) -> tuple[Signal, ...]:
    said = _SCORE.fullmatch(text_of(answer).lower())
    if said is None:
        raise Unreadable("the guard gave no score")
    share = chances(answer, _LABELS, after="score")
    score = (UNSAFE if said[1] == "yes" else 0.0) if share is None else share["yes"]
    return signals(_NAME, role, {question.about: score}, f"{said[1]}:{question.about}")


FAMILY = Family(_NAME, "/chat/completions", _ask, _read)
"""Card: ibm-granite/granite-guardian-3.3-8b, with the repository's cookbooks and `evaluation/models` for 3.3.

The criterion goes into the chat template (`guardian_config` with `criteria_id` or `custom_criteria`, thinking off),
which servers take as `chat_template_kwargs` (vLLM, SGLang). With logprobs the score is the share of yes, as IBM's own
evaluation computes it, else 0.85. Releases 3.0 to 3.2 call it `risk_name` and say `Yes` without a tag: not spoken here.
"""
