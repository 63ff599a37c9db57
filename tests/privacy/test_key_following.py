"""Replicas follow one another: a version that one makes, all know before anything is wrapped with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from anban.base.db import Database
from anban.base.kept_keys import PURPOSES, read_kept
from anban.base.keyring import KeyFile
from anban.base.keys import KeysAway, MasterKeys, Ring
from anban.base.spill import SpillSeal
from anban.base.spool import Spool
from anban.people.users import find
from anban.privacy.key_following import keep_keys, state_of
from anban.privacy.key_room import KeyRoom
from anban.privacy.rotating import begin
from tests import stores
from tests.privacy.test_rotating import Scene, scene
from tests.waiting import until


def other_replica(here: Scene, db: Database, folder: Path) -> KeyRoom:
    """Another process: the same key file and database, a spool of its own."""
    keys = MasterKeys(here.keys.ring)
    seal = SpillSeal(folder / "spill.pub", keys)
    return replace(
        here.room, db=db, keys=keys, keyring=KeyFile(here.path), spool=Spool(folder / "spool.bin", seal),
        publish=seal.publish,
    )  # fmt: skip


@asynccontextmanager
async def following(room: KeyRoom) -> AsyncIterator[asyncio.Event]:
    stop, back, wake = asyncio.Event(), asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(keep_keys(room, stop, back, wake))
    yield back
    stop.set()
    await task


async def test_the_other_replica_knows_a_version_before_it_wraps_and_seals_its_own_spool_anew(
    postgres_url: str, tmp_path: Path
) -> None:
    async with stores.opened(postgres_url) as one, stores.opened(postgres_url) as two, scene(one, tmp_path) as here:
        other = other_replica(here, two, tmp_path / "other")
        other.publish()
        other.spool.append(b"promise")
        async with following(other):
            await begin(here.room, "administrator")
            await until(lambda: 2 in other.keys.ring.secrets)
            assert other.keys.current == 1
            here.clock.advance(seconds=20)
            await here.carried()
            await until(lambda: other.keys.current == 2)
            assert await two.read(lambda c: find(c, other.keys, here.service, "p1")) is not None
            await until(lambda: Spool(other.spool.path, SpillSeal(tmp_path, only(other, 2))).records() == [b"promise"])


def only(room: KeyRoom, version: int) -> MasterKeys:
    return MasterKeys(Ring({version: room.keys.ring.secrets[version]}))


async def test_a_file_that_is_spoilt_or_gone_changes_nothing_until_it_is_mended(
    sqlite_db: Database, tmp_path: Path
) -> None:
    async with scene(sqlite_db, tmp_path) as here, following(here.room):
        whole = here.path.read_text()
        spoil(here.path, "nothing that is a key")
        await asyncio.sleep(1.5)
        assert here.keys.current == 1 and state_of(here.keys) == "ok"
        here.path.unlink()
        await asyncio.sleep(1.5)
        assert here.keys.current == 1
        spoil(here.path, f"1:open-only:{whole.strip()}\n2:{'22' * 32}\n")
        await until(lambda: here.keys.current == 2)


def spoil(path: Path, text: str) -> None:
    path.write_text(text)


async def test_keys_that_come_late_are_told_and_purposes_are_read_when_the_database_is_back(
    sqlite_db: Database, tmp_path: Path
) -> None:
    async with scene(sqlite_db, tmp_path) as here:
        away = replace(here.room, keys=MasterKeys(None))
        assert state_of(away.keys) == "down"
        async with following(away) as back:
            await until(back.is_set)
        unread = replace(here.room, keys=MasterKeys(here.keys.ring))
        unread.keys.expect_kept()
        assert state_of(unread.keys) == "degraded"
        try:
            unread.keys.derived("staff")
            raise AssertionError("a key was made up")
        except KeysAway:
            pass
        async with following(unread):
            await until(lambda: set(unread.keys.kept) == set(PURPOSES))
        await sqlite_db.read(partial(read_kept, keys=here.keys))
        assert unread.keys.derived("staff").secret == here.keys.derived("staff").secret
