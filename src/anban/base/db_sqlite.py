"""SQLite, embedded: one writer thread, group commits, WAL with `synchronous=FULL`."""

import asyncio
import fcntl
import os
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, create_engine, event
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from anban.base.db import MAX_WAITING, Waiting, Work
from anban.base.errors import Misconfigured, StorageFailed

T = TypeVar("T")

BATCH = 256
"""Promises settled by one commit at most, so that none waits long behind a flood."""

Job = tuple[Work[Any], asyncio.AbstractEventLoop, asyncio.Future[Any]]


def _engine(path: Path, *, pool_size: int) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", pool_size=pool_size, max_overflow=0, connect_args={"check_same_thread": False, "timeout": 5}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: we need BEGIN IMMEDIATE and working savepoints.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


class SqliteDatabase:
    """One file, one process. A second process that opens it is refused at start."""

    exclusive = True

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = open(self.path.with_suffix(".lock"), "a")  # noqa: SIM115 - held as long as the database is
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise Misconfigured(
                f"{self.path.name} is in use by another process; SQLite serves one", field="ANBAN_DATABASE_URL"
            ) from error
        self.engine = _engine(self.path, pool_size=1)
        self._read_engine = _engine(self.path, pool_size=2)
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="anban-read")
        self._wake = threading.Condition()
        self._urgent: deque[Job] = deque()
        self._jobs: deque[Job] = deque()
        self._waiting = Waiting()
        self._failed = False
        self._closing = False
        self._writer = threading.Thread(target=self._write_forever, name="anban-write", daemon=True)
        self._writer.start()

    @property
    def healthy(self) -> bool:
        return not self._failed and self._waiting.count < MAX_WAITING

    async def read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Work[T]) -> T:
        try:
            with self._read_engine.connect() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise StorageFailed("the database could not be read") from error

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        with self._wake:
            if self._closing:
                raise StorageFailed("the database is closed")
            (self._urgent if urgent else self._jobs).append((work, loop, done))
            self._wake.notify()
        return await done

    def later(self, statement: Executable, row: Mapping[str, Any]) -> None:
        with self._wake:
            self._waiting.add(statement, row)
            if self._waiting.count == 1:
                self._wake.notify()

    async def settled(self) -> None:
        await self.write(lambda _connection: None)

    async def check(self) -> bool:
        try:
            await asyncio.wait_for(self.write(lambda c: c.exec_driver_sql("SELECT 1").scalar()), 2)
        except (StorageFailed, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify()
        await asyncio.to_thread(self._writer.join, 10)
        self._readers.shutdown()
        self.engine.dispose()
        self._read_engine.dispose()
        self._lock.close()

    def _write_forever(self) -> None:
        while True:
            with self._wake:
                while not (self._urgent or self._jobs or self._waiting.count or self._closing):
                    self._wake.wait()
                if not (self._urgent or self._jobs) and not self._closing:
                    # Only rows that nobody waits for: let a few milliseconds of them share one fsync.
                    self._wake.wait(0.5 if self._failed else 0.02)
                # Urgent work gets a commit of its own, so that it never waits for an ordinary batch to run.
                queue = self._urgent or self._jobs
                jobs = [queue.popleft() for _ in range(min(len(queue), BATCH))]
                waiting, self._waiting = self._waiting, Waiting()
                closing = self._closing and not (self._urgent or self._jobs)
            if jobs or waiting.count:
                self._commit(jobs, waiting)
            if closing:
                return

    def _commit(self, jobs: list[Job], waiting: Waiting) -> None:
        outcomes: list[tuple[Job, Any, BaseException | None]] = []
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                waiting.run(connection)
                for job in jobs:
                    outcomes.append((job, *self._run(connection, job[0])))
                connection.exec_driver_sql("COMMIT")
            self._failed = False
        except SQLAlchemyError as error:
            self._failed = True
            self.engine.dispose()
            failure = StorageFailed("the database could not be written")
            failure.__cause__ = error
            outcomes = [(job, None, failure) for job in jobs]
            with self._wake:
                waiting.absorb(self._waiting)
                self._waiting = waiting
        for (_, loop, done), result, failed in outcomes:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, done, result, failed)

    @staticmethod
    def _run(connection: Connection, work: Work[Any]) -> tuple[Any, BaseException | None]:
        connection.exec_driver_sql("SAVEPOINT act")
        try:
            result = work(connection)
        except OperationalError:
            raise  # the disk, not the work: the whole commit fails
        except Exception as error:  # noqa: BLE001 - handed to whoever asked, after undoing this work alone
            connection.exec_driver_sql("ROLLBACK TO act")
            connection.exec_driver_sql("RELEASE act")
            return None, error
        connection.exec_driver_sql("RELEASE act")
        return result, None


def _settle(done: asyncio.Future[Any], result: Any, failed: BaseException | None) -> None:
    if done.cancelled():
        return
    if failed is not None:
        done.set_exception(failed)
    else:
        done.set_result(result)


def quick_check(path: Path) -> bool:
    """True when SQLite finds no damage in the file (or there is none yet)."""
    if not path.exists() or os.path.getsize(path) == 0:
        return True
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            return connection.exec_driver_sql("PRAGMA quick_check").scalar() == "ok"
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()
