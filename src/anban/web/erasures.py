"""Erasure over HTTP: asking for it, how far it has come, what stays and why; and holds that the law asks for."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, delete, get, post
from litestar.types import ControllerRouterHandler

from anban.base.db import Connection
from anban.base.errors import BadInput, NotFound
from anban.cases.erasing import holds_on
from anban.people.models import User
from anban.people.users import find, find_by_id
from anban.privacy.erasure import (
    Erasure,
    Hold,
    ask_erasure,
    due_by,
    end_hold,
    erasures_of,
    put_hold,
    read_erasure,
    waiting_erasures,
)
from anban.privacy.receipt import receipt, what_stays
from anban.provider.models import Service
from anban.rails.runtime import Runtime
from anban.web.callers import calling
from anban.web.manage import TheOffice, UserRef, allowed
from anban.web.shapes import Short

Data = dict[str, Any]


class GivenErasure(msgspec.Struct, forbid_unknown_fields=True):
    """What is to go. `target` names the message (its id, or the decision of its answer), conversation or character."""

    scope: Literal["message", "conversation", "persona", "all", "account"]
    target: Annotated[str, msgspec.Meta(max_length=256)] = ""
    by: Literal["user", "guardian", "service"] = "user"


class GivenHold(msgspec.Struct, forbid_unknown_fields=True):
    """Until when everything of a person is kept, and which clause or order asks for it."""

    clause: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+( [\x21-\x7e]+){0,3}$")]
    until: Annotated[datetime, msgspec.Meta(tz=True)]


@post("/anban/v1/people/{user:str}/erasures", status_code=202, summary="Ask that records go", tags=["data rights"])
async def post_erasure(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenErasure) -> Data:
    """Erase a message, a conversation, a character's conversations, everything, or the account; the receipt so far.

    It is carried out at once. A crisis that is open and a legal hold make it wait: the receipt says so, and it goes on
    by itself. Asking twice is asking once.
    """
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)

    def work(connection: Connection) -> Data:
        person = _known(connection, rt, service, user)
        asked = ask_erasure(connection, person, data.scope, data.target, data.by, now, rules)
        return _shown(connection, asked, person, rt, service)

    shown = await rt.db.write(work)
    rt.presence.forget(service.id, user)
    rt.wake_work()
    return shown


@get("/anban/v1/people/{user:str}/erasures", summary="A person's erasures", tags=["data rights"])
async def list_erasures(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> list[Data]:
    """Every request with its receipt, oldest first."""
    service = await allowed(request, office)
    rt = office.gateway.rt

    def work(connection: Connection) -> list[Data]:
        person = _known(connection, rt, service, user)
        return [_shown(connection, each, person, rt, service) for each in erasures_of(connection, person.id)]

    return await rt.db.read(work)


@get("/anban/v1/erasures", summary="Erasures that are not done", tags=["data rights"])
async def get_waiting(request: Request[Any, Any, Any], office: TheOffice) -> Data:
    """How many wait, how many of them the law holds back, and which are late by the rules."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)
    waiting = await rt.db.read(lambda connection: waiting_erasures(connection, service.id))
    held = [each for each in waiting if each.state == "held"]
    late = [each.id for each in waiting if each.state != "held" and due_by(each, rules) < now]
    return {"waiting": len(waiting), "held": len(held), "late": late}


@get("/anban/v1/erasures/{erasure:str}", summary="The receipt of an erasure", tags=["data rights"])
async def get_erasure(request: Request[Any, Any, Any], office: TheOffice, erasure: Short) -> Data:
    """The receipt by its number: it can be asked for after the account has ended, too."""
    service = await allowed(request, office)
    rt = office.gateway.rt

    def work(connection: Connection) -> Data:
        found = read_erasure(connection, erasure)
        person = find_by_id(connection, rt.keys, found.user)
        if found.service != service.id or person is None:
            raise NotFound("no such erasure")
        return _shown(connection, found, person, rt, service)

    return await rt.db.read(work)


@post("/anban/v1/people/{user:str}/holds", summary="Keep a person's records by law", tags=["data rights"])
async def post_hold(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenHold) -> Data:
    """Nothing of this person is erased until `until`; they see the clause and the end beside their request."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    if data.until <= now:
        raise BadInput("a hold ends in the future", field="until")
    rules = rt.rules(service, frozenset[str](), now)

    def work(connection: Connection) -> Data:
        person = _known(connection, rt, service, user)
        hold = put_hold(connection, person, data.clause, calling(request).actor, data.until, now, rules)
        return {"id": hold, "clause": data.clause, "until": data.until.isoformat()}

    return await rt.db.write(work)


@delete("/anban/v1/people/{user:str}/holds/{hold:str}", summary="End a hold", tags=["data rights"])
async def delete_hold(request: Request[Any, Any, Any], office: TheOffice, user: UserRef, hold: Short) -> None:
    """The hold ends now; what waits for it goes on by itself."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)

    def work(connection: Connection) -> None:
        end_hold(connection, _known(connection, rt, service, user), hold, calling(request).actor, now, rules)

    await rt.db.write(work)


def _known(connection: Connection, rt: Runtime, service: Service, user: str) -> User:
    person = find(connection, rt.keys, service.id, user)
    if person is None:
        raise NotFound("no such person", field="user")
    return person


def _shown(connection: Connection, erasure: Erasure, person: User, rt: Runtime, service: Service) -> Data:
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)
    told = dict(receipt(erasure, what_stays(connection, person, now, rules), rules))
    waits = erasure.state in ("asked", "held", "erasing")
    told["holds"] = [_hold(each) for each in holds_on(connection, person, now, rules)] if waits else []
    return told


def _hold(hold: Hold) -> Data:
    return {"code": hold.code, "clause": hold.clause, "until": None if hold.until is None else hold.until.isoformat()}


ERASURE_DOORS: tuple[ControllerRouterHandler, ...] = (
    post_erasure,
    list_erasures,
    get_waiting,
    get_erasure,
    post_hold,
    delete_hold,
)
