"""A turn in OpenAI's chat protocol: ordinary chunks, ordinary choices, one object of ours beside them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson
import structlog
from litestar.types import Receive, Scope, Send

from anban.base.errors import told
from anban.rails.chunks import Called, Chunk, Closed, Meta, Opened, Spoke
from anban.rails.speech import Reason, ToolDelta, Usage
from anban.web.gateway.idempotency import Once

log = structlog.get_logger()

Header = tuple[bytes, bytes]


class Reply:
    """The response to one chat request, as an ASGI application. `chunks` has yielded `opened` already.

    `slow_reader` is how many seconds one write may be blocked by a reader that does not read, before the stream is cut.
    """

    def __init__(
        self,
        opened: Opened,
        chunks: AsyncIterator[Chunk],
        *,
        model: str,
        created: int,
        streaming: bool,
        usage: bool,
        last_words: Callable[[], str],
        slow_reader: float,
        once: Once | None = None,
    ) -> None:
        self._meta = opened.meta
        self._chunks = chunks
        self._model = model
        self._created = created
        self._streaming = streaming
        self._usage = usage
        self._last_words = last_words
        self._slow_reader = slow_reader
        self._once = once
        self._broke = False
        self._id = f"chatcmpl-{opened.meta.decision}"

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; stop the turn, and with it the model, when the client hangs up."""
        task = asyncio.current_task()
        assert task is not None
        gone = False

        async def hang_up() -> None:
            nonlocal gone
            while (await receive())["type"] != "http.disconnect":
                continue
            gone = True
            task.cancel()

        listener = asyncio.create_task(hang_up())
        try:
            await (self._stream(send) if self._streaming else self._whole(send))
        except asyncio.CancelledError:
            if not gone:
                raise
            task.uncancel()
        except TimeoutError:
            log.warning("stream.cut", reason="slow reader", decision=self._meta.decision)
            _hang_up(receive)
        finally:
            if self._once is not None:
                self._once.close()
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener
            close = getattr(self._chunks, "aclose", None)
            if close is not None:
                await close()

    async def _safely(self) -> AsyncIterator[Chunk]:
        """The turn; if it breaks, words that leave nobody with a broken stream."""
        try:
            async for chunk in self._chunks:
                yield chunk
                if isinstance(chunk, Closed):
                    return
        except Exception as error:  # noqa: BLE001 - whatever broke, a person is at the other end
            log.error("turn.broke", decision=self._meta.decision, **told(error))
            self._broke = True
        yield Spoke(self._last_words())
        # Ours, whoever was to speak: nobody at the desk has said them.
        yield Closed(replace(self._meta, author="system", speaker=""))

    async def _stream(self, send: Send) -> None:
        await self._send(
            send, _start(self._meta, b"text/event-stream; charset=utf-8", [(b"cache-control", b"no-store")])
        )
        first = self._chunk({"role": "assistant", "content": ""}, None, self._meta)
        await self._send(send, {"type": "http.response.body", "body": first, "more_body": True})
        head = self._chunk({"content": 0}, None, None).partition(b'"content":0')
        before, after = head[0] + b'"content":', head[2]
        tools = 0
        async for chunk in self._safely():
            match chunk:
                case Spoke(text):
                    body = before + _json_text(text) + after
                case Called(tool):
                    body = self._chunk({"tool_calls": [{"index": tools, **_tool(tool)}]}, None, None)
                    tools += 1
                case Closed(meta, reason, usage):
                    body = self._chunk({}, reason, meta) + self._usage_chunk(usage) + b"data: [DONE]\n\n"
                case Opened():
                    continue
            await self._send(send, {"type": "http.response.body", "body": body, "more_body": True})
        await self._send(send, {"type": "http.response.body", "body": b"", "more_body": False})

    async def _whole(self, send: Send) -> None:
        texts: list[str] = []
        tools: list[dict[str, Any]] = []
        closed = Closed(self._meta)
        async for chunk in self._safely():
            match chunk:
                case Spoke(text):
                    texts.append(text)
                case Called(tool):
                    tools.append(_tool(tool))
                case Closed():
                    closed = chunk
                case Opened():
                    continue
        text = "".join(texts).encode("utf-8", "replace").decode()
        message: dict[str, Any] = {"role": "assistant", "content": text or (None if tools else "")}
        if tools:
            message["tool_calls"] = tools
        body = orjson.dumps(
            {
                "id": self._id,
                "object": "chat.completion",
                "created": self._created,
                "model": self._model,
                "choices": [{"index": 0, "message": message, "finish_reason": closed.reason}],
                "usage": _usage(closed.usage),
                "anban": closed.meta.shown(),
            }
        )
        more = [(b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
        start = _start(closed.meta, b"application/json", more)
        if self._once is not None and not self._broke:
            self._once.keep(start["headers"], body)
        await self._send(send, start)
        await self._send(send, {"type": "http.response.body", "body": body, "more_body": False})

    async def _send(self, send: Send, event: Any) -> None:
        async with asyncio.timeout(self._slow_reader):
            await send(event)

    def _chunk(self, delta: dict[str, Any], reason: Reason | None, meta: Meta | None) -> bytes:
        body: dict[str, Any] = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        }
        if meta is not None:
            body["anban"] = meta.shown()
        return b"data: " + orjson.dumps(body) + b"\n\n"

    def _usage_chunk(self, usage: Usage | None) -> bytes:
        """The one chunk without choices that OpenAI's protocol has, only for clients that asked for it."""
        if not self._usage:
            return b""
        body = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
            "choices": [],
            "usage": _usage(usage),
        }
        return b"data: " + orjson.dumps(body) + b"\n\n"


def _hang_up(receive: Receive) -> None:
    """Close the connection now: a reader who does not read would never let a proper end through."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if isinstance(transport, asyncio.Transport):
        transport.abort()


def _start(meta: Meta, kind: bytes, more: list[Header]) -> Any:
    headers = [
        (b"content-type", kind),
        (b"x-anban-decision", meta.decision.encode()),
        (b"x-anban-level", meta.level.encode()),
        (b"x-anban-actions", ",".join(meta.actions).encode("ascii", "replace")),
        (b"x-content-type-options", b"nosniff"),
        *more,
    ]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def _json_text(text: str) -> bytes:
    try:
        return orjson.dumps(text)
    except orjson.JSONEncodeError:
        return orjson.dumps(text.encode("utf-8", "replace").decode())


def _tool(tool: ToolDelta) -> dict[str, Any]:
    return {"id": tool.id, "type": "function", "function": {"name": tool.name, "arguments": tool.arguments}}


def _usage(usage: Usage | None) -> dict[str, int]:
    found = usage or Usage()
    return {
        "prompt_tokens": found.prompt_tokens,
        "completion_tokens": found.completion_tokens,
        "total_tokens": found.total_tokens,
    }


def model_list(names: tuple[str, ...], created: int) -> dict[str, Any]:
    """`GET /v1/models`."""
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "created": created, "owned_by": "anban"} for name in names],
    }
