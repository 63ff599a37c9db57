"""Which person's own key is this? Keys for programs: of one person, in their role, for a while."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from anban.base.errors import NotFound
from anban.base.ids import new_id
from anban.base.times import aware
from anban.provider.access_models import staff_keys
from anban.provider.desk_models import staff
from anban.provider.staff_sessions import token_digest

PREFIX = "anban-staff-"
"""How such a key begins, so that it is told apart from a service's and found by scanners for lost secrets."""


@dataclass(frozen=True, slots=True)
class StaffKey:
    """One key as its owner and an administrator see it: never the key itself."""

    id: str
    staff: str
    label: str
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None


def new_key(connection: Connection, staff_id: str, label: str, at: datetime, lasts: timedelta) -> tuple[StaffKey, str]:
    """A key of this person that ends after `lasts`, and the text of it: shown once and not stored."""
    text = PREFIX + secrets.token_urlsafe(32)
    made = StaffKey(new_id("stk_"), staff_id, label, at, at + lasts, None)
    connection.execute(
        insert(staff_keys).values(
            id=made.id, digest=token_digest(text), staff=staff_id, label=label, made_at=at, expires_at=made.expires_at
        )
    )
    return made, text


def owner_of_key(connection: Connection, text: str, at: datetime) -> str | None:
    """Whose key this is, by their id; None when it is nobody's, has ended, or its owner works here no longer."""
    return connection.execute(
        select(staff_keys.c.staff)
        .join(staff, staff.c.id == staff_keys.c.staff)
        .where(
            staff_keys.c.digest == token_digest(text),
            staff_keys.c.ended_at.is_(None),
            staff_keys.c.expires_at > at,
            staff.c.state == "active",
        )
    ).scalar()


def keys_of(connection: Connection, staff_id: str) -> tuple[StaffKey, ...]:
    """Every key that somebody has or had, newest first."""
    rows = connection.execute(select(staff_keys).where(staff_keys.c.staff == staff_id).order_by(staff_keys.c.id.desc()))
    return tuple(
        StaffKey(
            row.id, row.staff, row.label, aware(row.made_at), aware(row.expires_at),
            aware(row.ended_at) if row.ended_at else None,
        )
        for row in rows
    )  # fmt: skip


def end_key(connection: Connection, staff_id: str, key: str, at: datetime) -> None:
    """One key opens nothing any more. Raises `NotFound` when this person has no such key that is open."""
    mine = staff_keys.c.id == key, staff_keys.c.staff == staff_id, staff_keys.c.ended_at.is_(None)
    if connection.execute(update(staff_keys).where(*mine).values(ended_at=at)).rowcount != 1:
        raise NotFound("no such key", field="key")


def end_keys(connection: Connection, staff_id: str, at: datetime) -> None:
    """None of somebody's keys opens anything any more: whenever their rights change."""
    mine = staff_keys.c.staff == staff_id, staff_keys.c.ended_at.is_(None)
    connection.execute(update(staff_keys).where(*mine).values(ended_at=at))
