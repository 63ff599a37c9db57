"""One transaction in which the ledger grows: entries get their places, a log ends and another begins, all is signed."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import BigInteger, Connection, bindparam, func, insert, select, text, update

from anban.base.errors import BadInput
from anban.ledger.checkpoint import FIRST, Signer, digest
from anban.ledger.entry import Entry, leaf
from anban.ledger.ledger import microseconds, row
from anban.ledger.logs import (
    Log,
    Signed,
    closing,
    end_log,
    last_signed,
    month_of,
    newest_log,
    open_log,
    opening,
    placed,
)
from anban.ledger.models import ledger_checkpoints, ledger_edge, ledger_entries, ledger_keys
from anban.ledger.recheck import LedgerDamaged
from anban.ledger.tree import Frontier

EDGE = "ledger"

_next = (
    select(ledger_entries.c.id)
    .where(ledger_entries.c.seq.is_(None))
    .order_by(ledger_entries.c.id)
    .limit(bindparam("most"))
    .subquery("next_ones")
)
_numbered = select(
    _next.c.id, (func.row_number().over(order_by=_next.c.id) - 1 + bindparam("base", type_=BigInteger)).label("place")
).subquery("numbered")
_PLACE = (
    update(ledger_entries)
    .where(ledger_entries.c.id == _numbered.c.id)
    .values(seq=_numbered.c.place)
    .returning(ledger_entries.c.seq, ledger_entries.c.id, ledger_entries.c.body, ledger_entries.c.leaf)
)
_FIRST_EDGE = text(
    "INSERT INTO ledger_edge (name, size, frontier, fence) VALUES (:name, 0, :empty, 0) ON CONFLICT DO NOTHING"
)


@dataclass
class Growing:
    """The newest log within a transaction. `before` is the digest of the last checkpoint of all."""

    connection: Connection
    signer: Signer
    now: datetime
    fence: int
    log: Log
    edge: Frontier
    before: str
    known: int
    """The edge's size as this transaction found it: nobody else may have moved it when it is kept."""

    unsigned: bool = False

    def place(self, most: int) -> int:
        """Give up to `most` waiting entries their places; how many. Raises `LedgerDamaged`."""
        start = self.log.first + self.edge.size
        rows = self.connection.execute(_PLACE, {"most": most, "base": start}).all()
        for expected, (seq, identifier, body, stored) in enumerate(sorted(rows, key=lambda found: found[0]), start):
            if seq != expected or leaf(body) != stored:
                raise LedgerDamaged("a stored entry does not match its hash", field=identifier)
            self.edge.append(stored)
            self.unsigned = True
        return len(rows)

    def place_own(self, entry: Entry) -> None:
        """Write an entry of the ledger about itself, at the next place."""
        new = row(entry)
        self.connection.execute(insert(ledger_entries).values(**new, seq=self.log.first + self.edge.size))
        self.edge.append(new["leaf"])
        self.unsigned = True

    def turn_over(self) -> None:
        """End the log, if it is sound, and begin another that names its end."""
        last, number = self.log, self.log.number + 1
        signed = last_signed(self.connection, last)
        if not last.damage:
            # The name of the next log is known only once it exists, and it begins behind the closing entry.
            log = open_log(self.connection, self.signer.origin, number, last.first + self.edge.size + 1, self.now)
            self.place_own(closing(last, log.origin, self.now))
            signed = self.sign()
            end_log(self.connection, last, signed.size)
        else:
            log = open_log(self.connection, self.signer.origin, number, placed(self.connection), self.now)
            end_log(self.connection, last, signed.size if signed else 0)
            self.before = digest(signed.note) if signed else FIRST
        self.log, self.edge = log, Frontier()
        self.place_own(opening(log, last, signed, self.now))

    def sign(self) -> Signed:
        """A checkpoint over everything that has a place in this log."""
        key, size, root = self.signer.named(self.log.origin), self.edge.size, self.edge.root()
        end = self.log.first + size
        if not self.connection.execute(select(ledger_keys.c.id).where(ledger_keys.c.id == key.key_id)).first():
            self.connection.execute(
                insert(ledger_keys).values(id=key.key_id, public=key.public, first_size=end, master=key.master)
            )
        note = key.note(size, root, self.now, self.before)
        self.connection.execute(
            insert(ledger_checkpoints).values(size=end, root=root, at=microseconds(self.now), note=note)
        )
        self.before, self.unsigned = digest(note), False
        return Signed(size, root, note)

    def keep(self) -> None:
        """Store the edge. Raises `LedgerDamaged` when it moved meanwhile."""
        kept = self.connection.execute(
            update(ledger_edge)
            .where(ledger_edge.c.name == EDGE, ledger_edge.c.size == self.known, ledger_edge.c.fence <= self.fence)
            .values(size=self.edge.size, frontier=self.edge.to_bytes(), fence=self.fence)
        )
        if kept.rowcount != 1:
            raise LedgerDamaged("the tree's edge moved under the sequencer")


def grow(connection: Connection, signer: Signer, now: datetime, fence: int, most: int) -> int:
    """Place and sign up to `most` waiting entries, in a new log where one is due; how many.

    Raises `LedgerDamaged` when the newest log is known to be damaged and no new one is due.
    """
    growing = _taken_up(connection, signer, now, fence)
    if growing.log.ends or month_of(now) > growing.log.month:
        growing.turn_over()
    elif growing.log.damage:
        raise LedgerDamaged("the log is damaged", field=growing.log.origin)
    done = growing.place(most)
    if growing.unsigned:
        growing.sign()
        growing.keep()
    return done


def _taken_up(connection: Connection, signer: Signer, now: datetime, fence: int) -> Growing:
    """The newest log with its edge, checked against the last checkpoint unless the log is known to be damaged."""
    log = newest_log(connection)
    stored = connection.execute(
        select(ledger_edge.c.size, ledger_edge.c.frontier).where(ledger_edge.c.name == EDGE)
    ).first()
    if log is None:
        if placed(connection):
            raise LedgerDamaged("there are entries and no log")
        log = open_log(connection, signer.origin, 1, 0, now)
    if stored is None:
        connection.execute(_FIRST_EDGE, {"name": EDGE, "empty": b""})
    known = stored.size if stored else 0
    last = last_signed(connection, log)
    edge, wrong = _edge(stored.size if stored else 0, stored.frontier if stored else b"", last)
    if wrong and not log.damage:
        if not log.ends:
            raise LedgerDamaged(wrong)
        log = replace(log, damage=wrong)  # a person has looked, and wants a new log
    return Growing(connection, signer, now, fence, log, edge, digest(last.note) if last else FIRST, known)


def _edge(size: int, frontier: bytes, last: Signed | None) -> tuple[Frontier, str]:
    """The stored edge, and what is wrong with it beside the last checkpoint."""
    try:
        edge = Frontier.from_bytes(size, frontier)
    except BadInput:
        return Frontier(), "the tree's edge is not one"
    if last is None:
        return edge, "the tree has entries and no checkpoint" if size else ""
    fits = last.size == edge.size and last.root == edge.root()
    return edge, "" if fits else "the tree's edge does not match the last checkpoint"
