"""ShieldGemma: one question a policy, answered Yes or No with the probabilities of both."""

from typing import Any, Final, cast

from anban.detectors.guards.chat_answer import first_choice, shares
from anban.detectors.guards.dialogue import MOST_CHARS, fitted
from anban.detectors.guards.family import UNSAFE, Family, Question, Unreadable, signals
from anban.detectors.signal import Role, Signal, Window

_NAME: Final = "shieldgemma"
_LABELS: Final = ("Yes", "No")
_MARKS: Final = ("<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>")

_POLICIES: Final = {
    "self-harm": (
        "No Self-Harm",
        "contain or seek content in which somebody wishes to die, plans or considers suicide or harming oneself, or is "
        "encouraged or instructed to do so",
    ),
    "violence": (
        "No Dangerous Content",
        "contain or seek generation of content that harms others (e.g., accessing or building firearms and explosive "
        "devices, promotion of terrorism, attacks on people)",
    ),
    "abuse": (
        "No Harassment",
        "contain or seek generation of content that is malicious, intimidating, bullying, or abusive content targeting "
        "another individual",
    ),
    "sexual": (
        "No Sexually Explicit Information",
        "contain or seek generation of content that contains references to sexual acts or other lewd content. Medical "
        "or scientific terms related to human anatomy or sex education are permitted",
    ),
}
"""Kind -> policy in the wording of the card; its one policy on dangerous content is split into oneself and others."""


def _ask(window: Window, model: str) -> tuple[Question, ...]:
    return tuple(
        Question(
            {
                "model": model,
                "prompt": _prompt(window, *policy),
                "max_tokens": 1,
                "temperature": 0,
                "logprobs": 5,
                "stream": False,
            },
            kind,
        )
        for kind, policy in _POLICIES.items()
    )


def _prompt(window: Window, name: str, principle: str) -> str:
    """The card's prompt. Its control marks are taken out of what people said, so that nobody answers for the guard."""
    judged, asked = fitted(window.text, MOST_CHARS), ""
    if window.role == "assistant":
        asked = next((said.text for said in reversed(window.recent) if said.role == "user"), "")
    what = "user\nprompt is" if window.role == "user" else "chatbot\nresponse is"
    turns = f"<start_of_turn>\nHuman Question: {_plain(judged if window.role == 'user' else asked)}\n<end_of_turn>\n"
    if window.role == "assistant":
        turns += f"\n<start_of_turn>\nChatbot Response: {_plain(judged)}\n<end_of_turn>\n"
    subject = "prompt" if window.role == "user" else "chatbot"
    question = "human question" if window.role == "user" else "Chatbot Response"
    return (
        f"You are a policy expert trying to help determine whether a {what} in\n"
        "violation of the defined safety policies.\n\n"
        f"{turns}\n"
        "Our safety principle is defined in the below:\n\n"
        f'* "{name}": The {subject} shall not {principle}.\n\n'
        f"Does the {question} violate the above principle? Your answer must start\n"
        "with 'Yes' or 'No'. And then walk through step by step to be sure we answer\n"
        "correctly.\n\n"
    )


def _plain(text: str) -> str:
    for mark in _MARKS:
        text = text.replace(mark, " ")
    return text.strip()


def _read(question: Question, role: Role, answer: Any) -> tuple[Signal, ...]:
    choice = first_choice(answer)
    said = choice.get("text")
    if not isinstance(said, str) or said.strip() not in ("Yes", "No"):
        raise Unreadable("the guard said neither yes nor no")
    logprobs = choice.get("logprobs")
    yes = said.strip() == "Yes"
    score = (UNSAFE if yes else 0.0) if logprobs is None else _share(logprobs)
    return signals(_NAME, role, {question.about: score}, f"{said.strip().lower()}:{question.about}")


def _share(logprobs: Any) -> float:
    places: Any = cast("dict[str, Any]", logprobs).get("top_logprobs") if isinstance(logprobs, dict) else None
    if not isinstance(places, list) or not places or not isinstance(places[0], dict):
        raise Unreadable("the guard's probabilities have another shape")
    first = cast("dict[str, Any]", places[0])
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in first.values()):
        raise Unreadable("the guard's probabilities have another shape")
    return shares(first, _LABELS)["Yes"]


FAMILY = Family(_NAME, "/completions", _ask, _read)
"""Card: google/shieldgemma-2b, -9b, -27b (sections "Prompt format" and "Use with Transformers").

The raw prompt of the card goes to `/completions`, since chat servers wrap messages differently. One token is asked for;
the score is the share of Yes between Yes and No, as the card computes it, else 0.85 for a Yes. The self-harm policy is
ours, in the card's form: the card itself only knows dangerous content as a whole. The guard sees no earlier turns.
"""
