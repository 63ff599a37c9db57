"""What a line of the queue tells besides level and time: an age group, and what somebody asked for. Never who it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from anban.cases.models import case_events, cases
from anban.people.models import users
from anban.people.standing import standing_of
from anban.words.helplines import Audience

OPINION = "second-opinion"
"""The reason for which a colleague reads a conversation when an opinion was asked."""

_TELLING = ("opened", "requested", "opinion_asked", "release_asked", "released", "read", "handed_back", "closed")


@dataclass(frozen=True, slots=True)
class Mark:
    """Whether the person asked for a human, a colleague for an opinion, or for a second person to release a hold."""

    audience: Audience = "adult"
    requested: bool = False
    opinion: bool = False
    release: bool = False
    drill: bool = False
    """Nobody is in danger: the person of a drill opened the case."""


def marks(
    connection: Connection, identifiers: Sequence[str], at: datetime, *, minor_age: int, elder_age: int
) -> dict[str, Mark]:
    """The mark of each case. `minor_age` and `elder_age` are the parameters of those names."""
    people = connection.execute(
        select(cases.c.id, users.c.mode, users.c.age_band, users.c.birth_year)
        .join(users, users.c.id == cases.c.user)
        .where(cases.c.id.in_(identifiers))
    )
    found = {
        row.id: Mark(standing_of(row, at, minor_age=minor_age, elder_age=elder_age).audience)  # pyright: ignore[reportArgumentType]
        for row in people
    }
    events = connection.execute(
        select(case_events.c.case, case_events.c.kind, case_events.c.facts)
        .where(case_events.c.case.in_(identifiers), case_events.c.kind.in_(_TELLING))
        .order_by(case_events.c.id)
    )
    for row in events:
        found[row.case] = _after(found[row.case], row.kind, row.facts)
    return found


def asked(events: Iterable[tuple[str, dict[str, object]]]) -> Mark:
    """What is asked for in one case, by its events as (kind, facts)."""
    so_far = Mark()
    for kind, facts in events:
        so_far = _after(so_far, kind, facts)
    return so_far


def _after(was: Mark, kind: str, facts: dict[str, object]) -> Mark:
    match kind:
        case "opened":
            return replace(was, requested=bool(facts.get("requested")), drill=facts.get("drill") is True)
        case "requested":
            return replace(was, requested=True)
        case "opinion_asked":
            return replace(was, opinion=True)
        case "read":
            return replace(was, opinion=was.opinion and facts.get("reason") != OPINION)
        case "release_asked":
            return replace(was, release=True)
        case "released":
            return replace(was, release=False)
        case "handed_back" | "closed":
            return replace(was, requested=False, opinion=False, release=False)
        case _:
            return was
