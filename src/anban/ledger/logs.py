"""The ledger is one log after another, a new one each calendar month (UTC), so that damage stays where it is.

A log is a tree of its own under a name of its own. The old one ends with an entry that names the new one; the new one
begins with an entry that names the old one's size and root, and its first checkpoint names the old one's last.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import microseconds, moment
from anban.ledger.models import ledger_checkpoints, ledger_entries, ledger_logs


@dataclass(frozen=True, slots=True)
class Log:
    """`first` entries stand in the logs before it. `size` is None while it grows. `ends`: a person wants a new one.

    `damage` says what is not as it was signed, empty when nothing is known.
    """

    number: int
    origin: str
    month: str
    first: int
    size: int | None
    ends: bool
    opened_at: datetime
    checked_at: datetime
    damage: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint: `size` entries of its own log, their root, and the note that says so."""

    size: int
    root: bytes
    note: bytes


def month_of(at: datetime) -> str:
    """The calendar month in UTC, as logs are named by it."""
    return at.astimezone(UTC).strftime("%Y-%m")


def all_logs(connection: Connection) -> list[Log]:
    """Every log, oldest first."""
    return [_log(row) for row in connection.execute(_LOGS.order_by(ledger_logs.c.number))]


def newest_log(connection: Connection) -> Log | None:
    """The log that grows; None before the first entry."""
    row = connection.execute(_LOGS.order_by(ledger_logs.c.number.desc()).limit(1)).first()
    return None if row is None else _log(row)


def open_log(connection: Connection, base: str, number: int, first: int, at: datetime) -> Log:
    """A new log behind `first` entries, named `base` and the month; a second one in a month gets a number."""
    taken = set(connection.execute(select(ledger_logs.c.origin)).scalars())
    month, stamp = month_of(at), microseconds(at)
    new = {
        "number": number, "origin": _free(f"{base}/{month}", taken), "month": month, "first": first, "size": None,
        "ends": False, "opened_at": stamp, "checked_at": stamp, "damage": "",
    }  # fmt: skip
    connection.execute(insert(ledger_logs).values(new))
    return Log(number, str(new["origin"]), month, first, None, False, moment(stamp), moment(stamp), "")


def end_log(connection: Connection, log: Log, size: int) -> None:
    """From now on `log` has `size` entries for good."""
    connection.execute(update(ledger_logs).where(ledger_logs.c.number == log.number).values(size=size, ends=False))


def ask_for_new_log(connection: Connection) -> Log | None:
    """The next entry opens a new log, whatever month it is: for a person who has looked at a damaged one."""
    log = newest_log(connection)
    if log is not None:
        connection.execute(update(ledger_logs).where(ledger_logs.c.number == log.number).values(ends=True))
    return log


def last_signed(connection: Connection, log: Log, at_most: int | None = None) -> Signed | None:
    """The newest checkpoint of `log`, or its newest over `at_most` entries or fewer."""
    columns = ledger_checkpoints.c
    end = log.size if at_most is None else at_most
    wanted = select(columns.size, columns.root, columns.note).where(columns.size > log.first)
    if end is not None:
        wanted = wanted.where(columns.size <= log.first + end)
    row = connection.execute(wanted.order_by(columns.size.desc()).limit(1)).first()
    return None if row is None else Signed(row.size - log.first, row.root, row.note)


def placed(connection: Connection) -> int:
    """How many entries have a place."""
    newest = connection.execute(select(func.max(ledger_entries.c.seq))).scalar()
    return 0 if newest is None else newest + 1


def closing(log: Log, following: str, at: datetime) -> Entry:
    """The last entry of a log."""
    return _own(Kind.LEDGER_CLOSED, log.origin, at, {"next": following})


def opening(log: Log, last: Log, signed: Signed | None, at: datetime) -> Entry:
    """The first entry of a log that follows another."""
    facts: dict[str, Fact] = {
        "previous": last.origin,
        "previous_size": signed.size if signed else 0,
        "previous_root": signed.root.hex() if signed else "",
        "previous_state": "damaged" if last.damage else "closed",
        "first": log.first,
    }
    return _own(Kind.LEDGER_OPENED, log.origin, at, facts)


def damaged(log: Log, what: str, at: datetime) -> Entry:
    """That what is stored of a log is not what was signed; signed itself by the log that comes after."""
    return _own(Kind.LEDGER_DAMAGED, log.origin, at, {"what": what})


def note_damage(connection: Connection, log: Log, what: str) -> bool:
    """Remember what is wrong with a log; True when nobody knew."""
    changed = connection.execute(
        update(ledger_logs)
        .where(ledger_logs.c.number == log.number, ledger_logs.c.damage == "")
        .values(damage=what[:80])
    )
    return changed.rowcount == 1


def note_checked(connection: Connection, log: Log, at: datetime) -> None:
    """Every entry of a log has been compared with what was signed, and is whole: also after a repair."""
    stamp = microseconds(at)
    connection.execute(
        update(ledger_logs).where(ledger_logs.c.number == log.number).values(checked_at=stamp, damage="")
    )


def _own(kind: Kind, origin: str, at: datetime, facts: dict[str, Fact]) -> Entry:
    return Entry(kind, at, origin, "anban", "anban", "", facts)


def _free(name: str, taken: Collection[str]) -> str:
    found, nth = name, 1
    while found in taken:
        nth += 1
        found = f"{name}.{nth}"
    return found


_LOGS: Select[Any, Any, Any, Any, Any, Any, Any, Any, Any] = select(
    ledger_logs.c.number, ledger_logs.c.origin, ledger_logs.c.month, ledger_logs.c.first, ledger_logs.c.size,
    ledger_logs.c.ends, ledger_logs.c.opened_at, ledger_logs.c.checked_at, ledger_logs.c.damage,
)  # fmt: skip


def _log(row: Row[Any, Any, Any, Any, Any, Any, Any, Any, Any]) -> Log:
    number, origin, month, first, size, ends, opened_at, checked_at, damage = row
    return Log(number, origin, month, first, size, ends, moment(opened_at), moment(checked_at), damage)
