"""Cases over HTTP: list, read, claim, say, hand back, close. Works with no worker running."""

from typing import Annotated, Any, Literal

from litestar import Request, get, post
from litestar.params import Parameter

from anban.base.db import Connection
from anban.base.errors import BadInput, Conflict, NotFound
from anban.cases.case import Case, CaseEvent, append, cases_of, read_case
from anban.cases.takeover import claim, hand_back, holder
from anban.conversations.mailbox import put
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.users import find, service_and_ref
from anban.provider.models import Service
from anban.rails.runtime import Runtime
from anban.risk.ladder import LIFE_NAMES
from anban.risk.record import lower
from anban.web.manage import TheOffice, UserRef, allowed
from anban.web.shapes import LINE, CaseAct

CaseId = Annotated[str, Parameter(min_length=1, max_length=64, pattern=LINE)]
Act = Literal["claim", "say", "hand-back", "close"]

EVENTS = {"claim": "claimed", "say": "said", "hand-back": "handed_back", "close": "closed"}
ENTRIES = {
    "claim": (Kind.TAKEOVER_CLAIMED,),
    "say": (),
    "hand-back": (Kind.TAKEOVER_HANDED_BACK,),
    "close": (Kind.CASE_CLOSED,),
}


@get("/anban/v1/cases", summary="Cases of a person", tags=["cases"])
async def list_cases(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> list[dict[str, Any]]:
    """Every case of one user, newest first, each with its events."""
    service = await allowed(request, office)
    rt = office.gateway.rt

    def work(connection: Connection) -> list[dict[str, Any]]:
        person = find(connection, rt.keys, service.id, user)
        return [] if person is None else [shown(case, user) for case in cases_of(connection, person.id)]

    return await rt.db.read(work)


@get("/anban/v1/cases/{case_id:str}", summary="One case", tags=["cases"])
async def get_case(request: Request[Any, Any, Any], office: TheOffice, case_id: CaseId) -> dict[str, Any]:
    """One case with its events."""
    service = await allowed(request, office)
    return await office.gateway.rt.db.read(lambda connection: shown(*_mine(connection, service, case_id)))


@post("/anban/v1/cases/{case_id:str}/{act:str}", status_code=200, summary="Act on a case", tags=["cases"])
async def act_on_case(
    request: Request[Any, Any, Any], office: TheOffice, case_id: CaseId, act: str, data: CaseAct
) -> dict[str, Any]:
    """Claim (the model is silent from that instant), say words to the person, hand back, or close with a level."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    known = _act(act, data)
    case, ref = await rt.db.write(lambda connection: _done(connection, rt, service, case_id, known, data))
    rt.presence.forget(service.id, ref)
    if known == "claim":
        # In flight answers end here: from now on a person speaks, never both.
        rt.flights.stop(f"{service.id}|{ref}", "takeover")
    rt.post.wake(case.user)
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


def _act(act: str, data: CaseAct) -> Act:
    match act:
        case "claim" | "hand-back":
            return act
        case "say":
            if not data.text:
                raise BadInput("text is missing", field="text")
            return act
        case "close":
            if data.level is None:
                raise BadInput("level is missing: a person lowers it, or says that it stays", field="level")
            return act
        case _:
            raise NotFound("a case can be claimed, spoken in (say), handed back (hand-back) and closed (close)")


def _mine(connection: Connection, service: Service, case_id: str) -> tuple[Case, str]:
    case = read_case(connection, case_id)
    owner = service_and_ref(connection, case.user)
    if case.service != service.id or owner is None:
        raise NotFound("no such case")
    return case, owner[1]


def _done(
    connection: Connection, rt: Runtime, service: Service, case_id: str, act: Act, data: CaseAct
) -> tuple[Case, str]:
    case, ref = _mine(connection, service, case_id)
    if not case.is_open:
        raise Conflict("this case is closed")
    now = rt.clock.now()
    user = find(connection, rt.keys, service.id, ref)
    assert user is not None
    facts: dict[str, Any] = {}
    current = holder(connection, user.id)
    if act == "claim":
        facts["fence"] = claim(connection, user.id, case.id, data.responder, now).fence
    elif act == "close" and current is None:
        pass
    elif current is None or current.responder != data.responder:
        raise Conflict("claim the case first")
    elif act in ("hand-back", "close"):
        hand_back(connection, user.id, data.responder, current.fence)
    if act == "say":
        put(
            connection, user.id, user.key, conversation="", kind="message", at=now,
            payload={"author": "human", "text": data.text}, once=f"said|{case.id}|{now.isoformat()}",
        )  # fmt: skip
    if data.level is not None:
        facts["lowered_to"] = data.level
        lower(connection, user.id, LIFE_NAMES.index(data.level), data.responder, now)
    if data.outcome is not None:
        facts["outcome"] = data.outcome
    event = CaseEvent(f"{EVENTS[act]}|{now.isoformat()}", EVENTS[act], now, data.responder, facts)
    changed = append(connection, case, event)
    rulebook = rt.rules(service, frozenset[str](), now).version
    for kind in (*ENTRIES[act], *((Kind.RISK_LEVEL_CHANGED,) if data.level else ())):
        entry_facts = {"case": case.id, **({"level": data.level} if data.level else {})}
        write(connection, Entry(kind, now, user.id, "responder", service.id, rulebook, entry_facts))
    return changed, ref
