"""Who looked at a person's words: when, in which role and for which reason; never who at the desk it was."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, get

from anban.base.db import Connection
from anban.base.errors import NotFound
from anban.law.performs import performs
from anban.ledger.kinds import Kind
from anban.ledger.reading import about
from anban.people.users import find
from anban.web.manage import TheOffice, UserRef, allowed

SHOWN = 50
"""The newest looks that are shown; the ledger keeps them all."""

BEFORE_ROLES = "responder"
"""Who read, where an older entry does not tell the role: nobody else could then, but leads."""


@dataclass(frozen=True, slots=True)
class Look:
    """That somebody read a person's conversation."""

    at: datetime
    role: str
    reason: str


@performs("interaction-security")
def looks_at(connection: Connection, user: str) -> tuple[Look, ...]:
    """The looks at one person's words, newest first."""
    found = about(connection, user, Kind.CONVERSATION_READ, SHOWN)
    return tuple(
        Look(
            each.entry.at,
            str(each.entry.facts.get("role", BEFORE_ROLES)),
            str(each.entry.facts.get("reason", "")),
        )
        for each in reversed(found)
    )


@get("/anban/v1/people/{user:str}/reads", summary="Who looked at a person's words", tags=["people"])
async def get_reads(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> list[dict[str, str]]:
    """Role, reason and time of each look, newest first, for the app to show to the person; no name."""
    service = await allowed(request, office)
    rt = office.gateway.rt

    def work(connection: Connection) -> tuple[Look, ...]:
        person = find(connection, rt.keys, service.id, user)
        if person is None:
            raise NotFound("no such person")
        return looks_at(connection, person.id)

    return [{"at": each.at.isoformat(), "role": each.role, "reason": each.reason} for each in await rt.db.read(work)]


READ_DOORS = (get_reads,)
