"""Both databases keep the same promises: what was acknowledged is there, and one caller's fault is no other's."""

import asyncio
import contextlib
import threading
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, String, Table, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, NoResultFound

from anban.base.db import CROWDED, MAX_WAITING, MOST_WAITING, Database, Waiting, kept, metadata, open_database
from anban.base.errors import Misconfigured, StorageFailed
from tests import stores
from tests.waiting import until

notes = Table(
    "test_notes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("says", String(40), nullable=False),
    info=kept(retention="none", about=None, erase="none"),
)
NOTE = insert(notes)
CHANGE = update(notes).where(notes.c.id == 1)


def put(number: int) -> Any:
    return lambda connection: connection.execute(NOTE, {"id": number, "says": "x"})


def numbers(connection: Connection) -> list[int]:
    return list(connection.execute(select(notes.c.id).order_by(notes.c.id)).scalars())


async def test_what_was_written_can_be_read(db: Database):
    await db.write(put(1))
    assert await db.read(numbers) == [1]


async def test_a_refused_work_leaves_the_works_beside_it_alone(db: Database):
    await db.write(put(5))
    outcomes = await asyncio.gather(*(db.write(put(number)) for number in range(10)), return_exceptions=True)
    assert [number for number, outcome in enumerate(outcomes) if isinstance(outcome, Exception)] == [5]
    assert isinstance(outcomes[5], IntegrityError)
    assert await db.read(numbers) == list(range(10))


async def test_an_error_of_the_work_itself_comes_through_and_undoes_it(db: Database):
    def work(connection: Connection) -> None:
        put(1)(connection)
        raise KeyError("the caller's own")

    def nothing(connection: Connection) -> None:
        put(2)(connection)
        connection.execute(select(notes.c.id).where(notes.c.id == 99)).one()

    with pytest.raises(KeyError):
        await db.write(work)
    with pytest.raises(NoResultFound):
        await db.write(nothing)
    assert await db.read(numbers) == []
    assert db.healthy


async def test_a_statement_that_the_database_does_not_know_fails_for_its_caller_only(db: Database):
    bad = db.write(lambda connection: connection.execute(text("SELECT * FROM no_such_table")))
    failed, good = await asyncio.gather(bad, db.write(put(1)), return_exceptions=True)
    assert isinstance(failed, StorageFailed)
    assert not isinstance(good, Exception)
    assert await db.read(numbers) == [1]
    assert db.healthy


async def test_many_writers_at_once_all_get_what_they_asked(db: Database):
    await asyncio.gather(*(db.write(put(number), urgent=number % 7 == 0) for number in range(400)))
    assert await db.read(numbers) == list(range(400))


async def test_a_reader_sees_one_moment(db: Database):
    await db.write(put(1))
    with pytest.raises(StorageFailed):
        await db.read(put(2))
    assert await db.read(numbers) == [1]


async def test_rows_for_later_are_there_once_settled(db: Database):
    for number in range(1000):
        db.later(NOTE, {"id": number, "says": "x"})
    await db.settled()
    assert len(await db.read(numbers)) == 1000


async def test_settling_nothing_returns(db: Database):
    await db.settled()


async def test_new_rows_are_written_before_changes_to_them(db: Database):
    db.later(CHANGE, {"says": "changed"})
    db.later(NOTE, {"id": 1, "says": "new"})
    await db.settled()
    assert await db.read(lambda connection: connection.execute(select(notes.c.says)).scalar()) == "changed"


async def test_a_row_that_a_constraint_refuses_does_not_hold_up_the_others(db: Database):
    await db.write(put(3))
    for number in range(6):
        db.later(NOTE, {"id": number, "says": "x"})
    db.later(NOTE, {"id": 7, "says": None})
    await db.settled()
    await db.write(put(8))
    assert await db.read(numbers) == [0, 1, 2, 3, 4, 5, 8]
    assert db.refused == 2
    assert db.healthy


async def test_a_refused_row_is_not_shown_in_the_log(db: Database, capsys):
    db.later(NOTE, {"id": 1, "says": None})
    db.later(NOTE, {"id": 2, "says": "a secret"})
    db.later(NOTE, {"id": 2, "says": "a secret"})
    await db.settled()
    assert "row.refused" in (said := "".join(capsys.readouterr()))
    assert "secret" not in said


