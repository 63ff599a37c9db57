"""Who is signed in at the desk, and is this request really theirs?"""

import hashlib
import hmac
from asyncio import Semaphore
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment
from litestar import Request, Response
from litestar.params import Dependency

from anban.base.db import Connection
from anban.base.errors import Forbidden, Unauthorised
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.provider.models import Service
from anban.provider.services import find
from anban.provider.staff import Staff, find_staff
from anban.provider.staff_sessions import SEEN, Session, session_of
from anban.rails.runtime import Runtime
from anban.web.desk.pointing import Pointing
from anban.web.gateway.chat import Gateway
from anban.web.problems import Elsewhere
from anban.web.user import HEADERS, LANG_COOKIE
from anban.words.helplines import Lang

JoinTimes = Callable[[Connection, str, datetime], Sequence[float]]
"""Of a service, since a moment: how many seconds each person in danger waited until somebody joined."""

COOKIE = "anban_desk"
PATH = "/desk"
LOGIN = "/desk/login"
FORM_FIELD = "csrf"
FORM_HEADER = "x-anban-csrf"
SEEN_EVERY = 60.0
"""Seconds after which a sign of life is written again."""


@dataclass(frozen=True)
class Desk:
    """What the desk's doors need: the gateway's parts, templates, and the secret that forms are proved with."""

    gateway: Gateway
    environment: Environment
    demo: bool
    secret: bytes
    joins: JoinTimes | None = None
    """Seconds from the opening of each case to the person who joined; without it the leads' page draws none."""
    checking: Semaphore = field(default_factory=lambda: Semaphore(2))
    """Passwords that are checked at once: each takes 64 MiB and a processor."""

    pointing: Pointing = field(default_factory=Pointing)
    """Remembers which places of a message caused its level."""

    @property
    def rt(self) -> Runtime:
        return self.gateway.rt


TheDesk = Annotated[Desk, Dependency(skip_validation=True)]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody at the desk, the service they work for, their log-in, and the proof that their forms carry."""

    staff: Staff
    service: Service
    session: str
    csrf: str


async def signed_in(request: Request[Any, Any, Any], desk: Desk) -> SignedIn:
    """Who is asking. Raises `Unauthorised` without a log-in; a browser that wants a page is sent to the log-in."""
    found = await anyone(request, desk)
    if found is not None:
        return found
    if "text/html" in request.headers.get("accept", ""):
        back = f"?next={quote(request.scope['path'])}" if request.method == "GET" else ""
        raise Elsewhere(LOGIN + back)
    raise Unauthorised("log in at the desk first", code="not_signed_in")


async def anyone(request: Request[Any, Any, Any], desk: Desk) -> SignedIn | None:
    """Who is asking, or None when nobody is signed in."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    rt = desk.rt
    now = rt.clock.now()
    idle = rt.rules(desk.gateway.fallback, frozenset[str](), now).lasting("staff-session-idle-minutes")

    def work(connection: Connection) -> tuple[Session, Staff, Service] | None:
        session = session_of(connection, token, now, idle)
        who = None if session is None else find_staff(connection, rt.keys, session.staff)
        return None if session is None or who is None else (session, who, find(connection, who.service))

    found = await rt.db.read(work)
    if found is None:
        return None
    session, who, service = found
    if (now - session.seen_at).total_seconds() >= SEEN_EVERY:
        rt.db.later(SEEN, {"of_digest": session.digest, "at": now})
    return SignedIn(who, service, session.digest, _proof(desk, session.digest))


async def lead_only(request: Request[Any, Any, Any], desk: Desk) -> SignedIn:
    """The lead who is asking. Raises as `signed_in` does, and `Forbidden` for anybody else at the desk."""
    who = await signed_in(request, desk)
    if who.staff.role != "lead":
        raise Forbidden("this is for leads", code="leads_only")
    return who


async def check_csrf(request: Request[Any, Any, Any], who: SignedIn) -> None:
    """Raise `Forbidden` unless the request comes from a page of ours: `await` it first in every POST of the desk.

    The proof `who.csrf` comes in the header X-Anban-CSRF or in the form field `csrf`; where the browser tells which
    site the request comes from, it is ours.
    """
    check_origin(request)
    given = request.headers.get(FORM_HEADER)
    if given is None and "form" in request.headers.get("content-type", ""):
        given = (await request.form()).get(FORM_FIELD)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), who.csrf.encode()):
        raise Forbidden("this form was not made for you; load the page again", code="foreign_form")


def check_origin(request: Request[Any, Any, Any]) -> None:
    """Raise `Forbidden` when the browser says that another site sent this."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        ours = site in ("same-origin", "none")
    else:
        ours = origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    if not ours:
        raise Forbidden("this came from another site", code="foreign_form")


def page(
    request: Request[Any, Any, Any], desk: Desk, template: str, *, status: int = 200, **context: Any
) -> Response[str]:
    """One page of the desk in the reader's language; `context` is the template's."""
    lang = language(request)
    words = desk.rt.words.page(lang)
    html = desk.environment.get_template(template).render(lang=lang, words=words, **context)
    response = Response(html, status_code=status, media_type="text/html", headers=HEADERS)
    if request.query_params.get("lang") in ("zh", "en"):
        response.set_cookie(LANG_COOKIE, lang, max_age=365 * 86_400, samesite="lax", path="/")
    return response


def language(request: Request[Any, Any, Any]) -> Lang:
    """The language that the reader chose; Chinese where they chose none."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANG_COOKIE)
    return "en" if chosen == "en" else "zh"


def told(connection: Connection, desk: Desk, kind: Kind, subject: str, actor: str, service: str, **facts: Fact) -> None:
    """Leave evidence of something that somebody at the desk did, in the caller's transaction."""
    now = desk.rt.clock.now()
    rulebook = desk.rt.rules(desk.gateway.fallback, frozenset[str](), now).version
    write(connection, Entry(kind, now, subject, actor, service, rulebook, facts))


def over_https(request: Request[Any, Any, Any]) -> bool:
    """Whether the browser came over https, as far as we or a proxy before us can tell."""
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"


def _proof(desk: Desk, session: str) -> str:
    return hmac.new(desk.secret, b"form|" + session.encode(), hashlib.sha256).hexdigest()
