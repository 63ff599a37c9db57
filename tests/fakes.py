"""Stand-ins for what is outside the house; the model behind us first.

    async with FakeUpstream() as up:
        up.answers(ok("你好。"))                      # from now on, every request
        up.answers_once(status(503), ok("好了。"))    # the next two requests, in order
        ...                                           # talk to up.url
        assert up.asked[0].body["n"] == 1
        assert await up.was_left()                    # the client hung up before the answer ended

An answer is a list of steps: bytes are sent, a number is a pause in seconds, `CUT` breaks the connection, `STALL` sends
nothing more until the client leaves.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

CUT: Final = "cut"
STALL: Final = "stall"
Step = bytes | float | str


@dataclass(slots=True)
class Asked:
    """One request as the fake received it; `left` is true when the client hung up before the answer ended."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    connection: int
    left: bool = False
    answered: bool = False

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw) if self.raw else {}

    @property
    def streaming(self) -> bool:
        return bool(self.body.get("stream"))


Answer = Callable[[Asked], Sequence[Step]]


# --- what an upstream may say ---------------------------------------------------------------------------------------


def event(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
    """One SSE event of a chat stream. `more` is merged into the chunk (`usage=…`, `choices=…`)."""
    chunk: dict[str, Any] = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 0, "model": "fake"}
    chunk["choices"] = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    chunk.update(more)
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def text_events(text: str, chunks: int | None = None) -> list[bytes]:
    """`text` as SSE events: one a character, or cut into `chunks` pieces; finish and [DONE] not included."""
    size = 1 if chunks is None else max(1, -(-len(text) // chunks))
    return [event({"content": text[i : i + size]}) for i in range(0, len(text), size)]


DONE: Final = b"data: [DONE]\n\n"
STOP: Final = event({}, "stop")


def completion(text: str, **message: Any) -> bytes:
    """The body of an answer that is not streamed; `message` is merged into the message."""
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    said = {"role": "assistant", "content": text, **message}
    choices = [{"index": 0, "message": said, "finish_reason": "stop"}]
    whole = {"id": "chatcmpl-fake", "object": "chat.completion", "model": "fake", "choices": choices, "usage": usage}
    return json.dumps(whole, ensure_ascii=False).encode()


def http(body: bytes, code: int = 200, kind: str = "application/json", **headers: str) -> bytes:
    """A whole HTTP answer with a content length."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {code} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode() + body


def _chunk(part: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(part), part)


# --- answers --------------------------------------------------------------------------------------------------------


def sse(*parts: Step, kind: str = "text/event-stream", ends: bool = True) -> Answer:
    """A stream made of raw `parts`. With `ends=False` the connection is closed where the parts end."""

    def answer(_: Asked) -> list[Step]:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        sent: list[Step] = [head, *(_chunk(p) if isinstance(p, bytes) else p for p in parts if p != b"")]
        return [*sent, b"0\r\n\r\n"] if ends else [*sent, CUT]

    return answer


def ok(text: str, chunks: int | None = None, gap: float = 0.0, delay: float = 0.0) -> Answer:
    """A proper answer, streamed or whole as asked; `gap` seconds between chunks, `delay` before the first."""

    def answer(asked: Asked) -> Sequence[Step]:
        if not asked.streaming:
            return [delay, http(completion(text))]
        parts: list[Step] = [event({"role": "assistant", "content": ""})]
        for part in text_events(text, chunks):
            parts += [gap, part] if gap else [part]
        return [delay, *sse(*parts, STOP, DONE)(asked)]

    return answer


def status(code: int, body: bytes = b'{"error":{"message":"fake trouble","type":"fake"}}', **headers: str) -> Answer:
    """An HTTP status that is not 200 (for example `status(429, retry_after="1")`)."""
    return lambda _: [http(body, code, **headers)]


def html(body: bytes = b"<!doctype html><html><body>Bad gateway</body></html>") -> Answer:
    """A web page with status 200, as a captive portal or a broken proxy sends."""
    return lambda _: [http(body, 200, "text/html; charset=utf-8")]


def raw(*steps: Step) -> Answer:
    """Exactly these steps, HTTP head included: for broken framing."""
    return lambda _: steps


def garbage() -> Answer:
    """A stream of events that are no chat chunks, between two good pieces of text."""
    junk = (b"{not json", b"[1,2]", b"\xff\xfe", b'{"choices":"x"}', b"\x00\x01")
    events = [b"data: " + part + b"\n\n" for part in junk]
    return sse(event({"content": "一"}), *events, event({"content": "二"}), STOP, DONE)


def cut_after(size: int, text: str = "今天的天气很好，我们慢慢说。") -> Answer:
    """A proper stream whose connection breaks after `size` bytes of the body."""
    return sse((b"".join(text_events(text)) + STOP + DONE)[:size], ends=False)


def silent() -> Answer:
    """Never a first byte."""
    return raw(STALL)


def stalls(text: str = "今天的天气很好。") -> Answer:
    """Sends `text`, then nothing more."""
    return sse(*text_events(text), STALL)


def long_line(size: int = 10_000_000, ends: bool = True) -> Answer:
    """One data line of `size` bytes after a first piece of text; with `ends=False` its newline never comes."""
    piece = b"x" * 65_536
    pieces = [piece] * (size // len(piece))
    return sse(event({"content": "一"}), b"data: ", *pieces, *((b"\n\n", STOP, DONE) if ends else (STALL,)))


# --- the server -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class FakeUpstream:
    """An OpenAI-compatible server on a loopback port of its own, that answers as told."""

    models: bytes = b'{"object":"list","data":[{"id":"fake","object":"model","owned_by":"fake"}]}'
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _always: Answer = field(default_factory=lambda: ok("好的，我在听。"))
    _next: deque[Answer] = field(default_factory=deque)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The base URL, `/v1` included."""
        return f"http://127.0.0.1:{self.port}/v1"

    def answers(self, answer: Answer) -> None:
        """From now on, answer every chat request like this."""
        self._always = answer

    def answers_once(self, *answers: Answer) -> None:
        """Answer the next chat requests like these, in order; then as before."""
        self._next.extend(answers)

    async def was_left(self, within: float = 1.0) -> bool:
        """True when the client hung up on the last request, now or `within` seconds."""
        deadline = asyncio.get_running_loop().time() + within
        while not (self.asked and self.asked[-1].left):
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.005)
        return True

    async def __aenter__(self) -> "FakeUpstream":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Close the port and break what is open; `__aenter__` starts it again on the same port."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await _Talk(self, reader, writer, self.connections).run()
        except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    def choose(self, asked: Asked) -> Answer:
        if asked.path.endswith("/models"):
            return lambda _: [http(self.models)]
        return self._next.popleft() if self._next else self._always


@dataclass(slots=True)
class _Talk:
    """One connection: read a request, answer it while watching whether the client is still there, repeat."""

    up: FakeUpstream
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int

    async def run(self) -> None:
        asked = await self._request()
        while asked is not None:
            self.up.asked.append(asked)
            following = asyncio.create_task(self._request())
            try:
                for step in self.up.choose(asked)(asked):
                    await self._take(step, following, asked)
                    if asked.left or step == CUT:
                        return
                asked.answered = True
                asked = await following
            except OSError:
                asked.left = True
                return
            finally:
                following.cancel()

    async def _take(self, step: Step, following: asyncio.Task[Asked | None], asked: Asked) -> None:
        if isinstance(step, bytes):
            self.writer.write(step)
            drained = asyncio.create_task(self.writer.drain())
            await asyncio.wait({following, drained}, return_when=asyncio.FIRST_COMPLETED)
            drained.cancel()
        elif step == STALL:
            await asyncio.wait({following})
        elif step == CUT:
            await self.writer.drain()
        elif isinstance(step, float | int) and step:
            await asyncio.wait({following}, timeout=step)
        # A client that speaks before it has been answered has left: nobody pipelines here.
        asked.left = following.done()

    async def _request(self) -> Asked | None:
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
            named = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in named}
            size = int(headers.get("content-length", 0))
            body = await self.reader.readexactly(size) if size else b""
        except (OSError, asyncio.IncompleteReadError, ValueError):
            return None
        method, path, _ = first.split(" ", 2)
        return Asked(method, path.split("?")[0], headers, body, self.number)
