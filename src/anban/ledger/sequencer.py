"""Gives every entry its place and signs what has come together, at most a second later.

Entries are written by many transactions at once, without a number. One process at a time (leased, fenced) takes those
that wait, numbers them without gaps, extends the tree and signs a checkpoint, all in one transaction.
"""

import asyncio
import base64
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Connection, select

from anban.base.clock import Clock
from anban.base.db import Database
from anban.base.errors import AnbanError, StorageFailed
from anban.base.lease import Lease, release, renew, take
from anban.law.rulebook import Rulebook
from anban.ledger.checkpoint import Signer
from anban.ledger.growing import grow
from anban.ledger.ledger import write
from anban.ledger.logs import Log, all_logs, damaged, newest_log, note_checked, note_damage
from anban.ledger.models import ledger_entries
from anban.ledger.recheck import LedgerDamaged, Pace, Walk, walked

BATCH = 1000
"""Entries placed by one transaction: few enough that somebody in danger never waits long behind it."""

PAUSE = 1.0
LEASE = 10.0
_NAME = "ledger"
_SOON: Final = timedelta(seconds=1)
_LATER: Final = timedelta(minutes=1)

_log: Any = structlog.get_logger("anban.ledger")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One look: how many entries were placed, and the lease we hold, if any."""

    placed: int
    lease: Lease | None


_WAITS = select(ledger_entries.c.id).where(ledger_entries.c.seq.is_(None)).limit(1)


def pace_of(rules: Rulebook) -> Pace:
    """How much of what is stored is read again, and how often all of it."""
    return Pace(rules.whole("ledger-recheck-entries"), rules.lasting("ledger-recheck-hours"))


class Sequencer:
    """`run_forever` while the service runs. `holder` must be unique to this process run; `signer` gives the newest key.

    `signing` gives the key that signs now, where it is not the newest yet (`handover.py`).

    `last_error` is the code of what stopped the latest look, None after a good one; `lag` says how far behind we are;
    `damaged` names the logs that are known not to be as they were signed.
    """

    def __init__(
        self,
        db: Database,
        signer: Callable[[], Signer],
        clock: Clock,
        *,
        holder: str,
        pace: Pace,
        signing: Callable[[Connection], Signer] | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._signer = signer
        self._signing = signing or (lambda _: signer())
        self._holder = holder
        self._pace = pace
        self._walks: dict[int, Walk] = {}
        self._due_again: datetime | None = None
        self._lease: Lease | None = None
        self._clear_at: datetime | None = None
        self._clear = True
        self.last_error: str | None = None
        self.placed = 0
        self.damaged: tuple[str, ...] = ()

    @property
    def public_key(self) -> bytes:
        """The key that checkpoints are verified with, 32 bytes."""
        return self._signer().public

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
        if self._due_again is None or self._due_again <= now:
            await self._check_what_is_due(now)
        if not await self._db.read(_anything_waits):
            self._note(now, clear=True)
            return 0
        self._clear = False  # until the batch below has shown otherwise
        whole = await self._read_again(now)
        outcome = await self._db.write(lambda connection: self._place(connection, now, whole))
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
        with contextlib.suppress(StorageFailed):  # keys that cannot be read yet: tried again with each look below
            _log.info("ledger.signing", key=self._signer().key_id, public=base64.b64encode(self.public_key).decode())
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

    def _place(self, connection: Connection, now: datetime, whole: Log | None) -> Outcome:
        lease = self._lease
        if lease is None or not renew(connection, lease):
            lease = take(connection, _NAME, self._holder, LEASE)
        if lease is None:
            return Outcome(0, None)  # another replica is at it
        if whole is not None:
            note_checked(connection, whole, now)
        return Outcome(grow(connection, self._signing(connection), now, lease.fence, BATCH), lease)

    async def _read_again(self, now: datetime) -> Log | None:
        """Compare some more of the newest log with what was signed; the log, when all of it has been gone through."""
        log = await self._db.read(newest_log)
        return None if log is None else await self._step(log, now)

    async def _step(self, log: Log, now: datetime) -> Log | None:
        walk = self._walks.get(log.number) or Walk(log.number)
        try:
            walk = await self._db.read(lambda connection: walked(connection, log, walk, self._pace.entries))
        except LedgerDamaged as error:
            self._walks.pop(log.number, None)
            await self._damaged(log, error, now)
            return None
        if not walk.finished:
            self._walks[log.number] = walk
            return None
        self._walks.pop(log.number, None)
        return log

    async def _damaged(self, log: Log, error: LedgerDamaged, now: datetime) -> None:
        """Remember it, so that a restart does not sign either; it becomes evidence in the log that comes after."""
        what = f"{error.message} {error.field or ''}".strip().replace(" ", "-")

        def work(connection: Connection) -> None:
            if note_damage(connection, log, what):
                write(connection, damaged(log, what, now))

        await self._db.write(work)
        self.damaged = tuple(sorted({*self.damaged, log.origin}))
        _log.critical("ledger.damaged", log=log.origin, what=error.message, entry=error.field)

    async def _check_what_is_due(self, now: datetime) -> None:
        """Go on through the logs whose time has come to be read again whole, and through those found damaged."""
        if self._lease is None and not self._db.exclusive:
            return
        every = await self._db.read(all_logs)
        self.damaged = tuple(log.origin for log in every if log.damage)
        due = [
            log for log in every if log.damage or log.checked_at + self._pace.whole <= now or log.number in self._walks
        ]
        for log in due:
            whole = await self._step(log, now)
            if whole is not None:
                await self._db.write(lambda connection, log=whole: note_checked(connection, log, now))
        self._due_again = now + (_SOON if due else _LATER)


def _anything_waits(connection: Connection) -> bool:
    return connection.execute(_WAITS).first() is not None
