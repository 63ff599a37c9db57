"""SQLite, embedded: one writer thread, group commits, WAL with `synchronous=FULL`."""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, Executable, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from anban.base.db import CROWDED, MAX_WAITING, Waiting, Work, room_for_more
from anban.base.db_faults import Fault, fault
from anban.base.errors import Misconfigured, StorageFailed

T = TypeVar("T")

BATCH = 256
"""Promises settled by one commit at most, so that none waits long behind a flood."""

TOGETHER = 0.02
"""Seconds that rows nobody waits for may take to share one fsync."""

RETRY = 0.5
"""Seconds between attempts while the disk refuses."""


class Job(NamedTuple):
    """Work that somebody waits for, and where they wait."""

    work: Work[Any]
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"


Outcome = tuple[Job, Any, BaseException | None]


def _engine(path: Path, *, pool_size: int, writes: bool) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": 5},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: we need BEGIN IMMEDIATE and working savepoints.
        connection.isolation_level = None
        pragmas = ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"]
        for pragma in pragmas if writes else [*pragmas, "query_only=ON"]:
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
        self.engine = _engine(self.path, pool_size=1, writes=True)
        self._read_engine = _engine(self.path, pool_size=2, writes=False)
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="anban-read")
        self._wake = threading.Condition()
        self._urgent: deque[Job] = deque()
        self._jobs: deque[Job] = deque()
        self._waiting = Waiting()
        self._taken = self._written = 0
        self.refused = 0
        self._failed = False
        self._closing = False
        self._writer = threading.Thread(target=self._write_forever, name="anban-write", daemon=True)
        self._writer.start()

    @property
    def healthy(self) -> bool:
        return not self._failed and self._waiting.count < MAX_WAITING

    @property
    def crowded(self) -> bool:
        return self._waiting.count >= CROWDED

    async def read(self, work: Work[T]) -> T:
        if self._closing:
            raise StorageFailed("the database is closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Work[T]) -> T:
        try:
            with self._read_engine.connect() as connection:
                connection.exec_driver_sql("BEGIN")
                return work(connection)
        except sqlite3.Error as error:  # from opening, where SQLAlchemy does not wrap it
            raise StorageFailed("the database could not be read") from error
        except SQLAlchemyError as error:
            if fault(error) is Fault.WORK:
                raise
            raise StorageFailed("the database could not be read") from error

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        with self._wake:
            if self._closing:
                raise StorageFailed("the database is closed")
            (self._urgent if urgent else self._jobs).append(Job(work, loop, done))
            self._wake.notify()
        return await done

    def later(self, statement: Executable, row: Mapping[str, Any]) -> None:
        with self._wake:
            room_for_more(self._waiting, closing=self._closing)
            self._waiting.add(statement, row)
            self._taken += 1
            if self._waiting.count == 1:
                self._wake.notify()

    async def settled(self) -> None:
        mark = self._taken
        await self.write(lambda _connection: None)
        if self._written < mark:
            raise StorageFailed("the database could not be written")

    async def check(self) -> bool:
        try:
            await asyncio.wait_for(self.write(lambda c: c.exec_driver_sql("SELECT 1").scalar()), 2)
        except (StorageFailed, TimeoutError):
            return False
        return not self._failed

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
        closing = False
        while not closing:
            with self._wake:
                self._wait_for_work()
                # Urgent work gets a commit of its own, so that it never waits for an ordinary batch to run.
                urgent = bool(self._urgent)
                queue = self._urgent or self._jobs
                jobs = [queue.popleft() for _ in range(min(len(queue), BATCH))]
                waiting, self._waiting = self._waiting, Waiting()
                closing = self._closing and not (self._urgent or self._jobs)
            if jobs or waiting.count or (self._failed and not closing):
                self._commit(jobs, waiting, urgent=urgent)

    def _wait_for_work(self) -> None:
        """Until something is to be written; while the disk refuses, at most `RETRY` seconds."""
        if not self._failed:
            while not (self._urgent or self._jobs or self._waiting.count or self._closing):
                self._wake.wait()
        if not (self._urgent or self._jobs or self._closing):
            self._wake.wait(RETRY if self._failed else TOGETHER)

    def _commit(self, jobs: list[Job], waiting: Waiting, *, urgent: bool) -> None:
        try:
            outcomes = self._attempt(jobs, waiting, doubtful=self._failed and not urgent)
        except Exception as error:  # noqa: BLE001 - given to everybody who waits; the writer must outlive it
            self._failed = True
            self.engine.dispose()
            with self._wake:
                waiting.absorb(self._waiting)
                self._waiting = waiting
            outcomes = self._alone(jobs) if urgent and waiting.count else [(job, None, _failure(error)) for job in jobs]
        else:
            self._failed = False
            self._written += waiting.count
        for loop in {job.loop for job in jobs}:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it whoever waited
                loop.call_soon_threadsafe(_settle, [each for each in outcomes if each[0].loop is loop])

    def _alone(self, jobs: list[Job]) -> list[Outcome]:
        """Try urgent work again without the rows that may have made the commit fail."""
        try:
            outcomes = self._attempt(jobs, Waiting(), doubtful=False)
        except Exception as error:  # noqa: BLE001 - as above
            return [(job, None, _failure(error)) for job in jobs]
        # It may have missed rows that are still waiting: that is the disk's fault, not the work's.
        return [
            (job, result, _failure(failed) if isinstance(failed, SQLAlchemyError) else failed)
            for job, result, failed in outcomes
        ]

    def _attempt(self, jobs: list[Job], waiting: Waiting, *, doubtful: bool) -> list[Outcome]:
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            if doubtful:
                _try_the_disk(connection)
            refused = _write_rows(connection, waiting) if waiting.count else 0
            outcomes: list[Outcome] = [(job, *_run(connection, job.work)) for job in jobs]
            connection.exec_driver_sql("COMMIT")
        self.refused += refused
        return outcomes


def _write_rows(connection: Connection, waiting: Waiting) -> int:
    connection.exec_driver_sql("SAVEPOINT together")
    try:
        waiting.run(connection)
        refused = 0
    except SQLAlchemyError as error:
        if fault(error) is not Fault.WORK:
            raise
        connection.exec_driver_sql("ROLLBACK TO together")
        refused = waiting.run_each(connection)
    connection.exec_driver_sql("RELEASE together")
    return refused


def _run(connection: Connection, work: Work[Any]) -> tuple[Any, BaseException | None]:
    connection.exec_driver_sql("SAVEPOINT act")
    try:
        result = work(connection)
    except Exception as error:  # noqa: BLE001 - handed to whoever asked, after undoing this work alone
        told: BaseException = error
        if isinstance(error, SQLAlchemyError):
            match fault(error):
                case Fault.STORAGE:
                    raise  # the disk, not the work: the whole commit fails
                case Fault.STATEMENT:
                    told = _failure(error)
                case Fault.WORK:
                    pass
        connection.exec_driver_sql("ROLLBACK TO act")
        connection.exec_driver_sql("RELEASE act")
        return None, told
    connection.exec_driver_sql("RELEASE act")
    return result, None


def _try_the_disk(connection: Connection) -> None:
    """Needs a free page and a sync, as real work does: an empty commit would succeed on a full disk."""
    connection.exec_driver_sql("CREATE TABLE anban_probe (x)")
    connection.exec_driver_sql("DROP TABLE anban_probe")


def _failure(error: BaseException | None) -> StorageFailed:
    failure = StorageFailed("the database could not be written")
    failure.__cause__ = error
    return failure


def _settle(outcomes: list[Outcome]) -> None:
    for job, result, failed in outcomes:
        if job.done.done():
            continue  # cancelled: whoever asked has left
        if failed is not None:
            job.done.set_exception(failed)
        else:
            job.done.set_result(result)


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
