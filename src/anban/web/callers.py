"""Who calls the management API: the deployment's own key, or somebody of the staff with a key or a log-in of theirs."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from litestar import Request

from anban.base.db import Connection
from anban.base.errors import Forbidden, Unauthorised
from anban.law.performs import performs
from anban.provider.models import Service
from anban.provider.roles import Right, may
from anban.provider.services import find
from anban.provider.staff import Staff, find_staff
from anban.provider.staff_keys import PREFIX, owner_of_key
from anban.provider.staff_sessions import session_of
from anban.rails.runtime import Runtime
from anban.web.gateway.chat import Gateway
from anban.web.rights import lock

COOKIE = "anban_desk"
FORM_HEADER = "x-anban-csrf"
DESK_FORMS = "desk forms"
"""What the key for the proofs in the desk's forms is derived for."""

OWNER = "administrator"
"""Who acted, in evidence, when it was the deployment's own key."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose service it is, who acts in evidence, and which of the staff that is; None is the deployment's own key."""

    service: Service
    actor: str
    staff: Staff | None = None


async def caller_at(request: Request[Any, Any, Any], gateway: Gateway, admin_key: str, *, demo: bool) -> Caller:
    """Who calls, having checked that their role opens this address. Raises `Unauthorised` and `Forbidden`."""
    _, _, key = request.headers.get("authorization", "").partition(" ")
    if hmac.compare_digest(key.encode("utf-8", "surrogatepass"), admin_key.encode()):
        return _remembered(request, Caller(gateway.fallback, OWNER))
    if key.startswith(PREFIX):
        return _remembered(request, await _by_key(request, gateway.rt, key.strip()))
    if demo and key:
        return _remembered(request, Caller(await gateway.doorman.service(request), OWNER))
    if not key and request.cookies.get(COOKIE):
        return _remembered(request, await _by_login(request, gateway))
    raise Unauthorised("management needs a key of the deployment, or of somebody on its staff", field="authorization")


def calling(request: Request[Any, Any, Any]) -> Caller:
    """Who calls, where `caller_at` has let them in."""
    return cast("Caller", request.scope["state"]["anban.caller"])


def acts_as(request: Request[Any, Any, Any], named: str) -> str:
    """In whose name this is done: somebody of the staff acts in their own and no other; the deployment's key names one.

    `named` is a log-in or an id. Raises `Forbidden`.
    """
    who = calling(request).staff
    if who is not None and named not in (who.id, who.login):
        raise Forbidden("you act in your own name only", code="own_name")
    return named


@performs("interaction-security")
def check_right(request: Request[Any, Any, Any], who: Staff) -> None:
    """Raise `Forbidden` unless this person's role opens this address."""
    needed = lock(request.method, str(request.scope.get("path_template", "")))
    if needed == "signed-in":
        return
    if needed is None or not may(who.role, cast("Right", needed)):
        raise Forbidden("your role does not open this", code="leads_only" if needed == "desk.lead" else "role")


def check_origin(request: Request[Any, Any, Any]) -> None:
    """Raise `Forbidden` when the browser says that another site sent this."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        ours = site in ("same-origin", "none")
    else:
        ours = origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    if not ours:
        raise Forbidden("this came from another site", code="foreign_form")


def form_proof(secret: bytes, session: str) -> str:
    """The proof that the forms of a log-in carry."""
    return hmac.new(secret, b"form|" + session.encode(), hashlib.sha256).hexdigest()


async def _by_key(request: Request[Any, Any, Any], rt: Runtime, key: str) -> Caller:
    now = rt.clock.now()

    def work(connection: Connection) -> tuple[Staff, Service] | None:
        owner = owner_of_key(connection, key, now)
        who = None if owner is None else find_staff(connection, rt.keys, owner)
        return None if who is None else (who, find(connection, who.service))

    return _admitted(request, await rt.db.read(work))


async def _by_login(request: Request[Any, Any, Any], gateway: Gateway) -> Caller:
    rt, now = gateway.rt, gateway.rt.clock.now()
    rules = rt.rules(gateway.fallback, frozenset[str](), now)
    idle, overlap = rules.lasting("staff-session-idle-minutes"), rules.lasting("staff-session-overlap-seconds")
    session = ""

    def work(connection: Connection) -> tuple[Staff, Service] | None:
        nonlocal session
        found = session_of(connection, request.cookies[COOKIE], now, idle, overlap)
        who = None if found is None else find_staff(connection, rt.keys, found.staff)
        if found is None or who is None:
            return None
        session = found.digest
        return who, find(connection, who.service)

    caller = _admitted(request, await rt.db.read(work))
    check_origin(request)
    if request.method not in ("GET", "HEAD"):
        given = request.headers.get(FORM_HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, form_proof(rt.keys.derived(DESK_FORMS).secret, session).encode()):
            raise Forbidden("send the proof of your log-in as X-Anban-CSRF", code="foreign_form")
    return caller


def _admitted(request: Request[Any, Any, Any], found: tuple[Staff, Service] | None) -> Caller:
    if found is None:
        raise Unauthorised("this opens nothing", field="authorization")
    who, service = found
    check_right(request, who)
    return Caller(service, who.id, who)


def _remembered(request: Request[Any, Any, Any], caller: Caller) -> Caller:
    request.scope["state"]["anban.caller"] = caller
    return caller
