"""Asking a server that helps us judge: once, within a deadline and bounds, believing only a whole JSON answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson

from anban.base.clock import Clock
from anban.base.errors import AnbanError, Misconfigured, UpstreamFailed
from anban.rails.breaker import Breaker

MOST_ANSWER_BYTES: Final = 64 * 1024
_MOST_CONNECTIONS: Final = 64


class NoAnswer(AnbanError):
    """Nobody judged. `code` is why: resting, unreachable, slow, refused, failed, redirected, too_large, unreadable.

    Never with the server's own words, nor with what was sent.
    """

    status = 503
    code = "no_answer"


@dataclass(frozen=True, slots=True)
class Form:
    """A file to send with its fields, for servers that take forms."""

    name: str
    kind: str
    content: bytes = field(repr=False)
    fields: Mapping[str, str]


class Consulted:
    """One server. It is asked without retries: who is late has not answered.

    Redirects are not followed and no proxy is taken from the environment, so that the key and a person's words go to
    `url` and nowhere else. Raises `Misconfigured` for a `url` that is none; `setting` is what it is called outside.
    """

    def __init__(self, url: str, key: str, clock: Clock, setting: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise Misconfigured(f"{setting} must begin with http:// or https://", field=setting)
        self.breaker = Breaker(clock)
        self._url = url.rstrip("/")
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "anban"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._opened: aiohttp.ClientSession | None = None

    async def ask(self, path: str, sent: Mapping[str, Any] | Form, within: float) -> Any:
        """The JSON value that the server answers within so many seconds, or `NoAnswer`."""
        try:
            self.breaker.enter()
        except UpstreamFailed:
            raise NoAnswer("the server is resting after repeated failures", code="resting") from None
        settled = False
        try:
            async with asyncio.timeout(within):
                answer = await self._answer(path, sent)
            settled = True
            self.breaker.succeeded()
            return answer
        except TimeoutError:
            settled = True
            self.breaker.failed()
            raise NoAnswer("the server did not answer in time", code="slow") from None
        except NoAnswer as failure:
            settled = True
            # What it refuses is the request's fault, and says nothing about its health.
            (self.breaker.left if failure.code == "refused" else self.breaker.failed)()
            raise
        finally:
            if not settled:
                self.breaker.left()

    async def close(self) -> None:
        """Break open connections."""
        if self._opened is not None:
            await self._opened.close()

    async def _answer(self, path: str, sent: Mapping[str, Any] | Form) -> Any:
        try:
            async with self._session().post(self._url + path, allow_redirects=False, **_encoded(sent)) as response:
                if response.status != 200:
                    raise _refused(response.status)
                return _read(await _bounded(response))
        except (aiohttp.ClientError, OSError, ValueError):
            raise NoAnswer("the server cannot be reached", code="unreachable") from None

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_MOST_CONNECTIONS, keepalive_timeout=30.0, ttl_dns_cache=60),
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                headers=self._headers,
            )
        return self._opened


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > MOST_ANSWER_BYTES:
            response.close()
            raise NoAnswer("the server's answer does not end", code="too_large")
        parts.append(part)
    return b"".join(parts)


def _read(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise NoAnswer("the server's answer is not JSON", code="unreadable") from None


def _encoded(sent: Mapping[str, Any] | Form) -> dict[str, Any]:
    if not isinstance(sent, Form):
        return {"data": orjson.dumps(dict(sent)), "headers": {"Content-Type": "application/json"}}
    form = aiohttp.FormData(sent.fields, quote_fields=True)
    form.add_field("file", sent.content, filename=sent.name, content_type=sent.kind)
    return {"data": form}


def _refused(status: int) -> NoAnswer:
    if 300 <= status < 400:
        return NoAnswer("the server points elsewhere", code="redirected")
    if status >= 500 or status == 429:
        return NoAnswer("the server failed", code="failed")
    return NoAnswer("the server refused the request", code="refused")
