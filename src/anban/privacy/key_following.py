"""Each process follows the source of the master keys: a version that one replica made, all know within seconds."""

import asyncio
import contextlib
from functools import partial
from typing import Any

import structlog

from anban.base.db import Connection
from anban.base.errors import AnbanError, Misconfigured, StorageFailed
from anban.base.kept_keys import keep_purposes
from anban.base.keys import KeysAway, MasterKeys
from anban.privacy.key_room import KeyRoom
from anban.privacy.key_states import enter_versions
from anban.privacy.rotating import promise_rotation

EVERY = 1.0
"""Seconds between looks at the source."""

AWAY = 5.0
"""Seconds between questions to a key service that did not answer."""

log: Any = structlog.get_logger("anban.keys")


async def check_keys(room: KeyRoom) -> None:
    """At start: the versions are those that sealed this database, and rotation is looked after.

    Raises `Misconfigured` for a version that is another key than it was; without a database nobody can tell.
    """

    def work(connection: Connection) -> None:
        at = room.clock.now()
        enter_versions(connection, room.keys, at, room.service)
        promise_rotation(connection, at)

    if not room.keys.away:
        with contextlib.suppress(StorageFailed):
            await room.db.write(work)


async def keep_keys(room: KeyRoom, stop: asyncio.Event, came_back: asyncio.Event, wake: asyncio.Event) -> None:
    """Once a second until `stop`. `came_back` is set when the key service answers at last: the house is built anew."""
    failed = ""
    while not stop.is_set():
        try:
            if room.keys.away:
                await room.keyring.read()
                log.warning("keys.back", source=room.keyring.name)
                came_back.set()
                return
            if room.keyring.changed():
                await room.follow()
                await room.db.write(partial(promise_rotation, at=room.clock.now()))
                wake.set()
                log.info("keys.followed", current=room.keys.current, older=list(room.keys.older))
            if not room.keys.kept and room.db.healthy:
                await room.db.write(partial(keep_purposes, keys=room.keys, fresh=False))
            failed = ""
        except (AnbanError, OSError) as error:
            # What is in memory holds; said once, not every second.
            code = error.code if isinstance(error, AnbanError) else type(error).__name__
            if code != failed:
                log.error("keys.not_followed", code=code, damaged=isinstance(error, Misconfigured))
            failed = code
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), AWAY if room.keys.away else EVERY)


def state_of(keys: MasterKeys) -> str:
    """For those who watch: ok, or down while nothing can be sealed or opened."""
    try:
        _ = keys.ring
    except KeysAway:
        return "down"
    return "ok" if keys.kept else "degraded"
