"""Drills over HTTP: a person who is nobody, what their contact would have got, and the result as evidence."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import Parameter

from anban.base.db import Connection
from anban.base.errors import NotFound
from anban.cases.case import read_case
from anban.cases.drill_schedule import Drilled, drills_run, first_due, next_due, record_drill
from anban.outreach.channels.local import sent as kept_letters
from anban.outreach.outreach import DRILL_ROUTE
from anban.people.drilling import drill_person
from anban.web.caseroom import CaseId, mine
from anban.web.manage import TheOffice, allowed

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[a-z][a-z-]*$")]


class StepTaken(msgspec.Struct, forbid_unknown_fields=True):
    """One step of a drill that happened, and how long it took."""

    step: Code
    seconds: Annotated[float, msgspec.Meta(ge=0, le=100_000_000)]


class DrillResult(msgspec.Struct, forbid_unknown_fields=True):
    """How a drill ended, and the steps that happened."""

    name: Code
    passed: bool
    steps: Annotated[list[StepTaken], msgspec.Meta(max_length=30)] = []


@post("/anban/v1/drills/people", status_code=200, summary="Name a person for a drill", tags=["drills"])
async def name_drill_person(request: Request[Any, Any, Any], office: TheOffice) -> dict[str, str]:
    """A user id that this deployment knows to be nobody: their cases say so wherever they are shown, wait behind every
    other, and tell nobody outside. Any other id that begins with `drill-` is a real person's.
    """
    service = await allowed(request, office)
    return {"user": drill_person(office.gateway.rt.keys, service.id)}


@get("/anban/v1/drills/letters", summary="What a drill's contact would have got", tags=["drills"])
async def drill_letters(request: Request[Any, Any, Any], office: TheOffice, case: CaseId) -> list[dict[str, Any]]:
    """The messages of a drill's case that stayed in the house, oldest first; 404 for any other case."""
    service = await allowed(request, office)
    rt = office.gateway.rt

    def work(connection: Connection) -> list[dict[str, Any]]:
        found, _ = mine(connection, service, case, read_case)
        if not found.is_drill:
            raise NotFound("this case is no drill's")
        ours = (each for each in kept_letters(connection, rt.keys) if each["id"].startswith(f"{found.id}|"))
        shown = ("at", "channel", "subject", "text", "link")
        return [{name: each[name] for name in shown} for each in ours if each["route"] == DRILL_ROUTE]

    return await rt.db.read(work)


@post("/anban/v1/drills", status_code=200, summary="Record a drill", tags=["drills"])
async def post_drill(request: Request[Any, Any, Any], office: TheOffice, data: DrillResult) -> dict[str, Any]:
    """The result becomes evidence (`drill.run`); a crisis drill that passed moves the day when the next is due."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)
    drilled = Drilled(data.name, now, data.passed, {each.step: each.seconds for each in data.steps})

    def work(connection: Connection) -> datetime | None:
        record_drill(connection, service.id, rules.version, drilled)
        return next_due(connection, service.id, rules)

    due = await rt.db.write(work)
    return {**_shown(drilled), "due_at": due.isoformat() if due else None}


@get("/anban/v1/drills", summary="The last drills", tags=["drills"])
async def list_drills(
    request: Request[Any, Any, Any], office: TheOffice, n: Annotated[int, Parameter(ge=1, le=200)] = 20
) -> dict[str, Any]:
    """The newest `n` drills, newest first, and when the next crisis drill is due."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)

    def work(connection: Connection) -> tuple[tuple[Drilled, ...], datetime | None]:
        due = next_due(connection, service.id, rules) or first_due(connection, service.id)
        return drills_run(connection, service.id, n), due

    found, due = await rt.db.read(work)
    return {
        "drills": [_shown(each) for each in found],
        "due_at": due.isoformat() if due else None,
        "overdue": due is not None and due <= now,
    }


def _shown(drilled: Drilled) -> dict[str, Any]:
    return {
        "name": drilled.name,
        "at": drilled.at.isoformat(),
        "passed": drilled.passed,
        "steps": [{"step": step, "seconds": seconds} for step, seconds in drilled.steps.items()],
    }
