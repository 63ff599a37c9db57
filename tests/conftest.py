"""What many tests share: the two databases, empty and with tables (`db` runs a test once on each), and the whole
house: as a process (`service_url`), or inside a module's loop with a fake model behind it (`house`, `upstream`)."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from anban.base.db import Database
from tests import stores
from tests.fakes import FakeUpstream, ok
from tests.guest import Guest, house_at
from tests.service import Running


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[stores.PostgresServer]:
    server = stores.PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'anban.db'}"


@pytest.fixture
async def postgres_url(postgres_server: stores.PostgresServer) -> AsyncIterator[str]:
    async with postgres_server.database() as url:
        yield url


@pytest.fixture
async def sqlite_db(sqlite_url: str) -> AsyncIterator[Database]:
    async with stores.opened(sqlite_url) as database:
        yield database


@pytest.fixture
async def postgres_db(postgres_url: str) -> AsyncIterator[Database]:
    async with stores.opened(postgres_url) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgres"])
async def db(
    request: pytest.FixtureRequest, sqlite_url: str, postgres_server: stores.PostgresServer
) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        async with stores.opened(sqlite_url) as database:
            yield database
    else:
        async with postgres_server.database() as url, stores.opened(url) as database:
            yield database


@pytest.fixture(scope="session")
def service_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real service in demo mode, with the built-in companion; the same for all tests that only talk to it."""
    with Running(tmp_path_factory.mktemp("service")).start() as service:
        yield service.url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as fake:
        fake.answers(ok("听起来你今天过得不错。"))
        yield fake


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, upstream: FakeUpstream) -> AsyncIterator[Guest]:
    """One house for a module; each test is a person of its own. Needs `pytest.mark.asyncio(loop_scope="module")`."""
    async with house_at(tmp_path_factory.mktemp("house"), upstream=upstream.url) as guest:
        yield guest
