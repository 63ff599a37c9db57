"""Somebody asks for a real person: that is a case too, at whatever level they are, and the desk is paged for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from anban.cases.case import Case, CaseEvent, append, begin, events_of
from anban.cases.course import course
from anban.cases.crisis import CRISIS, case_entry, page_at_once, place_of
from anban.law.performs import performs
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write


@dataclass(frozen=True, slots=True)
class Wish:
    """One message that asks for a person; no words. `level` is where the person is held."""

    service: str
    user: str
    decision: str
    rulebook: str
    at: datetime
    level: int
    audience: str
    newcomer_hours: float


@performs("crisis-takeover")
def request_person(connection: Connection, wish: Wish) -> Case:
    """Open a case for the wish, or add it to the open one; page whoever is on duty, or write down that nobody is.

    Asking again while somebody is on their way, or with them already, asks once.
    """
    place = place_of(connection, wish.user, wish.level, wish.audience, wish.at, wish.newcomer_hours)
    facts = {"theme": "asks-human", "decision": wish.decision, "requested": True}
    case, is_new = begin(
        connection, service=wish.service, user=wish.user, kind=CRISIS, level=wish.level, at=wish.at,
        band=place, facts=facts,
    )  # fmt: skip
    if not is_new:
        if case.state in ("claimed", "joined") or course(events_of(connection, case.id)).requested:
            return case
        event = CaseEvent(f"requested|{wish.decision}", "requested", wish.at, "anban", {"requested": True})
        case = append(connection, case, event)
    write(connection, case_entry(case, Kind.TAKEOVER_REQUESTED, wish.at, wish.rulebook, {"decision": wish.decision}))
    return page_at_once(connection, case, wish.at, wish.rulebook)
