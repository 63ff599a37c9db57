"""Appeals over HTTP: opened by the person in two taps, answered by a person, counted."""

from datetime import timedelta
from typing import Any

from litestar import Request, get, post

from anban.base.db import Connection
from anban.base.errors import NotFound
from anban.cases.appeal import APPEAL, about_of, answer_appeal, open_appeal, switch_figures
from anban.cases.appeal_effect import tell_answer
from anban.cases.case import Case, locked_case
from anban.people.models import User
from anban.people.users import find, meet
from anban.rails.post import DESK
from anban.web.callers import acts_as
from anban.web.caseroom import CaseId, mine, shown
from anban.web.family import Data
from anban.web.family_shapes import AppealAnswer, GivenAppeal
from anban.web.manage import TheOffice, allowed

COUNTED = timedelta(days=90)
"""How far back the figures look."""


@post("/anban/v1/appeals", status_code=200, summary="Say that something is wrong", tags=["appeals"])
async def post_appeal(request: Request[Any, Any, Any], office: TheOffice, data: GivenAppeal) -> Data:
    """Against being taken for a minor, or against a limit. A person answers; the answer says until when."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)

    def work(connection: Connection) -> Case:
        person = meet(connection, rt.keys, service.id, data.user, now)
        return open_appeal(connection, person, data.about, data.text or "", now, rules)

    case = await rt.db.write(work)
    rt.wake_work()
    rt.post.wake(DESK)
    due = case.opened_at + rules.lasting("age-appeal-hours")
    return {"appeal": case.id, "state": case.state, "about": about_of(case), "answer_by": due.isoformat()}


@post("/anban/v1/appeals/{case_id:str}/answer", status_code=200, summary="Answer an appeal", tags=["appeals"])
async def post_answer(request: Request[Any, Any, Any], office: TheOffice, case_id: CaseId, data: AppealAnswer) -> Data:
    """Lifts what is the service's own to lift, or keeps it, with a reason; the person is told at once which it was.

    A guardian's or the law's limit stays; the closing event's `effect` and the answer to the person say so.
    """
    service = await allowed(request, office)
    acts_as(request, data.responder)
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)

    def work(connection: Connection) -> tuple[Case, User]:
        case, ref = mine(connection, service, case_id, locked_case)
        if case.kind != APPEAL:
            raise NotFound("no such appeal")
        person = find(connection, rt.keys, service.id, ref)
        assert person is not None
        case = answer_appeal(connection, case, person, data.responder, data.granted, data.reason, now, rules)
        after = find(connection, rt.keys, service.id, ref)
        assert after is not None
        tell_answer(connection, after, case, rt.words, service.lang, now, rules)
        return case, person

    case, person = await rt.db.write(work)
    rt.presence.forget(service.id, person.ref)
    rt.post.wake(person.id)
    rt.post.wake(DESK)
    rt.wake_work()
    return shown(case, person.ref)


@get("/anban/v1/appeals/figures", summary="Wrong switches in figures", tags=["appeals"])
async def get_appeal_figures(request: Request[Any, Any, Any], office: TheOffice) -> Data:
    """How many were switched on a suspicion, how many appealed, were put right, wait, or waited too long; 90 days."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    hours = rt.rules(service, frozenset[str](), now).number("age-appeal-hours")
    found = await rt.db.read(lambda c: switch_figures(c, service.id, now - COUNTED, now, hours))
    return {
        "since": (now - COUNTED).isoformat(), "until": now.isoformat(), "switched": found.switched,
        "appealed": found.appealed, "put_right": found.wrong, "kept": found.kept, "open": found.open,
        "late": found.late,
    }  # fmt: skip
