"""Reading raw text outside a case that one holds: asking, a second person's decision, and the reading itself."""

from datetime import datetime
from functools import partial
from typing import Any, get_args

from litestar import Request, Response, get, post

from anban.base.db import Connection
from anban.base.errors import BadInput, Conflict, Forbidden, NotFound
from anban.cases.case import read_case
from anban.conversations.reading import Line, conversation
from anban.ledger.kinds import Kind
from anban.people.users import find
from anban.provider.access import AccessReason, Grant, approve, ask, end, find_grant, grants_by, grants_of, refuse
from anban.provider.roles import may
from anban.provider.staff import staff_of
from anban.web.caseroom import mine
from anban.web.desk.door import Desk, SignedIn, TheDesk, check_csrf, page, signed_in, told
from anban.web.desk.reading import is_minor
from anban.web.desk.telling import day_and_clock, zone_of

ACCESS = "/desk/access"
MOST_FORM = 16_384
CHOICES = (15, 30, 60)
"""Minutes that the page offers, as far as the law allows them."""

_FAULTS = frozenset({"case", "reason", "words", "minutes"})


@get(ACCESS, include_in_schema=False)
async def access_page(request: Request[Any, Any, Any], desk: TheDesk, case: str = "") -> Response[str]:
    """What waits for a decision, what one has asked for oneself, and the form to ask."""
    return await _shown(request, desk, await signed_in(request, desk), typed={"case": case[:40]})


