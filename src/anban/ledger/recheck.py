"""Reads stored entries again and recomputes the root from them, so that a flipped bit is never signed over.

A public log was lost in 2021 because one flipped bit in a stored leaf was signed. Before each signature a bounded
number of the newest log's stored entries is read again, going round; each log is gone through whole on a schedule.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, select

from anban.base.errors import AnbanError
from anban.ledger.checkpoint import digest
from anban.ledger.entry import leaf
from anban.ledger.logs import Log, last_signed
from anban.ledger.models import ledger_checkpoints, ledger_entries
from anban.ledger.tree import Frontier


class LedgerDamaged(AnbanError):
    """What is stored is not what was written. Nothing is signed until a person has looked. `field` is the entry."""

    code = "ledger_damaged"


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is read again: `entries` before each signature, everything each `whole`."""

    entries: int
    whole: timedelta


@dataclass(frozen=True, slots=True)
class Walk:
    """How far through `log` we are: the tree over what was read, and the last checkpoint passed."""

    log: int
    edge: Frontier = field(default_factory=Frontier)
    note: bytes = b""
    finished: bool = False


def walked(connection: Connection, log: Log, walk: Walk, most: int) -> Walk:
    """Go on by up to `most` entries, comparing at each checkpoint; `finished` at the newest one.

    Raises `LedgerDamaged` for an entry that does not match its hash, a gap, or a root that is not the one signed.
    """
    end = last_signed(connection, log)
    if end is None:
        return Walk(log.number, finished=True)
    edge, note = Frontier(walk.edge.size, list(walk.edge.peaks)), walk.note
    stop = min(edge.size + most, end.size)
    signed = _signed(connection, log, edge.size, stop)
    for identifier, stored in _leaves(connection, log, edge.size, stop):
        edge.append(stored)
        if edge.size in signed:
            root, following = signed[edge.size]
            if edge.root() != root or not _says(following, log.origin, edge.size, root, note):
                raise LedgerDamaged("what is stored is not what was signed", field=identifier)
            note = following
    if edge.size != stop:
        raise LedgerDamaged("a stored entry is missing")
    return Walk(log.number, edge, note, finished=stop == end.size)


def _signed(connection: Connection, log: Log, start: int, stop: int) -> dict[int, tuple[bytes, bytes]]:
    columns = ledger_checkpoints.c
    rows = connection.execute(
        select(columns.size, columns.root, columns.note).where(
            columns.size > log.first + start, columns.size <= log.first + stop
        )
    )
    return {row.size - log.first: (row.root, row.note) for row in rows}


def _leaves(connection: Connection, log: Log, start: int, stop: int) -> Iterator[tuple[str, bytes]]:
    columns = ledger_entries.c
    rows = connection.execute(
        select(columns.seq, columns.id, columns.body, columns.leaf)
        .where(columns.seq >= log.first + start, columns.seq < log.first + stop)
        .order_by(columns.seq)
    )
    for expected, (seq, identifier, body, stored) in enumerate(rows, log.first + start):
        if seq != expected:
            raise LedgerDamaged("a stored entry is missing")
        if leaf(body) != stored:
            raise LedgerDamaged("a stored entry does not match its hash", field=identifier)
        yield identifier, stored


def _says(note: bytes, origin: str, size: int, root: bytes, before: bytes) -> bool:
    """Whether a stored note is the one for this size and root, and names the one before it, where we have read that."""
    said = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    return note.startswith(said) and (not before or f"\nbefore {digest(before)}\n".encode() in note)
