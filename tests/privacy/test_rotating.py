"""Rotation on a real database: everything comes under the new key, nobody loses a word, and each step is evidence."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, event, func, select, update

from anban.base.db import Database
from anban.base.durable import Piece, work
from anban.base.errors import Conflict, Misconfigured, NotFound
from anban.base.kept_keys import PURPOSES, SIGNING, keep_purposes, kept_keys, read_kept
from anban.base.keyring import GivenKeys, KeyFile, Keyring
from anban.base.keys import MasterKeys, Unreadable
from anban.base.spill import SpillSeal
from anban.base.spool import Spool
from anban.ledger.kinds import Kind
from anban.ledger.reading import of_kind
from anban.people.models import User, user_keys
from anban.people.users import find, meet
from anban.privacy.key_following import check_keys
from anban.privacy.key_room import KeyRoom
from anban.privacy.key_states import versions, wrapped_by
from anban.privacy.rotating import ROTATION, begin, carry_rotation, destroy
from anban.privacy.rotation import Version
from anban.provider.services import open_service
from tests.house import MovableClock
from tests.privacy.test_rotation import RULES

PEOPLE = 250
"""More than one batch."""


@dataclass
class Scene:
    """A deployment's keys with people in it, and a clock to move."""

    room: KeyRoom
    clock: MovableClock
    service: str
    path: Path

    @property
    def keys(self) -> MasterKeys:
        return self.room.keys

    async def carried(self) -> datetime | None:
        """The rotation worker's turn: until nothing is owed at this moment."""
        while True:
            piece = await self.room.db.write(taken)
            again = await carry_rotation(piece, c=self.room)
            if again is None or again > self.clock.now():
                return again

    async def people(self) -> list[User | None]:
        def work(connection: Connection) -> list[User | None]:
            return [find(connection, self.keys, self.service, f"p{number}") for number in range(PEOPLE)]

        return await self.room.db.read(work)

    async def versions(self) -> tuple[Version, ...]:
        return await self.room.db.read(versions)

    async def stages(self) -> list[object]:
        found = await self.room.db.read(partial(of_kind, kind=Kind.KEY_ROTATED))
        return [each.entry.facts["stage"] for each in found if each.entry.facts["what"] == "master"]

    async def rotated(self) -> None:
        await begin(self.room, "administrator")
        self.clock.advance(seconds=20)
        await self.carried()


def taken(connection: Connection) -> Piece:
    changed = update(work).where(work.c.id == ROTATION).values(fence=work.c.fence + 1, holder="test")
    row = connection.execute(changed.returning(work.c.fence, work.c.woken, work.c.failures)).one()
    return Piece(ROTATION, ROTATION, row.fence, row.woken, row.failures)


async def at_once(_seconds: float) -> None:
    return


@asynccontextmanager
async def scene(db: Database, folder: Path, keyring: Keyring | None = None) -> AsyncIterator[Scene]:
    path = folder / "master.keys"
    if not path.exists():
        path.write_text("11" * 32)
    source, clock = keyring or KeyFile(path), MovableClock()
    keys = MasterKeys(await source.read())
    seal = SpillSeal(folder / "spill.pub", keys)

    def filled(connection: Connection) -> str:
        here = open_service(connection, name="companion", packs=("cn-2026-final",), place="cn").id
        keep_purposes(connection, keys, fresh=True)
        for number in range(PEOPLE):
            meet(connection, keys, here, f"p{number}", clock.now())
        return here

    here = await db.write(filled)
    spool = Spool(folder / "spool.bin", seal)
    room = KeyRoom(db, clock, keys, source, spool, seal.publish, lambda _at: RULES, here, at_once)
    await check_keys(room)
    yield Scene(room, clock, here, path)


async def test_everything_comes_under_the_new_version_and_nobody_loses_a_word(db: Database, tmp_path: Path) -> None:
    async with scene(db, tmp_path) as here:
        before = [user.key.seal(b"words", user.id) for user in await here.people() if user]
        kept = {purpose: here.keys.derived(purpose).secret for purpose in PURPOSES}
        await here.rotated()
        assert here.keys.current == 2
        assert set(await db.read(wrapped_by)) == {2}
        people = [user for user in await here.people() if user]
        assert [user.key.open(sealed, user.id) for user, sealed in zip(people, before, strict=True)] == [
            b"words"
        ] * PEOPLE
        still = {purpose: here.keys.derived(purpose).secret for purpose in PURPOSES}
        changed = {purpose for purpose in PURPOSES if kept[purpose] != still[purpose]}
        assert changed == {SIGNING}, "staff, letters, digests and forms go on; the ledger's key is a new one"
        assert await here.stages() == ["announced", "asked", "current", "replaced"]
        old, new = await here.versions()
        assert (old.state, old.wraps, new.state) == ("open-only", 0, "current")
        assert new.rewrapped == PEOPLE + len(PURPOSES)
        assert old.destroy_at is not None


