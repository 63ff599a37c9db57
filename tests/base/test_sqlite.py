"""One file, one process, no acknowledged word lost: what only the embedded database must prove."""

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from anban.base.db import Database, open_database
from anban.base.db_sqlite import quick_check
from anban.base.errors import Misconfigured, StorageFailed
from tests import stores
from tests.base.test_databases import NOTE, numbers, put
from tests.waiting import until

WRITER = """
import asyncio, sys
from anban.base.db import metadata, open_database
from tests.base.test_databases import NOTE, put

async def main():
    db = open_database(sys.argv[1])
    await db.write(metadata.create_all)
    async def one(start):
        for number in range(start, start + 100_000):
            if number % 2:
                await db.write(put(number))
            else:
                db.later(NOTE, {"id": number, "says": "x"})
                await db.settled()
            print(number, flush=True)
    await asyncio.gather(*(one(1_000_000 * each) for each in range(8)))

asyncio.run(main())
"""

HOLDER = """
import sys
from anban.base.db import open_database
from anban.base.errors import Misconfigured
try:
    open_database(sys.argv[1])
except Misconfigured:
    sys.exit(7)
"""


async def run(program: str, url: str, **more: object) -> asyncio.subprocess.Process:
    root = Path(__file__).parents[2]
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, url, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, **more
    )


async def test_a_second_process_is_refused(sqlite_db: Database, sqlite_url: str):
    process = await run(HOLDER, sqlite_url)
    assert await process.wait() == 7
    with pytest.raises(Misconfigured):
        open_database(sqlite_url)


async def test_the_next_process_may_open_it(sqlite_url: str):
    async with stores.opened(sqlite_url) as first:
        await first.write(put(1))
    async with stores.opened(sqlite_url) as second:
        assert await second.read(numbers) == [1]


@pytest.mark.parametrize("pause", [0.0, 0.01, 0.05, 0.2])
async def test_a_killed_process_loses_nothing_that_it_acknowledged(sqlite_url: str, pause: float):
    process = await run(WRITER, sqlite_url, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    acknowledged = [int(await process.stdout.readline()) for _ in range(40)]
    await asyncio.sleep(pause)
    process.send_signal(signal.SIGKILL)
    rest, _ = await process.communicate()
    acknowledged += [int(line) for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
    async with stores.opened(sqlite_url) as db:
        assert set(acknowledged) <= set(await db.read(numbers))


async def full(db: Database) -> None:
    """No page may be added until the writer opens a new connection, as it does after a failure."""
    await db.write(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={_pages(c)}").scalar())


def _pages(connection) -> int:
    return connection.exec_driver_sql("PRAGMA page_count").scalar()


async def space(db: Database) -> None:
    db.engine.dispose()  # a new connection knows no limit


def big(number: int):
    return lambda connection: connection.execute(NOTE, {"id": number, "says": "x" * 20_000})


async def test_a_full_disk_is_told_and_recovers_when_there_is_space(sqlite_db: Database):
    await sqlite_db.write(put(1))
    await full(sqlite_db)
    with pytest.raises(StorageFailed):
        await sqlite_db.write(big(2))
    assert await sqlite_db.read(numbers) == [1]
    await until(lambda: sqlite_db.healthy)
    await sqlite_db.write(big(2))
    assert await sqlite_db.read(numbers) == [1, 2]


async def test_rows_for_later_survive_a_full_disk(sqlite_db: Database, monkeypatch):
    keep_full(sqlite_db, monkeypatch)
    for number in range(300):
        sqlite_db.later(NOTE, {"id": number, "says": "x" * 2000})
    with pytest.raises(StorageFailed):
        await sqlite_db.settled()
    assert not sqlite_db.healthy
    assert not await sqlite_db.check()
    assert await sqlite_db.read(numbers) == []
    monkeypatch.undo()
    await space(sqlite_db)
    await until(lambda: sqlite_db.healthy)
    await sqlite_db.settled()
    assert len(await sqlite_db.read(numbers)) == 300


async def test_urgent_work_gets_through_when_only_the_waiting_rows_do_not_fit(sqlite_db: Database, monkeypatch):
    await sqlite_db.write(big(1))
    await sqlite_db.write(lambda c: c.execute(text("DELETE FROM test_notes")))  # leaves a few free pages
    keep_full(sqlite_db, monkeypatch)
    for number in range(10, 300):
        sqlite_db.later(NOTE, {"id": number, "says": "x" * 2000})
    await sqlite_db.write(put(1), urgent=True)
    assert await sqlite_db.read(numbers) == [1]


async def test_urgent_work_that_needed_waiting_rows_says_that_the_disk_failed(sqlite_db: Database, monkeypatch):
    keep_full(sqlite_db, monkeypatch)
    for number in range(10, 300):
        sqlite_db.later(NOTE, {"id": number, "says": "x" * 2000})

    def needs_a_row(connection) -> None:
        connection.execute(NOTE, {"id": 1, "says": None})

    with pytest.raises(StorageFailed):
        await sqlite_db.write(needs_a_row, urgent=True)


def keep_full(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the disk has no page left, for new connections too."""
    attempt = db._attempt

    def limited(jobs, waiting, *, doubtful):
        with db.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count={_pages(connection)}")
        return attempt(jobs, waiting, doubtful=doubtful)

    monkeypatch.setattr(db, "_attempt", limited)


async def test_a_locked_file_is_a_typed_error_and_heals(sqlite_db: Database, sqlite_url: str):
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageFailed):
        await sqlite_db.write(put(1))
    other.execute("ROLLBACK")
    other.close()
    await until(lambda: sqlite_db.healthy)
    await sqlite_db.write(put(2))


async def test_every_commit_waits_for_the_disk(sqlite_db: Database):
    async def pragma(name: str) -> object:
        return await sqlite_db.write(lambda c: c.exec_driver_sql(f"PRAGMA {name}").scalar())

    assert (await pragma("journal_mode"), await pragma("synchronous"), await pragma("foreign_keys")) == ("wal", 2, 1)


async def test_a_damaged_file_is_noticed(sqlite_url: str):
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    assert quick_check(path)
    async with stores.opened(sqlite_url) as db:
        for number in range(300):
            db.later(NOTE, {"id": number, "says": "x" * 40})
        await db.settled()
    assert quick_check(path)
    blank_a_page(path)
    assert not quick_check(path)


def blank_a_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = bytes(4096)
    path.write_bytes(content)
