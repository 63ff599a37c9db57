"""A receiver with TLS on this machine that answers as a public host, and an inner server that must hear nothing."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "hooks.example.com"
PUBLIC = "93.184.215.14"


@dataclass
class Inner:
    """A port on 127.0.0.1 and ::1, and how many connections it has seen."""

    port: int = 0
    connections: int = 0


@asynccontextmanager
async def inner_server() -> AsyncIterator[Inner]:
    """Listens on both loopback addresses, on one port."""
    inner = Inner()

    async def seen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner.connections += 1
        writer.close()

    four = await asyncio.start_server(seen, "127.0.0.1", 0)
    inner.port = four.sockets[0].getsockname()[1]
    servers = [four]
    with contextlib.suppress(OSError):  # a machine without IPv6 has nothing to reach there
        servers.append(await asyncio.start_server(seen, "::1", inner.port))
    try:
        yield inner
    finally:
        for server in servers:
            server.close()


@dataclass
class Receiver:
    """What arrived at the public host, and what it answers."""

    port: int
    trusted: ssl.SSLContext
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    asked_for: list[str | None] = field(default_factory=list)
    """The server names that clients named in their greeting."""
    dialled: list[tuple[str, int]] = field(default_factory=list)

    def make_socket(self, found: Any) -> socket.socket:
        """A socket that notes where it is asked to go, and goes to this receiver."""
        receiver = self

        class Led(socket.socket):
            def connect(self, address: Any) -> None:
                receiver.dialled.append((address[0], address[1]))
                super().connect(("127.0.0.1", receiver.port))

        family, kind, protocol = found[:3]
        return Led(family, kind, protocol)

    def resolves(self, *addresses: str) -> Any:
        """A resolver that always says these addresses."""

        async def resolve(host: str, port: int) -> Sequence[str]:
            return addresses

        return resolve


@asynccontextmanager
async def receiver(folder: Path) -> AsyncIterator[Receiver]:
    """A server for `HOST` with a certificate of an authority that `trusted` trusts."""
    serving, trusted = _certified(folder)
    at_door = Receiver(0, trusted)
    serving.sni_callback = lambda sock, name, context: at_door.asked_for.append(name)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:]) if k}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            at_door.requests.append((headers, body))
            writer.write(at_door.answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has hung up, which some tests want
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving)
    at_door.port = server.sockets[0].getsockname()[1]
    try:
        yield at_door
    finally:
        server.close()


def _certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(what the server shows, what a client trusts)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    names = [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address(PUBLIC))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both = folder / "receiver.pem"
    both.write_bytes(private + shown)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(both)
    return serving, ssl.create_default_context(cadata=shown.decode())
