"""What is stored about master keys, brought in step with what their source holds; each change is evidence."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from anban.base.errors import Misconfigured
from anban.base.kept_keys import stored_masters
from anban.base.keys import MasterKeys, Ring
from anban.base.times import aware
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.models import user_keys
from anban.privacy.key_models import master_keys
from anban.privacy.rotation import State, Version

SUBJECT: Final = "deployment"

log: Any = structlog.get_logger("anban.keys")


def enter_versions(connection: Connection, keys: MasterKeys, at: datetime, service: str) -> None:
    """Write down versions that are new, and what became of the others.

    Raises `Misconfigured` when a version is not the key that it was: what it sealed would not open.
    """
    ring, known = keys.ring, {row.version: row for row in connection.execute(select(master_keys))}
    for version in ring.secrets:
        if version not in known:
            _first_seen(connection, keys, version, at, service, quietly=not known)
        elif known[version].mark != keys.mark(version):
            raise Misconfigured(
                f"version {version} of the master key is another key than before",
                field="ANBAN_MASTER_KEY",
            )
        elif known[version].state != _state(ring, version):
            _moved(connection, ring, version, at, service, current_at=known[version].current_at)
    # A newer one that is not here is on its way to this replica.
    gone = [
        row
        for row in known.values()
        if row.version not in ring.secrets and row.state != "destroyed" and row.version < ring.current
    ]
    needed = wrapped_by(connection) if gone else {}
    for row in gone:
        _left(connection, row.version, at, service, named=row.version in ring.destroyed, needed=needed)


def versions(connection: Connection) -> tuple[Version, ...]:
    """Every version, oldest first, with how many stored keys it wraps."""
    wraps = wrapped_by(connection)
    rows = connection.execute(select(master_keys).order_by(master_keys.c.version))
    return tuple(
        Version(
            row.version, row.mark, row.state, aware(row.made_at), _moment(row.current_at), row.rewrapped,
            _moment(row.done_at), _moment(row.destroy_at), _moment(row.destroyed_at), wraps.get(row.version, 0),
        )
        for row in rows
    )  # fmt: skip


def wrapped_by(connection: Connection) -> Mapping[int, int]:
    """How many stored keys, of people and of purposes, each version wraps."""
    found = dict(stored_masters(connection))
    rows = connection.execute(select(user_keys.c.master, func.count()).group_by(user_keys.c.master))
    for master, count in rows:
        found[master] = found.get(master, 0) + count
    return found


def suites(connection: Connection) -> dict[str, int]:
    """How many data keys of people seal with each cipher suite."""
    rows = connection.execute(select(user_keys.c.suite, func.count()).group_by(user_keys.c.suite))
    return {row[0]: row[1] for row in rows}


def change_version(connection: Connection, version: int, **values: Any) -> None:
    """Write down what became of a version."""
    connection.execute(update(master_keys).where(master_keys.c.version == version).values(**values))


def told(
    connection: Connection,
    kind: Kind,
    at: datetime,
    service: str,
    facts: Mapping[str, Fact],
    actor: str = "anban",
    subject: str = SUBJECT,
) -> None:
    """Evidence about keys: numbers and dates, never a key."""
    write(connection, Entry(kind, at, subject, actor, service, "", dict(facts)))


def _state(ring: Ring, version: int) -> State:
    if version in ring.announced:
        return "announced"
    return "current" if version == ring.current else "open-only"


def _first_seen(
    connection: Connection, keys: MasterKeys, version: int, at: datetime, service: str, *, quietly: bool
) -> None:
    state = _state(keys.ring, version)
    new = {
        "version": version, "mark": keys.mark(version), "state": state, "made_at": at, "rewrapped": 0,
        "current_at": at if state == "current" else None,
    }  # fmt: skip
    try:
        with connection.begin_nested():
            connection.execute(insert(master_keys).values(new))
    except IntegrityError:
        return  # another replica saw it at this moment
    if not quietly:
        told(connection, Kind.KEY_ROTATED, at, service, {"what": "master", "version": version, "stage": state})


def _moved(
    connection: Connection, ring: Ring, version: int, at: datetime, service: str, *, current_at: datetime | None
) -> None:
    state = _state(ring, version)
    dates = {"current_at": current_at or at} if state == "current" else {}
    # A version that wraps again, or that was away, is not on its way out any more.
    change_version(connection, version, state=state, done_at=None, destroy_at=None, **dates)
    if state == "current":
        told(connection, Kind.KEY_ROTATED, at, service, {"what": "master", "version": version, "stage": "current"})


def _left(
    connection: Connection, version: int, at: datetime, service: str, *, named: bool, needed: Mapping[int, int]
) -> None:
    if not named and needed.get(version):
        # Perhaps a mistake, and perhaps mended in a minute: nothing is written off while something needs it.
        log.critical("keys.missing", version=version, wraps=needed[version])
        change_version(connection, version, state="missing")
        return
    change_version(connection, version, state="destroyed", destroyed_at=at)
    facts: dict[str, Fact] = {"what": "master", "version": version, "wrapped": needed.get(version, 0)}
    told(connection, Kind.KEY_DESTROYED, at, service, facts)


def _moment(stored: datetime | None) -> datetime | None:
    return None if stored is None else aware(stored)
