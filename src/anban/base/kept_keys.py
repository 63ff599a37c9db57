"""Keys of purposes that are not one user's: random, wrapped like users' keys, so that they outlive a master key.

Each purpose has one key; the ledger's signing seed has one a generation, so that one can hand over to the next.
"""

import os
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Column, Connection, Integer, LargeBinary, String, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from anban.base.db import kept, metadata
from anban.base.key_lines import SIZE
from anban.base.keys import DataKey, MasterKeys

SIGNING: Final = "ledger signing"

PURPOSES: Final = (
    SIGNING, "staff", "family letters", "outreach", "guardian claimants", "guardian codes", "guardian claims on nobody",
    "drill people", "visitor cookies", "my page", "desk forms", "guardian forms",
    "access", "page session", "page link", "oidc tries", "network log",
)  # fmt: skip
"""Everything that `MasterKeys.derived` is asked for; a test holds this list equal to what the code asks."""

kept_keys = Table(
    "kept_keys",
    metadata,
    Column("purpose", String(40), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("suite", String(24), nullable=False),
    Column("master", Integer, nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=False),
    info=kept(retention="user-key", about=None, erase="none"),
)


def keep_purposes(connection: Connection, keys: MasterKeys, *, fresh: bool) -> None:
    """Read the keys of every purpose into `keys`, and make those that are not there yet.

    In a database that is not `fresh`, what was sealed before there was this table was sealed with keys that come from
    the oldest master key: those stay, wrapped. Raises `Unreadable` when a master key is missing.
    """
    known = set(connection.execute(select(kept_keys.c.purpose)).scalars())
    oldest = min(keys.ring.secrets)
    for purpose in PURPOSES:
        if purpose not in known:
            secret = os.urandom(SIZE) if fresh else keys.of_master(purpose, oldest).secret
            add_kept(connection, keys, purpose, keys.current, secret)
    read_kept(connection, keys)


def add_kept(connection: Connection, keys: MasterKeys, purpose: str, version: int, secret: bytes | None = None) -> bool:
    """Store a key of `purpose` under this version, a new one unless given; False when another process was first."""
    wrapped, stored = keys.wrap(secret or os.urandom(SIZE), f"purpose:{purpose}", version)
    try:
        with connection.begin_nested():
            connection.execute(insert(kept_keys).values(purpose=purpose, version=version, wrapped=wrapped, **stored))
    except IntegrityError:
        return False
    return True


def read_kept(connection: Connection, keys: MasterKeys) -> None:
    """Read every stored key of a purpose into `keys`. Raises `Unreadable` when a master key is missing."""
    rows = connection.execute(select(kept_keys).order_by(kept_keys.c.purpose, kept_keys.c.version.desc()))
    found: dict[str, tuple[DataKey, ...]] = {}
    for row in rows:
        key = keys.unwrap(row.wrapped, f"purpose:{row.purpose}", row.version, row.master, row.suite)
        found[row.purpose] = (*found.get(row.purpose, ()), key)
    keys.keep(found)


def rewrap_kept(connection: Connection, keys: MasterKeys) -> int:
    """Put every key of a purpose under the current master key; how many were under another. Raises `Unreadable`."""
    older = connection.execute(select(kept_keys).where(kept_keys.c.master != keys.current)).all()
    for row in older:
        named = f"purpose:{row.purpose}"
        master, wrapped = keys.rewrap(row.wrapped, named, row.version, row.master, row.suite)
        this = (kept_keys.c.purpose == row.purpose, kept_keys.c.version == row.version)
        connection.execute(update(kept_keys).where(*this).values(master=master, wrapped=wrapped))
    return len(older)


def newest_version(connection: Connection, purpose: str) -> int:
    """The newest version that a purpose has; 0 when it has none."""
    return connection.execute(select(func.max(kept_keys.c.version)).where(kept_keys.c.purpose == purpose)).scalar() or 0


def drop_before(connection: Connection, purpose: str, version: int) -> int:
    """Destroy the keys of a purpose before this version; how many."""
    older = delete(kept_keys).where(kept_keys.c.purpose == purpose, kept_keys.c.version < version)
    return connection.execute(older).rowcount


def stored_masters(connection: Connection) -> Mapping[int, int]:
    """How many keys of purposes each master key wraps."""
    rows = connection.execute(select(kept_keys.c.master, func.count()).group_by(kept_keys.c.master))
    return {row[0]: row[1] for row in rows}
