"""The management API: people, cases, switches, evidence. Opened by the deployment's own key, and to staff by role."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from litestar import Request, get, put
from litestar.params import Dependency, Parameter

from anban.base.db import Connection
from anban.base.errors import NotFound
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.ages import bound_guardians, stated_mode
from anban.people.contacts import every_contact, kept_in_danger, replace_contacts
from anban.people.models import Contact, User
from anban.people.users import change, find, meet
from anban.provider.models import Service
from anban.provider.services import find as find_service
from anban.rails.closing import end_what_is_closed
from anban.rails.runtime import Runtime
from anban.risk.ladder import LIFE_NAMES
from anban.risk.record import KEPT_UNTIL_LOWERED, held_level
from anban.web.callers import caller_at, calling
from anban.web.gateway.chat import Gateway
from anban.web.shapes import LINE, GivenContact, PersonFacts

UserRef = Annotated[str, Parameter(min_length=1, max_length=256, pattern=LINE)]


@dataclass(frozen=True)
class Office:
    """What management needs beside the gateway's parts."""

    gateway: Gateway
    admin_key: str
    demo: bool
    data: Path


TheOffice = Annotated[Office, Dependency(skip_validation=True)]


async def allowed(request: Request[Any, Any, Any], office: Office) -> Service:
    """The service to manage. Raises `Unauthorised`, and `Forbidden` where the caller's role does not open this."""
    return (await caller_at(request, office.gateway, office.admin_key, demo=office.demo)).service


@put("/anban/v1/people/{user:str}", summary="State facts about a person", tags=["people"])
async def put_person(
    request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: PersonFacts
) -> dict[str, Any]:
    """Age, mode, time zone, guardians and emergency contacts as the service knows them; only what is given changes.

    While the person is in danger, contacts only join: removing one waits a day. A minors' mode that was set on a
    suspicion, by a guardian or by a device stays: an appeal or the guardian ends it.
    """
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rulebook = rt.rules(service, frozenset[str](), now).version
    given = data.facts()
    actor = calling(request).actor

    def work(connection: Connection) -> dict[str, Any]:
        met = meet(connection, rt.keys, service.id, user, now)
        facts = stated_mode(met, given, guarded=bool(bound_guardians(connection, met.id)))
        person = change(connection, met, facts)
        kinds = [(Kind.PERSON_CHANGED, sorted(facts))] if facts else []
        for kind, named in (("guardian", data.guardians), ("emergency", data.contacts)):
            if named is not None:
                wanted: Sequence[Contact] = [_contact(kind, each) for each in named]
                if keeps_contacts(connection, person, now, rt):
                    before = [each for each in every_contact(connection, person) if each.kind == kind]
                    wanted = kept_in_danger(before, wanted)
                replace_contacts(connection, person, kind, wanted)
                changed = Kind.GUARDIAN_CHANGED if kind == "guardian" else Kind.CONTACT_CHANGED
                kinds.append((changed, [f"{len(named)} given"]))
        for each, what in kinds:
            write(connection, Entry(each, now, person.id, actor, service.id, rulebook, {"changed": what}))
        return _shown(connection, person)

    shown = await rt.db.write(work)
    rt.presence.forget(service.id, user)
    await end_what_is_closed(service.id, user, rt)
    return shown


@get("/anban/v1/people/{user:str}", summary="What is known about a person", tags=["people"])
async def get_person(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> dict[str, Any]:
    """Stated facts and the level; no words, and contacts by name and state only."""
    service = await allowed(request, office)
    rt = office.gateway.rt

    def work(connection: Connection) -> dict[str, Any]:
        person = find(connection, rt.keys, service.id, user)
        if person is None:
            raise NotFound("no such person")
        return _shown(connection, person)

    return await rt.db.read(work)


def keeps_contacts(connection: Connection, person: User, now: datetime, rt: Runtime) -> bool:
    """Whether this person is in danger, and has been for less than the time that a removal waits."""
    held = held_level(connection, person.id)
    rules = rt.rules(find_service(connection, person.service), frozenset[str](), now)
    waits = rules.lasting("contact-removal-hours")
    return held.life >= KEPT_UNTIL_LOWERED and held.since is not None and now - held.since < waits


def _contact(kind: str, given: GivenContact) -> Contact:
    also = tuple((way.route, way.address) for way in given.also)
    return Contact("", kind, given.name, given.route, given.address, also=also, unsafe=given.unsafe, calls=given.calls)


def _shown(connection: Connection, person: User) -> dict[str, Any]:
    held = held_level(connection, person.id)
    listed = every_contact(connection, person)

    def named(kind: Literal["guardian", "emergency"]) -> list[dict[str, str]]:
        return [{"id": c.id, "name": c.name, "route": c.route, "state": c.state} for c in listed if c.kind == kind]

    return {
        "user": person.ref,
        "birth_year": person.birth_year,
        "age_band": person.age_band,
        "mode": person.mode,
        "mode_ground": person.mode_ground,
        "time_zone": person.time_zone,
        "first_seen": person.first_seen.isoformat(),
        "level": LIFE_NAMES[held.life],
        "guardians": named("guardian"),
        "contacts": named("emergency"),
    }
