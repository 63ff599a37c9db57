"""The mark "unsafe at home": set by the child or the desk, seen by the desk alone, felt by the crisis workflow."""

from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection, delete, insert, select, update

from anban.base.times import aware
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.family_models import home_marks
from anban.people.models import User, contacts

UNSAFE: Final = "unsafe-at-home"
"""Why a marked person's guardians are not told by themselves (`contacts.unsafe`); two people release it."""


def mark_home(
    connection: Connection, user: User, by: Literal["user", "desk"], reason: str, at: datetime, rules: Rulebook
) -> None:
    """Telling a guardian may harm this person: from now on every guardian is held. Marking twice keeps the first.

    `reason` is a short code. Nothing of this may be shown to a guardian, nor follow from it for them.
    """
    if home_marked(connection, user.id):
        return
    connection.execute(insert(home_marks).values(user=user.id, by=by, reason=reason, at=at))
    connection.execute(
        update(contacts)
        .where(contacts.c.user == user.id, contacts.c.kind == "guardian", contacts.c.unsafe == "")
        .values(unsafe=UNSAFE)
    )
    _note(connection, user, by, "set", at, rules)


def clear_home(connection: Connection, user: User, at: datetime, rules: Rulebook) -> None:
    """The desk takes the mark back; contacts that were unsafe for another reason stay so."""
    if connection.execute(delete(home_marks).where(home_marks.c.user == user.id)).rowcount:
        connection.execute(
            update(contacts).where(contacts.c.user == user.id, contacts.c.unsafe == UNSAFE).values(unsafe="")
        )
        _note(connection, user, "desk", "cleared", at, rules)


def home_marked(connection: Connection, user: str) -> bool:
    """Whether the mark stands."""
    return connection.execute(select(home_marks.c.user).where(home_marks.c.user == user)).first() is not None


def home_marked_since(connection: Connection, user: str) -> datetime | None:
    """Since when the mark stands; None where it does not."""
    found = connection.execute(select(home_marks.c.at).where(home_marks.c.user == user)).scalar()
    return None if found is None else aware(found)


def _note(connection: Connection, user: User, by: str, state: str, at: datetime, rules: Rulebook) -> None:
    facts = {"changed": ["home-mark"], "state": state}
    write(connection, Entry(Kind.PERSON_CHANGED, at, user.id, by, user.service, rules.version, dict(facts)))
