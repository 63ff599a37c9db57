"""Carries out what the master keys owe, step by step; killed anywhere, it goes on where it stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, assert_never

import structlog
from sqlalchemy import Connection, bindparam, select, tuple_, update

from anban.base.clock import Clock
from anban.base.crashpoint import crashpoint
from anban.base.db import Database
from anban.base.durable import Piece, promise, still_ours
from anban.base.errors import Conflict, NotFound
from anban.base.kept_keys import SIGNING, add_kept, drop_before, kept_keys, read_kept, rewrap_kept
from anban.base.keyring import Keyring
from anban.base.keys import KeysAway, MasterKeys, Unreadable
from anban.base.spool import Spool
from anban.law.rulebook import Rulebook
from anban.ledger.checkpoint import Signer
from anban.ledger.entry import Fact
from anban.ledger.handover import SUBJECT, generation_signing
from anban.ledger.kinds import Kind
from anban.people.models import user_keys
from anban.privacy import rotation
from anban.privacy.key_states import change_version, enter_versions, told, versions, wrapped_by
from anban.privacy.rotation import Held, Wait, owed

ROTATION: Final = "rotation"
"""The kind of work, and the id of its one piece."""

BAND: Final = 90
"""Its place among all work: behind everybody."""

BATCHES: Final = 40
"""Batches at a stretch, before other work may go first."""

log: Any = structlog.get_logger("anban.keys")


@dataclass(frozen=True)
class KeyRoom:
    """What rotation needs. `publish` writes the spool's public key down. `service` is whose evidence it is."""

    db: Database
    clock: Clock
    keys: MasterKeys
    keyring: Keyring
    spool: Spool
    publish: Callable[[], None]
    rules: Callable[[datetime], Rulebook]
    service: str
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def follow(self) -> None:
        """Take up what the source holds now; what waits in the spool is sealed anew when another version wraps.

        Raises `KeysAway`, `Misconfigured`, `OSError`.
        """
        ring, before = await self.keyring.read(), None if self.keys.away else self.keys.current
        self.keys.follow(ring)
        if before != self.keys.current:
            await asyncio.to_thread(self._reseal)

    def _reseal(self) -> None:
        self.publish()
        self.spool.seal_anew()


def promise_rotation(connection: Connection, at: datetime) -> None:
    """Look at once whether the keys owe anything, and from then on again and again."""
    promise(connection, ROTATION, ROTATION, at, BAND)


async def begin(c: KeyRoom, actor: str) -> int:
    """Make a new version now; the rest is promised. Raises `Conflict` while one is under way, `Misconfigured`."""
    if c.keys.ring.announced:
        raise Conflict("a rotation is under way", field="version")
    version = await c.keyring.announce()
    crashpoint("rotation.announced")
    await c.follow()
    at = c.clock.now()

    def work(connection: Connection) -> None:
        enter_versions(connection, c.keys, at, c.service)
        facts = {"what": "master", "version": version, "stage": "asked"}
        told(connection, Kind.KEY_ROTATED, at, c.service, facts, actor)
        promise_rotation(connection, at)

    await c.db.write(work)
    return version


async def destroy(c: KeyRoom, version: int, actor: str) -> None:
    """Destroy an old version now, before its day. Raises `NotFound`, or `Conflict` while anything needs it."""
    if version not in c.keys.ring.secrets:
        raise NotFound("there is no such version, or it is destroyed already", field="version")
    if version == c.keys.current:
        raise Conflict("this version wraps; make a newer one first: `anban keys rotate`", field="version")
    await asyncio.to_thread(c.spool.seal_anew)
    needed = (await c.db.read(wrapped_by)).get(version, 0)
    if needed:
        raise Conflict(f"{needed} stored keys are still wrapped by this version; rotation goes on", field="version")
    await _destroyed(c, version, actor)


async def carry_rotation(piece: Piece, *, c: KeyRoom) -> datetime | None:
    """Take steps as long as any is owed; when to look again."""
    if c.keys.away:
        return c.clock.now() + timedelta(seconds=30)
    while True:
        if c.keyring.changed():
            await c.follow()
        now = c.clock.now()
        rules = c.rules(now)
        step = owed(await c.db.write(partial(_held, c=c, piece=piece, at=now)), rules, now)
        match step:
            case Wait(until):
                return until
            case rotation.Announce():
                await begin(c, "anban")
            case rotation.Promote(version):
                await c.keyring.promote(version)
                crashpoint("rotation.promoted")
                await c.follow()
            case rotation.Rewrap():
                again = await _rewrap(c, piece, rules)
                if again is not None:
                    return again
            case rotation.RenewSigning(generation):
                await c.db.write(partial(_renew, c=c, piece=piece, generation=generation, at=now))
                crashpoint("rotation.renewed")
            case rotation.DropSigning(before):
                await c.db.write(partial(_drop, c=c, piece=piece, before=before))
            case rotation.Conclude(version, destroy_at):
                await c.db.write(partial(_conclude, c=c, piece=piece, version=version, at=now, destroy_at=destroy_at))
                crashpoint("rotation.concluded")
            case rotation.Destroy(version):
                await asyncio.to_thread(c.spool.seal_anew)
                await _destroyed(c, version, "anban")
            case _ as never:
                assert_never(never)


