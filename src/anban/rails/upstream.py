"""The model behind us: any OpenAI-compatible server, asked patiently once and believed in nothing."""

import asyncio
import random
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import orjson

from anban.base.clock import Clock, SystemClock
from anban.base.errors import BadInput, UpstreamFailed
from anban.rails.breaker import Breaker
from anban.rails.speech import Completion, Delta, Event, Finished, UpstreamRequest
from anban.rails.upstream_fields import read_completion
from anban.rails.upstream_sse import StreamReader

MOST_BODY_BYTES: Final = 4 * 1024 * 1024
_RETRIED: Final = frozenset({429, 502, 503})
_JITTER: Final = (0.05, 0.25)
_CUT: Final = (aiohttp.ClientError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `first_byte` is for streams, `whole` for an answer that is not streamed; `total` ends any stream.

    `after_finish` is how long to wait for usage and `[DONE]` once the model has said how it ended.
    """

    connect: float = 3.0
    first_byte: float = 30.0
    gap: float = 20.0
    whole: float = 60.0
    total: float = 300.0
    after_finish: float = 0.5


class Upstream:
    """One OpenAI-compatible server. `model`, when given, replaces what the client asked for.

    `buffer` is the most bytes of one answer that wait here for a slow reader.

    At most one retry, and only before anything was heard: refused or broken connections, 429, 502, 503. Every failure
    is `UpstreamFailed` with one of the codes upstream_unreachable, upstream_slow, upstream_broke_off, upstream_busy,
    upstream_refused, upstream_error, upstream_unreadable, upstream_resting; never with the server's own text.
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        model: str | None = None,
        timeouts: Timeouts | None = None,
        clock: Clock | None = None,
        buffer: int = 2**16,
    ) -> None:
        self.breaker = Breaker(clock or SystemClock())
        self._url = url.rstrip("/")
        self._model = model
        self._wait = timeouts or Timeouts()
        self._buffer = buffer
        # Identity: a compressed stream hides its size and its pauses.
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "anban"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._opened: aiohttp.ClientSession | None = None
        self._draining: set[asyncio.Task[None]] = set()

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Event, None]:
        """The answer in pieces, `Finished` last. `aclose()` hangs up on the server at once. Raises `UpstreamFailed`."""
        body = self._encoded(request, streaming=True)
        self.breaker.enter()
        settled = False
        answer: _Answer | None = None
        try:
            deadline = asyncio.get_running_loop().time() + self._wait.total
            answer = _Answer(
                await self._ask("POST", "/chat/completions", body, self._wait.first_byte), self._wait, deadline
            )
            while not settled:
                for event in await answer.more():
                    if isinstance(event, Finished):
                        settled = True
                        self.breaker.succeeded()
                    yield event
        except UpstreamFailed as failure:
            settled = True
            self._count(failure)
            raise
        finally:
            if not settled:
                self.breaker.left()
            if answer is not None:
                self._let_go(answer)

    async def complete(self, request: UpstreamRequest) -> Completion:
        """The whole answer, asked for without streaming. Raises `UpstreamFailed`."""
        body = self._encoded(request, streaming=False)
        self.breaker.enter()
        settled = False
        try:
            whole = read_completion(await self._fetch("POST", "/chat/completions", body))
            settled = True
            self.breaker.succeeded()
            return whole
        except UpstreamFailed as failure:
            settled = True
            self._count(failure)
            raise
        finally:
            if not settled:
                self.breaker.left()

    async def models(self) -> tuple[str, ...]:
        """Names of the models that the server offers. Raises `UpstreamFailed`."""
        if self._model is not None:
            return (self._model,)
        rows = (await self._fetch("GET", "/models", None)).get("data")
        names = (row.get("id") for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict))
        return tuple(name for name in names if isinstance(name, str) and 0 < len(name) <= 256)

    async def close(self) -> None:
        """Break open connections and end what is still being read."""
        for task in self._draining:
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        if self._opened is not None:
            await self._opened.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30.0, ttl_dns_cache=60),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._wait.connect),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                # aiohttp stops reading from the socket at twice this.
                read_bufsize=self._buffer // 2,
                headers=self._headers,
            )
        return self._opened

    def _encoded(self, request: UpstreamRequest, *, streaming: bool) -> bytes:
        body: dict[str, Any] = {**request.body, "stream": streaming}
        if not streaming:
            body.pop("stream_options", None)
        if self._model is not None:
            body["model"] = self._model
        if request.pseudonym is not None:
            body["user"] = request.pseudonym
        try:
            return orjson.dumps(body)
        except TypeError as error:
            raise BadInput("the request holds text or values that cannot be encoded", field="messages") from error

    async def _ask(self, method: str, path: str, body: bytes | None, wait: float) -> aiohttp.ClientResponse:
        """Status 200 and its headers within `wait` seconds, or `UpstreamFailed`."""
        failure, retry = UpstreamFailed("the upstream was not asked"), True
        for attempt in range(2):
            if attempt:
                await asyncio.sleep(random.uniform(*_JITTER))
            try:
                async with asyncio.timeout(wait):
                    response = await self._session().request(method, self._url + path, data=body, allow_redirects=False)
            except TimeoutError as error:
                raise UpstreamFailed("the upstream did not answer in time", code="upstream_slow") from error
            except _CUT as error:
                failure, retry = _unreachable(error)
            else:
                if response.status == 200:
                    return response
                response.close()
                failure, retry = _refused(response.status), response.status in _RETRIED
            if not retry:
                break
        raise failure

    async def _fetch(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        """A whole JSON object, bounded in time and size."""
        deadline = asyncio.get_running_loop().time() + self._wait.whole
        answer = _Answer(await self._ask(method, path, body, self._wait.whole), self._wait, deadline)
        try:
            return await answer.whole()
        finally:
            self._let_go(answer)

    def _count(self, failure: UpstreamFailed) -> None:
        # A request that was refused for what it says tells nothing about the server's health.
        if failure.code in ("upstream_refused", "upstream_busy"):
            self.breaker.left()
        else:
            self.breaker.failed()

    def _let_go(self, answer: "_Answer") -> None:
        """Give the connection back when the answer is whole; hang up otherwise."""
        if not answer.done:
            answer.hang_up()
        elif not answer.ended:
            task = asyncio.create_task(answer.drain())
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)


