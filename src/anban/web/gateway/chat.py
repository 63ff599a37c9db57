"""`/v1/chat/completions` and `/v1/models`: any OpenAI client, unchanged."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import structlog
from litestar import Request, Response, get, post
from litestar.params import Dependency
from litestar.types import ASGIApp

from anban.base.errors import AnbanError, BadInput, StorageFailed
from anban.base.ids import new_id
from anban.detectors.stated.leaving import asks_to_leave
from anban.provider.models import Service
from anban.rails.chunks import Chunk, Opened
from anban.rails.leaving import farewell
from anban.rails.message import Client, Message
from anban.rails.odd import help_if_in_danger
from anban.rails.presence import Present
from anban.rails.runtime import Runtime
from anban.rails.turn import run_turn
from anban.rails.whitelist import forwardable
from anban.web.auth import Doorman, person_named, person_readable
from anban.web.gateway.body import Chat, Limits, parse, read_chat, receive_body
from anban.web.gateway.idempotency import HEADER, Once, Replies
from anban.web.gateway.openai import Reply, model_list
from anban.web.gateway.salvage import person_in, salvage, wants_stream
from anban.web.tokens import Tokens
from anban.words.helplines import Lang
from anban.words.language import language_of

log = structlog.get_logger()

DEFAULT_CONVERSATION = "default"
DEFAULT_PERSONA = "companion"


@dataclass(frozen=True)
class Gateway:
    """What the protocol doors need."""

    rt: Runtime
    doorman: Doorman
    limits: Limits
    tokens: Tokens
    fallback: Service
    """Whose words to use for a caller without a valid key who is in danger; in demo mode also the pages' service."""
    slow_reader: float
    """Seconds after which a reader who does not read is cut off."""
    replies: Replies = field(default_factory=Replies)
    """Replies that are repeated to whoever asks twice with one key."""
    visitor_secret: bytes | None = None
    """Signs the cookie of a browser on our own pages; only in demo mode."""


TheGateway = Annotated[Gateway, Dependency(skip_validation=True)]


@post(
    "/v1/chat/completions",
    status_code=200,
    summary="Answer one message of a conversation",
    tags=["gateway"],
    request_max_body_size=None,
)
async def chat_completions(request: Request[Any, Any, Any], gateway: TheGateway) -> ASGIApp:
    """OpenAI's chat completions, streaming and not; what happened stands in headers and in the `anban` object."""
    raw = await receive_body(request, gateway.limits, gateway.slow_reader)
    service: Service | None = None
    once: Once | None = None
    try:
        service = await gateway.doorman.service(request)
        body = parse(raw, gateway.limits)
        chat = read_chat(body, gateway.limits)
        named = person_named(request, body, gateway.tokens)
        if key := request.headers.get(HEADER.lower()):
            once = _begun(key, service, named, raw, gateway)
            if once.body is not None:
                return once
        message = _message(request, service, chat, named, gateway)
        return await _reply(message, gateway, _model_named(body, gateway), _asks_usage(body), once)
    except Exception as error:  # noqa: BLE001 - whatever is wrong, a person in danger may be inside; raised otherwise
        if once is not None:
            once.close()
        return await _odd(request, raw, gateway, service, error)


@get("/v1/models", summary="Models behind the gateway", tags=["gateway"])
async def models(request: Request[Any, Any, Any], gateway: TheGateway) -> Response[Any]:
    """The models that may be asked for."""
    await gateway.doorman.service(request)
    created = int(gateway.rt.clock.now().timestamp())
    return Response(model_list(await gateway.rt.model.models(), created))


def _message(
    request: Request[Any, Any, Any], service: Service, chat: Chat, named: dict[str, str], gateway: Gateway
) -> Message:
    return Message(
        decision=new_id("dec_"),
        service=service,
        user=named.get("user"),
        conversation=named.get("conversation", DEFAULT_CONVERSATION),
        persona=named.get("persona", DEFAULT_PERSONA),
        said=chat.said,
        at=gateway.rt.clock.now(),
        lang=language_of(chat.said, _hint(request)),
        body=forwardable(chat.body),
        streaming=chat.streaming,
        client=_client(named.get("client", "")),
        history=chat.history,
        prefill=chat.prefill,
        unread=chat.unread,
        parts=chat.parts,
        actions=("choices:1",) if chat.body.get("n") not in (None, 1) else (),
    )


