"""Six questions that somebody may ask themselves about their use; pure. The answers are kept nowhere.

They are ours and in our own words (`words/`), no instrument of anybody's, and what comes out is no finding about a
person: it says in which of three bands their own answers lie, and what others in that place have tried.
"""

from collections.abc import Mapping
from typing import Final, Literal

from anban.base.errors import BadInput
from anban.law.performs import performs
from anban.law.rulebook import Rulebook

Band = Literal["light", "some", "much"]

QUESTIONS: Final[tuple[str, ...]] = ("long", "sleep", "people", "mood", "hide", "stop")
"""Longer than meant, sleep and meals, people given up, only comfort, hidden from others, tried to do less in vain."""

ANSWERS: Final[tuple[str, ...]] = ("never", "seldom", "often", "always")
"""What may be answered; its place is what it counts."""


@performs("dependence-warning")
def band_of(answers: Mapping[str, str], rules: Rulebook) -> Band:
    """The band in which these answers lie. Raises `BadInput` while one of the six is missing or is none of ours."""
    total = 0
    for question in QUESTIONS:
        given = answers.get(question)
        if given not in ANSWERS:
            raise BadInput("each of the six questions wants one answer", field=question, code="unanswered")
        total += ANSWERS.index(given)
    begins = rules.table("self-check-bands")
    return "much" if total >= begins["much"] else "some" if total >= begins["some"] else "light"
