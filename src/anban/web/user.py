"""The companion chat page and the public status page."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qs

import structlog
from jinja2 import Environment
from litestar import Request, Response, get, post
from litestar.params import Dependency

from anban.base.db import Connection
from anban.base.errors import BadInput, StorageFailed, told
from anban.base.ids import new_id
from anban.conversations.mailbox import newest
from anban.people.registration import preview_turns
from anban.people.users import find
from anban.provider.line_reports import failed_for
from anban.rails.chunks import Closed, Opened, Spoke
from anban.rails.leaving import leave, person, tell_desk
from anban.rails.message import Client, Message
from anban.rails.turn import known, run_turn
from anban.rails.whitelist import forwardable
from anban.risk.ladder import LIFE_NAMES
from anban.risk.record import decayed, held_level
from anban.web.auth import identifier
from anban.web.gateway.body import receive_body
from anban.web.gateway.chat import DEFAULT_CONVERSATION, DEFAULT_PERSONA, Gateway, TheGateway
from anban.web.gateway.salvage import fitted
from anban.web.headers import OURS_ONLY
from anban.web.health import Watched, states
from anban.web.me.beside import NOTHING, Beside, beside_chat
from anban.web.shapes import Leaving
from anban.web.visitors import COOKIE, caller, new_visitor, signed, visitor_of
from anban.words.helplines import Lang
from anban.words.language import language_of

log = structlog.get_logger()

LANG_COOKIE = "anban_lang"
MOST_TYPED = 30_000
MOST_FIELDS = 64
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": OURS_ONLY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


@dataclass(frozen=True)
class Pages:
    """What the pages need: templates, words, and in demo mode the key that they speak with."""

    gateway: Gateway
    watched: Watched
    environment: Environment
    demo_key: str | None

    def render(self, template: str, lang: Lang, **context: Any) -> str:
        """One page as HTML."""
        words = self.gateway.rt.words.page(lang)
        return self.environment.get_template(template).render(lang=lang, words=words, **context)


ThePages = Annotated[Pages, Dependency(skip_validation=True)]


@get("/", summary="The companion chat", tags=["pages"], include_in_schema=False)
async def chat_page(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """The reference chat; in demo mode it talks, otherwise it says where things are."""
    level, after, failed, beside = await _remembered(request, pages)
    return _chat(request, pages, [], DEFAULT_CONVERSATION, level, after=after, failed=failed, beside=beside)


@post("/chat/say", status_code=200, include_in_schema=False, request_max_body_size=None)
async def say(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """The chat without script: one message in, the whole page out. A browser that keeps no cookies is heard too."""
    gateway = pages.gateway
    raw = await receive_body(request, gateway.limits, gateway.slow_reader)
    fields = parse_qs(b"&".join(raw.split(b"&", MOST_FIELDS)[:MOST_FIELDS]).decode("utf-8", "replace"))
    text = fitted("\n".join(fields.get("text", ())), MOST_TYPED)
    conversation = DEFAULT_CONVERSATION
    with suppress(BadInput):
        conversation = identifier(fields.get("conversation", [""])[0], "conversation")
    known_visitor = _visitor(request, pages)
    if not text or pages.demo_key is None:
        return Response("", status_code=303, headers={"Location": "/"})
    visitor = known_visitor or new_visitor()
    message = _typed(text, conversation, visitor, gateway)
    answer, level, author = "", "L0", "system"
    try:
        async for chunk in run_turn(message, gateway.rt):
            match chunk:
                case Spoke(piece):
                    answer += piece
                case Opened(meta) | Closed(meta):
                    level, author = meta.level, meta.author
                case _:
                    continue
    except Exception as error:  # noqa: BLE001 - whatever broke, a person is at the other end
        log.error("page.broke", decision=message.decision, **told(error))
        answer, author = gateway.rt.words.render("outage.storage", lang=message.lang).text, "system"
    turns = [{"author": "user", "text": text}, {"author": author, "text": answer}]
    beside = (await _remembered(request, pages))[3]
    return _chat(request, pages, turns, conversation, level, visitor, beside=beside)


@post("/anban/v1/exit", status_code=200, summary="The exit button", tags=["events"])
async def press_exit(request: Request[Any, Any, Any], gateway: TheGateway, data: Leaving) -> dict[str, Any]:
    """Stop every answer under way for this person (of one conversation, if named), and be quiet for a day."""
    service = await caller(request, gateway, data.user)
    conversation = data.conversation or DEFAULT_CONVERSATION
    message = Message(
        decision=new_id("dec_"),
        service=service,
        user=data.user,
        conversation=conversation,
        persona=DEFAULT_PERSONA,
        said="",
        at=gateway.rt.clock.now(),
        lang="zh",
        body={},
    )
    stopped = gateway.rt.flights.stop(person(message), "exit", data.conversation)
    present, _, rules = await known(message, gateway.rt)
    leave(message, present, rules, gateway.rt)
    await tell_desk(message, present, gateway.rt)
    return {"stopped": stopped, "quiet_hours": rules.number("quiet-after-exit-hours")}


@get("/status", summary="How the service is doing", tags=["pages"], include_in_schema=False)
async def status_page(request: Request[Any, Any, Any], pages: ThePages) -> Response[str]:
    """Public: which parts work. Help routes stand here too."""
    found = await states(pages.watched)
    worst = "down" if "down" in found.values() else "degraded" if "degraded" in found.values() else "ok"
    parts = [{"key": key, "state": state} for key, state in found.items()]
    lang = lang_of(request)
    rt = pages.gateway.rt
    first_look = preview_turns(rt.rules(pages.gateway.fallback, frozenset[str](), rt.clock.now()))
    html = pages.render(
        "status/page.html", lang, overall=worst, parts=parts, help_lines=help_lines(pages, lang), first_look=first_look
    )
    return html_page(html, request)


def _chat(
    request: Request[Any, Any, Any],
    pages: Pages,
    turns: list[dict[str, str]],
    conversation: str,
    level: str,
    visitor: str | None = None,
    after: int = 0,
    failed: frozenset[str] = frozenset(),
    beside: Beside = NOTHING,
) -> Response[str]:
    lang = lang_of(request)
    visitor = visitor or _visitor(request, pages) or new_visitor()
    if request.query_params.get("new"):
        conversation = new_id("conv_")
    html = pages.render(
        "chat/page.html",
        lang,
        user=visitor,
        conversation=conversation,
        key=pages.demo_key or "",
        demo=pages.demo_key is not None,
        help_lines=help_lines(pages, lang, failed),
        personas=[],
        turns=turns,
        level=level,
        after=after,
        beside=beside,
        police=pages.gateway.rt.words.helplines.emergency("police", ()).number,
    )
    response = html_page(html, request)
    if pages.gateway.visitor_secret is not None:
        response.set_cookie(
            COOKIE, signed(visitor, pages.gateway.visitor_secret), httponly=True, samesite="strict", path="/"
        )
    return response


async def _remembered(request: Request[Any, Any, Any], pages: Pages) -> tuple[str, int, frozenset[str], Beside]:
    """The level this browser's person is held at, the last event they had, the lines that did not answer them, and
    what of their own stands beside the chat."""
    rt, service, visitor = pages.gateway.rt, pages.gateway.fallback, _visitor(request, pages)
    if visitor is None:
        return "", 0, frozenset(), NOTHING
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)
    fading, failing = rules.lasting("risk-decay-hours"), rules.lasting("helpline-failed-hours")

    def work(connection: Connection) -> tuple[str, int, frozenset[str], Beside]:
        user = find(connection, rt.keys, service.id, visitor)
        if user is None:
            return "", 0, frozenset(), NOTHING
        held = decayed(held_level(connection, user.id), now, fading)
        unreached = failed_for(connection, user.id, now, failing)
        beside = beside_chat(connection, user, held.property)
        return LIFE_NAMES[held.life], newest(connection, user.id), unreached, beside

    try:
        return await rt.db.read(work)
    except StorageFailed:
        return "", 0, frozenset(), NOTHING


def html_page(html: str, request: Request[Any, Any, Any]) -> Response[str]:
    """A page as an answer; a language that the reader has just chosen is remembered."""
    response = Response(html, media_type="text/html", headers=HEADERS)
    if request.query_params.get("lang") in ("zh", "en"):
        response.set_cookie(LANG_COOKIE, request.query_params["lang"], max_age=365 * 86_400, samesite="lax", path="/")
    return response


def help_lines(pages: Pages, lang: Lang, failed: frozenset[str] = frozenset()) -> list[dict[str, str]]:
    """The lines that work with everything else broken, as a page shows them; those that did not answer come last."""
    return [
        {
            "id": line.id,
            "checked": line.verified_on.isoformat() if line.verified_on else "",
            "name": line.name_zh if lang == "zh" else line.name_en,
            "number": line.number,
            "hours": line.hours_zh if lang == "zh" else line.hours_en,
        }
        for line in pages.gateway.rt.words.helplines.from_memory(failed=failed)
    ]


def lang_of(request: Request[Any, Any, Any]) -> Lang:
    """The language that the reader chose; Chinese unless they did."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANG_COOKIE)
    return "en" if chosen == "en" else "zh"


def _visitor(request: Request[Any, Any, Any], pages: Pages) -> str | None:
    secret = pages.gateway.visitor_secret
    return None if secret is None else visitor_of(request, secret)


def _typed(text: str, conversation: str, visitor: str, gateway: Gateway) -> Message:
    return Message(
        decision=new_id("dec_"),
        service=gateway.fallback,
        user=visitor,
        conversation=conversation,
        persona=DEFAULT_PERSONA,
        said=text,
        at=gateway.rt.clock.now(),
        lang=language_of(text),
        body=forwardable({"messages": [{"role": "user", "content": text}]}),
        client=Client(),
    )
