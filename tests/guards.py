"""What guard models answer, family by family, in the shapes of their servers."""

import math
from typing import Any


def chat(text: str, chances: list[tuple[str, dict[str, float]]] | None = None, finish: str = "stop") -> dict[str, Any]:
    """A chat completion; `chances` are its tokens, each with the probabilities of what might have stood there."""
    choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    if chances is not None:
        choice["logprobs"] = {"content": [_place(token, others) for token, others in chances]}
    return {"id": "x", "object": "chat.completion", "choices": [choice]}


def plain(text: str, chances: dict[str, float] | None = None) -> dict[str, Any]:
    """A plain completion of one token."""
    logprobs = None
    if chances is not None:
        logprobs = {"tokens": [text], "top_logprobs": [{token: math.log(p) for token, p in chances.items()}]}
    return {"object": "text_completion", "choices": [{"text": text, "logprobs": logprobs, "finish_reason": "length"}]}


def moderation(**scores: float) -> dict[str, Any]:
    """A moderation result; names with `_` for `/`, what is not named is 0.001."""
    whole = {"self-harm": 0.001, "violence": 0.001, "sexual": 0.001}
    whole |= {name.replace("_", "/").replace("selfharm", "self-harm"): score for name, score in scores.items()}
    categories = {name: score > 0.5 for name, score in whole.items()}
    result = {"flagged": any(categories.values()), "categories": categories, "category_scores": whole}
    return {"id": "modr-1", "model": "omni-moderation-latest", "results": [result]}


UNSAFE: dict[str, dict[str, Any]] = {
    "qwen3guard": chat("Safety: Unsafe\nCategories: Suicide & Self-Harm"),
    "llama-guard": chat("\n\nunsafe\nS11"),
    "shieldgemma": plain("Yes"),
    "granite-guardian": chat("<score> yes </score>"),
    "openai-moderation": moderation(selfharm=0.91),
}
"""What each says of somebody who speaks of harming themselves."""

SAFE: dict[str, dict[str, Any]] = {
    "qwen3guard": chat("Safety: Safe\nCategories: None"),
    "llama-guard": chat("\n\nsafe"),
    "shieldgemma": plain("No"),
    "granite-guardian": chat("<score> no </score>"),
    "openai-moderation": moderation(),
}
"""And of an ordinary day."""


def _place(token: str, others: dict[str, float]) -> dict[str, Any]:
    top = [{"token": each, "logprob": math.log(chance)} for each, chance in others.items()]
    return {"token": token, "logprob": math.log(others.get(token, 1.0)), "top_logprobs": top}
