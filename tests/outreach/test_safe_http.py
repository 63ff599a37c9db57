"""Posting to a public host: under its own name, to the address that was checked, following nothing, in bounds."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from anban.outreach.reply import MOST_ANSWER_BYTES
from anban.outreach.safe_http import SafeHttp
from tests.outreach.receiver import HOST, PUBLIC, Receiver, inner_server, receiver


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Receiver]:
    async with receiver(tmp_path) as at_door:
        yield at_door


def poster(door: Receiver, *addresses: str, within: float = 3) -> SafeHttp:
    return SafeHttp(
        [HOST],
        within,
        resolve=door.resolves(*(addresses or (PUBLIC,))),
        tls=door.trusted,
        make_socket=door.make_socket,
    )


async def test_a_public_host_is_posted_to_at_its_checked_address_under_its_own_name(door: Receiver) -> None:
    reply = await poster(door).post(f"https://{HOST}/hook?x=1", b'{"a":1}', {"Content-Type": "application/json"})
    assert (reply.state, reply.status) == ("answered", 204)
    assert door.dialled == [(PUBLIC, 443)]
    assert door.asked_for == [HOST]
    ((headers, body),) = door.requests
    assert headers["host"] == HOST and body == b'{"a":1}'
    assert "cookie" not in headers and "authorization" not in headers


async def test_a_literal_public_address_works_where_the_list_has_it(door: Receiver) -> None:
    http = SafeHttp([PUBLIC], 3, tls=door.trusted, make_socket=door.make_socket)
    assert (await http.post(f"https://{PUBLIC}/", b"{}", {})).status == 204
    assert door.dialled == [(PUBLIC, 443)]


async def test_a_certificate_of_another_name_or_authority_is_not_taken(door: Receiver) -> None:
    other = SafeHttp(
        ["other.example.com"], 3, resolve=door.resolves(PUBLIC), tls=door.trusted, make_socket=door.make_socket
    )
    assert (await other.post("https://other.example.com/", b"{}", {})).code == "tls-failed"
    untrusting = SafeHttp([HOST], 3, resolve=door.resolves(PUBLIC), make_socket=door.make_socket)
    assert (await untrusting.post(f"https://{HOST}/", b"{}", {})).code == "tls-failed"
    assert door.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_the_inside_is_an_answer_and_not_followed(door: Receiver, status: int) -> None:
    async with inner_server() as inner:
        place = f"https://127.0.0.1:{inner.port}/"
        door.answer = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()
        reply = await poster(door).post(f"https://{HOST}/", b"{}", {})
        assert (reply.state, reply.status) == ("answered", status)
        assert inner.connections == 0 and len(door.dialled) == 1


async def test_an_answer_that_does_not_end_is_read_up_to_its_bound(door: Receiver) -> None:
    door.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * (3 * MOST_ANSWER_BYTES)
    reply = await poster(door).post(f"https://{HOST}/", b"{}", {})
    assert reply.status == 200 and len(reply.body) == MOST_ANSWER_BYTES


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200", b"\x00\xff" * 50, b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000 + b"\r\n\r\n"]
)
async def test_an_answer_that_is_none_is_silence(door: Receiver, answer: bytes) -> None:
    door.answer = answer
    reply = await poster(door).post(f"https://{HOST}/", b"{}", {})
    assert (reply.state, reply.code) == ("silent", "unreachable")


async def test_a_receiver_that_keeps_silent_and_a_name_that_never_comes_are_slow(door: Receiver) -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    lost = SafeHttp([HOST], 0.05, resolve=never, tls=door.trusted, make_socket=door.make_socket)
    assert (await lost.post(f"https://{HOST}/", b"{}", {})).code == "slow"
    door.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    silent = await poster(door, within=0.5).post(f"https://{HOST}/", b"{}", {})
    assert silent.code in ("slow", "unreachable") and silent.state == "silent"


async def test_a_name_that_does_not_resolve_is_silence_and_may_be_tried_again() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    http = SafeHttp([HOST], 1, resolve=unknown)
    reply = await http.post(f"https://{HOST}/", b"{}", {})
    assert (reply.state, reply.code) == ("silent", "unresolved")
    await http.close()
