"""Posting to an address that somebody else named, so that no request ever reaches the inside (reliability A9).

Only https, only hosts on the operator's list, no name and no address that is not public. The name is resolved once and
the connection goes to exactly those addresses, with the name kept for TLS. No redirects, no proxies from the
environment, one bound on time and one on the answer.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from anban.base.errors import BadInput
from anban.outreach.addresses import is_public
from anban.outreach.reply import MOST_ANSWER_BYTES, Reply

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A name and a port to literal addresses."""

HTTPS: Final = 443
_MOST_URL: Final = 2048
_MOST_ADDRESSES: Final = 4
_RESOLVERS: Final = 4

_URL: Final = re.compile(r"https://[^\s\x00-\x20\x7f-\U0010ffff\\@#<>\"{}|^`]+", re.ASCII)
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])", re.ASCII)


class BadUrl(BadInput):
    """An address that nothing is posted to; `code` says why. Never with the address itself."""

    code = "bad-url"


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address. `host` is a name in lower case or a literal IP address."""

    url: URL
    host: str
    port: int


def target_of(url: str, hosts: frozenset[str], ports: frozenset[int] = frozenset({HTTPS})) -> Target:
    """The parts of `url`, when it is written plainly and names a host of the list. Raises `BadUrl`.

    Whatever two programs could read differently is refused: credentials, backslashes, blanks, letters beyond ASCII,
    numbers written in other ways than four decimal parts, names with a dot at the end.
    """
    if len(url) > _MOST_URL or not _URL.fullmatch(url):
        raise BadUrl("not a plain https address")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or HTTPS
        parsed = URL(url, encoded=True)
    except ValueError:
        raise BadUrl("not a plain https address") from None
    authority = parts.netloc.lower()
    bare = f"[{host}]" if ":" in host else host
    if authority not in (bare, f"{bare}:{port}") or parsed.raw_host != host or parsed.port != port:
        raise BadUrl("the host can be read in two ways", code="odd-host")
    if not _literal(host) and not _NAME.fullmatch(host):
        raise BadUrl("the host is not a plain name", code="odd-host")
    if port not in ports:
        raise BadUrl("this port is not allowed", code="port-not-allowed")
    if host not in hosts:
        raise BadUrl("this host is not on the list", code="host-not-allowed")
    return Target(parsed, host, port)


class SafeHttp:
    """Posts to hosts of one list. `tls` and `make_socket` are for a deployment's own authority, and for tests."""

    def __init__(
        self,
        hosts: Iterable[str],
        within: float,
        *,
        ports: Iterable[int] = (HTTPS,),
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        make_socket: Callable[[Any], socket.socket] | None = None,
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._ports = frozenset(ports)
        self._within = within
        self._threads = ThreadPoolExecutor(_RESOLVERS, "outreach-names")
        self._resolve = resolve or self._asked
        self._tls = tls or ssl.create_default_context()
        self._make_socket = make_socket

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Post once. Everything that can go wrong with it is in the reply; nothing is raised."""
        try:
            target = target_of(url, self._hosts, self._ports)
        except BadUrl as error:
            return Reply("blocked", code=error.code)
        try:
            async with asyncio.timeout(self._within):
                addresses = await self._addresses(target)
                if not addresses:
                    return Reply("silent", code="unresolved")
                if not all(map(is_public, addresses)):
                    return Reply("blocked", code="address-not-public")
                return await self._posted(target, addresses[:_MOST_ADDRESSES], body, headers)
        except TimeoutError:
            return Reply("silent", code="slow")
        except aiohttp.ClientSSLError:
            return Reply("silent", code="tls-failed")
        except (aiohttp.ClientError, OSError, ValueError):
            return Reply("silent", code="unreachable")

    async def close(self) -> None:
        """Let the threads go that ask for names."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _addresses(self, target: Target) -> Sequence[str]:
        if _literal(target.host):
            return [target.host]
        try:
            return await self._resolve(target.host, target.port)
        except OSError:
            return []

    async def _asked(self, host: str, port: int) -> Sequence[str]:
        """The system's own answer. Threads of our own: a name server that hangs must not stop anything else."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(each[4][0]) for each in found))

    async def _posted(self, target: Target, addresses: Sequence[str], body: bytes, headers: Mapping[str, str]) -> Reply:
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(target.host, addresses),
            use_dns_cache=False,
            ssl=self._tls,
            limit=1,
            force_close=True,
            socket_factory=self._make_socket,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={"User-Agent": "anban", "Accept-Encoding": "identity"},
        ) as session:
            async with session.post(target.url, data=body, headers=headers, allow_redirects=False) as response:
                return Reply("answered", response.status, await beginning(response))


async def beginning(response: aiohttp.ClientResponse) -> bytes:
    """The first bytes of an answer; the rest is left on the wire and the connection closed."""
    parts: list[bytes] = []
    left = MOST_ANSWER_BYTES
    async for part in response.content.iter_any():
        parts.append(part[:left])
        left -= len(parts[-1])
        if left <= 0:
            response.close()
            break
    return b"".join(parts)


class _Pinned(AbstractResolver):
    """Answers with the addresses that were checked, and knows no other name."""

    def __init__(self, host: str, addresses: Sequence[str]) -> None:
        self._host, self._addresses = host, addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host != self._host:
            raise OSError("a name that was not checked")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        return


def _literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