async def _reply(message: Message, gateway: Gateway, model: str, usage: bool, once: Once | None) -> ASGIApp:
    chunks = run_turn(message, gateway.rt)
    opened = await anext(chunks)
    assert isinstance(opened, Opened)
    return Reply(
        opened,
        chunks,
        model=model,
        created=int(message.at.timestamp()),
        streaming=message.streaming,
        usage=usage,
        last_words=lambda: gateway.rt.words.render("outage.storage", lang=message.lang).text,
        slow_reader=gateway.slow_reader,
        once=once,
    )


async def _odd(
    request: Request[Any, Any, Any], raw: bytes, gateway: Gateway, service: Service | None, error: Exception
) -> ASGIApp:
    """A request that is refused, unless a person in danger is inside it: they get help, whatever else is wrong.

    Whoever wants to leave may, also while nobody can tell whose key it is.
    """
    said = salvage(raw)
    # Who shows no key names nobody. A key that could not be looked up is another matter: the case must not be lost.
    unknown = service is None and not isinstance(error, StorageFailed)
    named = {} if unknown else person_readable(request, person_in(raw), gateway.tokens)
    message = Message(
        decision=new_id("dec_"),
        service=service or gateway.fallback,
        user=named.get("user"),
        conversation=named.get("conversation", DEFAULT_CONVERSATION),
        persona=DEFAULT_PERSONA,
        said=said,
        at=gateway.rt.clock.now(),
        lang=language_of(said, _hint(request)),
        body={},
        streaming=wants_stream(raw),
        actions=(f"odd:{error.code if isinstance(error, AnbanError) else 'internal'}",),
    )
    chunks = await help_if_in_danger(message, gateway.rt)
    if chunks is None and isinstance(error, StorageFailed):
        chunks = _goodbye(raw, message, gateway)
    if chunks is None:
        raise error
    opened = await anext(aiter(chunks))
    assert isinstance(opened, Opened)
    return Reply(
        opened,
        chunks,
        model="anban",
        created=int(message.at.timestamp()),
        streaming=message.streaming,
        usage=False,
        last_words=lambda: gateway.rt.words.render("outage.storage", lang=message.lang).text,
        slow_reader=gateway.slow_reader,
    )


def _goodbye(raw: bytes, message: Message, gateway: Gateway) -> AsyncIterator[Chunk] | None:
    try:
        said = read_chat(parse(raw, gateway.limits), gateway.limits).said
    except BadInput:
        return None
    if asks_to_leave(said) != "exit":
        return None
    rules = gateway.rt.rules(message.service, frozenset[str](), message.at)
    return farewell(replace(message, user=None, said=said), Present(), "adult", rules, gateway.rt)


def _begun(key: str, service: Service, named: dict[str, str], raw: bytes, gateway: Gateway) -> Once:
    who = "\0".join((service.id, *(named.get(name, "") for name in ("user", "conversation"))))
    return gateway.replies.begin(key, who, raw, gateway.rt.clock.monotonic())


def _hint(request: Request[Any, Any, Any]) -> Lang | None:
    told = request.headers.get("accept-language", "")[:2].lower()
    return "zh" if told == "zh" else "en" if told == "en" else None


def _client(told: str) -> Client:
    """`X-Anban-Client: notices; login=abc` says what the app can show, and which sign-in this is."""
    parts = [part.strip() for part in told.split(";")]
    login = next((part.removeprefix("login=") for part in parts if part.startswith("login=")), None)
    return Client("notices" in parts, login[:64] if login else None)


def _model_named(body: dict[str, Any], gateway: Gateway) -> str:
    return body.get("model") or gateway.rt.model_name or "anban"


def _asks_usage(body: dict[str, Any]) -> bool:
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True
