"""Clients that leave in the middle, and clients that do not read: the model stops, what was said is kept, no fuss."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from anban.app import House
from anban.ledger.kinds import Kind
from tests.doors.visiting import CHAT, chat
from tests.fakes import FakeUpstream, ok
from tests.guest import Guest, house_at
from tests.waiting import until

CLIENTS = 200
pytestmark = pytest.mark.timeout(90)


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as found:
        yield found


_listen = socket.create_server


def _narrow(address: tuple[str, int]) -> socket.socket:
    """A listener whose connections hold little by themselves, so that what waits, waits in the service."""
    listener = _listen(address)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    return listener


@pytest.fixture
async def guest(tmp_path: Path, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Guest]:
    monkeypatch.setenv("ANBAN_CHOICES", '{"slow-reader-seconds": 1}')
    monkeypatch.setattr(socket, "create_server", _narrow)
    async with house_at(tmp_path, upstream=upstream.url) as found:
        yield found


async def connect(guest: Guest, user: str, *, room: int | None = None, stream: bool = True) -> socket.socket:
    """A socket on which one message has been sent; `room` is how much the client lets arrive unread."""
    host, _, port = guest.url.removeprefix("http://").partition(":")
    client = socket.socket()
    client.setblocking(False)
    if room is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, (host, int(port)))
    body = json.dumps(chat("周末去哪里玩好呢", user, stream=stream)).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer anban-demo\r\ncontent-length: {len(body)}\r\n\r\n"
    await loop.sock_sendall(client, head.encode() + body)
    return client


def drop(client: socket.socket) -> None:
    """Hang up with a reset, as a phone does that loses its network."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    client.close()


async def recorded(house: House, kind: Kind) -> int:
    from anban.ledger.reading import tail

    await house.rt.db.settled()
    found = await house.rt.db.read(lambda connection: tail(connection, 1_000))
    return sum(each.entry.kind == kind for each in found)


async def test_two_hundred_clients_hang_up_at_once(
    guest: Guest,
    upstream: FakeUpstream,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    upstream.answers(ok("今天的天气很好，我们慢慢说。" * 20, gap=0.5))
    loop = asyncio.get_running_loop()
    with caplog.at_level(logging.INFO), structlog.testing.capture_logs() as logged:
        clients = [await connect(guest, f"user-{number}") for number in range(CLIENTS)]
        for client in clients:
            assert (await loop.sock_recv(client, 4_096)).startswith(b"HTTP/1.1 200")
        await until(lambda: len(upstream.asked) == CLIENTS)
        assert not any(asked.left for asked in upstream.asked)
        for client in clients:
            drop(client)
        await until(lambda: all(asked.left for asked in upstream.asked))
        assert await recorded(guest.house, Kind.TURN_RECORDED) == CLIENTS
    assert "Traceback" not in caplog.text + "".join(capsys.readouterr())
    assert not [line for line in caplog.records if line.levelno >= logging.WARNING and line.name.startswith("uvicorn")]
    assert not [line for line in logged if line["log_level"] in ("error", "critical")]
    assert (await guest.say("你好", user="still-here", stream=False)).meta["verdict"] == "proceed"


async def test_whoever_hangs_up_while_a_whole_reply_is_made_stops_the_model_too(
    guest: Guest, upstream: FakeUpstream
) -> None:
    upstream.answers(ok("我是模型。", delay=30))
    client = await connect(guest, "lin", stream=False)
    await until(lambda: upstream.asked)
    drop(client)
    assert await upstream.was_left(within=5)
    assert await recorded(guest.house, Kind.TURN_RECORDED) == 1


async def test_the_words_of_a_person_in_danger_who_hangs_up_are_kept(guest: Guest, upstream: FakeUpstream) -> None:
    host, _, port = guest.url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(chat("我不想活了，今晚就要结束一切")).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer anban-demo\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    await asyncio.sleep(0.001)
    writer.transport.abort()
    for _ in range(200):
        if found := await guest.cases("lin"):
            break
        await asyncio.sleep(0.02)
    assert [each["kind"] for each in found] == ["crisis"]


async def test_a_client_that_does_not_read_is_cut_off_and_the_model_waits_no_longer(
    guest: Guest, upstream: FakeUpstream
) -> None:
    upstream.answers(ok("今天的天气很好，我们慢慢说。" * 8_000))
    client = await connect(guest, "lin", room=4_096)
    with structlog.testing.capture_logs() as logged:
        await until(lambda: any(line["event"] == "stream.cut" for line in logged))
    assert not upstream.asked[0].answered
    assert await upstream.was_left(within=5)
    assert await recorded(guest.house, Kind.TURN_RECORDED) == 1
    await until(lambda: gone(client))
    client.close()


def gone(client: socket.socket) -> bool:
    """Whether the other side has closed the connection, whatever is still waiting to be read."""
    try:
        return client.recv(1 << 20) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_a_stream_holds_no_more_than_the_rules_allow(tmp_path: Path) -> None:
    from anban.law.model import EVERYONE
    from anban.law.register import load
    from tests.house import EVENING

    rules = load().in_force(("cn-2025-draft", "cn-2026-final"), EVENING, EVERYONE)
    assert rules.whole("stream-buffer-bytes") >= HIGH_WATER_LIMIT
