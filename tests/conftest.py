"""What many tests share: the two databases, empty and with tables. `db` runs a test once on each."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from anban.base.db import Database
from tests import stores


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