def held_now(connection: Connection, keys: MasterKeys, *, writable: bool) -> Held:
    """All that `owed` looks at."""
    return Held(versions(connection), writable, *_signing(connection))


def _held(connection: Connection, c: KeyRoom, piece: Piece, at: datetime) -> Held:
    still_ours(connection, piece)
    enter_versions(connection, c.keys, at, c.service)
    return held_now(connection, c.keys, writable=c.keyring.writable)


async def _rewrap(c: KeyRoom, piece: Piece, rules: Rulebook) -> datetime | None:
    """Some batches; None when all is done, else when to go on."""
    most, pause = rules.whole("rotation-batch"), rules.lasting("rotation-pause-milliseconds").total_seconds()
    after, unreadable = ("", 0), 0
    for _ in range(BATCHES):
        batch = await c.db.write(partial(_batch, c=c, piece=piece, after=after, most=most))
        crashpoint("rotation.batched")
        after, unreadable = batch.after, unreadable + batch.unreadable
        if batch.seen < most:
            break
        await c.rest(pause)
    else:
        return c.clock.now()
    if unreadable:
        log.critical("keys.unreadable", keys=unreadable)
        return c.clock.now() + timedelta(hours=1)
    return None


@dataclass(frozen=True, slots=True)
class _Batch:
    seen: int
    unreadable: int
    after: tuple[str, int]


_REWRAPPED = (
    update(user_keys)
    # Under the version that was read: a key that was destroyed or replaced meanwhile stays so.
    .where(
        user_keys.c.user == bindparam("of_user"),
        user_keys.c.version == bindparam("of_version"),
        user_keys.c.master == bindparam("of_master"),
    )
    .values(master=bindparam("new_master"), wrapped=bindparam("new_wrapped"))
)


def _batch(connection: Connection, c: KeyRoom, piece: Piece, after: tuple[str, int], most: int) -> _Batch:
    still_ours(connection, piece)
    keys, columns = c.keys, user_keys.c
    purposes = rewrap_kept(connection, keys)
    rows = connection.execute(
        select(user_keys)
        .where(columns.master != keys.current, tuple_(columns.user, columns.version) > after)
        .order_by(columns.user, columns.version)
        .limit(most)
    ).all()
    changed: list[dict[str, Any]] = []
    for row in rows:
        try:
            master, wrapped = keys.rewrap(row.wrapped, row.user, row.version, row.master, row.suite)
        except KeysAway:
            raise
        except Unreadable:
            continue
        changed.append(
            {"of_user": row.user, "of_version": row.version, "of_master": row.master,
             "new_master": master, "new_wrapped": wrapped}
        )  # fmt: skip
    if changed:
        connection.execute(_REWRAPPED, changed)
    if changed or purposes:
        change_version(connection, keys.current, rewrapped=_plus(len(changed) + purposes))
    crashpoint("rotation.rewrapped")
    last = (rows[-1].user, rows[-1].version) if rows else after
    return _Batch(len(rows), len(rows) - len(changed), last)


def _plus(more: int) -> Any:
    from anban.privacy.key_models import master_keys

    return master_keys.c.rewrapped + more


def _signing(connection: Connection) -> tuple[int, int, bool]:
    """The newest signing generation, the one that signs now, and whether an older one is still there."""
    held = connection.execute(select(kept_keys.c.version).where(kept_keys.c.purpose == SIGNING)).scalars().all()
    newest, signs = max(held, default=0), generation_signing(connection)
    return newest, newest if signs is None else signs, len(held) > 1


def _renew(connection: Connection, c: KeyRoom, piece: Piece, generation: int, at: datetime) -> None:
    still_ours(connection, piece)
    made = add_kept(connection, c.keys, SIGNING, generation)
    read_kept(connection, c.keys)
    if made:
        public = Signer("", c.keys.derived(SIGNING).secret, generation).public.hex()
        facts: dict[str, Fact] = {"what": "ledger-signing", "version": generation, "stage": "named", "public": public}
        told(connection, Kind.KEY_ROTATED, at, c.service, facts, subject=SUBJECT + public)


def _drop(connection: Connection, c: KeyRoom, piece: Piece, before: int) -> None:
    still_ours(connection, piece)
    drop_before(connection, SIGNING, before)
    read_kept(connection, c.keys)


def _conclude(
    connection: Connection, c: KeyRoom, piece: Piece, version: int, at: datetime, destroy_at: datetime
) -> None:
    still_ours(connection, piece)
    change_version(connection, version, done_at=at, destroy_at=destroy_at)
    facts = {"what": "master", "version": version, "stage": "replaced", "by": c.keys.current}
    told(connection, Kind.KEY_ROTATED, at, c.service, facts)


async def _destroyed(c: KeyRoom, version: int, actor: str) -> None:
    at = c.clock.now()
    await c.keyring.destroy(version)
    crashpoint("rotation.destroyed")
    await c.follow()

    def work(connection: Connection) -> None:
        enter_versions(connection, c.keys, at, c.service)
        if actor != "anban":
            facts = {"what": "master", "version": version, "stage": "asked"}
            told(connection, Kind.KEY_DESTROYED, at, c.service, facts, actor)
        promise_rotation(connection, at)

    await c.db.write(work)
