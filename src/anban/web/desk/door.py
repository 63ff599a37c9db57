"""Who is signed in at the desk, and is this request really theirs?"""

import hmac
from asyncio import Semaphore
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from jinja2 import Environment
from litestar import Request, Response
from litestar.params import Dependency

from anban.base.db import Connection
from anban.base.errors import Forbidden, StorageFailed, Unauthorised
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.provider.models import Service
from anban.provider.roles import may
from anban.provider.services import find
from anban.provider.staff import Staff, find_staff
from anban.provider.staff_sessions import SEEN, Session, session_of, turn
from anban.rails.runtime import Runtime
from anban.web.callers import COOKIE, FORM_HEADER, check_origin, check_right, form_proof
from anban.web.desk.pointing import Pointing
from anban.web.gateway.chat import Gateway
from anban.web.headers import set_later
from anban.web.oidc import Provider
from anban.web.problems import Elsewhere
from anban.web.user import HEADERS, LANG_COOKIE
from anban.words.helplines import Lang

JoinTimes = Callable[[Connection, str, datetime], Sequence[float]]
"""Of a service, since a moment: how many seconds each person in danger waited until somebody joined."""

__all__ = ["COOKIE", "check_origin"]

PATH = "/desk"
LOGIN = "/desk/login"
ACCOUNT = "/desk/account"
FORM_FIELD = "csrf"
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

    provider: Provider | None = None
    """The operator's own provider of log-ins, where one is set."""

    own_url: str = ""
    """How this deployment is reached from outside."""

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
    """Who is asking. Raises `Unauthorised` without a log-in; a browser that wants a page is sent to the log-in.

    Raises `Forbidden` when their role does not open this address. Who does not work at the desk and looks for its page
    is sent to their own; pages of leads tell responders so themselves.
    """
    found = await anyone(request, desk)
    page = "text/html" in request.headers.get("accept", "")
    if found is not None:
        try:
            check_right(request, found.staff)
        except Forbidden:
            if not page or request.method != "GET":
                raise
            if not may(found.staff.role, "desk.work"):
                raise Elsewhere(ACCOUNT) from None
        return found
    if page:
        back = f"?next={quote(request.scope['path'])}" if request.method == "GET" else ""
        lang = request.query_params.get("lang")
        raise Elsewhere(LOGIN + back + (f"&lang={lang}" if back and lang in ("zh", "en") else ""))
    raise Unauthorised("log in at the desk first", code="not_signed_in")


async def anyone(request: Request[Any, Any, Any], desk: Desk) -> SignedIn | None:
    """Who is asking, or None when nobody is signed in."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    rt = desk.rt
    now = rt.clock.now()
    rules = rt.rules(desk.gateway.fallback, frozenset[str](), now)
    idle, overlap = rules.lasting("staff-session-idle-minutes"), rules.lasting("staff-session-overlap-seconds")

    def work(connection: Connection) -> tuple[Session, Staff, Service] | None:
        session = session_of(connection, token, now, idle, overlap)
        who = None if session is None else find_staff(connection, rt.keys, session.staff)
        return None if session is None or who is None else (session, who, find(connection, who.service))

    found = await rt.db.read(work)
    if found is None:
        return None
    session, who, service = found
    if (now - session.seen_at).total_seconds() >= SEEN_EVERY:
        rt.db.later(SEEN, {"of_digest": session.digest, "at": now})
    if now - session.turned_at >= rules.lasting("staff-session-turn-minutes"):
        with suppress(StorageFailed):  # tried again with the next request; until then the token goes on
            if fresh := await rt.db.write(lambda connection: turn(connection, token, now)):
                keep_token(request, fresh)
    return SignedIn(who, service, session.digest, form_proof(desk.secret, session.digest))


def keep_token(request: Request[Any, Any, Any], token: str) -> None:
    """Give the browser this log-in's token, with whatever is answered."""
    set_later(request, COOKIE, token, secure=over_https(request))


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
