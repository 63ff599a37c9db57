"""What a guardian closes or pauses ends in seconds, also in the middle of an answer that is under way."""

from datetime import datetime
from functools import partial

from anban.base.db import Connection
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.standing import Standing, standing_at
from anban.people.users import find
from anban.provider.services import find as find_service
from anban.rails.limits import closed
from anban.rails.post import Flight
from anban.rails.runtime import Runtime


async def end_what_is_closed(service: str, ref: str, rt: Runtime) -> int:
    """End this person's answers that may no longer be given; how many. Raises `StorageFailed`.

    Called as soon as something of their family changed here, and by the pulse for what changed in another process.
    """
    flights = tuple(each for each in rt.flights.of(f"{service}|{ref}") if each.stopped is None and not each.guarded)
    if not flights:
        return 0
    found = await rt.db.read(partial(_standing, rt=rt, service=service, ref=ref, now=rt.clock.now()))
    return 0 if found is None else sum(_ended(each, *found) for each in flights)


@performs("guardian-controls")
def _ended(flight: Flight, standing: Standing, rules: Rulebook) -> bool:
    """Whoever is in a crisis is kept company until a person joins: help is never cut off."""
    limit = closed(standing, rules, flight.persona)
    if limit is None or flight.guarded:
        return False
    flight.ending = (limit.kind, limit.template)
    flight.stop("limit")
    return True


def _standing(
    connection: Connection, rt: Runtime, service: str, ref: str, now: datetime
) -> tuple[Standing, Rulebook] | None:
    user = find(connection, rt.keys, service, ref)
    if user is None:
        return None
    owner = find_service(connection, service)
    standing = standing_at(connection, user, now, rt.rules(owner, frozenset[str](), now))
    return standing, rt.rules(owner, standing.groups, now)
