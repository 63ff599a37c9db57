"""One holder at a time, and whoever wakes up late is refused."""

import asyncio

from sqlalchemy import update

from anban.base.db import Database
from anban.base.lease import Lease, fence_of, leases, release, renew, take
from tests import stores


async def taken(db: Database, holder: str, seconds: float = 30) -> Lease | None:
    return await db.write(lambda connection: take(connection, "work", holder, seconds))


async def renewed(db: Database, lease: Lease) -> bool:
    return await db.write(lambda connection: renew(connection, lease))


async def set_end(db: Database, moment: float) -> None:
    await db.write(lambda connection: connection.execute(update(leases).values(expires_at=moment)))


async def test_only_one_holds_it(db: Database):
    assert await taken(db, "first") == Lease("work", "first", 1, 30)
    assert await taken(db, "second") is None


async def test_another_name_is_another_lease(db: Database):
    await taken(db, "first")
    assert await db.write(lambda connection: take(connection, "other", "second", 30)) is not None


async def test_a_lease_that_ran_out_can_be_taken_with_a_higher_fence(db: Database):
    await taken(db, "first")
    await set_end(db, 0)
    second = await taken(db, "second")
    assert second is not None and second.fence == 2


async def test_whoever_lost_it_cannot_renew_and_the_new_holder_can(db: Database):
    first = await taken(db, "first")
    await set_end(db, 0)
    second = await taken(db, "second")
    assert first is not None and second is not None
    assert not await renewed(db, first)
    assert await renewed(db, second)


async def test_a_lease_nobody_else_took_can_be_renewed_after_its_end(db: Database):
    first = await taken(db, "first")
    await set_end(db, 0)
    assert first is not None and await renewed(db, first)
    assert await taken(db, "second") is None


async def test_taking_ones_own_again_raises_the_fence(db: Database):
    old = await taken(db, "first")
    new = await taken(db, "first")
    assert old is not None and new is not None and new.fence > old.fence
    assert not await renewed(db, old)


async def test_a_released_lease_is_free_at_once_and_the_fence_goes_on(db: Database):
    first = await taken(db, "first")
    assert first is not None
    await db.write(lambda connection: release(connection, first))
    assert not await renewed(db, first)
    second = await taken(db, "second")
    assert second is not None and second.fence == 2


async def test_releasing_what_another_holds_does_nothing(db: Database):
    first = await taken(db, "first")
    await set_end(db, 0)
    second = await taken(db, "second")
    assert first is not None and second is not None
    await db.write(lambda connection: release(connection, first))
    assert await renewed(db, second)


async def test_a_database_clock_that_was_set_back_locks_nobody_out(db: Database):
    await taken(db, "first")
    await set_end(db, 4e12)
    assert await taken(db, "second") is not None


async def test_the_fence_can_be_read(db: Database):
    assert await db.read(lambda connection: fence_of(connection, "work")) == 0
    await taken(db, "first")
    await taken(db, "first")
    assert await db.read(lambda connection: fence_of(connection, "work")) == 2


async def test_of_many_who_try_at_once_one_gets_it(postgres_url: str):
    async with stores.opened(postgres_url) as here, stores.opened(postgres_url) as there:
        got = await asyncio.gather(*(taken(db, f"holder{number}") for number, db in enumerate([here, there] * 8)))
        assert sum(lease is not None for lease in got) == 1


async def test_a_renewal_keeps_others_out_until_the_work_is_done(postgres_url: str):
    async with stores.opened(postgres_url) as here, stores.opened(postgres_url) as there:
        first = await taken(here, "first", 0.0)
        assert first is not None
        begun, order = asyncio.Event(), []

        def work(connection) -> None:
            assert renew(connection, first)
            begun.set()
            connection.exec_driver_sql("SELECT pg_sleep(0.3)")
            order.append("first is done")

        working = asyncio.create_task(here.write(work))
        await begun.wait()
        assert await taken(there, "second") is not None
        order.append("second has it")
        await working
        assert order == ["first is done", "second has it"]
