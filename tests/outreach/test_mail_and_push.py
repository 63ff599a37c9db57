"""E-mail over a small mail server of our own, and push messages over the fake provider's port."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

import pytest
from aiohttp import web

from anban.outreach.channels.by_apprise import Email, EmailChoice, Push, PushChoice
from tests.outreach.letters import LETTER, letter

MAIL = letter(route="email", address="wang@example.com")


@dataclass
class Post:
    """What a mail server was given; `mode` is how it behaves."""

    port: int = 0
    mode: str = "works"
    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def mail_server() -> AsyncIterator[Post]:
    post = Post()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        to = ""
        say("220 post")
        while line := (await reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            if verb in ("EHLO", "HELO"):
                say("250 post")
            elif verb == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
                say("550 nobody of that name" if post.mode == "refuses" else "250 ok")
            elif verb == "DATA":
                say("354 go on")
                text = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
                parsed = email.message_from_bytes(text, policy=email.policy.default)
                assert isinstance(parsed, EmailMessage)
                post.letters.append((to, parsed))
                if post.mode == "slow":
                    await post.released.wait()
                if post.mode == "fails-after":
                    break
                say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                break
            else:
                say("250 ok")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        post.released.set()
        server.close()


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with mail_server() as server:
        yield server


def mailer(port: int, within: float = 5) -> Email:
    choice = EmailChoice.model_validate(
        {"kind": "email", "host": "127.0.0.1", "port": port, "mode": "insecure", "sender": "care@anban.example"}
    )
    return Email(choice, within)


async def test_a_letter_by_mail_says_who_it_is_from_what_it_is_about_and_carries_its_id(post: Post) -> None:
    channel = mailer(post.port)
    outcome = await channel.send(MAIL)
    assert (outcome.state, outcome.channel) == ("accepted", "email")
    ((to, message),) = post.letters
    assert to == "wang@example.com" and "care@anban.example" in message["From"]
    assert message["Subject"] == LETTER.subject and message["X-Anban-Send"] == LETTER.send
    assert message.get_content_type() == "text/plain"
    said = message.get_content()
    assert LETTER.text in said and LETTER.link in said
    await channel.close()


@pytest.mark.parametrize("mode, code", [("refuses", "failed"), ("fails-after", "failed"), ("slow", "slow")])
async def test_a_mail_server_that_does_not_say_yes_leaves_it_unknown(post: Post, mode: str, code: str) -> None:
    post.mode = mode
    channel = mailer(post.port, within=1 if mode == "slow" else 5)
    outcome = await channel.send(MAIL)
    assert (outcome.state, outcome.code) == ("unknown", code)
    post.released.set()
    await channel.close()


async def test_a_mail_server_that_is_down_leaves_it_unknown_and_a_repeat_has_the_same_id() -> None:
    async with mail_server() as gone:
        port = gone.port
    channel = mailer(port)
    assert (await channel.send(MAIL)).state == "unknown"
    await channel.close()


async def test_a_repeat_by_mail_has_the_same_id(post: Post) -> None:
    channel = mailer(post.port)
    await channel.send(MAIL)
    await channel.send(MAIL)
    assert {message["X-Anban-Send"] for _, message in post.letters} == {LETTER.send} and len(post.letters) == 2
    await channel.close()


@pytest.mark.parametrize(
    "address",
    ["", "wang", "a@b", "a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com", "王@example.com"],
)
async def test_an_address_that_is_none_is_refused(post: Post, address: str) -> None:
    channel = mailer(post.port)
    outcome = await channel.send(letter(address=address))
    assert (outcome.state, outcome.code) == ("refused", "bad-address") and post.letters == []
    await channel.close()


@dataclass
class Bell:
    """A push server: what rang, and what it answers."""

    status: int = 200
    rang: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
async def bell() -> AsyncIterator[Bell]:
    heard = Bell()

    async def ring(request: web.Request) -> web.Response:
        heard.rang.append(await request.json())
        return web.json_response({"code": heard.status}, status=heard.status)

    app = web.Application()
    app.router.add_post("/{rest:.*}", ring)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    heard.url = f"bark://127.0.0.1:{runner.addresses[0][1]}/{{address}}"
    yield heard
    await runner.cleanup()


async def test_a_push_message_goes_to_the_device_that_the_contact_named(bell: Bell) -> None:
    channel = Push(PushChoice.model_validate({"kind": "push", "url": bell.url}), 5)
    assert (await channel.send(letter(route="push", address="DeViCe123"))).state == "accepted"
    assert bell.rang[0]["device_key"] == "DeViCe123" and LETTER.text in bell.rang[0]["body"]
    bell.status = 500
    assert (await channel.send(letter(route="push", address="DeViCe123"))).code == "failed"
    for address in ("../x", "a/b", "a@127.0.0.1", "", "a?b=c", "设备"):
        assert (await channel.send(letter(address=address))).code == "bad-address"
    assert len(bell.rang) == 2
    await channel.close()


async def test_the_library_writes_no_addresses_into_the_log(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    post.mode = "refuses"
    channel = mailer(post.port)
    await channel.send(MAIL)
    await channel.close()
    assert MAIL.address not in caplog.text
