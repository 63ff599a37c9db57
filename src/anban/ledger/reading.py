"""Looking into the ledger: the newest entries, how much of each kind, one decision, one person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from anban.ledger.entry import Entry, parse
from anban.ledger.kinds import Kind
from anban.ledger.ledger import microseconds, moment
from anban.ledger.models import ledger_entries

MOST = 10_000
"""Entries that one question may bring."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry and its place; `seq` is None for the second until it is signed."""

    seq: int | None
    entry: Entry


class Count(NamedTuple):
    """How many entries of a kind, and when the newest happened."""

    number: int
    newest: datetime


_COLUMNS = select(ledger_entries.c.seq, ledger_entries.c.body)


def tail(connection: Connection, n: int) -> list[Recorded]:
    """The newest `n` entries (at most 10,000), oldest first."""
    return _newest(connection, _COLUMNS, n)


def of_decision(connection: Connection, decision_id: str) -> list[Recorded]:
    """Every entry whose facts name this decision, oldest first."""
    return _newest(connection, _COLUMNS.where(ledger_entries.c.decision == decision_id), MOST)


def for_subject(connection: Connection, subject: str, n: int = MOST) -> list[Recorded]:
    """The newest `n` entries about one person or thing, oldest first."""
    return _newest(connection, _COLUMNS.where(ledger_entries.c.subject == subject), n)


def about(connection: Connection, subject: str, kind: Kind, n: int = MOST) -> list[Recorded]:
    """The newest `n` entries of one kind about one person or thing, oldest first."""
    columns = ledger_entries.c
    return _newest(connection, _COLUMNS.where(columns.subject == subject, columns.kind == kind.value), n)


class Said(NamedTuple):
    """That something was written down about somebody: its id, kind and time, and whether telling it could harm them."""

    id: str
    kind: Kind
    at: datetime
    protects: bool


_HOLDS = frozenset({Kind.OUTREACH_HELD, Kind.OUTREACH_RELEASED})


def kinds_about(connection: Connection, subject: str, after: str, n: int = 1_000) -> list[Said]:
    """The next `n` entries about one person after `after` in the order in which they were written: kinds and times."""
    columns = ledger_entries.c
    rows = connection.execute(
        select(columns.id, columns.kind, columns.at, columns.body)
        .where(columns.subject == subject, columns.id > after)
        .order_by(columns.id)
        .limit(n)
    )
    return [Said(row.id, Kind(row.kind), moment(row.at), _protects(row.kind, row.body)) for row in rows]


def _protects(kind: str, body: bytes) -> bool:
    """Holding a contact back, and the mark for being unsafe at home: of use only while nobody else learns of them."""
    if kind == Kind.PERSON_CHANGED:
        changed = parse(body).facts.get("changed")
        return isinstance(changed, list) and "home-mark" in changed
    return kind in _HOLDS


def of_kind(connection: Connection, kind: Kind, n: int = MOST) -> list[Recorded]:
    """The newest `n` entries of one kind, oldest first."""
    return _newest(connection, _COLUMNS.where(ledger_entries.c.kind == kind.value), n)


def counts(connection: Connection, since: datetime) -> dict[Kind, Count]:
    """For each kind that happened at or after `since`: how often, and when last."""
    columns = ledger_entries.c
    rows = connection.execute(
        select(columns.kind, func.count(), func.max(columns.at))
        .where(columns.at >= microseconds(since))
        .group_by(columns.kind)
    )
    return {Kind(kind): Count(count, moment(newest)) for kind, count, newest in rows}


def _newest(connection: Connection, wanted: Select[Any, Any], n: int) -> list[Recorded]:
    rows = connection.execute(wanted.order_by(ledger_entries.c.id.desc()).limit(max(0, min(n, MOST)))).all()
    return [Recorded(seq, parse(body)) for seq, body in reversed(rows)]
