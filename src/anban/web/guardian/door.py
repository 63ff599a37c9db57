"""How a guardian comes in: an address, a link to it, one press; and whether a request is really theirs."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated, Any

from jinja2 import Environment
from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.enums import RequestEncodingType
from litestar.params import Dependency, Parameter

from anban.base.db import Connection
from anban.base.errors import Forbidden, Unauthorised
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.guardian_sessions import Inside, enter, guardian_inside, leave
from anban.provider.attempts import begin_try
from anban.rails.runtime import Runtime
from anban.web.desk.door import check_origin, language, over_https
from anban.web.gateway.chat import Gateway
from anban.web.guardianship import send_links
from anban.web.problems import Elsewhere
from anban.web.user import HEADERS, LANG_COOKIE

COOKIE = "anban_guardian"
PATH = "/guardian"
LOGIN = "/guardian/login"
FORM_FIELD = "csrf"
MOST_FORM = 16_384
LONGEST_ADDRESS = 200
PRIVATE = {**HEADERS, "referrer-policy": "no-referrer"}
"""A log-in link must not travel on in a referrer."""

Token = Annotated[str, Parameter(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]


@dataclass(frozen=True)
class Console:
    """What the guardians' doors need: the gateway's parts, templates, and the secret that forms are proved with."""

    gateway: Gateway
    environment: Environment
    demo: bool
    secret: bytes

    @property
    def rt(self) -> Runtime:
        return self.gateway.rt


TheConsole = Annotated[Console, Dependency(skip_validation=True)]


@dataclass(frozen=True, slots=True)
class Guardian:
    """A guardian who is logged in, whose guardian they are, and the proof that their forms carry."""

    inside: Inside
    csrf: str


@get(LOGIN, include_in_schema=False)
async def guardian_login_page(request: Request[Any, Any, Any], console: TheConsole) -> Response[str]:
    """Where a link is asked for; who is inside goes on."""
    if "lang" not in request.query_params and await anyone(request, console) is not None:
        return _to(PATH)
    return page(request, console, "guardian/login.html", here=LOGIN, state="ask")


@post(LOGIN, status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def ask_guardian_link(request: Request[Any, Any, Any], console: TheConsole) -> Response[str]:
    """A link goes to every guardian bound under this address; whoever asks is told the same in every case.

    The look-up begins after the answer has gone, so that its length tells nothing either.
    """
    check_origin(request)
    address = (await form_of(request)).get("address", "").strip()[:LONGEST_ADDRESS]
    rt = console.rt
    now = rt.clock.now()
    rules = rt.rules(console.gateway.fallback, frozenset[str](), now)
    longest = rules.lasting("staff-login-wait-seconds")
    lanes = {_lane(console, request): rules.whole("guardian-link-asks-most")}
    wait = await rt.db.write(lambda connection: begin_try(connection, lanes, longest, now))
    if wait:
        response = page(request, console, "guardian/login.html", here=LOGIN, state="wait", status=429)
        response.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
        return response

    response = page(request, console, "guardian/login.html", here=LOGIN, state="sent")
    if address:
        response.background = BackgroundTask(send_links, rt, console.gateway.fallback, ("", address))
    return response


@get("/guardian/enter/{token:str}", include_in_schema=False)
async def guardian_enter_page(request: Request[Any, Any, Any], console: TheConsole, token: Token) -> Response[str]:
    """One button. Opening the link uses nothing up: mail programs open links on their own."""
    return page(request, console, "guardian/enter.html", here=f"/guardian/enter/{token}", state="ask")


@post("/guardian/enter/{token:str}", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def enter_guardian(request: Request[Any, Any, Any], console: TheConsole, token: Token) -> Response[str]:
    """Use the link up and begin a session. Unknown, used and expired links look the same."""
    check_origin(request)
    rt = console.rt
    now = rt.clock.now()
    rules = rt.rules(console.gateway.fallback, frozenset[str](), now)

    def work(connection: Connection) -> str | None:
        session = enter(connection, token, now, rules)
        inside = None if session is None else guardian_inside(connection, session, now)
        if inside is None:
            return None
        if before := request.cookies.get(COOKIE):
            leave(connection, before, now)
        facts = {"claim": inside.guardian, "state": "entered"}
        write(
            connection,
            Entry(Kind.GUARDIAN_CHANGED, now, inside.user, "guardian", inside.service, rules.version, dict(facts)),
        )
        return session

    session = await rt.db.write(work)
    if session is None:
        return page(request, console, "guardian/enter.html", here=LOGIN, state="gone", status=410)
    response = _to(PATH)
    response.set_cookie(COOKIE, session, httponly=True, samesite="strict", secure=over_https(request), path=PATH)
    return response


@post("/guardian/logout", status_code=200, include_in_schema=False, request_max_body_size=MOST_FORM)
async def leave_guardian(request: Request[Any, Any, Any], console: TheConsole) -> Response[str]:
    """End this browser's session."""
    who = await guardian_in(request, console)
    check_form(request, who, await form_of(request))
    now = console.rt.clock.now()
    await console.rt.db.write(lambda connection: leave(connection, request.cookies[COOKIE], now))
    response = _to(LOGIN)
    response.delete_cookie(COOKIE, path=PATH)
    return response


async def guardian_in(request: Request[Any, Any, Any], console: Console) -> Guardian:
    """Who is asking. Raises `Unauthorised` without a session; a browser that wants a page is sent to the log-in."""
    found = await anyone(request, console)
    if found is not None:
        return found
    if "text/html" in request.headers.get("accept", ""):
        chosen = request.query_params.get("lang")
        raise Elsewhere(f"{LOGIN}?lang={chosen}" if chosen in ("zh", "en") else LOGIN)
    raise Unauthorised("log in as a guardian first", code="not_signed_in")


async def anyone(request: Request[Any, Any, Any], console: Console) -> Guardian | None:
    """Who is asking, or None. Asked anew each time, so that who is bound no longer is out at once."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    now = console.rt.clock.now()
    inside = await console.rt.db.read(lambda connection: guardian_inside(connection, token, now))
    return None if inside is None else Guardian(inside, _proof(console, token))


def check_form(request: Request[Any, Any, Any], who: Guardian, form: dict[str, str]) -> None:
    """Raise `Forbidden` unless the request comes from a page that was made for this session."""
    check_origin(request)
    given = form.get(FORM_FIELD, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), who.csrf.encode()):
        raise Forbidden("this form was not made for you; load the page again", code="foreign_form")


async def form_of(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The form's fields, the last of each name; nothing for any other kind of body."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith(RequestEncodingType.URL_ENCODED.value):
        return {}
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def page(
    request: Request[Any, Any, Any], console: Console, template: str, *, status: int = 200, **context: Any
) -> Response[str]:
    """One page in the reader's language; `context` is the template's."""
    lang = language(request)
    words = console.rt.words.page(lang)
    html = console.environment.get_template(template).render(lang=lang, words=words, demo=console.demo, **context)
    response = Response(html, status_code=status, media_type="text/html", headers=PRIVATE)
    if request.query_params.get("lang") in ("zh", "en"):
        response.set_cookie(LANG_COOKIE, lang, max_age=365 * 86_400, samesite="lax", path="/")
    return response


def _to(location: str) -> Response[str]:
    return Response("", status_code=303, headers={**PRIVATE, "Location": location})


def _proof(console: Console, token: str) -> str:
    return hmac.new(console.secret, b"form|" + token.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _lane(console: Console, request: Request[Any, Any, Any]) -> str:
    address = request.client.host if request.client else ""
    return hmac.new(console.secret, f"link|{address}".encode(), hashlib.sha256).hexdigest()
