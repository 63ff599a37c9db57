"""`/v1/chat/completions` and `/v1/models`: any OpenAI client, unchanged."""

from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from litestar import Request, Response, get, post
from litestar.params import Dependency
from litestar.types import ASGIApp

from anban.base.errors import AnbanError, BadInput, StorageFailed, Unauthorised
from anban.base.ids import new_id
from anban.provider.models import Service
from anban.rails.chunks import Opened
from anban.rails.message import Client, Message
from anban.rails.odd import help_if_in_danger
from anban.rails.runtime import Runtime
from anban.rails.turn import run_turn
from anban.rails.whitelist import forwardable
from anban.web.auth import Doorman, person_named
from anban.web.gateway.body import Chat, Limits, parse, read_chat, salvage, wants_stream
from anban.web.gateway.openai import Reply, model_list
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
    token_key: bytes | None
    fallback: Service
    """Whose words to use for a caller without a valid key who is in danger; in demo mode also the pages' service."""
    visitor_secret: bytes | None = None
    """Signs the cookie of a browser on our own pages; only in demo mode."""


TheGateway = Annotated[Gateway, Dependency(skip_validation=True)]


@post("/v1/chat/completions", status_code=200, summary="Answer one message of a conversation", tags=["gateway"])
async def chat_completions(request: Request[Any, Any, Any], gateway: TheGateway) -> ASGIApp:
    """OpenAI's chat completions, streaming and not; what happened stands in headers and in the `anban` object."""
    raw = await request.body()
    try:
        service = await gateway.doorman.service(request)
        body = parse(raw, gateway.limits)
        chat = read_chat(body, gateway.limits)
        named = person_named(request, body, gateway.token_key)
    except (BadInput, Unauthorised, StorageFailed) as error:
        return await _odd(request, raw, gateway, error)
    message = _message(request, service, chat, named, gateway)
    return await _reply(message, gateway, _model_named(body, gateway), _asks_usage(body))


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
        actions=("choices:1",) if chat.body.get("n") not in (None, 1) else (),
    )


async def _reply(message: Message, gateway: Gateway, model: str, usage: bool) -> ASGIApp:
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
        last_words=gateway.rt.words.render("outage.storage", lang=message.lang).text,
    )


async def _odd(request: Request[Any, Any, Any], raw: bytes, gateway: Gateway, error: AnbanError) -> ASGIApp:
    """A request that is refused, unless a person in danger is inside it: they get help, whatever else is wrong."""
    said = salvage(raw)
    service, user = gateway.fallback, None
    named: dict[str, str] = {}
    if not isinstance(error, Unauthorised | StorageFailed):
        service = await gateway.doorman.service(request)
        try:
            named = person_named(request, {}, gateway.token_key)
        except (BadInput, Unauthorised):
            log.info("request.person_unreadable")
        user = named.get("user")
    message = Message(
        decision=new_id("dec_"),
        service=service,
        user=user,
        conversation=named.get("conversation", DEFAULT_CONVERSATION),
        persona=DEFAULT_PERSONA,
        said=said,
        at=gateway.rt.clock.now(),
        lang=language_of(said, _hint(request)),
        body={},
        streaming=wants_stream(raw),
        actions=(f"odd:{error.code}",),
    )
    chunks = await help_if_in_danger(message, gateway.rt)
    if chunks is None:
        raise error
    opened = await anext(aiter(chunks))
    assert isinstance(opened, Opened)
    created = int(message.at.timestamp())
    words = gateway.rt.words.render("outage.storage", lang=message.lang).text
    return Reply(
        opened, chunks, model="anban", created=created, streaming=message.streaming, usage=False, last_words=words
    )


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
