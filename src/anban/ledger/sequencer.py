"""Gives every entry its place and signs what has come together, at most a second later.

Entries are written by many transactions at once, without a number. One process at a time (leased, fenced) takes those
that wait, numbers them without gaps, extends the tree and signs a checkpoint, all in one transaction.
"""

import asyncio
import base64
import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import BigInteger, Connection, bindparam, func, insert, select, text, update

from anban.base.clock import Clock
from anban.base.db import Database
from anban.base.errors import AnbanError, StorageFailed
from anban.base.lease import Lease, release, renew, take
from anban.ledger.checkpoint import FIRST, Signer, digest
from anban.ledger.entry import leaf
from anban.ledger.ledger import microseconds
from anban.ledger.models import ledger_checkpoints, ledger_edge, ledger_entries, ledger_keys
from anban.ledger.tree import Frontier

BATCH = 1000
"""Entries placed by one transaction: few enough that somebody in danger never waits long behind it."""

PAUSE = 1.0
LEASE = 10.0
_NAME = "ledger"

_log: Any = structlog.get_logger("anban.ledger")


class LedgerDamaged(AnbanError):
    """What is stored is not what was written. Nothing is signed until a person has looked."""

    code = "ledger_damaged"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One look: how many entries were placed, and the lease we hold, if any."""

    placed: int
    lease: Lease | None


_WAITS = select(ledger_entries.c.id).where(ledger_entries.c.seq.is_(None)).limit(1)

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


class Sequencer:
    """`run_forever` while the service runs. `holder` must be unique to this process run.

    `last_error` is the code of what stopped the latest look, None after a good one; `lag` says how far behind we are.
    """

    def __init__(self, db: Database, signer: Signer, clock: Clock, *, holder: str) -> None:
        self._db = db
        self._clock = clock
        self._signer = signer
        self._holder = holder
        self._lease: Lease | None = None
        self._clear_at: datetime | None = None
        self._clear = True
        self.last_error: str | None = None
        self.placed = 0

    @property
    def public_key(self) -> bytes:
        """The key that checkpoints are verified with, 32 bytes."""
        return self._signer.public

    def lag(self, now: datetime) -> float:
        """Seconds since everything written was last seen placed and signed; 0 while that is so."""
        if self._clear or self._clear_at is None:
            return 0.0
        return max(0.0, (now - self._clear_at).total_seconds())

    async def run_once(self, now: datetime) -> int:
        """Place and sign up to `BATCH` waiting entries; how many. Writes nothing when none wait.

        Raises `StorageFailed`, or `LedgerDamaged` when stored bytes no longer match their hash.
        """
        if self._clear_at is None:
            self._clear_at = now
        if not await self._db.read(_anything_waits):
            self._note(now, clear=True)
            return 0
        self._clear = False  # until the batch below has shown otherwise
        outcome = await self._db.write(lambda connection: self._place(connection, now))
        self._lease = outcome.lease
        self.placed += outcome.placed
        self._note(now, clear=outcome.placed < BATCH)
        return outcome.placed

    def _note(self, now: datetime, *, clear: bool) -> None:
        self._clear, self.last_error = clear, None
        if clear:
            self._clear_at = now

    async def run_forever(self, stop: asyncio.Event) -> None:
        """Look every second, at once again while more waits than fits, until `stop`; then release the lease."""
        _log.info("ledger.signing", key=self._signer.key_id, public=base64.b64encode(self.public_key).decode())
        while not stop.is_set():
            pause = PAUSE
            try:
                if await self.run_once(self._clock.now()) == BATCH:
                    pause = 0.05
            except Exception as error:  # noqa: BLE001 - told through last_error, the log and lag; then tried again
                self._failed(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
        if (lease := self._lease) is not None:
            self._lease = None
            try:
                await self._db.write(lambda connection: release(connection, lease))
            except StorageFailed as error:
                self._failed(error)  # the lease runs out by itself

    def _failed(self, error: Exception) -> None:
        self._clear = False
        code = error.code if isinstance(error, AnbanError) else type(error).__name__
        if code != self.last_error:
            _log.error("ledger.not_signed", code=code, entry=getattr(error, "field", None))
        self.last_error = code

    def _place(self, connection: Connection, now: datetime) -> Outcome:
        lease = self._lease
        if lease is None or not renew(connection, lease):
            lease = take(connection, _NAME, self._holder, LEASE)
        if lease is None:
            return Outcome(0, None)  # another replica is at it
        edge, before = _load(connection)
        start = edge.size
        rows = connection.execute(_PLACE, {"most": BATCH, "base": start}).all()
        for place, (seq, identifier, body, stored) in enumerate(sorted(rows, key=lambda row: row[0]), start):
            if seq != place or leaf(body) != stored:
                raise LedgerDamaged("a stored entry does not match its hash", field=identifier)
            edge.append(stored)
        if edge.size > start:
            self._sign(connection, edge, start, before, now, lease)
        return Outcome(edge.size - start, lease)

    def _sign(
        self, connection: Connection, edge: Frontier, start: int, before: str, now: datetime, lease: Lease
    ) -> None:
        root, key = edge.root(), self._signer
        if not connection.execute(select(ledger_keys.c.id).where(ledger_keys.c.id == key.key_id)).first():
            connection.execute(
                insert(ledger_keys).values(id=key.key_id, public=key.public, first_size=edge.size, master=key.master)
            )
        note = key.note(edge.size, root, now, before)
        connection.execute(
            insert(ledger_checkpoints).values(size=edge.size, root=root, at=microseconds(now), note=note)
        )
        kept = connection.execute(
            update(ledger_edge)
            .where(ledger_edge.c.name == _NAME, ledger_edge.c.size == start, ledger_edge.c.fence <= lease.fence)
            .values(size=edge.size, frontier=edge.to_bytes(), fence=lease.fence)
        )
        if kept.rowcount != 1:
            raise LedgerDamaged("the tree's edge moved under the sequencer")


def _anything_waits(connection: Connection) -> bool:
    return connection.execute(_WAITS).first() is not None


_FIRST_EDGE = text(
    "INSERT INTO ledger_edge (name, size, frontier, fence) VALUES (:name, 0, :empty, 0) ON CONFLICT DO NOTHING"
)


def _load(connection: Connection) -> tuple[Frontier, str]:
    """The edge of the tree, checked against the last signed root, and the digest of that checkpoint."""
    stored = connection.execute(
        select(ledger_edge.c.size, ledger_edge.c.frontier).where(ledger_edge.c.name == _NAME)
    ).first()
    last = connection.execute(
        select(ledger_checkpoints.c.size, ledger_checkpoints.c.root, ledger_checkpoints.c.note)
        .order_by(ledger_checkpoints.c.size.desc())
        .limit(1)
    ).first()
    if stored is None:
        connection.execute(_FIRST_EDGE, {"name": _NAME, "empty": b""})
    edge = Frontier() if stored is None else Frontier.from_bytes(stored.size, stored.frontier)
    if last is None:
        if edge.size:
            raise LedgerDamaged("the tree has entries and no checkpoint")
        return edge, FIRST
    if last.size != edge.size or last.root != edge.root():
        raise LedgerDamaged("the tree's edge does not match the last checkpoint")
    return edge, digest(last.note)
