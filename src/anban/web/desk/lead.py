"""The leads' page: the rota by hour and its holes, shifts, everybody at the desk, how long people waited."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post

from anban.base.db import Connection
from anban.base.errors import AnbanError, BadInput, Conflict, Forbidden, NotFound
from anban.ledger.kinds import Kind
from anban.provider.rota import add_shift, end_rest, end_shift, take_rest
from anban.provider.shift import zone_named
from anban.web.desk.door import Desk, SignedIn, TheDesk, check_csrf, language, lead_only, page, signed_in, told
from anban.web.desk.plots import distribution, measured
from anban.web.desk.week import clock, read_roster, shown_shifts, shown_staff, shown_week, usual_zone

LEAD = "/desk/lead"
MOST_FORM = 16_384
LOOKED_BACK = timedelta(days=28)
WANTS_PAGE = "text/html"

_FAULTS = frozenset({"weekdays", "from_minute", "time_zone", "from_day", "until_day", "staff", "shift", "last"})


@get(LEAD, include_in_schema=False)
async def lead_page(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """The page; a responder is told that it is for leads."""
    who = await signed_in(request, desk)
    if who.staff.role != "lead":
        if WANTS_PAGE not in request.headers.get("accept", ""):
            raise Forbidden("this is for leads", code="leads_only")
        return page(request, desk, "desk/refused.html", status=403, here=LEAD, csrf=who.csrf)
    return await _shown(request, desk, who)


@post("/desk/lead/shifts", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def put_shift(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """Add a shift from the form's fields: staff, weekdays, from, until, time_zone, from_day, until_day."""
    who = await lead_only(request, desk)
    await check_csrf(request, who)
    form = await request.form()

    def work(connection: Connection) -> None:
        identifier = add_shift(
            connection,
            service=who.service.id,
            staff_id=str(form.get("staff", "")),
            weekdays=[_number(each, "weekdays") for each in form.getall("weekdays", [])],
            from_minute=_clock(form.get("from")),
            until_minute=_clock(form.get("until")),
            time_zone=str(form.get("time_zone", "")).strip()[:64],
            from_day=_day(form.get("from_day"), "from_day"),
            until_day=_day(form.get("until_day"), "until_day") if form.get("until_day") else None,
        )
        subject = str(form.get("staff", ""))
        told(connection, desk, Kind.ROTA_CHANGED, subject, who.staff.id, who.service.id, shift=identifier, what="added")

    return await _done(request, desk, who, work)


@post("/desk/lead/shifts/{shift:str}/end", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def stop_shift(request: Request[Any, Any, Any], desk: TheDesk, shift: str) -> Response[str]:
    """Let a shift come for the last time on the form's `last` day."""
    who = await lead_only(request, desk)
    await check_csrf(request, who)
    form = await request.form()

    def work(connection: Connection) -> None:
        end_shift(connection, who.service.id, shift, _day(form.get("last"), "from_day"))
        told(
            connection,
            desk,
            Kind.ROTA_CHANGED,
            shift,
            who.staff.id,
            who.service.id,
            shift=shift,
            what="ended",
        )

    return await _done(request, desk, who, work)


@post("/desk/rest", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def take_break(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """A break: field `rest` is `begin` or `end`; a lead may name somebody else in `staff`, and be sent back to `next`.

    A request that wants no page is answered with `resting_until`.
    """
    who = await signed_in(request, desk)
    await check_csrf(request, who)
    form = await request.form()
    whom = str(form.get("staff") or who.staff.id)
    if whom != who.staff.id and who.staff.role != "lead":
        raise Forbidden("only a lead lets others rest", code="leads_only")
    now = desk.rt.clock.now()
    lasts = desk.rt.rules(desk.gateway.fallback, frozenset[str](), now).lasting("staff-rest-minutes")
    until = now + lasts if form.get("rest") != "end" else None

    def work(connection: Connection) -> None:
        if until is None:
            end_rest(connection, who.service.id, whom)
        else:
            take_rest(connection, who.service.id, whom, until, now)
        what = "ended" if until is None else "began"
        told(connection, desk, Kind.STAFF_RESTED, whom, who.staff.id, who.service.id, what=what)

    if WANTS_PAGE in request.headers.get("accept", ""):
        back = LEAD if form.get("next") == LEAD else "/desk"
        return await _done(request, desk, who, work, back=back)
    await desk.rt.db.write(work)
    body = {"resting_until": until.isoformat() if until else None}
    return Response(body, media_type="application/json")  # pyright: ignore[reportReturnType]


async def _done(
    request: Request[Any, Any, Any], desk: Desk, who: SignedIn, work: Any, *, back: str = LEAD
) -> Response[str]:
    """Do it and show the page again; what was wrong stands on the page in plain words."""
    try:
        await desk.rt.db.write(work)
    except (BadInput, Conflict, NotFound) as error:
        if who.staff.role != "lead":
            # Nobody else is shown the leads' page; their own says what was wrong.
            return Response("", status_code=303, headers={"Location": f"{back}?fault={quote(error.field or '')}"})
        return await _shown(request, desk, who, error)
    week = (await request.form()).get("week")
    asked = f"?week={quote(str(week)[:10])}" if week and back == LEAD else ""
    return Response("", status_code=303, headers={"Location": back + asked})


async def _shown(
    request: Request[Any, Any, Any], desk: Desk, who: SignedIn, error: AnbanError | None = None
) -> Response[str]:
    rt = desk.rt
    now = rt.clock.now()
    rules = rt.rules(desk.gateway.fallback, frozenset[str](), now)
    target = float(rules.table("takeover-join-seconds")["L3"])

    def work(connection: Connection) -> tuple[Any, Sequence[float]]:
        joins = desk.joins(connection, who.service.id, now - LOOKED_BACK) if desk.joins else ()
        return read_roster(connection, rt.keys, who.service.id, now), joins

    roster, joins = await rt.db.read(work)
    words = rt.words.page(language(request))
    fault = "" if error is None else error.field if error.field in _FAULTS else "form"
    return page(
        request, desk, "desk/lead.html",
        status=200 if error is None else error.status,
        here=LEAD,
        me=who.staff,
        csrf=who.csrf,
        fault=fault,
        week=shown_week(roster, request.query_params.get("week", ""), now, words),
        shifts=shown_shifts(roster, now, words),
        staff=shown_staff(roster, now),
        minutes=rules.whole("staff-rest-minutes"),
        zone=usual_zone(roster),
        today=_today(now, usual_zone(roster)),
        joins=measured(joins, target),
        bars=distribution(joins, target, words["staff.lead.joins"]) if joins else "",
        target=round(target),
    )  # fmt: skip


def _today(now: datetime, zone: str) -> str:
    return now.astimezone(zone_named(zone)).date().isoformat()


def _number(given: Any, field: str) -> int:
    try:
        return int(str(given))
    except ValueError as error:
        raise BadInput("a number is needed", field=field) from error


def _clock(given: Any) -> int:
    try:
        return clock(str(given))
    except ValueError as error:
        raise BadInput("a time such as 08:00 is needed", field="from_minute") from error


def _day(given: Any, field: str) -> date:
    try:
        return date.fromisoformat(str(given))
    except ValueError as error:
        raise BadInput("a date such as 2026-11-23 is needed", field=field) from error
