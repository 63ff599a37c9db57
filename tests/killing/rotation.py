"""One process in the life of a rotation: goes on with what is owed, and is killed at the point it was given.

    python -m tests.killing.rotation --data DIR [--url postgresql://…] [--point rotation.batched]

Without a point it works until nothing is owed, and prints what it found as JSON.
"""

import argparse
import asyncio
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from anban.app import House, build, worker
from anban.base.clock import ShiftedClock
from anban.base.crashpoint import arm
from anban.base.db import Database
from anban.base.durable import release_all, work
from anban.base.keys import Unreadable
from anban.ledger.kinds import Kind
from anban.ledger.reading import of_kind
from anban.people.models import users
from anban.people.users import find, meet
from anban.privacy.key_states import versions, wrapped_by
from anban.privacy.rotating import begin
from anban.settings import Settings
from tests.house import PLAIN

POINTS = (
    "rotation.announced", "rotation.promoted", "rotation.rewrapped", "rotation.batched", "rotation.rewrapped:2",
    "rotation.renewed", "rotation.concluded", "rotation.destroyed",
)  # fmt: skip
"""In the order in which one rotation passes them, so that one is killed again and again."""

PEOPLE = 250


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--url")
    parser.add_argument("--point", default="")
    given = parser.parse_args()
    found = asyncio.run(live(given.data, given.url, given.point))
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


async def live(data: Path, url: str | None, point: str) -> dict[str, Any]:
    """Take the rotation up where the process before died; what there is when nothing is owed any more."""
    house = await build(Settings(demo=True, data=data, database_url=url), PLAIN)
    db, clock = house.rt.db, house.rt.clock
    assert isinstance(clock, ShiftedClock)
    # What the leases of the dead do after fifteen seconds.
    await db.write(release_all)
    await _people(house, db)
    arm(point)
    room = house.keyroom
    if room.keys.current == 1 and not room.keys.ring.announced:
        await begin(room, "administrator")
    carrying = worker(house)
    for ahead in (20, 30, 16 * 86_400, 1):
        clock.advance(ahead)
        await carrying.drain()
        while await house.sequencer.run_once(clock.now()):
            await carrying.drain()
    found = await db.read(partial(_found, house=house))
    await db.close()
    return found


async def _people(house: House, db: Database) -> None:
    def met(connection: Connection) -> None:
        if connection.execute(select(users.c.id).where(users.c.ref == "p0")).first():
            return
        for number in range(PEOPLE):
            meet(connection, house.rt.keys, house.service.id, f"p{number}", house.rt.clock.now())

    await db.write(met)


def _found(connection: Connection, house: House) -> dict[str, Any]:
    unreadable = 0
    for number in range(PEOPLE):
        try:
            unreadable += find(connection, house.rt.keys, house.service.id, f"p{number}") is None
        except Unreadable:
            unreadable += 1
    return {
        "states": {each.version: each.state for each in versions(connection)},
        "wrapped_by": dict(wrapped_by(connection)),
        "unreadable": unreadable,
        "failing": len(connection.execute(select(work.c.id).where(work.c.failures > 0)).all()),
        "destroyed": [each.entry.facts["version"] for each in of_kind(connection, Kind.KEY_DESTROYED)],
        "stages": [
            each.entry.facts["stage"]
            for each in of_kind(connection, Kind.KEY_ROTATED)
            if each.entry.facts["version"] == 2 and each.entry.facts["what"] == "master"
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