@post(ACCESS, status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def ask_access(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """Ask, with the case, a reason of the list, own words and minutes. Nothing opens by it."""
    who = await signed_in(request, desk)
    await check_csrf(request, who)
    form = {name: str(value).strip() for name, value in (await request.form()).items()}
    try:
        await desk.rt.db.write(partial(_ask, desk=desk, who=who, form=form))
    except (BadInput, Conflict, NotFound) as error:
        fault = error.code if error.code in ("open_asked", "open_approved") else error.field or "case"
        return await _shown(request, desk, who, fault=fault, typed=form, status=error.status)
    return _back()


@post("/desk/access/{grant:str}/approve", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def approve_access(request: Request[Any, Any, Any], desk: TheDesk, grant: str) -> Response[str]:
    """A second person agrees."""
    return await _decided(request, desk, grant, approve)


@post("/desk/access/{grant:str}/refuse", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def refuse_access(request: Request[Any, Any, Any], desk: TheDesk, grant: str) -> Response[str]:
    """A second person does not agree."""
    return await _decided(request, desk, grant, refuse)


@post("/desk/access/{grant:str}/end", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def end_access(request: Request[Any, Any, Any], desk: TheDesk, grant: str) -> Response[str]:
    """Over before its time."""
    return await _decided(request, desk, grant, end)


@get("/desk/access/{grant:str}", include_in_schema=False)
async def read_under_access(request: Request[Any, Any, Any], desk: TheDesk, grant: str) -> Response[str]:
    """What was said, for the one who asked and as long as it lasts; each look leaves its trace first.

    Whoever works at the desk reads in the case's own room.
    """
    who = await signed_in(request, desk)
    rt = desk.rt
    now = rt.clock.now()
    found = await rt.db.read(lambda connection: find_grant(connection, rt.keys, who.service.id, grant[:40]))
    if found.asked_by != who.staff.id or not found.is_open(now) or not may(who.staff.role, "access.ask"):
        raise Forbidden("this is not open to you now", code="not_now")
    if may(who.staff.role, "desk.work"):
        return Response("", status_code=303, headers={"Location": f"/desk/cases/{found.case}"})
    await rt.db.write(partial(_trace, desk=desk, who=who, grant=found))
    lines = await rt.db.read(partial(_lines, desk=desk, who=who, grant=found, at=now))
    zone = zone_of(who.service.place)
    said = [
        {"by": each.by, "at": day_and_clock(each.at, zone), "text": each.text, "state": each.state} for each in lines
    ]
    return page(
        request, desk, "desk/access_read.html", here=f"{ACCESS}/{found.id}", me=who.staff, csrf=who.csrf,
        grant=_view(found, zone, now), lines=said,
    )  # fmt: skip


def _ask(connection: Connection, desk: Desk, who: SignedIn, form: dict[str, str]) -> Grant:
    rt, now = desk.rt, desk.rt.clock.now()
    case, _ = mine(connection, who.service, form.get("case", "")[:40], read_case)
    given = form.get("minutes", "")
    minutes = int(given) if given.isdecimal() and len(given) <= 4 else 0
    rules = rt.rules(who.service, frozenset[str](), now)
    reason, words = form.get("reason", ""), form.get("words", "").replace("\r\n", "\n")
    return ask(connection, rt.keys, who.staff, case.id, case.user, reason, words, minutes, now, rules)


async def _decided(request: Request[Any, Any, Any], desk: Desk, grant: str, act: Any) -> Response[str]:
    who = await signed_in(request, desk)
    await check_csrf(request, who)
    rt, now = desk.rt, desk.rt.clock.now()
    rules = rt.rules(who.service, frozenset[str](), now)
    try:
        await rt.db.write(lambda connection: act(connection, rt.keys, who.staff, grant[:40], now, rules) and None)
    except Conflict as error:
        return await _shown(request, desk, who, fault="over", status=error.status)
    except Forbidden as error:
        if error.code != "second_person_needed":
            raise
        return await _shown(request, desk, who, fault="second", status=error.status)
    rt.wake_work()
    return _back()


def _trace(connection: Connection, desk: Desk, who: SignedIn, grant: Grant) -> None:
    told(
        connection, desk, Kind.CONVERSATION_READ, grant.user, who.staff.id, who.service.id,
        case=grant.case, reason=grant.reason, grant=grant.id, role=who.staff.role,
    )  # fmt: skip


def _lines(connection: Connection, desk: Desk, who: SignedIn, grant: Grant, at: datetime) -> tuple[Line, ...]:
    """As much of the conversation as the desk would see: a case's excerpt, never a whole history, never a search."""
    rt = desk.rt
    _, ref = mine(connection, who.service, grant.case, read_case)
    user = find(connection, rt.keys, who.service.id, ref)
    assert user is not None
    most = rt.rules(who.service, frozenset[str](), at).whole("desk-excerpt-turns")
    return conversation(connection, user.id, user.key, most)


async def _shown(
    request: Request[Any, Any, Any],
    desk: Desk,
    who: SignedIn,
    *,
    fault: str = "",
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    rt, now = desk.rt, desk.rt.clock.now()
    rules = rt.rules(who.service, frozenset[str](), now)
    zone = zone_of(who.service.place)

    def work(connection: Connection) -> dict[str, Any]:
        names = {each.id: each.name for each in staff_of(connection, rt.keys, who.service.id)}
        there = grants_of(connection, rt.keys, who.service.id, now) if may(who.staff.role, "access.decide") else ()
        own = grants_by(connection, rt.keys, who.staff.id)[:20]
        groups = {each.id: _is_minors(connection, desk, who, each, now) for each in there}
        return {
            "waiting": [
                {**_view(each, zone, now), "by": names.get(each.asked_by, ""), "minor": groups[each.id]}
                for each in there if each.waits(now) and each.asked_by != who.staff.id
            ],
            "others": [
                {**_view(each, zone, now), "by": names.get(each.asked_by, "")}
                for each in there if each.is_open(now) and each.asked_by != who.staff.id
            ],
            "own": [_view(each, zone, now) for each in own],
        }  # fmt: skip

    most = rules.whole("break-glass-minutes")
    known = fault if fault in {*_FAULTS, "over", "second", "open_asked", "open_approved", ""} else "case"
    return page(
        request, desk, "desk/access.html", status=status, here=ACCESS, me=who.staff, csrf=who.csrf, fault=known,
        typed=dict.fromkeys(_FAULTS, "") | (typed or {}), reasons=get_args(AccessReason),
        desk_work=may(who.staff.role, "desk.work"),
        choices=[each for each in CHOICES if each <= most] or [most],
        **await rt.db.read(work),
    )  # fmt: skip


def _is_minors(connection: Connection, desk: Desk, who: SignedIn, grant: Grant, at: datetime) -> bool:
    _, ref = mine(connection, who.service, grant.case, read_case)
    return is_minor(connection, desk, who.service, ref, at)


def _view(grant: Grant, zone: Any, at: datetime) -> dict[str, Any]:
    state = grant.state
    if state in ("asked", "approved") and at >= grant.expires_at:
        state = "lapsed"
    return {
        "id": grant.id, "case": grant.case, "reason": grant.reason, "words": grant.words, "minutes": grant.minutes,
        "asked": day_and_clock(grant.asked_at, zone), "until": day_and_clock(grant.expires_at, zone), "state": state,
    }  # fmt: skip


def _back() -> Response[str]:
    return Response("", status_code=303, headers={"Location": ACCESS})


ACCESS_DOORS = (access_page, ask_access, approve_access, refuse_access, end_access, read_under_access)
