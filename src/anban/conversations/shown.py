"""Which notices a person has been given, each at most once in its window."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from anban.base.ids import new_id
from anban.base.times import aware
from anban.conversations.models import notices

NOTICE_INSERT = insert_once(notices).on_conflict_do_nothing()
"""Written once per (user, kind, window), whichever replica is first; both databases read this form alike."""
NOTICE_SHOWN = (
    update(notices)
    .where(notices.c.id == bindparam("notice_id"), notices.c.shown_at.is_(None))
    .values(shown_at=bindparam("when_shown"))
)

MEMORY = 48
"""How many given notices are remembered with a person; whoever has had that many has had the first."""

_RECENT = select(notices).where(notices.c.user == bindparam("of_user")).order_by(notices.c.at.desc()).limit(MEMORY)


@dataclass(frozen=True, slots=True)
class Given:
    """A notice given to a person. `way` is text (in the reply) or event (the app shows it and confirms)."""

    id: str
    kind: str
    window: str
    at: datetime
    way: str
    mail: int | None = None
    shown_at: datetime | None = None


def given_to(connection: Connection, user: str) -> tuple[Given, ...]:
    """The newest notices of this user, newest first."""
    rows = connection.execute(_RECENT, {"of_user": user})
    return tuple(
        Given(
            row.id,
            row.kind,
            row.window,
            aware(row.at),
            row.way,
            row.mail,
            aware(row.shown_at) if row.shown_at else None,
        )
        for row in rows
    )


def give(user: str, kind: str, window: str, at: datetime, way: str, *, shown: bool) -> tuple[Given, dict[str, Any]]:
    """A notice now given, and its row for `NOTICE_INSERT`. (user, kind, window) is unique in the table."""
    given = Given(new_id("ntc_"), kind, window, at, way, None, at if shown else None)
    row = {
        "id": given.id, "user": user, "kind": kind, "window": window, "at": at, "way": way,
        "mail": None, "shown_at": given.shown_at, "facts": {},
    }  # fmt: skip
    return given, row


def of_mail(connection: Connection, user: str, identifier: int) -> Given | None:
    """The notice that travelled as this event, or None."""
    return next((given for given in given_to(connection, user) if given.mail == identifier), None)
