"""What was promised to a person in danger outlives the process and the database."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import httpx
import pytest

from tests.fakes import FakeUpstream, ok
from tests.guest import MASTER_KEY, Guest, house_at
from tests.service import Heard, Running, chat_body, named
from tests.stores import PostgresServer
from tests.waiting import until

PLAN = "我不想活了，药已经买好了"
ORDINARY = "今天把阳台的花浇了。"
HALF_A_SECOND = 0.5


def kill_after_the_last_chunk(service: Running, text: str, user: str) -> Heard:
    """Say it, read the stream to its end, and kill -9 in that instant."""
    body, headers = chat_body(text, True, {}), named(user, "", "")
    with service.http.stream("POST", f"{service.url}/v1/chat/completions", json=body, headers=headers) as response:
        heard = Heard(response.headers, 0.0)
        for line in response.iter_lines():
            heard.line(line)
            if heard.said.done:
                break
        service.kill()
    return heard


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_killed_right_after_the_reply_nothing_is_lost(
    store: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        given = {"ANBAN_MASTER_KEY": MASTER_KEY}
        if store == "postgres":
            given["ANBAN_DATABASE_URL"] = await stack.enter_async_context(postgres_server.database())
        await asyncio.to_thread(killed_and_started_again, tmp_path, given)


def killed_and_started_again(data: Path, given: dict[str, str]) -> None:
    with Running(data, **given).start() as service:
        service.say(ORDINARY, user="night")
        said = kill_after_the_last_chunk(service, PLAN, "night").said
        assert said.meta["case"] and said.finish == "stop"
        service.start()
        (case,) = service.cases("night")
        assert case["id"] == said.meta["case"] and case["state"] == "open"
        entries = service.get(f"/anban/v1/decisions/{said.meta['decision']}")
        kinds = {entry["kind"] for entry in entries}
        assert {"case.crisis.opened", "help.offered", "risk.level.changed", "turn.recorded"} <= kinds
        later = service.say(ORDINARY, user="night", conversation="another")
        assert later.meta["level"] == said.meta["level"] and later.meta["case"] == case["id"]
        export = data / "ledger.jsonl"
        assert service.anban("ledger", "export", str(export), "--data", str(data)).returncode == 0
        whole = service.anban("verify", str(export))
        assert whole.returncode == 0 and whole.stdout.startswith("whole"), whole.stdout


# --- the database gone for a while ----------------------------------------------------------------------------------


class Gate:
    """A way to PostgreSQL that can be shut: what is open breaks, what comes is refused."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0

    @property
    def url(self) -> str:
        user = self._target.username or "postgres"
        return urlunsplit(self._target._replace(netloc=f"{user}@127.0.0.1:{self._port}", query=""))

    async def open(self) -> "Gate":
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def shut(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        socket = parse_qs(self._target.query).get("host", [None])[0]
        if socket and socket.startswith("/"):
            far_reader, far_writer = await asyncio.open_unix_connection(
                f"{socket}/.s.PGSQL.{self._target.port or 5432}"
            )
        else:
            far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        except OSError:
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()
            far_writer.transport.abort()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while piece := await source.read(65_536):
        target.write(piece)
        await target.drain()
    target.close()


@pytest.fixture
async def behind_a_gate(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[tuple[Guest, Gate]]:
    async with postgres_server.database() as url, FakeUpstream() as upstream:
        upstream.answers(ok("听起来你今天过得不错。"))
        gate = await Gate(url).open()
        async with house_at(tmp_path, database=gate.url, upstream=upstream.url) as house:
            yield house, gate
        await gate.shut()


async def refused(house: Guest, user: str) -> int:
    body = chat_body(ORDINARY, False, {})
    response = await house.http.post(f"{house.url}/v1/chat/completions", json=body, headers=named(user, "", ""))
    return response.status_code


async def entered(house: Guest, user: str) -> dict[str, Any]:
    """The one case of this person, once it is entered."""
    async with asyncio.timeout(15):
        while True:
            with contextlib.suppress(AssertionError, httpx.HTTPError):
                if found := await house.cases(user):
                    (case,) = found
                    return case
            await asyncio.sleep(0.2)


async def test_with_the_database_refusing_help_comes_and_the_case_is_entered_late(
    behind_a_gate: tuple[Guest, Gate],
) -> None:
    house, gate = behind_a_gate
    await house.say(ORDINARY, user="known")
    await house.house.rt.db.settled()
    await gate.shut()
    for user in ("known", "never-met"):
        for stream in (True, False):
            said = await house.say(PLAN, user=user, stream=stream)
            assert said.meta["level"] in ("L3", "L4") and said.meta["case"] is None
            assert "case:spooled" in said.headers["x-anban-actions"]
            assert "12356" in said.text or "110" in said.text
            assert not any(claim in said.text for claim in ("已经通知", "已通知", "值班同事加入"))
    assert said.seconds_to_words < HALF_A_SECOND + 0.5
    assert await refused(house, "somebody-else") == 503, "companionship fails closed"
    assert await refused(house, "never-met") == 503, "of whom nothing is known"
    held = await house.say(ORDINARY, user="known", conversation="other")
    assert held.meta["verdict"] == "replace" and held.meta["help"]["lines"], "in danger: never an error code alone"
    assert not house.house.rt.spool.empty
    await gate.open()
    for user in ("known", "never-met"):
        case = await entered(house, user)
        assert case["events"][0]["late"] is True and case["level"] in ("L3", "L4")
    await until(lambda: house.house.rt.spool.empty)
    late = await house.ledger("spool.replayed")
    assert len(late) == 4 and all(entry["late"] for entry in late)
    after = await house.say(ORDINARY, user="known", conversation="after")
    assert after.meta["level"] in ("L3", "L4") and after.meta["case"] == (await house.cases("known"))[0]["id"]


async def test_with_the_database_file_locked_there_is_one_case_however_it_ends(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream, house_at(tmp_path, upstream=upstream.url) as house:
        upstream.answers(ok("听起来你今天过得不错。"))
        await house.say(ORDINARY, user="locked")
        await house.house.rt.db.settled()
        other = sqlite3.connect(tmp_path / "anban.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        said = await house.say(PLAN, user="locked")
        assert "case:spooled" in said.headers["x-anban-actions"] and said.seconds_to_words < 2 * HALF_A_SECOND
        other.execute("ROLLBACK")
        other.close()
        case = await entered(house, "locked")
        await until(lambda: house.house.rt.spool.empty)
        assert [each["id"] for each in await house.cases("locked")] == [case["id"]]
        offered = [e for e in await house.ledger("help.offered") if e["facts"]["decision"] == said.meta["decision"]]
        assert len(offered) == 1, "the write that was given up came through after all: entered once"


async def test_started_without_its_database_help_comes_and_the_case_follows(tmp_path: Path) -> None:
    nowhere = "postgresql://anban@127.0.0.1:9/none"
    async with house_at(tmp_path, database=nowhere) as house:
        said = await house.say(PLAN, user="early")
        assert said.meta["level"] in ("L3", "L4") and said.text.count("\n\n") < 3 and said.done
        assert "12356" in said.text or "110" in said.text
        assert not house.house.rt.spool.empty
    async with house_at(tmp_path) as house:
        case = await entered(house, "early")
        assert case["events"][0]["late"] is True
