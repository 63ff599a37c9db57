"""Personas that a guardian, or the person themselves, has closed for this person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from anban.base.ids import new_id
from anban.base.times import aware
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.family_models import blocked_personas
from anban.people.models import User

By = Literal["guardian", "self"]


@dataclass(frozen=True, slots=True)
class Blocked:
    """One closed persona, by whom and since when."""

    persona: str
    by: str
    at: datetime


@performs("guardian-controls")
def block(connection: Connection, user: User, persona: str, by: By, at: datetime, rules: Rulebook) -> None:
    """Close a persona; from the next message on, in running sessions too. Closing twice closes once."""
    if any((each.persona, each.by) == (persona, by) for each in blocked_of(connection, user.id)):
        return
    connection.execute(insert(blocked_personas).values(id=new_id("blk_"), user=user.id, persona=persona, by=by, at=at))
    _note(connection, user, persona, by, "blocked", at, rules)


def unblock(connection: Connection, user: User, persona: str, by: By, at: datetime, rules: Rulebook) -> None:
    """Open it again, as far as the same person closed it."""
    ended = connection.execute(
        update(blocked_personas)
        .where(
            blocked_personas.c.user == user.id, blocked_personas.c.persona == persona, blocked_personas.c.by == by,
            blocked_personas.c.ended_at.is_(None),
        )
        .values(ended_at=at)
    )  # fmt: skip
    if ended.rowcount:
        _note(connection, user, persona, by, "opened", at, rules)


def blocked_of(connection: Connection, user: str) -> tuple[Blocked, ...]:
    """What is closed now."""
    rows = connection.execute(
        select(blocked_personas)
        .where(blocked_personas.c.user == user, blocked_personas.c.ended_at.is_(None))
        .order_by(blocked_personas.c.id)
    )
    return tuple(Blocked(row.persona, row.by, aware(row.at)) for row in rows)


def _note(connection: Connection, user: User, persona: str, by: By, state: str, at: datetime, rules: Rulebook) -> None:
    digest = user.key.digest(persona.encode("utf-8", "replace"))
    facts: dict[str, Fact] = {"changed": ["blocked"], "persona": digest, "state": state}
    write(connection, Entry(Kind.PERSON_CHANGED, at, user.id, by, user.service, rules.version, facts))
