"""Work that survives a crash: what is due next stands in the database beside what it is for, and whoever lives does it.

A promise is a row of `work`, written in the transaction that makes the promise. A worker takes the rows that are due
under a lease with a fence (reliability rules R1 to R3), does what is owed and settles the row with the next due time.
A row whose worker died falls free when its lease ends; nobody has to notice. A wake that comes while the row is being
worked on is never lost. Nothing waits in memory, so ten thousand open promises cost a row each.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Float,
    Index,
    Integer,
    String,
    Table,
    case,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from anban.base.clock import Clock
from anban.base.db import Database, kept, metadata
from anban.base.errors import StorageFailed, told
from anban.base.lease import database_seconds

log: Any = structlog.get_logger("anban.durable")

LEASE = 15.0
"""Seconds after which the work of a process that died falls free (reliability F11)."""

AT_ONCE = 16
"""Pieces of work that one process carries side by side."""

LONGEST_PAUSE = 30.0
"""Seconds at most between tries of work that fails: it is never given up."""

work = Table(
    "work",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("band", Integer, nullable=False),
    Column("holder", String(80), nullable=False, default=""),
    Column("lease_until", Float(53), nullable=False, default=0.0),
    Column("fence", BigInteger, nullable=False, default=0),
    Column("woken", BigInteger, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Index("ix_work_due", "due_at", "band"),
    info=kept(retention="operations", about=None, erase="none"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of work that is ours for now. `fence` proves it; `woken` tells whether something came meanwhile."""

    id: str
    kind: str
    fence: int
    woken: int
    failures: int


class Overtaken(Exception):
    """Another worker has this piece of work by now: what we meant to write is refused."""


Carry = Callable[[Piece], Awaitable[datetime | None]]
"""Does what is owed and returns when something is due next, or None when nothing is."""


def promise(connection: Connection, identifier: str, kind: str, due_at: datetime, band: int = 0) -> None:
    """Make `identifier` due at `due_at`, or earlier if it was due earlier. Lower `band` goes first.

    Called in the transaction of what is promised; promising twice promises once.
    """
    earlier = case((or_(work.c.due_at.is_(None), work.c.due_at > due_at), due_at), else_=work.c.due_at)
    changed = connection.execute(
        update(work).where(work.c.id == identifier).values(due_at=earlier, band=band, woken=work.c.woken + 1)
    )
    if changed.rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(
                insert(work).values(
                    id=identifier, kind=kind, due_at=due_at, band=band,
                    holder="", lease_until=0.0, fence=0, woken=0, failures=0,
                )
            )  # fmt: skip
    except IntegrityError:
        promise(connection, identifier, kind, due_at, band)


