"""Writing to the ledger: beside the change it is evidence of, in the same transaction."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, LargeBinary, String, bindparam, select, text

from anban.base.errors import Conflict
from anban.ledger.entry import Entry, canonical, leaf
from anban.ledger.models import ledger_entries

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(microseconds=1)

ENTRY_INSERT: Final = text(
    "INSERT INTO ledger_entries (id, kind, at, subject, decision, body, leaf)"
    " VALUES (:id, :kind, :at, :subject, :decision, :body, :leaf) ON CONFLICT (id) DO NOTHING"
).bindparams(
    bindparam("id", type_=String),
    bindparam("kind", type_=String),
    bindparam("at", type_=BigInteger),
    bindparam("subject", type_=String),
    bindparam("decision", type_=String),
    bindparam("body", type_=LargeBinary),
    bindparam("leaf", type_=LargeBinary),
)
"""For `Database.later(ENTRY_INSERT, row(entry))`. A known id is left alone: repeats are harmless."""


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC, as the tables keep them."""
    return (moment - _BEGINNING) // _STEP


def moment(stored: int) -> datetime:
    """The aware time that `microseconds` stored."""
    return _BEGINNING + stored * _STEP


def row(entry: Entry) -> Mapping[str, Any]:
    """The row that `ENTRY_INSERT` writes."""
    body = canonical(entry)
    decision = entry.facts.get("decision")
    return {
        "id": entry.id,
        "kind": entry.kind.value,
        "at": (entry.at - _BEGINNING) // _STEP,
        "subject": entry.subject,
        "decision": decision if type(decision) is str else None,
        "body": body,
        "leaf": leaf(body),
    }


def write(connection: Connection, entry: Entry) -> None:
    """Write `entry` in the caller's transaction; doing it twice does it once.

    Raises `Conflict` when another entry has the same id.
    """
    new = row(entry)
    if connection.execute(ENTRY_INSERT, new).rowcount == 1:
        return
    stored = connection.execute(select(ledger_entries.c.body).where(ledger_entries.c.id == entry.id)).scalar()
    if stored != new["body"]:
        raise Conflict("another entry has this id", field="id")
