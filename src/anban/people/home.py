"""The mark "unsafe at home": set by the child or the desk, seen by the desk alone, felt by the crisis workflow."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection, delete, insert, select, update

from anban.base.errors import NotFound
from anban.base.times import aware
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.ledger.reading import about
from anban.people.family_models import home_marks
from anban.people.models import User, contacts, users

UNSAFE: Final = "unsafe-at-home"
"""Why a marked person's guardians are not told by themselves (`contacts.unsafe`); two people release it."""

CLEARING: Final = "clear-asked"
REMEMBERED: Final = 200
"""Changes of a person that are looked back over for what became of a mark."""


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


def clear_home(connection: Connection, user: User, at: datetime, rules: Rulebook, **facts: Fact) -> None:
    """The desk takes the mark back; contacts that were unsafe for another reason stay so."""
    if connection.execute(delete(home_marks).where(home_marks.c.user == user.id)).rowcount:
        connection.execute(
            update(contacts).where(contacts.c.user == user.id, contacts.c.unsafe == UNSAFE).values(unsafe="")
        )
        _note(connection, user, "desk", "cleared", at, rules, **facts)


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark that stands: on whom, set by whom (user or desk), why, since when; who asked that it be taken back."""

    user: str
    by: str
    reason: str
    at: datetime
    asked_by: str = ""


def ask_to_clear(
    connection: Connection, user: User, responder: str, reason: str, at: datetime, rules: Rulebook
) -> bool:
    """Somebody at the desk thinks that home is safe again; True when a second person says so and the mark is gone.

    Clearing frees every guardian to be told, so it takes two people as the release of one contact does (reliability
    A5); asking twice is asking once. Raises `NotFound` where no mark stands.
    """
    if not home_marked(connection, user.id):
        raise NotFound("no such mark")
    asked = clearing_asked(connection, user.id)
    if asked and asked != responder:
        clear_home(connection, user, at, rules, responder=responder, reason=reason)
        return True
    if not asked:
        _note(connection, user, "desk", CLEARING, at, rules, responder=responder, reason=reason)
    return False


def clearing_asked(connection: Connection, user: str) -> str:
    """Who at the desk asked that the standing mark be taken back, as the ledger tells it; empty when nobody did."""
    for each in reversed(about(connection, user, Kind.PERSON_CHANGED, REMEMBERED)):
        if each.entry.facts.get("changed") == ["home-mark"]:
            return str(each.entry.facts.get("responder", "")) if each.entry.facts.get("state") == CLEARING else ""
    return ""


def homes_marked(connection: Connection, service: str) -> tuple[Marked, ...]:
    """Every mark that stands among a service's people, oldest first; for the desk alone."""
    rows = connection.execute(
        select(home_marks)
        .join(users, users.c.id == home_marks.c.user)
        .where(users.c.service == service)
        .order_by(home_marks.c.at)
    )
    return tuple(
        Marked(row.user, row.by, row.reason, aware(row.at), clearing_asked(connection, row.user)) for row in rows
    )


def home_marked(connection: Connection, user: str) -> bool:
    """Whether the mark stands."""
    return connection.execute(select(home_marks.c.user).where(home_marks.c.user == user)).first() is not None


def home_marked_since(connection: Connection, user: str) -> datetime | None:
    """Since when the mark stands; None where it does not."""
    found = connection.execute(select(home_marks.c.at).where(home_marks.c.user == user)).scalar()
    return None if found is None else aware(found)


def _note(connection: Connection, user: User, by: str, state: str, at: datetime, rules: Rulebook, **more: Fact) -> None:
    facts: dict[str, Fact] = {"changed": ["home-mark"], "state": state, **more}
    write(connection, Entry(Kind.PERSON_CHANGED, at, user.id, by, user.service, rules.version, facts))
