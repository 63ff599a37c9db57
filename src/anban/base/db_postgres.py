"""PostgreSQL through asyncpg: a pool for ordinary work, a small one kept for people in danger."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Executable, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from anban.base.db import MAX_WAITING, Waiting, Work
from anban.base.errors import StorageFailed

T = TypeVar("T")

CONNECTION_LOST = (OSError, asyncio.TimeoutError, TimeoutError)
RETRY = {"40001", "40P01"}
"""Serialization failure and deadlock: the same work may be tried again."""


def _engine(url: str, size: int) -> AsyncEngine:
    return create_async_engine(
        "postgresql+asyncpg://" + url.split("://", 1)[1],
        pool_size=size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={"timeout": 3, "command_timeout": 10, "server_settings": {"application_name": "anban"}},
    )


class PostgresDatabase:
    """A server that several replicas share."""

    exclusive = False

    def __init__(self, url: str) -> None:
        self._engine = _engine(url, 12)
        self._reserve = _engine(url, 3)
        self._waiting = Waiting()
        self._wake = asyncio.Event()
        self._flushed = asyncio.Condition()
        self._taken = self._written = 0
        self._failed = False
        self._flusher: asyncio.Task[None] | None = None

    @property
    def healthy(self) -> bool:
        return not self._failed and self._waiting.count < MAX_WAITING

    async def read(self, work: Work[T]) -> T:
        try:
            async with self._engine.connect() as connection:
                return await connection.run_sync(work)
        except (SQLAlchemyError, *CONNECTION_LOST) as error:
            raise StorageFailed("the database could not be read") from error

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        engine = self._reserve if urgent else self._engine
        for attempt in range(4):
            try:
                async with engine.begin() as connection:
                    return await connection.run_sync(work)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) in RETRY and attempt < 3:
                    await asyncio.sleep(0.01 * 2**attempt)
                    continue
                if error.connection_invalidated or not _is_about_the_work(error):
                    raise StorageFailed("the database could not be written") from error
                raise
            except (SQLAlchemyError, *CONNECTION_LOST) as error:
                raise StorageFailed("the database could not be written") from error
        raise StorageFailed("the database refused the same work four times")

    def later(self, statement: Executable, row: Mapping[str, Any]) -> None:
        self._waiting.add(statement, row)
        self._taken += 1
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.get_running_loop().create_task(self._flush_forever())
        self._wake.set()

    async def settled(self) -> None:
        mark = self._taken
        async with self._flushed:
            await self._flushed.wait_for(lambda: self._written >= mark or self._failed)
        if self._written < mark:
            raise StorageFailed("the database could not be written")

    async def check(self) -> bool:
        try:
            await asyncio.wait_for(self.write(lambda c: c.execute(text("SELECT 1")).scalar(), urgent=True), 2)
        except (StorageFailed, TimeoutError):
            return False
        if not self._waiting.count:
            self._failed = False
        return True

    async def close(self) -> None:
        if self._waiting.count:
            with contextlib.suppress(StorageFailed, TimeoutError):  # what cannot be written now was never promised
                await asyncio.wait_for(self.settled(), 10)
        if self._flusher is not None:
            self._flusher.cancel()
        await self._engine.dispose()
        await self._reserve.dispose()

    async def _flush_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(0.5 if self._failed else 0.01)
            waiting, self._waiting = self._waiting, Waiting()
            if not waiting.count:
                continue
            try:
                await self.write(waiting.run)
            except (StorageFailed, DBAPIError):
                self._failed = True
                waiting.absorb(self._waiting)
                self._waiting = waiting
                self._wake.set()
            else:
                self._failed = False
                self._written += waiting.count
            async with self._flushed:
                self._flushed.notify_all()


def _is_about_the_work(error: DBAPIError) -> bool:
    """Constraint and data errors (classes 22, 23) belong to the work; everything else to the server."""
    return str(getattr(error.orig, "sqlstate", ""))[:2] in ("22", "23")
