"""What one guardian was told of dangers, and how each ended; folded from the cases, for their page and the mirror.

Only what went out to this guardian is here. What is held back from them leaves no trace, nor does anything after it:
an alert that was never sent and a quiet evening look the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection

from anban.base.errors import NotFound
from anban.base.keys import MasterKeys
from anban.cases.acknowledged import contact_knows
from anban.cases.case import CaseEvent, cases_of
from anban.cases.crisis import CRISIS
from anban.law.performs import performs
from anban.people.overview import Alert, Topic
from anban.provider.services import Rules
from anban.words.templates import Words

TOPICS: Final[Mapping[str, Topic]] = MappingProxyType(
    {"self": "self", "property": "property", "threat": "threat", "violence": "threat"}
)
"""The theme of a case -> the kind of danger a guardian reads; all others are of life and health."""


@performs("guardian-alerts")
def alerts_to(connection: Connection, user: str, contact: str | None) -> tuple[Alert, ...]:
    """Every alert that went out to this contact, newest first. None: somebody who is no contact was told nothing."""
    if contact is None:
        return ()
    found = [
        each
        for case in cases_of(connection, user)
        if case.kind == CRISIS and not case.is_drill
        for each in alerts_in(case.id, case.events, contact)
    ]
    return tuple(sorted(found, key=lambda each: each.at, reverse=True))


def alerts_in(case: str, events: Iterable[CaseEvent], contact: str) -> tuple[Alert, ...]:
    """The alerts of one case to one contact: one each time the case was opened, however often they were called."""
    theme, cycle, closed = "self", 0, False
    sends: dict[str, int] = {}
    found: dict[int, Alert] = {}
    for event in events:
        facts = event.facts
        match event.kind:
            case "opened" | "raised":
                theme = str(facts.get("theme", theme))
            case "reopened":
                theme, cycle, closed = str(facts.get("theme", theme)), cycle + closed, False
            case "attempted" if facts.get("contact") == contact:
                sends[str(facts["send"])] = cycle
            case "sent" if facts.get("outcome") != "refused" and sends.get(str(facts["send"])) == cycle:
                topic = TOPICS.get(theme, "health")
                found[cycle] = replace(found.get(cycle) or Alert(f"{case}.{cycle}", topic, event.at), topic=topic)
            case "confirmed" if facts.get("contact") == contact and cycle in found:
                found[cycle] = replace(found[cycle], seen_at=event.at)
            case "closed":
                closed = True
                if cycle in found:
                    found[cycle] = replace(found[cycle], ended_at=event.at)
            case _:
                pass
    return tuple(found.values())


@performs("guardian-alerts")
def receipt_by_guardian(
    connection: Connection,
    keys: MasterKeys,
    words: Words,
    rules: Rules,
    user: str,
    contact: str,
    alert: str,
    at: datetime,
) -> None:
    """The guardian says in their console that they have seen it; nobody needs to call them about it any more.

    Raises `NotFound` for what never went to them. Once it is over, or said twice, nothing changes.
    """
    found = next((each for each in alerts_to(connection, user, contact) if each.id == alert), None)
    if found is None:
        raise NotFound("no such alert")
    if found.waits:
        contact_knows(connection, keys, words, rules, alert.rpartition(".")[0], contact, found.at, at)
