"""Every template in every language, audience, variant and promise state: what the tests of our words walk through."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import product
from typing import get_args

from anban.words.helplines import Audience, Lang, Line, Need
from anban.words.promise import Contact, Desk, PromiseState, Takeover
from anban.words.templates import Spoken, Template, Words, load_words

LANGS: tuple[Lang, ...] = get_args(Lang)
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
EVENING = datetime(2026, 11, 24, 22, tzinfo=UTC)
SLOTS = {
    "hours": "2",
    "nights": "3",
    "days": "2",
    "minutes": "5",
    "turns": "8",
    "until": "06:00",
    "category": "…",
    "service": "…",
    "called": "…",
    "relation": "…",
    "link": "…",
    "level": "L3",
    "group": "…",
    "seconds": "40",
    "waiting": "2",
    "who": "…",
    "where": "…",
    "known": "…",
    "callback": "…",
    "limits": "…",
    "code": "482913",
    "outcome": "…",
}


@cache
def words() -> Words:
    return load_words()


def states(lines: tuple[Line, ...] = ()) -> Iterator[PromiseState]:
    """All forty combinations of what may be so."""
    for takeover, contact, desk in product(get_args(Takeover), get_args(Contact), get_args(Desk)):
        yield PromiseState(takeover=takeover, contact=contact, desk=desk, lines=lines)


def lines(place: str, audience: Audience, need: Need = "talk", at: datetime = EVENING) -> tuple[Line, ...]:
    return words().helplines.lines_for(place, at, need, audience, stale_days=90, hidden_days=180)


def spoken_to_people() -> list[Template]:
    return [template for template in words().templates.values() if template.spoken_to == "person"]


def every_variant(template: Template, audience: Audience, state: PromiseState) -> Iterator[Spoken]:
    for turn in range(len(template.variants_for(audience))):
        yield words().render(template.id, lang=template.lang, audience=audience, state=state, slots=SLOTS, turn=turn)


def everything_said(template: Template, audience: Audience, place: str = "cn") -> Iterator[tuple[PromiseState, Spoken]]:
    """Each variant in each state in which the template may be used."""
    for state in states(lines(place, audience)):
        if template.needs.holds(state):
            for spoken in every_variant(template, audience, state):
                yield state, spoken