async def test_an_old_version_is_destroyed_on_its_day_and_a_backup_opens_no_more(
    sqlite_db: Database, tmp_path: Path
) -> None:
    async with scene(sqlite_db, tmp_path) as here:
        backup = await sqlite_db.read(lambda c: c.execute(select(user_keys)).first())
        assert backup is not None
        with_old = MasterKeys(here.keys.ring)
        await here.rotated()
        here.clock.advance(hours=24 * 14)
        await here.carried()
        assert 1 in here.keys.ring.secrets, "a backup can still be restored"
        here.clock.advance(hours=24 * 2)
        await here.carried()
        assert here.keys.ring.destroyed == {1} and "11" * 32 not in here.path.read_text()
        assert with_old.unwrap(backup.wrapped, backup.user, 1, backup.master)
        with pytest.raises(Unreadable):
            here.keys.unwrap(backup.wrapped, backup.user, 1, backup.master)
        (ended,) = await sqlite_db.read(partial(of_kind, kind=Kind.KEY_DESTROYED))
        assert ended.entry.facts == {"what": "master", "version": 1, "wrapped": 0}


async def test_a_version_that_anything_needs_is_not_destroyed_whoever_asks(db: Database, tmp_path: Path) -> None:
    async with scene(db, tmp_path) as here:
        with pytest.raises(Conflict):
            await destroy(here.room, 1, "administrator")
        await begin(here.room, "administrator")
        with pytest.raises(Conflict):
            await begin(here.room, "administrator")
        here.clock.advance(seconds=20)
        await here.room.keyring.promote(2)
        await here.room.follow()
        with pytest.raises(Conflict, match=f"{PEOPLE + len(PURPOSES)} stored keys"):
            await destroy(here.room, 1, "administrator")
        await here.carried()
        await destroy(here.room, 1, "administrator")
        with pytest.raises(NotFound):
            await destroy(here.room, 1, "administrator")
        states = [each.state for each in await here.versions()]
        assert states == ["destroyed", "current"] and None not in await here.people()


async def test_a_key_that_was_erased_meanwhile_is_not_brought_back(sqlite_db: Database, tmp_path: Path) -> None:
    async with scene(sqlite_db, tmp_path) as here:
        user = next(user for user in await here.people() if user)
        await begin(here.room, "administrator")
        await here.room.keyring.promote(2)
        await here.room.follow()
        await sqlite_db.write(lambda c: c.execute(delete(user_keys).where(user_keys.c.user == user.id)).rowcount)
        await here.carried()
        left = await sqlite_db.read(lambda c: c.execute(select(func.count()).select_from(user_keys)).scalar())
        assert left == PEOPLE - 1


async def test_new_people_are_met_under_either_version_while_rotation_goes_on(db: Database, tmp_path: Path) -> None:
    async with scene(db, tmp_path) as here:
        behind = MasterKeys(here.keys.ring)
        await begin(here.room, "administrator")
        behind.follow(await KeyFile(here.path).read())
        await here.room.keyring.promote(2)
        await here.room.follow()
        # A replica that has not looked yet: it wraps with the old version, and opens what the new one wrapped.
        await db.write(lambda c: meet(c, behind, here.service, "late", here.clock.now()))
        ahead = await db.write(lambda c: meet(c, here.keys, here.service, "ahead", here.clock.now()))
        seen = await db.read(lambda c: find(c, behind, here.service, "ahead"))
        assert seen is not None and seen.key.secret == ahead.key.secret
        await here.carried()
        assert set(await db.read(wrapped_by)) == {2}


