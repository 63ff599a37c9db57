"""Every entry gets a place without gaps and comes under a signature, by one process at a time."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import delete, event, func, select, update

from anban.base.clock import SystemClock
from anban.base.db import Database
from anban.base.errors import Misconfigured, StorageFailed
from anban.base.keys import KeysAway
from anban.base.lease import leases
from anban.ledger import sequencer as module
from anban.ledger.checkpoint import Signer, signer
from anban.ledger.ledger import write
from anban.ledger.models import ledger_checkpoints, ledger_edge, ledger_entries
from anban.ledger.sequencer import LedgerDamaged, Sequencer
from anban.ledger.tree import root_of
from anban.ledger.verifier import verify
from tests import stores
from tests.ledger import scenes
from tests.waiting import until


def places(connection) -> list[int | None]:
    return list(connection.execute(select(ledger_entries.c.seq).order_by(ledger_entries.c.seq)).scalars())


def newest(connection):
    return connection.execute(select(ledger_checkpoints).order_by(ledger_checkpoints.c.size.desc()).limit(1)).one()


async def test_what_waits_is_numbered_in_order_without_gaps_and_signed(db: Database):
    await scenes.write_all(db, (scenes.entry(number) for number in range(7)))
    placing = scenes.sequencer(db)
    assert await placing.run_once(scenes.NIGHT) == 7
    rows = await db.read(lambda c: c.execute(select(ledger_entries).order_by(ledger_entries.c.id)).all())
    assert [row.seq for row in rows] == list(range(7))
    checkpoint = await db.read(newest)
    assert (checkpoint.size, checkpoint.root) == (7, root_of([row.leaf for row in rows]))


async def test_the_tree_goes_on_over_many_batches(db: Database, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(module, "BATCH", 10)
    await scenes.write_all(db, (scenes.entry(number) for number in range(34)))
    placing = scenes.sequencer(db)
    assert [await placing.run_once(scenes.NIGHT) for _ in range(5)] == [10, 10, 10, 4, 0]
    assert placing.placed == 34
    report = verify(await scenes.exported(db, tmp_path / "ledger.jsonl"), scenes.public_key())
    assert report.whole and (report.entries, report.checkpoints) == (34, 4)


async def test_a_new_process_goes_on_where_the_last_one_stopped(db: Database, tmp_path: Path):
    for start in (0, 5, 10):
        await scenes.write_all(db, (scenes.entry(number) for number in range(start, start + 5)))
        assert await scenes.sequencer(db).run_once(scenes.NIGHT) == 5
    assert verify(await scenes.exported(db, tmp_path / "ledger.jsonl")).entries == 15


async def test_a_checkpoint_is_a_signed_note(db: Database):
    await scenes.fill(db, 3)
    note = (await db.read(newest)).note.decode()
    said, signature = note.split("\n\n")
    assert said.splitlines()[:2] == [scenes.ORIGIN, "3"]
    assert said.splitlines()[3] == "time 2026-08-01T22:00:00.000000Z"
    dash, name, encoded = signature.rstrip("\n").split(" ")
    assert (dash, name) == ("—", scenes.ORIGIN)
    raw = base64.b64decode(encoded)
    assert raw[:4].hex() == scenes.SIGNER.named(scenes.ORIGIN).key_id
    Ed25519PublicKey.from_public_bytes(scenes.SIGNER.public).verify(raw[4:], f"{said}\n".encode())


async def test_nothing_is_written_when_nothing_waits(sqlite_db: Database):
    await scenes.fill(sqlite_db, 3)
    placing = scenes.sequencer(sqlite_db)
    said: list[str] = []
    event.listen(sqlite_db.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    for _ in range(5):
        assert await placing.run_once(scenes.NIGHT) == 0
    assert said == []


async def test_an_entry_whose_bytes_changed_is_never_signed(db: Database):
    await scenes.fill(db, 5)
    await scenes.write_all(db, [scenes.entry(5), scenes.entry(6)])
    ids = await db.read(
        lambda c: c.execute(select(ledger_entries.c.id).where(ledger_entries.c.seq.is_(None))).scalars().all()
    )
    flip = update(ledger_entries).where(ledger_entries.c.id == ids[1]).values(body=b'{"v":1}')
    await db.write(lambda connection: connection.execute(flip))
    placing = scenes.sequencer(db)
    with pytest.raises(LedgerDamaged) as caught:
        await placing.run_once(scenes.NIGHT)
    assert caught.value.field == ids[1]
    assert (await db.read(newest)).size == 5
    assert await db.read(lambda c: c.execute(select(func.count(ledger_entries.c.seq))).scalar()) == 5


@pytest.mark.parametrize(
    "harm",
    [
        update(ledger_edge).values(frontier=bytes(64)),
        update(ledger_edge).values(size=4, frontier=bytes(32)),
        delete(ledger_edge),
        delete(ledger_checkpoints).where(ledger_checkpoints.c.size == 5),
        update(ledger_checkpoints).values(root=bytes(32)),
    ],
    ids=["frontier changed", "edge set back", "edge gone", "last checkpoint gone", "root changed"],
)
async def test_a_tree_that_does_not_match_its_last_checkpoint_is_never_extended(db: Database, harm):
    await scenes.fill(db, 5, each=3)
    await db.write(lambda connection: connection.execute(harm))
    await scenes.write_all(db, [scenes.entry(5)])
    with pytest.raises(LedgerDamaged):
        await scenes.sequencer(db).run_once(scenes.NIGHT)


async def test_a_second_replica_waits_while_the_first_holds_the_lease(postgres_url: str):
    async with stores.opened(postgres_url) as here, stores.opened(postgres_url) as there:
        first, second = scenes.sequencer(here, holder="first"), scenes.sequencer(there, holder="second")
        await scenes.write_all(here, [scenes.entry(0)])
        assert await first.run_once(scenes.NIGHT) == 1
        await scenes.write_all(here, [scenes.entry(1)])
        assert await second.run_once(scenes.NIGHT) == 0
        assert second.lag(scenes.NIGHT + timedelta(minutes=1)) == 0
        await run_out(there)
        assert await second.run_once(scenes.NIGHT) == 1


async def run_out(db: Database) -> None:
    await db.write(lambda connection: connection.execute(update(leases).values(expires_at=0)))


async def test_a_replica_that_wakes_up_late_changes_nothing(db: Database):
    sleeper, other = scenes.sequencer(db, holder="sleeper"), scenes.sequencer(db, holder="other")
    await scenes.write_all(db, [scenes.entry(0)])
    await sleeper.run_once(scenes.NIGHT)
    await run_out(db)
    await scenes.write_all(db, [scenes.entry(1)])
    assert await other.run_once(scenes.NIGHT) == 1
    await scenes.write_all(db, [scenes.entry(2)])
    assert await sleeper.run_once(scenes.NIGHT) == 0
    assert await other.run_once(scenes.NIGHT) == 1
    assert await db.read(places) == [0, 1, 2]


async def test_replicas_writing_and_placing_at_once_leave_one_whole_ledger(postgres_url: str, tmp_path: Path):
    async with stores.opened(postgres_url) as here, stores.opened(postgres_url) as there:
        async with running(here, "first"), running(there, "second"):
            for start in range(0, 300, 30):
                await asyncio.gather(
                    *(
                        db.write(lambda c, number=number: write(c, scenes.entry(number)))
                        for number, db in zip(range(start, start + 30), [here, there] * 15, strict=True)
                    )
                )
            while None in await here.read(places):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await here.read(places) == list(range(300))
        report = verify(await scenes.exported(here, tmp_path / "ledger.jsonl"), scenes.public_key())
    assert report.whole and report.signed == 300


@asynccontextmanager
async def running(db: Database, holder: str) -> AsyncIterator[module.Sequencer]:
    placing, stop = scenes.sequencer(db, holder=holder), asyncio.Event()
    task = asyncio.create_task(placing.run_forever(stop))
    yield placing
    stop.set()
    await task


async def test_stopping_gives_the_lease_back(db: Database):
    await scenes.write_all(db, [scenes.entry(0)])
    async with running(db, "first") as placing:
        await until(lambda: placing.placed)
    await scenes.write_all(db, [scenes.entry(1)])
    assert await scenes.sequencer(db, holder="second").run_once(scenes.NIGHT) == 1


async def test_a_failure_is_told_and_the_next_look_mends_it(db: Database, monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.01)
    reading = db.read
    broken = True

    async def read(work):
        if broken:
            raise StorageFailed("the database could not be read")
        return await reading(work)

    monkeypatch.setattr(db, "read", read)
    async with running(db, "first") as placing:
        await until(lambda: placing.last_error == "storage_failed")
        assert placing.lag(placing._clock.now() + timedelta(seconds=60)) >= 60
        broken = False
        await until(lambda: placing.last_error is None)
        assert placing.lag(placing._clock.now() + timedelta(seconds=60)) == 0


async def test_damage_shows_as_lag_until_somebody_looks(db: Database, monkeypatch):
    await scenes.write_all(db, [scenes.entry(0)])
    await db.write(lambda connection: connection.execute(update(ledger_entries).values(body=b"{}")))
    async with running(db, "first") as placing:
        await until(lambda: placing.last_error == "ledger_damaged")
        assert placing.lag(placing._clock.now() + timedelta(seconds=60)) >= 60


@pytest.mark.parametrize("name", ["", "two words", "line\nbreak", "x" * 81, "安伴"])
def test_a_deployment_whose_name_does_not_fit_a_note_is_refused(name: str):
    with pytest.raises(Misconfigured):
        signer(scenes.KEYS, name)


def test_each_master_key_signs_with_a_key_of_its_own_and_says_which():
    other = signer(type(scenes.KEYS)({1: bytes(range(32)), 2: b"2" * 32}), "demo")
    assert other.public != scenes.SIGNER.public
    assert (scenes.SIGNER.master, other.master) == (1, 2)


async def test_keys_that_are_read_after_the_start_sign_what_waited(db: Database) -> None:
    await scenes.write_all(db, (scenes.entry(number) for number in range(3)))
    here = list[bool]()

    def key() -> Signer:
        if not here:
            raise KeysAway("not read yet")
        return scenes.SIGNER

    placing = Sequencer(db, key, SystemClock(), holder="late", pace=scenes.PACE)
    stop = asyncio.Event()
    running = asyncio.create_task(placing.run_forever(stop))
    await until(lambda: placing.last_error == "keys_unavailable" or running.done())
    here.append(True)
    await until(lambda: placing.placed == 3 or running.done())
    stop.set()
    await running
    assert placing.placed == 3
