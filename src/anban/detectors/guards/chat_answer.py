"""Reading a chat completion strictly: its one text, and the probabilities behind a token when the server gave them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from anban.detectors.guards.family import Unreadable

_MOST_CHARS = 4_000


def text_of(answer: Any) -> str:
    """The text of the first choice. Raises `Unreadable` for another shape, or a text that was cut off."""
    choice = first_choice(answer)
    if choice.get("finish_reason") not in (None, "stop"):
        raise Unreadable("the guard's answer was cut off")
    message = choice.get("message")
    text = cast("dict[str, Any]", message).get("content") if isinstance(message, dict) else None
    if not isinstance(text, str) or not text.strip() or len(text) > _MOST_CHARS:
        raise Unreadable("the guard's answer holds no short text")
    return text.strip()


def first_choice(answer: Any) -> dict[str, Any]:
    """The first choice of a completion."""
    choices: Any = cast("dict[str, Any]", answer).get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Unreadable("the guard's answer has no choice")
    return cast("dict[str, Any]", choices[0])


def chances(answer: Any, labels: Sequence[str], after: str = "") -> Mapping[str, float] | None:
    """Label -> its share at the first place where one of the labels was said, or None without logprobs.

    Places up to a token that holds `after` are passed over. Raises `Unreadable` when logprobs are there and make no
    sense: a probability that was misread would be worse than none.
    """
    logprobs = first_choice(answer).get("logprobs")
    places: Any = cast("dict[str, Any]", logprobs).get("content") if isinstance(logprobs, dict) else logprobs
    if places is None:
        return None
    if not isinstance(places, list):
        raise Unreadable("the guard's probabilities have another shape")
    begun = not after
    for place in cast("list[Any]", places):
        if not isinstance(place, dict) or not isinstance(place.get("token"), str):
            raise Unreadable("the guard's probabilities have another shape")
        if begun and _label(place["token"], labels) is not None:
            return shares(_alternatives(cast("dict[str, Any]", place)), labels)
        begun = begun or after in place["token"]
    raise Unreadable("the guard's probabilities name no label")


def shares(alternatives: Mapping[str, float], labels: Sequence[str]) -> Mapping[str, float]:
    """Token -> logprob as label -> share among the labels, summing to 1."""
    weights = dict.fromkeys(labels, 0.0)
    for token, logprob in alternatives.items():
        label = _label(token, labels)
        if label is not None:
            if not logprob <= 0.001:
                raise Unreadable("the guard's probabilities are none")
            weights[label] += math.exp(logprob)
    whole = sum(weights.values())
    if whole <= 0:
        raise Unreadable("the guard's probabilities name no label")
    return {label: weight / whole for label, weight in weights.items()}


def _alternatives(place: dict[str, Any]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    others: Any = place.get("top_logprobs") or []
    if not isinstance(others, list):
        raise Unreadable("the guard's probabilities have another shape")
    for each in (place, *cast("list[Any]", others)):
        token, logprob = (each.get("token"), each.get("logprob")) if isinstance(each, dict) else (None, None)
        if not isinstance(token, str) or isinstance(logprob, bool) or not isinstance(logprob, int | float):
            raise Unreadable("the guard's probabilities have another shape")
        found[token] = float(logprob)
    return found


def _label(token: str, labels: Sequence[str]) -> str | None:
    """The label that a token begins, if any: tokens are parts of words, with marks of their own for blanks."""
    said = token.strip("\u0120\u2581 \t\r\n").lower()
    if len(said) < 2:
        return None
    return next((label for label in labels if label.lower().startswith(said)), None)
