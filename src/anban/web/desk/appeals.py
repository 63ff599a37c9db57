"""The desk's page of appeals: who waits for an answer, until when, on what the mode rests; granting or keeping it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from litestar import Request, Response, get, post

from anban.base.db import Connection
from anban.base.errors import BadInput, Conflict, Forbidden, NotFound
from anban.base.ids import new_id
from anban.cases.appeal import APPEAL, answer_appeal, switch_figures
from anban.cases.appeal_effect import tell_answer
from anban.cases.appeals_open import Appealed, appealed, open_appeals
from anban.cases.case import Case, CaseEvent, append, cases_of, locked_case, read_case
from anban.cases.crisis import CRISIS
from anban.cases.notes import notes_of
from anban.law.rulebook import Rulebook
from anban.ledger.kinds import Kind
from anban.people.claims import held_claims
from anban.people.home import homes_marked
from anban.people.users import find
from anban.provider.staff import staff_of
from anban.rails.post import DESK
from anban.web.appeals import COUNTED
from anban.web.caseroom import mine
from anban.web.desk.allowed import appeal_acts, claim_acts, home_acts
from anban.web.desk.door import Desk, SignedIn, TheDesk, check_csrf, page, signed_in, told
from anban.web.desk.queue import care_of
from anban.web.desk.reading import SESSION_CHARS
from anban.web.desk.telling import day_and_clock, zone_of

APPEALS = "/desk/appeals"
MOST_FORM = 16_384

READING = "appeal"
"""The reason that stands in the evidence when somebody reads what a person wrote for their appeal."""

GRANTED = ("account-facts", "explained", "signs-wrong", "contact-confirmed", "other")
KEPT = ("account-says-so", "signs-plain", "nothing-new", "not-ours", "other")
"""Why an appeal is granted, and why things stay as they are."""

CLEARED = ("child-says-safe", "moved", "checked-safe", "set-by-mistake")
"""Why the desk thinks that home is safe again."""


@get(APPEALS, include_in_schema=False)
async def appeals_page(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """Open appeals, held claims to be a guardian, marks "unsafe at home", and how often a switch was wrong."""
    who = await signed_in(request, desk)
    return await show_appeals(request, desk, who)


@get("/desk/appeals/{case_id:str}", include_in_schema=False)
async def appeal_page(request: Request[Any, Any, Any], desk: TheDesk, case_id: str) -> Response[str]:
    """One appeal; who it is and what they wrote only once it was opened."""
    return await _one(request, desk, await signed_in(request, desk), case_id[:64])


@post(
    "/desk/appeals/{case_id:str}/{act:str}", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM
)
async def act_on_appeal(request: Request[Any, Any, Any], desk: TheDesk, case_id: str, act: str) -> Response[str]:
    """Open it, which leaves its trace first; grant it; or keep things as they are."""
    who = await signed_in(request, desk)
    await check_csrf(request, who)
    form = await request.form()
    rt, now = desk.rt, desk.rt.clock.now()
    rules = rt.rules(who.service, frozenset[str](), now)
    reason = str(form.get("reason") or "")

    def work(connection: Connection) -> Case:
        case, ref = mine(connection, who.service, case_id[:64], locked_case)
        if case.kind != APPEAL:
            raise NotFound("no such appeal")
        if act not in appeal_acts(case.is_open, reading=_reading(case, who, now, rules)):
            raise Forbidden("this is not open to you now", code="not_now")
        if act == "open":
            _trace(connection, desk, who, case, now)
            return case
        if reason not in (GRANTED if act == "grant" else KEPT):
            raise BadInput("say why", field="reason")
        user = find(connection, rt.keys, who.service.id, ref)
        assert user is not None
        done = answer_appeal(connection, case, user, who.staff.id, act == "grant", reason, now, rules)
        after = find(connection, rt.keys, who.service.id, ref)
        assert after is not None
        tell_answer(connection, after, done, rt.words, who.service.lang, now, rules)
        rt.presence.forget(who.service.id, ref)
        return done

    try:
        case = await rt.db.write(work)
    except (BadInput, Conflict, Forbidden) as error:
        return await _one(request, desk, who, case_id[:64], error.field or error.code, error.status)
    rt.wake_work()
    rt.post.wake(case.user)
    rt.post.wake(DESK)
    return Response("", status_code=303, headers={"Location": f"{APPEALS}/{case.id}"})


async def show_appeals(
    request: Request[Any, Any, Any], desk: Desk, who: SignedIn, fault: str = "", status: int = 200
) -> Response[str]:
    """The page with its four lists."""
    rt, now = desk.rt, desk.rt.clock.now()
    rules = rt.rules(who.service, frozenset[str](), now)
    found = await rt.db.read(partial(_lists, desk=desk, who=who, now=now, rules=rules))
    return page(
        request, desk, "desk/appeals.html",
        status=status, here=APPEALS, me=who.staff, csrf=who.csrf, care=await care_of(desk, who), fault=fault, **found,
    )  # fmt: skip


def _lists(connection: Connection, desk: Desk, who: SignedIn, now: datetime, rules: Rulebook) -> dict[str, Any]:
    keys, service = desk.rt.keys, who.service.id
    zone = zone_of(who.service.place)
    names = {each.id: each.name for each in staff_of(connection, keys, service)}
    appeals = open_appeals(connection, keys, service, now, rules)
    figures = switch_figures(connection, service, now - COUNTED, now, rules.number("age-appeal-hours"))
    return {
        "appeals": [_shown(each, now) for each in appeals],
        "claims": [
            {
                "id": each.id, "held": each.held, "evidence": each.evidence, "state": each.state,
                "made": day_and_clock(each.made_at, zone), "may": sorted(claim_acts(who, looked=False)),
            }
            for each in held_claims(connection, service)
        ],
        "homes": [
            {
                "user": each.user, "by": each.by, "since": day_and_clock(each.at, zone), "reason": each.reason,
                "case": _newest_crisis(connection, each.user),
                "asked": names.get(each.asked_by, each.asked_by), "may": sorted(home_acts(who, each.asked_by)),
            }
            for each in homes_marked(connection, service)
        ],
        "figures": figures,
        "days": COUNTED.days,
        "cleared": CLEARED,
    }  # fmt: skip


async def _one(
    request: Request[Any, Any, Any], desk: Desk, who: SignedIn, identifier: str, fault: str = "", status: int = 200
) -> Response[str]:
    rt, now = desk.rt, desk.rt.clock.now()
    rules = rt.rules(who.service, frozenset[str](), now)
    found = await rt.db.read(partial(_view, desk=desk, who=who, identifier=identifier, now=now, rules=rules))
    return page(
        request, desk, "desk/appeal.html",
        status=status, here=f"{APPEALS}/{identifier}", me=who.staff, csrf=who.csrf, care=await care_of(desk, who),
        fault=fault, each=found, grounds={"grant": GRANTED, "keep": KEPT},
    )  # fmt: skip


def _view(
    connection: Connection, desk: Desk, who: SignedIn, identifier: str, now: datetime, rules: Rulebook
) -> dict[str, Any]:
    case, _ = mine(connection, who.service, identifier, read_case)
    found = appealed(connection, desk.rt.keys, case, now, rules) if case.kind == APPEAL else None
    if found is None:
        raise NotFound("no such appeal")
    reading = _reading(case, who, now, rules)
    zone = zone_of(who.service.place)
    names = {each.id: each.name for each in staff_of(connection, desk.rt.keys, who.service.id)}
    ended = next((each for each in reversed(case.events) if each.kind == "closed"), None)
    return {
        **_shown(found, now),
        "signs": [
            {"category": each.category, "band": each.band, "day": day_and_clock(each.at, zone)} for each in found.signs
        ],
        "opened": day_and_clock(case.opened_at, zone),
        "due": day_and_clock(found.due_at, zone),
        "guarded": found.standing.guardian_bound,
        "effect": found.effect,
        "reading": reading,
        "wrote": found.wrote,
        "ref": found.user.ref if reading else "",
        "words": [
            {"text": each.text, "time": day_and_clock(each.at, zone)}
            for each in (notes_of(connection, found.user, case.id) if reading else ())
            if each.author == "user"
        ],
        "may": sorted(appeal_acts(case.is_open, reading=reading)),
        "ended": None
        if ended is None
        else {
            "by": names.get(ended.actor, ended.actor),
            "time": day_and_clock(ended.at, zone),
            "told": str(ended.facts.get("effect", "kept")),
            "outcome": str(ended.facts.get("outcome", "")),
            "reason": str(ended.facts.get("reason", "")),
        },
    }


def _newest_crisis(connection: Connection, user: str) -> str:
    """Where somebody may read about this person, as far as they may read it; empty where there never was a crisis."""
    return next((each.id for each in cases_of(connection, user) if each.kind == CRISIS), "")


def _shown(found: Appealed, now: datetime) -> dict[str, Any]:
    """A line of the list: nothing in it tells who it is."""
    left = found.due_at - now
    return {
        "id": found.case.id,
        "about": found.about,
        "group": found.standing.audience,
        "ground": found.standing.ground,
        "open": found.case.is_open,
        "hours": max(0, int(left / timedelta(hours=1))),
        "late": left < timedelta(0),
        "sources": sorted({each.category for each in found.signs}),
    }


def _reading(case: Case, who: SignedIn, now: datetime, rules: Rulebook) -> bool:
    """Whether they opened this appeal lately in this log-in."""
    lasts = rules.lasting("desk-reading-minutes")
    return any(
        event.kind == "read"
        and event.actor == who.staff.id
        and event.facts.get("session") == who.session[:SESSION_CHARS]
        and now - event.at < lasts
        for event in case.events
    )


def _trace(connection: Connection, desk: Desk, who: SignedIn, case: Case, now: datetime) -> None:
    """Write down that they read what the person wrote, before a word of it is shown."""
    facts: Mapping[str, Any] = {"reason": READING, "session": who.session[:SESSION_CHARS]}
    append(connection, case, CaseEvent(f"read|{new_id()}", "read", now, who.staff.id, facts), wake=False)
    told(
        connection, desk, Kind.CONVERSATION_READ, case.user, who.staff.id, who.service.id, case=case.id, reason=READING
    )
