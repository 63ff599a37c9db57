"""Cases over HTTP: list, read, claim, say, hand back, close. Works with no worker running."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast, get_args

from litestar import Request, get, post
from litestar.params import Parameter

from anban.base.db import Connection
from anban.base.errors import Conflict, NotFound
from anban.cases.appeal import APPEAL
from anban.cases.case import Case, cases_of, locked_case, read_case
from anban.cases.queue import queue
from anban.cases.responding import Act, Done, respond
from anban.people.users import find, service_and_ref
from anban.provider.models import Service
from anban.rails.post import DESK
from anban.rails.runtime import Runtime
from anban.risk.ladder import LIFE_NAMES
from anban.web.callers import acts_as
from anban.web.manage import TheOffice, UserRef, allowed
from anban.web.shapes import LINE, CaseAct

CaseId = Annotated[str, Parameter(min_length=1, max_length=64, pattern=LINE)]


@get("/anban/v1/cases", summary="Cases of a person", tags=["cases"])
async def list_cases(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> list[dict[str, Any]]:
    """Every case of one user, newest first, each with its events."""
    service = await allowed(request, office)
    rt = office.gateway.rt

    def work(connection: Connection) -> list[dict[str, Any]]:
        person = find(connection, rt.keys, service.id, user)
        return [] if person is None else [shown(case, user) for case in cases_of(connection, person.id)]

    return await rt.db.read(work)


@get("/anban/v1/queue", summary="Who waits", tags=["cases"])
async def list_queue(request: Request[Any, Any, Any], office: TheOffice) -> list[dict[str, Any]]:
    """The open cases in the order in which people should look at them; who they are stands in each case."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    waiting = await rt.db.read(lambda connection: queue(connection, service.id))
    return [
        {
            "case": each.case,
            "kind": each.kind,
            "level": LIFE_NAMES[each.level],
            "state": each.state,
            "protected": each.protected,
            "holder": each.holder,
            "opened_at": each.opened_at.isoformat(),
            "waiting_seconds": max(0.0, (now - each.waiting_since).total_seconds()),
            "place": each.place,
        }
        for each in waiting
    ]


@get("/anban/v1/cases/{case_id:str}", summary="One case", tags=["cases"])
async def get_case(request: Request[Any, Any, Any], office: TheOffice, case_id: CaseId) -> dict[str, Any]:
    """One case with its events."""
    service = await allowed(request, office)
    return await office.gateway.rt.db.read(lambda connection: shown(*mine(connection, service, case_id, read_case)))


@post("/anban/v1/cases/{case_id:str}/{act:str}", status_code=200, summary="Act on a case", tags=["cases"])
async def act_on_case(
    request: Request[Any, Any, Any], office: TheOffice, case_id: CaseId, act: str, data: CaseAct
) -> dict[str, Any]:
    """Claim, join, say, note, call, hold, release, tell-now, second-opinion, hand-back, close, review, reopen."""
    service = await allowed(request, office)
    acts_as(request, data.responder)
    return await act_upon(office.gateway.rt, service, case_id, act, data)


async def act_upon(
    rt: Runtime,
    service: Service,
    case_id: str,
    act: str,
    data: CaseAct,
    *,
    caps: Mapping[str, float] | None = None,
    lead: bool = False,
) -> dict[str, Any]:
    """Do it, then let everybody know whom it concerns: the person's channels, their answers in flight, the desk."""
    if act not in get_args(Act):
        raise NotFound(f"no such act on a case; there are: {', '.join(get_args(Act))}")
    known = cast("Act", act)

    def work(connection: Connection) -> tuple[Case, str]:
        case, ref = mine(connection, service, case_id, locked_case)
        if case.kind == APPEAL and known != "note":
            # An appeal is answered, not taken over: its answer says what becomes of the mode or the limit.
            raise Conflict(f"answer this at /anban/v1/appeals/{case.id}/answer")
        now = rt.clock.now()
        user = find(connection, rt.keys, service.id, ref)
        assert user is not None
        done = Done(
            known, data.responder, now, rt.rules(service, frozenset[str](), now).version, data.text or "", data.level,
            data.outcome, data.contact, data.reason, data.number, data.follow_up_at, data.checklist, caps, lead,
        )  # fmt: skip
        return respond(connection, case, user, done), ref

    case, ref = await rt.db.write(work, urgent=True)
    rt.presence.forget(service.id, ref)
    if known == "claim":
        # In flight answers end here: from now on a person speaks, never both.
        rt.flights.stop(f"{service.id}|{ref}", "takeover")
    rt.wake_work()
    rt.post.wake(case.user)
    rt.post.wake(DESK)
    return shown(case, ref)


def shown(case: Case, ref: str) -> dict[str, Any]:
    """A case as the outside sees it."""
    return {
        "id": case.id,
        "kind": case.kind,
        "user": ref,
        "level": LIFE_NAMES[case.level],
        "state": case.state,
        "opened_at": case.opened_at.isoformat(),
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
        "events": [
            {"kind": event.kind, "at": event.at.isoformat(), "actor": event.actor, **dict(event.facts)}
            for event in case.events
        ],
    }


def mine(
    connection: Connection, service: Service, case_id: str, read: Callable[[Connection, str], Case]
) -> tuple[Case, str]:
    """A case of this service, and the person it is about. Raises `NotFound`, also for another service's."""
    case = read(connection, case_id)
    owner = service_and_ref(connection, case.user)
    if case.service != service.id or owner is None:
        raise NotFound("no such case")
    return case, owner[1]
