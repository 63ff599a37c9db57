"""A new version of one person's key: what stays is sealed anew, and the version that sealed what went is destroyed.

Rows leave copies behind: in a write-ahead log, in free pages, in backups. So a row is erased when nothing opens it any
more. A copy of the destroyed version's wrapped form opens until the master key that wrapped it is destroyed too, which
happens on a schedule (`privacy/rotation.py`), at the latest after `retention-backup-days`.
"""

from typing import Any

import structlog
from sqlalchemy import Column, Connection, LargeBinary, RowMapping, Table, and_, delete, func, insert, select, update

from anban.base.db import metadata
from anban.base.keys import MasterKeys, Unreadable
from anban.people.models import User, user_keys

log: Any = structlog.get_logger("anban.erasure")


def sealed_tables() -> tuple[tuple[Table, Column[bytes]], ...]:
    """Every table with a column that is sealed under its user's own key."""
    return tuple(
        (table, column)
        for table in metadata.sorted_tables
        for column in table.columns
        if "sealed" in column.info and isinstance(column.type, LargeBinary)
    )


def next_version(connection: Connection, keys: MasterKeys, user: str) -> int:
    """Give a person a newer data key, which seals from now on; its version. The older ones still open."""
    newest = connection.execute(select(func.max(user_keys.c.version)).where(user_keys.c.user == user)).scalar() or 0
    version = newest + 1
    _, stored = keys.new_key(user, version)
    connection.execute(insert(user_keys).values(user=user, version=version, **stored))
    return version


def seal_anew(connection: Connection, user: User, version: int, most: int) -> int:
    """Seal up to `most` rows of older key versions under `version`; how many there were. 0: nothing is left to do."""
    done = 0
    for table, column in sealed_tables():
        if done >= most:
            break
        mine = and_(table.c[table.info["about"]] == user.id, table.c.key_version < version)
        rows = connection.execute(select(table).where(mine).limit(most - done)).mappings().all()
        for row in rows:
            _one(connection, user, version, table, column, row)
        done += len(rows)
    return done


def _one(
    connection: Connection, user: User, version: int, table: Table, column: Column[bytes], row: RowMapping
) -> None:
    # Written over by somebody else meanwhile: then nothing matches, and the next round finds it.
    this = and_(*(each == row[each.name] for each in table.primary_key), column == row[column.name])
    try:
        old = user.key.of(row["key_version"])
    except Unreadable:
        # Written by a turn that began before its key was destroyed: nobody can open it any more, so it goes.
        connection.execute(delete(table).where(this))
        return
    try:
        words = old.open(row[column.name], _place(table, column, row, row["key_version"]))
    except Unreadable:
        # Altered where it lies: it opens for nobody, and keeps no erasure from its end.
        log.critical("erasure.row_unreadable", table=table.name)
        connection.execute(update(table).where(this).values(key_version=version))
        return
    sealed = user.key.of(version).seal(words, _place(table, column, row, version))
    connection.execute(update(table).where(this).values({"key_version": version, column.name: sealed}))


def destroy_before(connection: Connection, user: str, version: int) -> int:
    """Destroy every key version of a person before `version`; how many. What they sealed can never be read again."""
    gone = connection.execute(delete(user_keys).where(user_keys.c.user == user, user_keys.c.version < version))
    return gone.rowcount


def _place(table: Table, column: Column[bytes], row: RowMapping, version: int) -> str:
    parts = (str(row[name]) for name in column.info["sealed"])
    return "|".join((table.name, *parts, str(version)))