async def test_errors_do_not_show_the_row(db: Database):
    await db.write(put(1))
    with pytest.raises(IntegrityError) as caught:
        await db.write(lambda connection: connection.execute(NOTE, {"id": 1, "says": "a secret"}))
    assert "secret" not in str(caught.value)


async def test_too_many_waiting_rows_are_unhealthy_and_then_refused(db: Database):
    busy, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        busy.set()
        go_on.wait(30)

    if db.exclusive:  # its writer is a thread; the other one needs the event loop, which is ours until we await
        holding = asyncio.ensure_future(db.write(hold))
        await until(busy.is_set)
    row = {"id": 1, "says": "x"}
    assert not db.crowded
    for _ in range(CROWDED):
        db.later(NOTE, row)
    crowded, well = db.crowded, db.healthy
    for _ in range(MAX_WAITING - CROWDED):
        db.later(NOTE, row)
    unhealthy = not db.healthy
    for _ in range(MOST_WAITING - MAX_WAITING):
        db.later(NOTE, row)
    with pytest.raises(StorageFailed):
        db.later(NOTE, row)
    assert crowded and well, "what can be spared gives way before ordinary turns do"
    assert unhealthy
    db._waiting, db._taken = Waiting(), db._written  # a hundred thousand refusals would only be slow
    go_on.set()
    if db.exclusive:
        await holding


async def test_closing_writes_what_waits(sqlite_url: str, postgres_url: str):
    for url in (sqlite_url, postgres_url):
        async with stores.opened(url) as first:
            for number in range(50):
                first.later(NOTE, {"id": number, "says": "x"})
        async with stores.opened(url) as second:
            assert len(await second.read(numbers)) == 50


async def test_closing_in_the_middle_of_a_group_commit_loses_nothing(postgres_url: str):
    async with stores.opened(postgres_url) as first:
        first.later(NOTE, {"id": 1, "says": "x"})
        await asyncio.sleep(0.012)
    async with stores.opened(postgres_url) as second:
        assert await second.read(numbers) == [1]


async def test_a_closed_database_refuses(db: Database):
    await db.close()
    with pytest.raises(StorageFailed):
        db.later(NOTE, {"id": 1, "says": "x"})


async def test_a_healthy_database_answers_the_check(db: Database):
    assert await db.check()
    assert db.healthy


async def test_whoever_stops_waiting_harms_nobody(db: Database):
    tasks = [asyncio.ensure_future(db.write(put(number))) for number in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert set(range(1, 20, 2)) <= set(await db.read(numbers))


@pytest.mark.parametrize("url", ["", "mysql://host/name", "sqlite://", "anban.db"])
def test_another_kind_of_database_is_refused(url: str):
    with pytest.raises(Misconfigured):
        open_database(url)


async def test_counting_reads_what_the_last_write_left(db: Database):
    for number in range(5):
        await db.write(put(number))
        assert await db.read(lambda c: c.execute(select(func.count()).select_from(notes)).scalar()) == number + 1


async def test_a_killed_server_connection_heals(postgres_db: Database):
    kill = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database()")  # fmt: skip
    written = []
    for number in range(30):
        if number % 5 == 0:
            with contextlib.suppress(StorageFailed):
                await postgres_db.write(lambda connection: connection.execute(kill))
        with contextlib.suppress(StorageFailed):
            await postgres_db.write(put(number))
            written.append(number)
        postgres_db.later(NOTE, {"id": 100 + number, "says": "x"})
    await until(lambda: postgres_db.healthy)
    await settle(postgres_db)
    found = await postgres_db.read(numbers)
    assert set(written) <= set(found)
    assert set(range(100, 130)) <= set(found)


async def settle(db: Database) -> None:
    for _ in range(20):
        try:
            return await db.settled()
        except StorageFailed:
            await asyncio.sleep(0.1)
    raise AssertionError("never settled")


async def test_a_server_that_turns_read_only_is_not_ready_and_heals(postgres_url: str, postgres_server):
    async with stores.opened(postgres_url) as db:
        name = postgres_url.split("?")[0].rsplit("/", 1)[1]
        await db.write(lambda c: c.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')))
    async with stores.opened(postgres_url, tables=False) as db:
        with pytest.raises(StorageFailed):
            await db.write(put(1))
        assert not db.healthy
        assert not await db.check()
        admin = postgres_server.url()
        await stores.execute(admin, f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        await stores.execute(
            admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )  # fmt: skip
        await until(lambda: db.healthy)
        await db.write(put(1))
