"""Whose page this is: in demo mode the visitor's cookie says so; otherwise the app's signed token opens it, once."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response

from anban.base.db import Connection
from anban.base.errors import Forbidden, Unauthorised
from anban.provider.models import Service
from anban.provider.once import spend
from anban.provider.page_sessions import begin_page, end_page, person_of_page
from anban.web.auth import identifier
from anban.web.desk.door import FORM_FIELD, check_origin, over_https
from anban.web.gateway.chat import Gateway
from anban.web.problems import Elsewhere
from anban.web.tokens import FIELD, PAGE, Told
from anban.web.visitors import visitor_of

COOKIE = "anban_me"
PATH = "/me"
CLOSED = "/me/closed"
PURPOSE = "my page"
MOST_FORM = 32_768


@dataclass(frozen=True, slots=True)
class Asking:
    """The person at the door: their service, its name for them, the proof in their forms, a cookie to set if new."""

    service: Service
    ref: str
    csrf: str
    cookie: str = ""
    lasts: int = 0
    leaves: bool = False
    """Whether there is a session that they can end."""


async def asking(request: Request[Any, Any, Any], gateway: Gateway) -> Asking:
    """Whose page this is. Without a proof the browser is sent to a page that says how to come in.

    A token of the app opens the page once; from then on the browser's own session does, until it ends. Raises
    `Unauthorised` for a token that does not verify or was used before.
    """
    rt, now = gateway.rt, gateway.rt.clock.now()
    secret = rt.keys.derived(PURPOSE).secret
    kept = request.cookies.get(COOKIE, "")
    found = await rt.db.read(lambda connection: person_of_page(connection, rt.keys, kept, now)) if kept else None
    known = found[1] if found is not None and found[0] == gateway.fallback.id else None
    if token := request.headers.get("x-anban-token"):
        told = gateway.tokens.read(token, PAGE)
        ref = identifier(told.claims["sub"], f"{FIELD}.user")
        if ref != known:
            return await _let_in(gateway, ref, told, kept, now, secret)
    if known is not None:
        return Asking(gateway.fallback, known, _form_proof(known, secret), leaves=True)
    if gateway.visitor_secret is not None:
        known = visitor_of(request, gateway.visitor_secret)
    if known is None:
        raise Elsewhere(CLOSED)
    return Asking(gateway.fallback, known, _form_proof(known, secret))


async def _let_in(gateway: Gateway, ref: str, told: Told, before: str, now: datetime, secret: bytes) -> Asking:
    """Use the token up and begin a session, which is the browser's only one."""
    rt, service = gateway.rt, gateway.fallback
    lasts = rt.rules(service, frozenset[str](), now).lasting("my-page-minutes")

    def work(connection: Connection) -> str | None:
        if not spend(connection, told.name, told.until, now):
            return None
        end_page(connection, before, now)
        return begin_page(connection, rt.keys, service.id, ref, now, lasts)

    session = await rt.db.write(work)
    if session is None:
        raise Unauthorised("the token does not verify", field=FIELD)
    return Asking(service, ref, _form_proof(ref, secret), session, int(lasts.total_seconds()), leaves=True)


async def typed(request: Request[Any, Any, Any], who: Asking) -> dict[str, str]:
    """The fields of a form of ours. Raises `Forbidden` for one that was not made for this person by a page of ours."""
    check_origin(request)
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    given = form.pop(FORM_FIELD, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), who.csrf.encode()):
        raise Forbidden("this form was not made for you; load the page again", code="foreign_form")
    return form


def remember(response: Response[Any], request: Request[Any, Any, Any], who: Asking) -> None:
    """Let the browser stay for a while where the app has just opened the page."""
    if who.cookie:
        response.set_cookie(
            COOKIE, who.cookie, max_age=who.lasts, path=PATH, httponly=True, samesite="strict",
            secure=over_https(request),
        )  # fmt: skip


def _form_proof(ref: str, secret: bytes) -> str:
    return _proof(f"form|{ref}", secret)


def _proof(what: str, secret: bytes) -> str:
    return hmac.new(secret, what.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
