"""Logging in at the desk by way of the operator's own provider: off to it, and back with its word for who it is."""

import hmac
from datetime import datetime
from functools import partial
from typing import Any

from litestar import Request, Response, get

from anban.base.db import Connection
from anban.base.errors import AnbanError, Forbidden, NotFound, Unauthorised
from anban.law.performs import performs
from anban.ledger.kinds import Kind
from anban.provider.attempts import begin_try, forgive
from anban.provider.identities import Arrived, Try, arrive, keep_try, take_try
from anban.provider.models import Service
from anban.provider.roles import needs_code
from anban.provider.staff_sessions import begin, end_of_token
from anban.web.callers import COOKIE
from anban.web.desk.door import Desk, TheDesk, keep_token, over_https, page, told
from anban.web.desk.login import LOGIN, STRANGER, address_lanes, form_page, next_of
from anban.web.oidc import Provider, Vouched

START = "/desk/login/oidc"
BACK = "/desk/login/oidc/back"
STATE_COOKIE = "anban_oidc"
MOST_GIVEN = 4_096


@get(START, include_in_schema=False)
async def go_to_provider(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """Send the browser to the provider; what comes back is bound to this browser and works once."""
    provider, rt = _provider(desk), desk.rt
    now = rt.clock.now()
    rules = rt.rules(desk.gateway.fallback, frozenset[str](), now)
    lanes = address_lanes(desk, request, rules, "provider")
    longest = rules.lasting("staff-login-wait-seconds")
    wait = await rt.db.write(lambda connection: begin_try(connection, lanes, longest, now))
    if wait:
        seconds = int(wait.total_seconds()) + 1
        response = await form_page(request, desk, "wait", "/desk", status=429, seconds=seconds)
        response.headers["Retry-After"] = str(seconds)
        return response
    try:
        begun = await provider.begin(_back(desk))
    except AnbanError:
        return await form_page(request, desk, "provider", "/desk", status=503)
    tried = Try(begun.nonce, begun.verifier, next_of(request.query_params.get("next", "")))
    lasts = rules.lasting("oidc-try-minutes")
    await rt.db.write(partial(keep_try, keys=rt.keys, state=begun.state, tried=tried, at=now, lasts=lasts))
    response = Response("", status_code=303, headers={"Location": begun.url, "cache-control": "no-store"})
    # The way back begins at another site: a stricter cookie would not come along.
    response.set_cookie(
        STATE_COOKIE, begun.state, max_age=int(lasts.total_seconds()), httponly=True, samesite="lax",
        secure=over_https(request), path=LOGIN,
    )  # fmt: skip
    return response


@get(BACK, include_in_schema=False)
@performs("interaction-security")
async def come_from_provider(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """Somebody comes back. Whatever is wrong, the page says the same; the ledger says which it was."""
    provider, rt = _provider(desk), desk.rt
    now = rt.clock.now()
    kept = request.cookies.get(STATE_COOKIE, "")
    code, state, iss = (request.query_params.get(name, "")[:MOST_GIVEN] for name in ("code", "state", "iss"))
    try:
        if not kept or not hmac.compare_digest(state.encode("utf-8", "replace"), kept.encode()):
            raise Unauthorised("this browser did not begin it", code="state")
        tried = await rt.db.write(partial(take_try, keys=rt.keys, state=state, at=now))
        if tried is None:
            raise Unauthorised("this was used, or is too old", code="state")
        if iss and iss != provider.chosen.issuer:
            raise Unauthorised("this comes from another provider", code="issuer")
        vouched = await provider.finish(code, tried.verifier, tried.nonce, _back(desk))
        token = await rt.db.write(partial(_let_in, desk=desk, request=request, vouched=vouched, at=now))
    except (Unauthorised, Forbidden) as error:
        await rt.db.write(partial(_refused, desk=desk, why=error.code))
        return _without_state(await form_page(request, desk, "vouched", "/desk", status=401))
    except AnbanError as error:
        if error.code != "provider_away":
            raise
        return _without_state(await form_page(request, desk, "provider", "/desk", status=503))
    keep_token(request, token)
    # A page of ours goes on from here: a redirect would still count as another site's, and strict cookies stay away.
    return _without_state(page(request, desk, "desk/arrived.html", here=tried.back, back=tried.back))


def _let_in(connection: Connection, desk: Desk, request: Request[Any, Any, Any], vouched: Vouched, at: datetime) -> str:
    provider, service, rt = _provider(desk), desk.gateway.fallback, desk.rt
    if vouched.role is None:
        raise Forbidden("the provider tells no role that we know", code="no_role")
    if needs_code(vouched.role) and not vouched.strong:
        raise Forbidden("this role comes in with a second factor only", code="one_factor")
    rules = rt.rules(service, frozenset[str](), at)
    arrived = arrive(
        connection, rt.keys, service.id, provider.chosen.issuer, vouched.subject, vouched.login, vouched.name,
        vouched.role, at, rules.version,
    )  # fmt: skip
    _tell(connection, desk, arrived, service)
    forgive(connection, address_lanes(desk, request, rules, "provider"))
    if before := request.cookies.get(COOKIE):
        end_of_token(connection, before, at)
    return begin(connection, arrived.staff.id, at, rules.lasting("staff-session-hours"))


def _tell(connection: Connection, desk: Desk, arrived: Arrived, service: Service) -> None:
    who = arrived.staff
    if arrived.new:
        told(connection, desk, Kind.STAFF_ADDED, who.id, "provider", service.id, role=who.role, tier=who.tier)
    if arrived.changed:
        told(connection, desk, Kind.STAFF_CHANGED, who.id, "provider", service.id, what="role", role=who.role)
    told(connection, desk, Kind.STAFF_LOGGED_IN, who.id, who.id, service.id, how="provider")


def _refused(connection: Connection, desk: Desk, why: str) -> None:
    told(
        connection, desk, Kind.STAFF_LOGIN_REFUSED, STRANGER, STRANGER, desk.gateway.fallback.id, why=f"provider.{why}"
    )


def _without_state(response: Response[str]) -> Response[str]:
    response.delete_cookie(STATE_COOKIE, path=LOGIN)
    return response


def _provider(desk: Desk) -> Provider:
    if desk.provider is None:
        raise NotFound("this deployment has no provider of log-ins")
    return desk.provider


def _back(desk: Desk) -> str:
    return f"{desk.own_url}{BACK}"


OIDC_DOORS = (go_to_provider, come_from_provider)