def take_due(connection: Connection, now: datetime, holder: str, most: int = AT_ONCE) -> tuple[Piece, ...]:
    """Take up to `most` pieces that are due and that nobody holds, most urgent first."""
    rows = connection.execute(
        select(work.c.id)
        .where(work.c.due_at <= now, work.c.lease_until < database_seconds())
        .order_by(work.c.band, work.c.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    taken: list[Piece] = []
    for (identifier,) in rows:
        row = connection.execute(
            update(work)
            .where(work.c.id == identifier)
            .values(holder=holder, fence=work.c.fence + 1, lease_until=database_seconds() + LEASE)
            .returning(work.c.kind, work.c.fence, work.c.woken, work.c.failures)
        ).one()
        taken.append(Piece(identifier, row.kind, row.fence, row.woken, row.failures))
    return tuple(taken)


def still_ours(connection: Connection, piece: Piece) -> None:
    """Lock the piece for this transaction and extend its lease. Raises `Overtaken` when another worker has it."""
    kept = connection.execute(
        update(work)
        .where(work.c.id == piece.id, work.c.fence == piece.fence)
        .values(lease_until=database_seconds() + LEASE)
    )
    if kept.rowcount != 1:
        raise Overtaken(piece.id)


def settle(connection: Connection, piece: Piece, due_at: datetime | None, now: datetime, failures: int = 0) -> None:
    """Give the piece back, due at `due_at`; due at once when it was woken while we worked on it."""
    connection.execute(
        update(work)
        .where(work.c.id == piece.id, work.c.fence == piece.fence)
        .values(
            due_at=case((work.c.woken > piece.woken, now), else_=due_at),
            holder="",
            lease_until=0.0,
            failures=failures,
        )
    )


def release_all(connection: Connection) -> None:
    """Free every piece: for the one process of an exclusive database at its start, whose former self is gone."""
    connection.execute(update(work).values(lease_until=0.0, holder=""))


def overdue(connection: Connection, before: datetime) -> int:
    """How many pieces have been due since before `before`: more than none means that nobody works."""
    return connection.execute(select(func.count()).select_from(work).where(work.c.due_at < before)).scalar() or 0


class Worker:
    """Carries due work, `AT_ONCE` pieces side by side. `bell` is set when a promise was made in this process."""

    def __init__(
        self, db: Database, clock: Clock, carriers: Mapping[str, Carry], holder: str, bell: asyncio.Event
    ) -> None:
        self._db = db
        self._clock = clock
        self._carriers = carriers
        self._holder = holder
        self._bell = bell
        self._under_way: set[asyncio.Task[None]] = set()

    async def run_forever(self, stop: asyncio.Event, every: float = 1.0) -> None:
        """Look for due work each `every` seconds, and when woken, until `stop`."""
        if self._db.exclusive:
            with contextlib.suppress(StorageFailed):
                await self._db.write(release_all, urgent=True)
        while not stop.is_set():
            self._bell.clear()
            taken = 0
            try:
                taken = await self.run_due()
            except StorageFailed as error:
                log.warning("work.storage", code=error.code)
            except Exception as error:  # noqa: BLE001 - the worker outlives whatever fails in one look
                log.error("work.look_failed", **told(error))
            if taken:
                continue
            waits = {asyncio.ensure_future(self._bell.wait()), asyncio.ensure_future(stop.wait())}
            _, pending = await asyncio.wait(waits, timeout=every, return_when=asyncio.FIRST_COMPLETED)
            for each in pending:
                each.cancel()
        for task in self._under_way:
            task.cancel()

    async def run_due(self) -> int:
        """Start what is due, as far as there is room, and wait until one ends; how many were started."""
        room = AT_ONCE - len(self._under_way)
        now = self._clock.now()
        pieces: tuple[Piece, ...] = ()
        if room > 0:
            pieces = await self._db.write(partial(take_due, now=now, holder=self._holder, most=room), urgent=True)
        for piece in pieces:
            task = asyncio.create_task(self._carry(piece))
            self._under_way.add(task)
            task.add_done_callback(self._ended)
        if len(self._under_way) >= AT_ONCE:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        return len(pieces)

    async def drain(self) -> None:
        """Carry everything that is due by now, and wait for it: for tests, drills and virtual time."""
        while await self.run_due() or self._under_way:
            if self._under_way:
                await asyncio.wait(set(self._under_way))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._bell.set()

    async def _carry(self, piece: Piece) -> None:
        failures = 0
        try:
            due_at = await self._carriers[piece.kind](piece)
        except Overtaken:
            log.warning("work.overtaken", work=piece.id)
            return
        except Exception as error:  # noqa: BLE001 - a promise is never dropped because one try failed
            failures = piece.failures + 1
            pause = min(LONGEST_PAUSE, 0.5 * 2**failures) * random.uniform(0.7, 1.0)
            due_at = self._clock.now() + timedelta(seconds=pause)
            log.error("work.failed", work=piece.id, kind=piece.kind, failures=failures, **told(error))
        try:
            await self._db.write(
                partial(settle, piece=piece, due_at=due_at, now=self._clock.now(), failures=failures), urgent=True
            )
        except StorageFailed:
            # The lease ends by itself, and the work is taken up again.
            log.warning("work.not_settled", work=piece.id)
