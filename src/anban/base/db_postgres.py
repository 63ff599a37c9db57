"""PostgreSQL through asyncpg: a pool for ordinary work, a small one kept for people in danger."""

import asyncio
import contextlib
import random
from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Executable, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from anban.base.db import CROWDED, MAX_WAITING, Waiting, Work, room_for_more
from anban.base.db_faults import Fault, fault
from anban.base.errors import StorageFailed

T = TypeVar("T")

CONNECTION_LOST = (OSError, asyncio.TimeoutError, TimeoutError)
AGAIN = {"40001", "40P01"}
"""Serialization failure and deadlock: the same work may be tried again."""

ATTEMPTS = 4
TOGETHER = 0.01
RETRY = 0.5

_TAKES_CHANGES = text("SELECT current_setting('transaction_read_only') = 'off'")


def _engine(url: str, size: int) -> AsyncEngine:
    return create_async_engine(
        "postgresql+asyncpg://" + url.split("://", 1)[1],
        pool_size=size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"timeout": 3, "command_timeout": 10, "server_settings": {"application_name": "anban"}},
    )


class PostgresDatabase:
    """A server that several replicas share."""

    exclusive = False

    def __init__(self, url: str) -> None:
        self._engine = _engine(url, 12)
        self._reserve = _engine(url, 3)
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._waiting = Waiting()
        self._wake = asyncio.Event()
        self._flushed = asyncio.Condition()
        self._taken = self._written = self._failures = 0
        self.refused = 0
        self._failed = False  # the last write
        self._stuck = False  # the last group commit
        self._closing = False
        self._flusher: asyncio.Task[None] | None = None
        self._mender: asyncio.Task[None] | None = None

    @property
    def healthy(self) -> bool:
        return not (self._failed or self._stuck) and self._waiting.count < MAX_WAITING

    @property
    def crowded(self) -> bool:
        return self._waiting.count >= CROWDED

    async def read(self, work: Work[T]) -> T:
        try:
            async with self._reading.connect() as connection:
                return await connection.run_sync(work)
        except SQLAlchemyError as error:
            if fault(error) is Fault.WORK:
                raise
            raise StorageFailed("the database could not be read") from error
        except CONNECTION_LOST as error:
            raise StorageFailed("the database could not be read") from error

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        try:
            result = await self._attempts(self._reserve if urgent else self._engine, work)
        except SQLAlchemyError as error:
            match fault(error):
                case Fault.WORK:
                    raise
                case Fault.STATEMENT:
                    pass
                case Fault.STORAGE:
                    self._fail()
            raise StorageFailed("the database could not be written") from error
        except CONNECTION_LOST as error:
            self._fail()
            raise StorageFailed("the database could not be written") from error
        self._failed = False
        return result

    async def _attempts(self, engine: AsyncEngine, work: Work[T]) -> T:
        for attempt in range(1, ATTEMPTS):
            try:
                return await _in_transaction(engine, work)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in AGAIN:
                    raise
            # Not for secrecy: two that collided must not collide again.
            await asyncio.sleep(random.uniform(0.5, 1.5) * 0.01 * 2**attempt)
        return await _in_transaction(engine, work)

    def _fail(self) -> None:
        self._failed = True
        if not self._closing and (self._mender is None or self._mender.done()):
            self._mender = asyncio.get_running_loop().create_task(self._mend())

    async def _mend(self) -> None:
        """Ask again until the database answers: while it is thought dead nobody else may try."""
        while self._failed:
            await asyncio.sleep(RETRY)
            await self.check()

    def later(self, statement: Executable, row: Mapping[str, Any]) -> None:
        room_for_more(self._waiting, closing=self._closing)
        self._waiting.add(statement, row)
        self._taken += 1
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.get_running_loop().create_task(self._flush_forever())
        self._wake.set()

    async def settled(self) -> None:
        mark, failures = self._taken, self._failures
        async with self._flushed:
            await self._flushed.wait_for(lambda: self._written >= mark or self._failures > failures)
        if self._written < mark:
            raise StorageFailed("the database could not be written")

    async def check(self) -> bool:
        try:
            # Not through `write`, which would count the question itself as a success.
            async with asyncio.timeout(2), self._reserve.connect() as connection:
                good = bool((await connection.execute(_TAKES_CHANGES)).scalar())
        except (SQLAlchemyError, *CONNECTION_LOST):
            good = False
        if good:
            self._failed = False
        return good and not self._stuck

    async def close(self) -> None:
        self._closing = True
        if self._written < self._taken:
            with contextlib.suppress(StorageFailed, TimeoutError):  # what cannot be written now was never promised
                await asyncio.wait_for(self.settled(), 10)
        for task in (self._flusher, self._mender):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        await self._engine.dispose()
        await self._reserve.dispose()

    async def _flush_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(RETRY if self._stuck else TOGETHER)
            waiting, self._waiting = self._waiting, Waiting()
            if not waiting.count:
                continue
            try:
                await self._flush(waiting)
            except Exception:  # noqa: BLE001 - kept and tried again; `settled` and `healthy` tell of it
                self._stuck = True
                self._failures += 1
                waiting.absorb(self._waiting)
                self._waiting = waiting
                self._wake.set()
            else:
                self._stuck = False
                self._written += waiting.count
            async with self._flushed:
                self._flushed.notify_all()

    async def _flush(self, waiting: Waiting) -> None:
        try:
            await self.write(waiting.run)
        except SQLAlchemyError:  # a constraint: find the rows it is about, write the others
            self.refused += await self.write(waiting.run_each)


async def _in_transaction(engine: AsyncEngine, work: Work[T]) -> T:
    async with engine.begin() as connection:
        return await connection.run_sync(work)
