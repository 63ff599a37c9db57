"""Which key signs now: a new one only after the ledger, signed by the one before, has named it."""

from typing import Final

from sqlalchemy import Connection, func, select

from anban.base.kept_keys import SIGNING, newest_version, read_kept
from anban.base.keys import DataKey, MasterKeys
from anban.ledger.checkpoint import Signer, signer
from anban.ledger.models import ledger_checkpoints, ledger_entries, ledger_keys

SUBJECT: Final = "ledger-key:"
"""Begins the subject of the entry that names a new signing key; the key follows in hex."""


def signing_now(connection: Connection, keys: MasterKeys, deployment: str) -> Signer:
    """The key for the next checkpoint: the newest one that was handed over to, as far as it is still there.

    Raises `KeysAway` while there are no keys. Where the one before is lost, the newest signs without having been named,
    and every verifier says so.
    """
    newest, held = signer(keys, deployment), _held(connection, keys)
    used = generation_signing(connection)
    for each in held:
        found = Signer(newest.origin, each.secret, each.version)
        if used is None or each.version == used or (each.version > used and _named(connection, found.public)):
            return found
    return newest


def generation_signing(connection: Connection) -> int | None:
    """The generation of the key that signed last; None before the first checkpoint."""
    return connection.execute(select(func.max(ledger_keys.c.master))).scalar()


def _held(connection: Connection, keys: MasterKeys) -> tuple[DataKey, ...]:
    """Every signing key, newest first; one that another process made is read first."""
    held = keys.kept.get(SIGNING, ())
    if held and held[0].version < newest_version(connection, SIGNING):
        read_kept(connection, keys)
        held = keys.kept[SIGNING]
    return held


def _named(connection: Connection, public: bytes) -> bool:
    """Whether an entry that names this key stands under a checkpoint."""
    signed = select(func.max(ledger_checkpoints.c.size)).scalar_subquery()
    entry = select(ledger_entries.c.id).where(
        ledger_entries.c.subject == SUBJECT + public.hex(), ledger_entries.c.seq < signed
    )
    return connection.execute(entry.limit(1)).first() is not None
