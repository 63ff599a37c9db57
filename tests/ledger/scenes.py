"""Ledgers for tests: entries as a real evening leaves them, placed, signed and exported."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from anban.base.clock import SystemClock
from anban.base.db import Database
from anban.base.keys import MasterKeys
from anban.ledger.checkpoint import Signer, signer
from anban.ledger.entry import Entry, Fact
from anban.ledger.export import export
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.ledger.recheck import Pace
from anban.ledger.sequencer import Sequencer

NIGHT = datetime(2026, 8, 1, 22, 0, tzinfo=UTC)
KEYS = MasterKeys({1: bytes(range(32))})
SIGNER = signer(KEYS, "demo")
ORIGIN = "anban/demo/2026-08"
PACE = Pace(entries=2000, whole=timedelta(hours=24))

_KINDS = (Kind.SESSION_OPENED, Kind.NOTICE_AI_SHOWN, Kind.RAIL_INPUT_DECIDED, Kind.TURN_RECORDED, Kind.TURN_RECORDED)


def entry(number: int = 0, kind: Kind | None = None, **facts: Fact) -> Entry:
    """The `number`th thing that happened that night."""
    return Entry(
        kind=kind or _KINDS[number % len(_KINDS)],
        at=NIGHT + timedelta(seconds=number),
        subject=f"usr_{number % 3}",
        actor="anban",
        service="svc_demo",
        rulebook="3fa9c1",
        facts=facts or {"decision": f"dec_{number}", "level": 1, "score": 0.25, "signals": ["distress"]},
    )


def sequencer(db: Database, *, holder: str = "first", key: Signer = SIGNER) -> Sequencer:
    return Sequencer(db, lambda: key, SystemClock(), holder=holder, pace=PACE)


async def write_all(db: Database, entries: Iterable[Entry]) -> None:
    together = list(entries)

    def work(connection):
        for one in together:
            write(connection, one)

    await db.write(work)


async def fill(db: Database, count: int, *, each: int = 10) -> None:
    """`count` entries, with a checkpoint after every `each`."""
    placing = sequencer(db)
    for start in range(0, count, each):
        await write_all(db, (entry(number) for number in range(start, min(start + each, count))))
        await placing.run_once(NIGHT + timedelta(seconds=start))


async def exported(db: Database, out: Path) -> Path:
    await db.read(lambda connection: export(connection, out, deployment="demo", at=NIGHT))
    return out


def public_key(key: Signer = SIGNER) -> str:
    """As an auditor would write it down."""
    return base64.b64encode(key.public).decode()
