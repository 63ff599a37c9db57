"""Logging in at the desk and out again: one form, one answer for everything that is wrong, slowed and never locked."""

import asyncio
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.enums import RequestEncodingType

from anban.base.db import Connection
from anban.law.rulebook import Rulebook
from anban.ledger.kinds import Kind
from anban.provider.attempts import begin_try, forgive
from anban.provider.demo_staff import demo_code
from anban.provider.passwords import matches, new_secret, step_of
from anban.provider.staff import Credentials, credentials, use_code
from anban.provider.staff_sessions import begin, end, end_of_token
from anban.web.desk.door import (
    COOKIE,
    LOGIN,
    PATH,
    Desk,
    TheDesk,
    anyone,
    check_csrf,
    check_origin,
    keep_token,
    over_https,
    page,
    signed_in,
    told,
)

KNOWN_COOKIE = "anban_desk_known"
KNOWN_FOR = 180 * 86_400
MOST_FORM = 16_384
LONGEST = {"login": 80, "password": 1_000, "code": 20, "next": 200}
STRANGER = "desk"
"""Subject of evidence about a log-in name that nobody has."""

_OURS = re.compile(r"/desk(?:/[A-Za-z0-9_-]+)*")
_NOBODYS = new_secret()


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody typed, and how many failures each of their lanes has free."""

    login: str
    password: str
    code: str
    lanes: dict[str, int]


@get(LOGIN, include_in_schema=False)
async def login_page(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """The form; somebody signed in goes on to the desk."""
    if "lang" not in request.query_params and await anyone(request, desk) is not None:
        return Response("", status_code=303, headers={"Location": next_of(request.query_params.get("next", ""))})
    return await form_page(request, desk, "", next_of(request.query_params.get("next", "")))


@post(LOGIN, status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def log_in(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """Log-in, password and code together. Whatever is wrong, the answer is the same and takes as long."""
    check_origin(request)
    form = await _typed(request)
    given = _given(request, desk, form)
    rt, service = desk.rt, desk.gateway.fallback
    now = rt.clock.now()
    longest = rt.rules(service, frozenset[str](), now).lasting("staff-login-wait-seconds")
    wait = await rt.db.write(lambda connection: begin_try(connection, given.lanes, longest, now))
    back = next_of(form["next"])
    if wait:
        seconds = int(wait.total_seconds()) + 1
        response = await form_page(request, desk, "wait", back, status=429, login=given.login, seconds=seconds)
        response.headers["Retry-After"] = str(seconds)
        return response
    known = await rt.db.read(lambda connection: credentials(connection, rt.keys, service.id, given.login))
    async with desk.checking:
        right = await asyncio.to_thread(matches, known.password if known else None, given.password)
    step = step_of(known.secret if known else _NOBODYS, given.code, now)
    entered = await rt.db.write(lambda connection: _decided(connection, desk, request, known, right, step, given, now))
    if known is None or entered is None:
        return await form_page(request, desk, "refused", back, status=401, login=given.login)
    return _welcome(request, desk, entered, given.login, back)


@post("/desk/logout", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def log_out(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """End this browser's log-in."""
    who = await signed_in(request, desk)
    await check_csrf(request, who)
    now = desk.rt.clock.now()

    def work(connection: Connection) -> None:
        end(connection, who.session, now)
        told(connection, desk, Kind.STAFF_LOGGED_OUT, who.staff.id, who.staff.id, who.service.id)

    await desk.rt.db.write(work)
    response = Response("", status_code=303, headers={"Location": LOGIN})
    response.delete_cookie(COOKIE, path="/")
    return response


