"""The master keys over HTTP: how they stand, a new one, the end of an old one. For the administrator alone."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.params import Dependency, Parameter

from anban.base.db import Connection
from anban.law.rulebook import Rulebook
from anban.privacy.key_room import KeyRoom
from anban.privacy.key_states import suites
from anban.privacy.rotating import begin, destroy, held_now
from anban.privacy.rotation import Held, Version, owed, too_old_at
from anban.web.manage import TheOffice, allowed

TheKeyRoom = Annotated[KeyRoom, Dependency(skip_validation=True)]
KeyVersion = Annotated[int, Parameter(ge=1, lt=2**31)]


@get("/anban/v1/keys", summary="How the master keys stand", tags=["keys"])
async def get_keys(request: Request[Any, Any, Any], office: TheOffice, keyroom: TheKeyRoom) -> dict[str, Any]:
    """Every version with its state, what it still wraps, and the day it is destroyed; never a key."""
    await allowed(request, office)
    return await _shown(keyroom)


@post("/anban/v1/keys/rotate", status_code=202, summary="Make a new master key", tags=["keys"])
async def rotate_keys(request: Request[Any, Any, Any], office: TheOffice, keyroom: TheKeyRoom) -> dict[str, Any]:
    """The new version is known to every replica before it wraps; then all keys are put under it, in the background."""
    await allowed(request, office)
    await begin(keyroom, "administrator")
    office.gateway.rt.wake_work()
    return await _shown(keyroom)


@post("/anban/v1/keys/{version:int}/destroy", status_code=200, summary="Destroy an old master key", tags=["keys"])
async def destroy_key(
    request: Request[Any, Any, Any], office: TheOffice, keyroom: TheKeyRoom, version: KeyVersion
) -> dict[str, Any]:
    """For good: no backup that was made while it wrapped can be opened any more. Refused while anything needs it."""
    await allowed(request, office)
    await destroy(keyroom, version, "administrator")
    return await _shown(keyroom)


async def _shown(room: KeyRoom) -> dict[str, Any]:
    now = room.clock.now()
    rules = room.rules(now)
    current, suite = room.keys.current, room.keys.suite

    def work(connection: Connection) -> tuple[Held, dict[str, int]]:
        return held_now(connection, room.keys, writable=room.keyring.writable), suites(connection)

    held, by_suite = await room.db.read(work)
    return {
        "source": room.keyring.name,
        "writable": room.keyring.writable,
        "suite": suite,
        "suites": by_suite,
        "current": current,
        "replace_by": too_old_at(held.current, rules).isoformat(),
        "owed": type(owed(held, rules, now)).__name__.lower(),
        "versions": [_version(each, rules, now) for each in held.versions],
    }


def _version(each: Version, rules: Rulebook, now: datetime) -> dict[str, Any]:
    def told(moment: datetime | None) -> str | None:
        return None if moment is None else moment.isoformat()

    return {
        "version": each.version, "state": each.state, "mark": each.mark, "wraps": each.wraps,
        "rewrapped": each.rewrapped, "made_at": told(each.made_at), "current_at": told(each.current_at),
        "done_at": told(each.done_at), "destroy_at": told(each.destroy_at), "destroyed_at": told(each.destroyed_at),
        "too_old": each.state == "current" and too_old_at(each, rules) <= now,
        "overdue": each.state == "open-only" and each.destroy_at is not None and each.destroy_at <= now,
    }  # fmt: skip


KEY_DOORS = (get_keys, rotate_keys, destroy_key)
"""The doors of the master keys."""
