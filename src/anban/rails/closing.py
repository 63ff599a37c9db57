"""What a guardian closes or pauses ends in seconds, also in the middle of an answer that is under way."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from anban.base.db import Connection
from anban.base.keys import Unreadable
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.standing import Standing, standing_at
from anban.people.users import find
from anban.provider.models import Service
from anban.provider.services import find as find_service
from anban.rails.limits import closed
from anban.rails.post import Flight
from anban.rails.runtime import Runtime


async def end_what_is_closed(service: str, ref: str, rt: Runtime) -> int:
    """End this person's answers that may no longer be given; how many. Raises `StorageFailed`.

    Called as soon as something of their family changed here, and by the pulse for what changed in another process.
    """
    return await end_all_that_is_closed((f"{service}|{ref}",), rt)


async def end_all_that_is_closed(people: Iterable[str], rt: Runtime) -> int:
    """The same for many, each as `service|ref`, looked up together: the pulse asks once a second about everybody."""
    flying = {who: flights for who in people if (flights := _open(who, rt))}
    if not flying:
        return 0
    found = await rt.db.read(partial(_standings, rt=rt, people=tuple(flying), now=rt.clock.now()))
    return sum(_ended(each, *found[who]) for who in found for each in flying[who])


def _open(who: str, rt: Runtime) -> tuple[Flight, ...]:
    return tuple(each for each in rt.flights.of(who) if each.stopped is None and not each.guarded)


@performs("guardian-controls")
def _ended(flight: Flight, standing: Standing, rules: Rulebook) -> bool:
    """Whoever is in a crisis is kept company until a person joins: help is never cut off."""
    limit = closed(standing, rules, flight.persona)
    if limit is None or flight.guarded:
        return False
    flight.ending = (limit.kind, limit.template)
    flight.stop("limit")
    return True


def _standings(
    connection: Connection, rt: Runtime, people: tuple[str, ...], now: datetime
) -> dict[str, tuple[Standing, Rulebook]]:
    services: dict[str, Service] = {}
    found: dict[str, tuple[Standing, Rulebook]] = {}
    for who in people:
        service, _, ref = who.partition("|")
        try:
            user = find(connection, rt.keys, service, ref)
        except Unreadable:  # whose key does not open is answered by nobody: no reason to keep the others waiting
            continue
        if user is None:
            continue
        if service not in services:
            services[service] = find_service(connection, service)
        owner = services[service]
        standing = standing_at(connection, user, now, rt.rules(owner, frozenset[str](), now))
        found[who] = standing, rt.rules(owner, standing.groups, now)
    return found
