"""Drills over HTTP: a person who is nobody, what became of them, and the result as evidence."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import Parameter

from anban.base.db import Connection
from anban.base.errors import NotFound
from anban.cases.case import cases_of
from anban.cases.drill_schedule import Drilled, drills_run, first_due, next_due, record_drill
from anban.ledger.reading import for_subject
from anban.outreach.channels.local import sent as kept_letters
from anban.outreach.outreach import DRILL_ROUTE
from anban.people.drilling import drill_person, is_drill_person
from anban.people.users import find
from anban.web.caseroom import shown as shown_case
from anban.web.evidence import shown as shown_entry
from anban.web.manage import TheOffice, UserRef, allowed

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
async def name_drill_person(request: Request[Any, Any, Any], office: TheOffice) -> dict[str, Any]:
    """A user id that this deployment knows to be nobody: their cases say so wherever they are shown, wait behind every
    other, and tell nobody outside. Any other id that begins with `drill-` is a real person's.

    `targets` are the seconds that each step may take, some by level; `demo` says whether the clock can be moved.
    """
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)
    targets = {
        "words": rules.number("first-words-seconds"),
        "paged": rules.number("desk-sees-seconds"),
        "claimed": dict(rules.table("takeover-claim-seconds")),
        "joined": dict(rules.table("takeover-join-seconds")),
        "review": dict(rules.table("contact-review-seconds")),
        "attempted": rules.number("contact-attempt-seconds"),
    }
    return {"user": drill_person(rt.keys, service.id), "targets": targets, "demo": office.demo}


@get("/anban/v1/drills/people/{user:str}", summary="What became of a drill's person", tags=["drills"])
async def drill_so_far(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> dict[str, Any]:
    """Their cases, what the ledger tells of them, and what their contacts would have got; 404 for anybody else."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    if not is_drill_person(rt.keys, service.id, user):
        raise NotFound("no person of a drill is called that")
    await rt.db.settled()

    def work(connection: Connection) -> dict[str, Any]:
        person = find(connection, rt.keys, service.id, user)
        if person is None:
            raise NotFound("this person has not said anything yet")
        cases = cases_of(connection, person.id)
        mine = {case.id for case in cases}
        letters = [each for each in kept_letters(connection, rt.keys) if each["id"].partition("|")[0] in mine]
        told = ("at", "channel", "subject", "text", "link")
        return {
            "cases": [shown_case(case, user) for case in cases],
            "entries": [shown_entry(each) for each in for_subject(connection, person.id)],
            "letters": [{name: each[name] for name in told} for each in letters if each["route"] == DRILL_ROUTE],
        }

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
