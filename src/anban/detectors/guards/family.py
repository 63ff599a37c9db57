"""What every family of guard models looks like, and the two ways in which an answer can be no answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from anban.base.errors import AnbanError
from anban.detectors.signal import Role, Signal, Window

UNSAFE = 0.85
"""The probability given to an outright yes when the server gives none of its own (no logprobs). It is ours, not a
measured one: enough for kind words, and below what a model's word alone must reach to refuse or to restrict."""

UNSURE = 0.5
"""The same for an answer in between, such as "Controversial"."""

FAINT = 0.05
"""Below this probability nothing is said."""

_VERSION = "1"


class Unreadable(AnbanError):
    """A guard's answer is not in its format: nobody has judged the text. Never holds what the guard said."""

    code = "unreadable"


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a guard: the JSON body. `about` is the kind asked for, where a family asks for one at a time."""

    body: Mapping[str, Any] = field(repr=False)
    about: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """How one family is asked and understood; pure.

    `path` follows the server's base URL. `ask` makes the questions about the last message of a window for a model name;
    `read` makes signals of one answer (the JSON value), and raises `Unreadable` for anything not in the format.
    """

    name: str
    path: str
    ask: Callable[[Window, str], tuple[Question, ...]]
    read: Callable[[Question, Role, Any], tuple[Signal, ...]]


def signals(family: str, role: Role, kinds: Mapping[str, float], why: str) -> tuple[Signal, ...]:
    """Signals of our vocabulary, `guard:<family>` as their detector, one for each kind that is not faint.

    `kinds` are user kinds; what the companion said gets the kind with `out.` before it. A guard points at no place.
    """
    found: list[Signal] = []
    for kind, score in kinds.items():
        named = kind if role == "user" else _OUT.get(kind)
        if named is not None and score >= FAINT:
            found.append(Signal(named, min(1.0, score), why, f"guard:{family}", _VERSION))
    return tuple(found)


_OUT = {
    "self-harm": "out.self-harm",
    "self-harm.ideation": "out.self-harm",
    "violence": "out.violence",
    "illegal": "out.illegal",
    "sexual": "out.sexual",
    "abuse": "out.abuse",
    "political": "out.political",
}
"""What a kind of the user's side is called on the companion's; one that is missing here has no counterpart."""
