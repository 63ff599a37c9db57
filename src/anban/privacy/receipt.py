"""What an erasure leaves a person with: what went, what stays, why, and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from anban.base.db import metadata
from anban.law.model import Both
from anban.law.rulebook import Rulebook
from anban.ledger.models import ledger_entries
from anban.people.models import User, users
from anban.privacy.data_map import DAYS, DataClass, data_map
from anban.privacy.erasure import Erasure, due_by, is_protected

KEYS = "user-key"
"""The class of the keys themselves: what they seal is told, they are not."""


@dataclass(frozen=True, slots=True)
class Stays:
    """One class of data that an erasure of everything leaves: how many rows, why, and for how many days.

    `days` counts from when the record ended (a case closed, a consent withdrawn); None: it has no end of its own.
    """

    kind: str
    title: Both
    why: Both
    clauses: tuple[str, ...]
    rows: int
    days: int | None


def what_stays(connection: Connection, user: User, now: datetime, rules: Rulebook) -> tuple[Stays, ...]:
    """What is kept of a person although they had everything erased: read from the tables, so that it is so.

    While the account is there, so is the service's name for them; that is told beside this.
    """
    protected = is_protected(user, now, rules)
    counted: dict[str, int] = {}
    for table in metadata.sorted_tables:
        about, erase = table.info["about"], table.info["erase"]
        stays = erase == "kept" or (protected and table.info["protects"] == "minor")
        if about is None or not stays or table.info["retention"] == KEYS or table in (users, ledger_entries):
            continue
        rows = connection.execute(select(func.count()).where(table.c[about] == user.id)).scalar() or 0
        if rows:
            counted[table.info["retention"]] = counted.get(table.info["retention"], 0) + rows
    mine = select(func.count()).where(ledger_entries.c.subject == user.id)
    counted["evidence-ledger"] = connection.execute(mine).scalar() or 0
    known = data_map().classes
    return tuple(_stays(known[kind], rows, rules) for kind, rows in counted.items() if rows)


def receipt(erasure: Erasure, stays: tuple[Stays, ...], rules: Rulebook) -> Mapping[str, Any]:
    """The receipt as data: for the API, the page and the command line. No word of what went."""
    unreadable = None if erasure.done_at is None else erasure.done_at + rules.lasting("retention-backup-days")
    return {
        "id": erasure.id,
        "scope": erasure.scope,
        "target": erasure.target,
        "by": erasure.by,
        "state": erasure.state,
        "held": [code for code in erasure.held.split(",") if code and erasure.state == "held"],
        "asked_at": erasure.asked_at.isoformat(),
        "due_by": due_by(erasure, rules).isoformat(),
        "erased_at": _told(erasure.erased_at),
        "key_destroyed_at": _told(erasure.done_at),
        "backups_unreadable_by": _told(unreadable),
        "erased": dict(erasure.counts),
        "stays": [
            {
                "class": each.kind,
                "title": {"zh": each.title.zh, "en": each.title.en},
                "why": {"zh": each.why.zh, "en": each.why.en},
                "clauses": list(each.clauses),
                "rows": each.rows,
                "days": each.days,
            }
            for each in stays
        ],
    }


def _stays(kind: DataClass, rows: int, rules: Rulebook) -> Stays:
    named = DAYS.get(kind.kind)
    days = None if named is None else rules.lasting(named).days
    return Stays(kind.kind, kind.title, kind.why, kind.clauses, rows, days)


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
