"""The whole house inside a test: the same doors, served from the test's own loop, with a clock to move.

async with house_at(data, upstream=up.url) as house:
    said = await house.say("你好", user="lin")
    house.advance(hours=2)
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn
from pydantic import SecretStr

from anban.app import House, alive, build, mount
from anban.base.clock import ShiftedClock
from anban.settings import Settings
from tests.service import KEY, Heard, Said, chat_body, named, whole

MASTER_KEY = "5a" * 32
"""The same for every house, since replicas share one."""


class _Quiet(uvicorn.Server):
    """A server that leaves the test's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(slots=True)
class Guest:
    """A house served from the test's own event loop, and its callers."""

    house: House
    url: str
    http: httpx.AsyncClient

    def advance(self, **by: float) -> None:
        """Move the house's clock forward (`hours=2`)."""
        clock = self.house.rt.clock
        assert isinstance(clock, ShiftedClock)
        clock.advance(timedelta(**by).total_seconds())

    async def say(
        self,
        text: str | list[dict[str, Any]],
        *,
        user: str | None = "lin",
        conversation: str = "",
        client: str = "",
        stream: bool = False,
        headers: dict[str, str] | None = None,
        body_user: str | None = None,
        **more: Any,
    ) -> Said:
        """One message, one reply. `body_user` is the body's own `user`; `more` goes into the body too."""
        if body_user is not None:
            more["user"] = body_user
        url, body = f"{self.url}/v1/chat/completions", chat_body(text, stream, more)
        told = {**named(user, conversation, client), **(headers or {})}
        if not stream:
            began = time.perf_counter()
            said = whole(await self.http.post(url, json=body, headers=told))
            said.seconds_to_words = time.perf_counter() - began
            return said
        began = time.perf_counter()
        async with self.http.stream("POST", url, json=body, headers=told) as response:
            assert response.status_code == 200, await response.aread()
            heard = Heard(response.headers, began)
            async for line in response.aiter_lines():
                heard.line(line)
        return heard.said

    async def get(self, path: str) -> Any:
        response = await self.http.get(self.url + path, headers=KEY)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return await self.http.post(self.url + path, json=body, headers=KEY)

    async def cases(self, user: str = "lin") -> list[dict[str, Any]]:
        return await self.get(f"/anban/v1/cases?user={user}")

    async def ledger(self, *kinds: str) -> list[dict[str, Any]]:
        """The newest entries, of these kinds if any are named, once everything said so far is written."""
        await self.house.rt.db.settled()
        return [entry for entry in await self.get("/anban/v1/ledger?n=1000") if not kinds or entry["kind"] in kinds]

    @contextlib.asynccontextmanager
    async def listening(self, user: str = "lin", after: int = 0) -> AsyncIterator["asyncio.Queue[dict[str, Any]]"]:
        """The user's event channel, open; events arrive in the queue."""
        found: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        path = f"{self.url}/anban/v1/events?user={user}&after={after}"
        async with self.http.stream("GET", path, headers=KEY, timeout=None) as response:
            lines = response.aiter_lines()
            assert (await anext(lines)).startswith(":")

            async def follow() -> None:
                async for line in lines:
                    if line.startswith("data: "):
                        found.put_nowait(orjson.loads(line.removeprefix("data: ")))

            task = asyncio.create_task(follow())
            try:
                yield found
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
                    await task


@contextlib.asynccontextmanager
async def house_at(
    data: Path, *, database: str | None = None, upstream: str | None = None, demo: bool = True, **more: Any
) -> AsyncIterator[Guest]:
    """Build the house on `data`, serve it on a free port of this loop, and take it down again."""
    key = SecretStr(MASTER_KEY)
    settings = Settings(
        data=data, demo=demo, database_url=database, upstream_url=upstream, port=0, master_key=key, **more
    )
    house = await build(settings)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        mount(house), http="httptools", lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=2
    )
    server = _Quiet(config)
    async with alive(house), httpx.AsyncClient(timeout=25, limits=httpx.Limits(max_connections=200)) as http:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield Guest(house, f"http://127.0.0.1:{listener.getsockname()[1]}", http)
        finally:
            server.should_exit = True
            await serving
            listener.close()
