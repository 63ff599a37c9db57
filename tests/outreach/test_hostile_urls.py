"""Three hundred addresses that would reach the inside, posted to with an inner server listening: it hears nothing."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
import yaml

from anban.outreach.safe_http import SafeHttp
from tests.outreach.receiver import HOST, PUBLIC, Inner, inner_server

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cases" / "hostile_urls.yaml").read_text("utf-8"))
NAMES: dict[str, list[str]] = TABLE["names"]
URLS = [(why, url) for why, urls in TABLE["urls"].items() for url in urls]
URLS += [("names that lead inside", f"https://{host}:{{port}}/hook") for host in NAMES]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inner() -> AsyncIterator[Inner]:
    async with inner_server() as server:
        yield server


@pytest.fixture(autouse=True)
def heard_nothing(inner: Inner) -> Iterator[None]:
    yield
    assert inner.connections == 0


class Line:
    """The network as a poster sees it: every name asked for, every socket made."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.sockets: list[Any] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in NAMES:
            raise OSError("no such name")
        return NAMES[host]

    def make_socket(self, found: Any) -> Any:
        self.sockets.append(found)
        raise OSError("nothing leaves a test")


def careless(url: str) -> set[str]:
    """What an operator would have to have put on the list for this address to get that far."""
    hosts = {HOST, "127.0.0.1", "::1", "localhost"}
    with contextlib.suppress(ValueError):  # what cannot be read cannot be put on a list either
        hosts.add((urlsplit(url.strip()).hostname or "").lower())
    return hosts


async def test_the_table_is_as_long_as_it_should_be(inner: Inner) -> None:
    assert len(URLS) >= 200 and len({url for _, url in URLS}) == len(URLS)


@pytest.mark.parametrize("why, url", URLS, ids=[f"{why}-{number}" for number, (why, _) in enumerate(URLS)])
async def test_nothing_is_sent_although_the_host_is_on_the_list(inner: Inner, why: str, url: str) -> None:
    url = url.replace("{port}", str(inner.port))
    line = Line()
    http = SafeHttp(careless(url), 2, ports=[443, inner.port], resolve=line.resolve, make_socket=line.make_socket)
    reply = await http.post(url, b"{}", {})
    assert reply.state == "blocked" and reply.code, reply
    assert line.sockets == []
    assert line.asked == ([urlsplit(url).hostname] if why == "names that lead inside" else [])


@pytest.mark.parametrize("why, url", URLS, ids=[f"{why}-{number}" for number, (why, _) in enumerate(URLS)])
async def test_with_real_sockets_and_the_systems_own_names_the_inner_server_hears_nothing(
    inner: Inner, why: str, url: str
) -> None:
    url = url.replace("{port}", str(inner.port))
    line = Line()
    # Names of the table are not the world's: they are answered as the table says, everything else as the system does.
    resolve = line.resolve if why == "names that lead inside" else None
    http = SafeHttp(careless(url), 2, ports=[443, inner.port], resolve=resolve)
    assert (await http.post(url, b"{}", {})).state == "blocked"
    await http.close()


@pytest.mark.parametrize("why, url", URLS, ids=[f"{why}-{number}" for number, (why, _) in enumerate(URLS)])
async def test_a_host_that_is_not_on_the_list_is_not_even_looked_up(inner: Inner, why: str, url: str) -> None:
    line = Line()
    http = SafeHttp(["other.example.org"], 2, resolve=line.resolve, make_socket=line.make_socket)
    assert (await http.post(url.replace("{port}", str(inner.port)), b"{}", {})).state == "blocked"
    assert (line.asked, line.sockets) == ([], [])


@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1"])
async def test_a_name_that_changes_its_mind_is_asked_once_and_what_it_said_then_is_dialled(
    inner: Inner, inside: str
) -> None:
    said = [[PUBLIC], [inside], [inside]]
    line = Line()

    async def rebinding(host: str, port: int) -> Sequence[str]:
        line.asked.append(host)
        return said[min(len(line.asked), len(said)) - 1]

    url = f"https://{HOST}:{inner.port}/"
    http = SafeHttp([HOST], 2, ports=[inner.port], resolve=rebinding, make_socket=line.make_socket)
    first = await http.post(url, b"{}", {})
    assert (first.state, first.code) == ("silent", "unreachable")
    assert line.asked == [HOST]
    assert [found[4][0] for found in line.sockets] == [PUBLIC]
    second = await http.post(url, b"{}", {})
    assert (second.state, second.code) == ("blocked", "address-not-public")
    assert len(line.sockets) == 1


@pytest.mark.parametrize("said", [[PUBLIC, "127.0.0.1"], ["::1", PUBLIC], [PUBLIC] * 4 + ["127.0.0.1"]])
async def test_one_inner_address_among_public_ones_is_enough(inner: Inner, said: list[str]) -> None:
    line = Line()

    async def both(host: str, port: int) -> Sequence[str]:
        return said

    http = SafeHttp([HOST], 2, ports=[inner.port], resolve=both, make_socket=line.make_socket)
    assert (await http.post(f"https://{HOST}:{inner.port}/", b"{}", {})).code == "address-not-public"
    assert line.sockets == []


async def test_a_proxy_in_the_environment_is_not_used(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{inner.port}")
    line = Line()

    async def public(host: str, port: int) -> Sequence[str]:
        return [PUBLIC]

    http = SafeHttp([HOST], 2, resolve=public, make_socket=line.make_socket)
    await http.post(f"https://{HOST}/", b"{}", {})
    assert [found[4][0] for found in line.sockets] == [PUBLIC]