async def test_one_row_that_does_not_open_holds_up_nobody_and_keeps_its_master_key(
    sqlite_db: Database, tmp_path: Path
) -> None:
    async with scene(sqlite_db, tmp_path) as here:
        user = next(user for user in await here.people() if user)
        spoilt = update(user_keys).where(user_keys.c.user == user.id).values(wrapped=b"nothing that opens")
        await sqlite_db.write(lambda c: c.execute(spoilt).rowcount)
        await here.rotated()
        assert dict(await sqlite_db.read(wrapped_by)) == {1: 1, 2: PEOPLE + len(PURPOSES) - 1}
        with pytest.raises(Conflict):
            await destroy(here.room, 1, "administrator")


async def test_what_waits_in_the_spool_is_sealed_anew(sqlite_db: Database, tmp_path: Path) -> None:
    async with scene(sqlite_db, tmp_path) as here:
        here.room.spool.append(b"promise")
        await here.rotated()
        await destroy(here.room, 1, "administrator")
        assert here.room.spool.records() == [b"promise"]


async def test_a_key_with_an_old_number_and_another_content_is_refused(sqlite_db: Database, tmp_path: Path) -> None:
    async with scene(sqlite_db, tmp_path) as here:
        other = replace(here.room, keys=MasterKeys({1: b"x" * 32}))
        with pytest.raises(Misconfigured):
            await check_keys(other)


async def test_keys_from_the_environment_are_rotated_by_whoever_sets_them(sqlite_db: Database, tmp_path: Path) -> None:
    old, new = "11" * 32, "22" * 32
    async with scene(sqlite_db, tmp_path, GivenKeys(old)) as here:
        with pytest.raises(Conflict, match="by hand"):
            await begin(here.room, "administrator")
    async with scene(sqlite_db, tmp_path, GivenKeys(f"1:{old}\n2:{new}")) as here:
        await here.carried()
        assert set(await sqlite_db.read(wrapped_by)) == {2}
    async with scene(sqlite_db, tmp_path, GivenKeys(f"2:{new}")) as here:
        assert [each.state for each in await here.versions()] == ["destroyed", "current"]


async def test_a_version_that_is_taken_away_while_it_is_needed_is_missing_and_may_come_back(
    sqlite_db: Database, tmp_path: Path
) -> None:
    old, new = "11" * 32, "22" * 32
    async with scene(sqlite_db, tmp_path, GivenKeys(old)) as here:
        first = here.keys
        away = replace(here.room, keys=MasterKeys({2: bytes.fromhex(new)}))
        await check_keys(away)
        assert [each.state for each in await here.versions()] == ["missing", "current"]
        back = replace(here.room, keys=MasterKeys({1: first.ring.secrets[1], 2: bytes.fromhex(new)}))
        await check_keys(back)
        assert [each.state for each in await here.versions()] == ["open-only", "current"]


async def test_keys_of_purposes_are_random_and_an_older_database_keeps_those_it_had(
    sqlite_db: Database, tmp_path: Path
) -> None:
    async with scene(sqlite_db, tmp_path) as here:
        assert here.keys.derived("staff").secret != here.keys.of_master("staff", 1).secret

        def upgraded(connection: Connection) -> bytes:
            connection.execute(delete(kept_keys))
            keep_purposes(connection, here.keys, fresh=False)
            read_kept(connection, here.keys)
            return here.keys.derived("staff").secret

        assert await sqlite_db.write(upgraded) == here.keys.of_master("staff", 1).secret


async def test_a_rotation_comes_by_itself_when_a_key_is_old(sqlite_db: Database, tmp_path: Path) -> None:
    async with scene(sqlite_db, tmp_path) as here:
        again = await here.carried()
        assert again is not None and again <= here.clock.now() + timedelta(days=1)
        for _ in range(20):
            here.clock.advance(hours=24)
            await here.carried()
            here.clock.advance(seconds=30)
            await here.carried()
        assert here.keys.current == 2 and set(await sqlite_db.read(wrapped_by)) == {2}


async def test_keys_are_looked_through_and_counted_beside_those_who_write(sqlite_db: Database, tmp_path: Path) -> None:
    """There may be a million of them: on the one writer's thread a person in danger would wait for that."""
    async with scene(sqlite_db, tmp_path) as here:
        asked: list[str] = []
        event.listen(sqlite_db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))  # type: ignore[attr-defined]
        await here.rotated()
        assert set(await sqlite_db.read(wrapped_by)) == {2}
        assert [each for each in asked if each.startswith("SELECT") and "FROM user_keys" in each] == []
        assert any(each.startswith("UPDATE user_keys") for each in asked)
