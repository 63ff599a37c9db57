"""One's own account: which role one has, what it may do and never sees, and logging out everywhere."""

from typing import Any

from litestar import Request, Response, get, post

from anban.base.db import Connection
from anban.ledger.kinds import Kind
from anban.provider.roles import ROLES, may
from anban.provider.staff_keys import end_keys
from anban.provider.staff_sessions import end_all, session_called
from anban.web.callers import COOKIE
from anban.web.desk.door import ACCOUNT, LOGIN, TheDesk, check_csrf, page, signed_in, told
from anban.web.desk.telling import day_and_clock, zone_of

MOST_FORM = 16_384


@get(ACCOUNT, include_in_schema=False)
async def account_page(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """For everybody who can log in, whatever their role."""
    who = await signed_in(request, desk)
    now = desk.rt.clock.now()
    rules = desk.rt.rules(who.service, frozenset[str](), now)
    idle = rules.lasting("staff-session-hours")
    session = await desk.rt.db.read(lambda connection: session_called(connection, who.session, now, idle))
    role = who.staff.role
    return page(
        request, desk, "desk/account.html", here=ACCOUNT, me=who.staff, csrf=who.csrf,
        may=sorted(ROLES[role].may), never=sorted(ROLES[role].never), code=ROLES[role].code,
        desk_work=may(role, "desk.work"), asks=may(role, "access.ask"),
        ends=day_and_clock(session.expires_at, zone_of(who.service.place)) if session else "",
    )  # fmt: skip


@post("/desk/account/out", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def log_out_everywhere(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """End every log-in and every key of one's own."""
    who = await signed_in(request, desk)
    await check_csrf(request, who)
    now = desk.rt.clock.now()

    def work(connection: Connection) -> None:
        end_all(connection, who.staff.id, now)
        end_keys(connection, who.staff.id, now)
        told(connection, desk, Kind.STAFF_LOGGED_OUT, who.staff.id, who.staff.id, who.service.id, where="everywhere")

    await desk.rt.db.write(work)
    response = Response("", status_code=303, headers={"Location": LOGIN})
    response.delete_cookie(COOKIE, path="/")
    return response


ACCOUNT_DOORS = (account_page, log_out_everywhere)
