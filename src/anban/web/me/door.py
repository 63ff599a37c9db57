"""Whose page this is: in demo mode the visitor's cookie says so; otherwise the app's signed token opens it."""

import base64
import binascii
import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response

from anban.base.errors import Forbidden
from anban.provider.models import Service
from anban.web.auth import person_named
from anban.web.desk.door import FORM_FIELD, check_origin, over_https
from anban.web.gateway.chat import Gateway
from anban.web.problems import Elsewhere
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


def asking(request: Request[Any, Any, Any], gateway: Gateway) -> Asking:
    """Whose page this is. Without a proof the browser is sent to a page that says how to come in.

    Raises `Unauthorised` for a token that does not verify.
    """
    now = gateway.rt.clock.now()
    secret = gateway.rt.keys.derived(PURPOSE).secret
    if request.headers.get("x-anban-token"):
        ref = person_named(request, {}, gateway.token_key)["user"]
        lasts = gateway.rt.rules(gateway.fallback, frozenset[str](), now).lasting("my-page-minutes")
        seconds = int(lasts.total_seconds())
        cookie = _signed(ref, int(now.timestamp()) + seconds, secret)
        return Asking(gateway.fallback, ref, _form_proof(ref, secret), cookie, seconds)
    known = _kept(request.cookies.get(COOKIE, ""), now, secret)
    if known is None and gateway.visitor_secret is not None:
        known = visitor_of(request, gateway.visitor_secret)
    if known is None:
        raise Elsewhere(CLOSED)
    return Asking(gateway.fallback, known, _form_proof(known, secret))


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


def _signed(ref: str, until: int, secret: bytes) -> str:
    name = base64.urlsafe_b64encode(ref.encode()).decode().rstrip("=")
    return f"{name}.{until}.{_proof(f'session|{name}|{until}', secret)}"


def _kept(cookie: str, now: datetime, secret: bytes) -> str | None:
    """Whom a cookie of ours was given to, while it lasts."""
    name, until, proof = (*cookie.split("."), "", "")[:3]
    if not hmac.compare_digest(proof.encode("utf-8", "replace"), _proof(f"session|{name}|{until}", secret).encode()):
        return None
    if not until.isdecimal() or int(until) <= now.timestamp():
        return None
    with suppress(ValueError, binascii.Error):
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    return None


def _form_proof(ref: str, secret: bytes) -> str:
    return _proof(f"form|{ref}", secret)


def _proof(what: str, secret: bytes) -> str:
    return hmac.new(secret, what.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