class _Answer:
    """One HTTP answer being read."""

    def __init__(self, response: aiohttp.ClientResponse, wait: Timeouts, deadline: float) -> None:
        self._response = response
        self._wait = wait
        self._deadline = deadline
        self._reader = StreamReader()
        self._now = asyncio.get_running_loop().time
        self._begun = False
        self._whole = False

    @property
    def done(self) -> bool:
        """True when the answer is whole, though a few bytes of framing may still come."""
        return self._whole or self._reader.done

    @property
    def ended(self) -> bool:
        """True when every byte has been read, so that the connection is already back in the pool."""
        return self._response.content.at_eof()

    async def more(self) -> Iterable[Event]:
        """The events of the next bytes that arrive; the last of all is `Finished`."""
        kind = self._response.content_type
        if kind == "application/json":
            return _as_events(read_completion(await self.whole()))
        if kind == "text/html":
            raise UpstreamFailed("the upstream sent a web page", code="upstream_unreadable")
        try:
            data = await self._read(self._patience())
        except UpstreamFailed:
            if not self._reader.closing:
                raise
            data = b""
        self._begun = True
        return self._reader.feed(data) if data else self._reader.finish()

    async def whole(self) -> dict[str, Any]:
        """The body as a JSON object of at most `MOST_BODY_BYTES`."""
        parts: list[bytes] = []
        size = 0
        while part := await self._read(self._wait.whole):
            parts.append(part)
            size += len(part)
            if size > MOST_BODY_BYTES:
                raise UpstreamFailed("the upstream's answer does not end", code="upstream_unreadable")
        self._whole = True
        try:
            body = orjson.loads(b"".join(parts))
        except orjson.JSONDecodeError as error:
            raise UpstreamFailed("the upstream's answer is not JSON", code="upstream_unreadable") from error
        if not isinstance(body, dict):
            raise UpstreamFailed("the upstream's answer is not an object", code="upstream_unreadable")
        return body

    async def drain(self) -> None:
        """Read the few bytes after the end, so that the connection can be used again."""
        try:
            while await self._read(self._wait.after_finish):
                pass
        except UpstreamFailed:
            self.hang_up()

    def hang_up(self) -> None:
        self._response.close()

    def _patience(self) -> float:
        if self._reader.closing:
            return self._wait.after_finish
        return self._wait.gap if self._begun else self._wait.first_byte

    async def _read(self, patience: float) -> bytes:
        """Bytes as they come; empty at the end. Raises `UpstreamFailed` when they stop or break off."""
        try:
            async with asyncio.timeout_at(min(self._now() + patience, self._deadline)):
                return await self._response.content.readany()
        except TimeoutError as error:
            raise UpstreamFailed("the upstream fell silent", code="upstream_slow") from error
        except _CUT as error:
            raise UpstreamFailed("the upstream broke off", code="upstream_broke_off") from error


def _as_events(whole: Completion) -> list[Event]:
    return [*([Delta(whole.text)] if whole.text else []), *whole.tools, whole.finished]


def _refused(status: int) -> UpstreamFailed:
    if status == 429:
        return UpstreamFailed("the upstream is busy", code="upstream_busy")
    if status >= 500:
        return UpstreamFailed("the upstream failed", code="upstream_error")
    return UpstreamFailed("the upstream refused the request", code="upstream_refused")


def _unreachable(error: Exception) -> tuple[UpstreamFailed, bool]:
    """What to say of a connection that failed before the first byte, and whether to try once more."""
    broken = isinstance(error, aiohttp.ClientOSError | aiohttp.ServerDisconnectedError)
    failure = UpstreamFailed("the upstream cannot be reached", code="upstream_unreachable")
    failure.__cause__ = error
    return failure, broken
