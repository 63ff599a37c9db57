"""Evidence, decisions and duties over HTTP, for the command line and for officers."""

from datetime import timedelta
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.params import Dependency, Parameter

from anban.base.db import Connection
from anban.base.errors import NotFound
from anban.law.performs import performed_by
from anban.law.register import Register
from anban.law.table import rows
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.ledger.reading import Recorded, counts, of_decision, tail
from anban.provider.services import switch
from anban.web.callers import calling
from anban.web.manage import TheOffice, allowed
from anban.web.shapes import LINE, Switch


@get("/anban/v1/ledger", summary="The newest entries", tags=["evidence"])
async def ledger_tail(
    request: Request[Any, Any, Any], office: TheOffice, n: Annotated[int, Parameter(ge=1, le=1000)] = 20
) -> list[dict[str, Any]]:
    """The newest entries, oldest first. No words in them, ever."""
    await allowed(request, office)
    found = await office.gateway.rt.db.read(lambda connection: tail(connection, n))
    return [shown(each) for each in found]


@get("/anban/v1/decisions/{decision:str}", summary="One decision explained", tags=["evidence"])
async def decision(
    request: Request[Any, Any, Any],
    office: TheOffice,
    decision: Annotated[str, Parameter(min_length=1, max_length=64, pattern=LINE)],
) -> list[dict[str, Any]]:
    """Every entry of one decision: what was noticed, by which detector in which reading, which rule fired."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    await rt.db.settled()
    every = await rt.db.read(lambda connection: of_decision(connection, decision))
    found = [each for each in every if each.entry.service == service.id]  # another tenant's looks like none
    if not found:
        raise NotFound("no such decision")
    return [shown(each) for each in found]


@get("/anban/v1/duties", summary="Every duty, with its evidence", tags=["evidence"])
async def duties(
    request: Request[Any, Any, Any], office: TheOffice, register: Annotated[Register, Dependency(skip_validation=True)]
) -> list[dict[str, Any]]:
    """Each duty: mode, clauses, performers, parameters, and how much evidence the last thirty days hold."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    found = await rt.db.read(lambda connection: counts(connection, now - timedelta(days=30)))
    rules = register.in_force(service.packs, now)
    listed: list[dict[str, Any]] = []
    for row in rows(register, rules, performed_by()):
        seen = {kind: found[kind] for kind in found if str(kind) in row.evidence}
        evidence = {str(kind): {"count": each.number, "newest": each.newest.isoformat()} for kind, each in seen.items()}
        listed.append({**row.as_data(), "evidence_found": evidence})
    return listed


@post("/anban/v1/switch", status_code=200, summary="Turn the service on or off", tags=["people"])
async def turn_service(request: Request[Any, Any, Any], office: TheOffice, data: Switch) -> dict[str, str]:
    """Works within seconds on every replica. Help and exit stay open."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rulebook = rt.rules(service, frozenset[str](), now).version
    actor = calling(request).actor
    entry = Entry(Kind.SERVICE_SWITCHED, now, service.id, actor, service.id, rulebook, {"state": data.state})

    def work(connection: Connection) -> None:
        switch(connection, service.id, data.state)
        write(connection, entry)

    await rt.db.write(work)
    office.gateway.doorman.forget()
    return {"service": service.name, "state": data.state}


def shown(recorded: Recorded) -> dict[str, Any]:
    """One entry as the outside sees it; `seq` is null for the second until it is signed."""
    entry = recorded.entry
    return {
        "seq": recorded.seq,
        "kind": str(entry.kind),
        "at": entry.at.isoformat(),
        "subject": entry.subject,
        "actor": entry.actor,
        "service": entry.service,
        "rulebook": entry.rulebook,
        "late": entry.late,
        "facts": dict(entry.facts),
    }
