"""Carries out what the master keys owe, step by step; killed anywhere, it goes on where it stopped."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Final, assert_never

from sqlalchemy import Connection, select

from anban.base.crashpoint import crashpoint
from anban.base.durable import Piece, promise, still_ours
from anban.base.errors import Conflict, Misconfigured, NotFound, Unavailable
from anban.base.kept_keys import SIGNING, add_kept, drop_before, kept_keys, read_kept
from anban.base.keys import MasterKeys
from anban.ledger.checkpoint import Signer
from anban.ledger.entry import Fact
from anban.ledger.handover import SUBJECT, generation_signing
from anban.ledger.kinds import Kind
from anban.privacy import rotation
from anban.privacy.key_room import KeyRoom
from anban.privacy.key_states import change_version, enter_versions, told, versions, wrapped_by
from anban.privacy.rewrapping import rewrap
from anban.privacy.rotation import Held, Wait, owed

ROTATION: Final = "rotation"
"""The kind of work, and the id of its one piece."""

BAND: Final = 90
"""Its place among all work: behind everybody."""


def promise_rotation(connection: Connection, at: datetime) -> None:
    """Look at once whether the keys owe anything, and from then on again and again."""
    promise(connection, ROTATION, ROTATION, at, BAND)


async def begin(c: KeyRoom, actor: str) -> int:
    """Make a new version now; the rest is promised. Raises `Conflict` while one is under way.

    Raises `Conflict` too where the service cannot write, `Unavailable` when the key service does not wrap it.
    """
    _writable(c)
    if c.keys.ring.announced:
        raise Conflict("a rotation is under way", field="version")
    try:
        version = await c.keyring.announce()
    except Misconfigured as error:
        raise Unavailable(error.message, field=error.field) from error
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
    _writable(c)
    if version not in c.keys.ring.secrets:
        raise NotFound("there is no such version, or it is destroyed already", field="version")
    if version == c.keys.current:
        raise Conflict("this version wraps; make a newer one first: `anban keys rotate`", field="version")
    await asyncio.to_thread(c.spool.seal_anew)
    needed = (await c.db.read(wrapped_by)).get(version, 0)
    if needed:
        raise Conflict(f"{needed} stored keys are still wrapped by this version; rotation goes on", field="version")
    await _destroyed(c, version, actor)


def _writable(c: KeyRoom) -> None:
    if not c.keyring.writable:
        raise Conflict("these keys are changed where they come from, by hand; see docs/keys.md", code="keys_by_hand")


async def carry_rotation(piece: Piece, *, c: KeyRoom) -> datetime | None:
    """Take steps as long as any is owed; when to look again."""
    if c.keys.away:
        return c.clock.now() + timedelta(seconds=30)
    while True:
        if c.keyring.changed():
            await c.follow()
        now = c.clock.now()
        rules = c.rules(now)
        await c.db.write(partial(_entered, c=c, piece=piece, at=now))
        # Every key of everybody is counted: beside whoever writes, not in their way.
        held = await c.db.read(partial(held_now, keys=c.keys, writable=c.keyring.writable))
        step = owed(held, rules, now)
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
                again = await rewrap(c, piece, rules)
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


def _entered(connection: Connection, c: KeyRoom, piece: Piece, at: datetime) -> None:
    still_ours(connection, piece)
    enter_versions(connection, c.keys, at, c.service)


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
