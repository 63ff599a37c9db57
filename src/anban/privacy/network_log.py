"""The network log: who asked for what, when, from where, and how it ended; never what was said.

Every request leaves one row. Each whole day is summed up in the ledger (how many rows, and a digest over all of them),
so that a row that is changed, added or taken away later is found; a day is checked once more before it goes.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Column, Connection, DateTime, Integer, LargeBinary, String, Table, delete, func, insert, select

from anban.base.db import kept, metadata
from anban.base.ids import new_id
from anban.base.keys import MasterKeys
from anban.base.times import aware
from anban.law.performs import performs
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.ledger.models import ledger_entries

PURPOSE: Final = "network log"
PAGE: Final = 5_000
SETTLED: Final = timedelta(hours=1)
"""How long after midnight UTC a day is whole: what its last requests left is written by then."""

network_log = Table(
    "network_log",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    Column("method", String(8), nullable=False),
    # The pattern of the path, never the path itself: a path holds names that the app chose.
    Column("route", String(120), nullable=False),
    Column("status", Integer, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("decision", String(64)),
    # Where the request came from; for a gateway that is the app's own server.
    Column("sealed", LargeBinary, nullable=False),
    info=kept(retention="network-log", about=None, erase="kept"),
)

NETWORK_INSERT: Final = insert(network_log)
"""For `Database.later(NETWORK_INSERT, row)`."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the log keeps it. `decision` leads to the ledger, and from there to the person's opaque id."""

    at: datetime
    method: str
    route: str
    status: int
    milliseconds: int
    address: str
    decision: str | None = None


def line(request: Request, keys: MasterKeys) -> dict[str, Any]:
    """The row of one request; the address is sealed under a key of its own."""
    identifier = new_id("net_")
    return {
        "id": identifier,
        "at": request.at,
        "method": request.method[:8],
        "route": request.route[:120],
        "status": request.status,
        "milliseconds": request.milliseconds,
        "decision": request.decision[:64] if request.decision else None,
        "sealed": keys.derived(PURPOSE).seal(request.address.encode("utf-8", "replace"), f"network_log|{identifier}"),
    }


def days_waiting(connection: Connection, now: datetime) -> tuple[date, ...]:
    """The whole days, oldest first, that are not summed up in the ledger yet."""
    oldest = connection.execute(select(func.min(network_log.c.at))).scalar()
    if oldest is None:
        return ()
    first, last = aware(oldest).astimezone(UTC).date(), (now - SETTLED).astimezone(UTC).date()
    days = [first + timedelta(days=number) for number in range((last - first).days)]
    done = _sums(connection)
    return tuple(day for day in days if day not in done)


@performs("network-logs")
def sum_up(
    connection: Connection, day: date, held: tuple[int, str], now: datetime, service: str, rulebook: str
) -> None:
    """Write into the ledger what one whole day of the log holds, as `digest_of` found it."""
    facts: dict[str, Fact] = {"day": day.isoformat(), "count": held[0], "digest": held[1]}
    write(connection, Entry(Kind.LOG_NETWORK_SEALED, now, subject(day), "anban", service, rulebook, facts))


@performs("network-logs")
def check(connection: Connection, day: date) -> bool:
    """Whether a day of the log is still what the ledger says it was."""
    return _sums(connection).get(day) == digest_of(connection, day)


def checked_out(connection: Connection, day: date) -> bool:
    """Whether a day has been checked and found sound before it goes: what is left of it may go without another look."""
    rows = connection.execute(
        select(ledger_entries.c.body).where(
            ledger_entries.c.subject == subject(day), ledger_entries.c.kind == Kind.LOG_NETWORK_CHECKED.value
        )
    )
    return any(orjson.loads(body)["facts"]["matches"] for (body,) in rows)


def expired_days(connection: Connection, now: datetime, days: int) -> tuple[date, ...]:
    """The days of which every row is older than so many days, oldest first."""
    edge = (now - timedelta(days=days)).astimezone(UTC).date()
    oldest = connection.execute(select(func.min(network_log.c.at))).scalar()
    if oldest is None:
        return ()
    first = aware(oldest).astimezone(UTC).date()
    return tuple(first + timedelta(days=number) for number in range(max(0, (edge - first).days)))


@performs("network-logs")
def tell_check(connection: Connection, day: date, now: datetime, service: str, rulebook: str, *, sound: bool) -> None:
    """Write into the ledger how the last check of a day ended. One that does not match stays."""
    facts: dict[str, Fact] = {"day": day.isoformat(), "matches": sound}
    write(connection, Entry(Kind.LOG_NETWORK_CHECKED, now, subject(day), "anban", service, rulebook, facts))


def delete_some(connection: Connection, day: date) -> int:
    """Delete up to `PAGE` rows of a day that was checked out; how many that were."""
    some = select(network_log.c.id).where(*_on(day)).limit(PAGE)
    return connection.execute(delete(network_log).where(network_log.c.id.in_(some))).rowcount


def digest_of(connection: Connection, day: date) -> tuple[int, str]:
    """How many rows a day has, and SHA-256 over all of them in the order of their ids."""
    digest, count, after = hashlib.sha256(), 0, ""
    while True:
        rows = connection.execute(
            select(network_log).where(*_on(day), network_log.c.id > after).order_by(network_log.c.id).limit(PAGE)
        ).all()
        for row in rows:
            digest.update(orjson.dumps([
                row.id, aware(row.at).astimezone(UTC).isoformat(), row.method, row.route, row.status, row.milliseconds,
                row.decision, bytes(row.sealed).hex(),
            ]) + b"\n")  # fmt: skip
        count += len(rows)
        if len(rows) < PAGE:
            return count, digest.hexdigest()
        after = rows[-1].id


def subject(day: date) -> str:
    """What the ledger calls one day of the log."""
    return f"network-log|{day.isoformat()}"


def _on(day: date) -> tuple[Any, Any]:
    begins = datetime.combine(day, time(), UTC)
    return network_log.c.at >= begins, network_log.c.at < begins + timedelta(days=1)


def _sums(connection: Connection) -> dict[date, tuple[int, str]]:
    rows = connection.execute(
        select(ledger_entries.c.body)
        .where(ledger_entries.c.kind == Kind.LOG_NETWORK_SEALED.value)
        .order_by(ledger_entries.c.id)
    )
    found: dict[date, tuple[int, str]] = {}
    for (body,) in rows:
        facts = orjson.loads(body)["facts"]
        # The first word counts: a second sum of the same day changes nothing.
        found.setdefault(date.fromisoformat(facts["day"]), (facts["count"], facts["digest"]))
    return found
