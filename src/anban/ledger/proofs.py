"""Proofs out of the stored ledger, in one pass and a few hashes of memory however long a log is."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from anban.ledger.logs import Log
from anban.ledger.models import ledger_entries
from anban.ledger.tree import Frontier, later_ranges, proof_from

_PAGE = 5000


def leaves(connection: Connection, log: Log, start: int, end: int) -> Iterator[bytes]:
    """The leaf hashes of entries `start` to `end` of a log, in order, page by page."""
    columns = ledger_entries.c
    for first in range(start, end, _PAGE):
        last = min(first + _PAGE, end)
        yield from connection.execute(
            select(columns.leaf)
            .where(columns.seq >= log.first + first, columns.seq < log.first + last)
            .order_by(columns.seq)
        ).scalars()


def edge_at(connection: Connection, log: Log, size: int, known: Frontier | None = None) -> Frontier:
    """The tree's edge at `size` entries; `known` is an earlier edge to go on from."""
    edge = Frontier() if known is None or known.size > size else Frontier(known.size, list(known.peaks))
    for each in leaves(connection, log, edge.size, size):
        edge.append(each)
    return edge


def growth(connection: Connection, log: Log, edge: Frontier, size: int) -> list[bytes]:
    """The proof that the tree at `edge` is the beginning of the tree of `size` entries (RFC 6962 section 2.1.2)."""
    if edge.size in (0, size):
        return []
    each = leaves(connection, log, edge.size, size)
    roots: list[bytes] = []
    for low, high in later_ranges(edge.size, size):
        part = Frontier()
        for _ in range(high - low):
            part.append(next(each))
        roots.append(part.root())
    return proof_from(edge, size, roots)