def _decided(
    connection: Connection,
    desk: Desk,
    request: Request[Any, Any, Any],
    known: Credentials | None,
    right: bool,
    step: int | None,
    given: Given,
    now: datetime,
) -> str | None:
    """The token of a new log-in, or None; evidence of either."""
    service = desk.gateway.fallback
    if known is None:
        told(connection, desk, Kind.STAFF_LOGIN_REFUSED, STRANGER, STRANGER, service.id, why="unknown")
        return None
    who = known.staff
    # The code counts as used only with the right password: a guess must not use up a code that is about to be typed.
    if not right or step is None or not use_code(connection, who.id, step):
        why = "password" if not right else "code"
        told(connection, desk, Kind.STAFF_LOGIN_REFUSED, who.id, STRANGER, service.id, why=why)
        return None
    forgive(connection, [lane for lane in given.lanes if lane != _lane(desk, "address", _address(request))])
    if before := request.cookies.get(COOKIE):
        end_of_token(connection, before, now)
    lasts = desk.rt.rules(service, frozenset[str](), now).lasting("staff-session-hours")
    token = begin(connection, who.id, now, lasts)
    told(connection, desk, Kind.STAFF_LOGGED_IN, who.id, who.id, service.id)
    return token


def _welcome(request: Request[Any, Any, Any], desk: Desk, token: str, login: str, back: str) -> Response[str]:
    response = Response("", status_code=303, headers={"Location": back, "cache-control": "no-store"})
    keep_token(request, token)
    response.set_cookie(
        KNOWN_COOKIE, _known_browser(desk, login, secrets.token_hex(12)),
        max_age=KNOWN_FOR, httponly=True, samesite="strict", secure=over_https(request), path=PATH,
    )  # fmt: skip
    return response


async def form_page(
    request: Request[Any, Any, Any],
    desk: Desk,
    fault: str,
    back: str,
    *,
    status: int = 200,
    login: str = "",
    seconds: int = 0,
) -> Response[str]:
    """The form, with what was wrong in words."""
    code = None
    if desk.demo:
        service, now = desk.gateway.fallback.id, desk.rt.clock.now()
        code = await desk.rt.db.read(lambda connection: demo_code(connection, service, now))
    return page(
        request, desk, "desk/login.html",
        status=status, fault=fault, back=back, login=login, seconds=seconds, code=code, here=LOGIN,
        provider=desk.provider is not None,
    )  # fmt: skip


async def _typed(request: Request[Any, Any, Any]) -> dict[str, str]:
    kind = request.headers.get("content-type", "")
    form = await request.form() if kind.startswith(RequestEncodingType.URL_ENCODED.value) else {}
    values = {name: form.get(name) for name in LONGEST}
    return {name: value[: LONGEST[name]] if isinstance(value, str) else "" for name, value in values.items()}


def _given(request: Request[Any, Any, Any], desk: Desk, form: dict[str, str]) -> Given:
    rules = desk.rt.rules(desk.gateway.fallback, frozenset[str](), desk.rt.clock.now())
    login = form["login"].strip()
    free = rules.whole("staff-login-failures")
    known = request.cookies.get(KNOWN_COOKIE, "")
    if hmac.compare_digest(known.encode(), _known_browser(desk, login, known.partition(".")[0]).encode()):
        # A browser that they came in from before has a lane of its own: a stranger who keeps guessing at their name
        # does not make them wait.
        lanes = {_lane(desk, "browser", known): free}
    else:
        lanes = {_lane(desk, "login", login): free, **address_lanes(desk, request, rules)}
    return Given(login, form["password"], form["code"], lanes)


def _known_browser(desk: Desk, login: str, chance: str) -> str:
    return f"{chance}.{_lane(desk, f'known|{chance}', login)}"


def address_lanes(
    desk: Desk, request: Request[Any, Any, Any], rules: Rulebook, kind: str = "address"
) -> dict[str, int]:
    """The lane of whoever comes from this address, with its number of free failures."""
    return {_lane(desk, kind, _address(request)): rules.whole("staff-login-address-failures")}


def _address(request: Request[Any, Any, Any]) -> str:
    return request.client.host if request.client else ""


def _lane(desk: Desk, kind: str, name: str) -> str:
    text = f"{kind}|{desk.gateway.fallback.id}|{name}".encode("utf-8", "surrogatepass")
    return hmac.new(desk.secret, text, hashlib.sha256).hexdigest()


def next_of(asked: str) -> str:
    """Where to go after the log-in: a page of the desk that was asked for, and no other address."""
    return asked if _OURS.fullmatch(asked) and asked != LOGIN else PATH
