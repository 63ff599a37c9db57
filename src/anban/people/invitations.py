"""A contact is one by their own word: asked by a link for a week, free to leave at any time, asked again each year."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, insert, select, update

from anban.base.durable import promise
from anban.base.errors import NotFound
from anban.base.keys import MasterKeys
from anban.base.times import aware
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.contacts import every_contact, set_state
from anban.people.family_models import invitations
from anban.people.letters import put_letter
from anban.people.models import User, contacts, users

RECHECK: Final = "contact-recheck"
"""The kind of work that asks a contact again each year; its id ends in the contact's."""

LATE: Final = 40

Answer = Literal["accept", "decline"]


@dataclass(frozen=True, slots=True)
class Invited:
    """What a link stands for: a contact of somebody, how it was answered, and whether accepting is still open."""

    user: str
    contact: str
    kind: str
    state: str
    open: bool


@performs("registration-facts")
def invite(connection: Connection, keys: MasterKeys, user: User, contact: str, at: datetime, rules: Rulebook) -> None:
    """Ask a contact whether they want to be one. Raises `NotFound`. A contact in force stays so while asked again."""
    found = next((each for each in every_contact(connection, user) if each.id == contact), None)
    if found is None:
        raise NotFound("no such contact")
    token = secrets.token_urlsafe(32)
    until = at + rules.lasting("contact-invitation-days")
    connection.execute(
        insert(invitations).values(
            digest=_digest(token), user=user.id, contact=contact, made_at=at, expires_at=until, answer=""
        )
    )
    if found.state != "accepted":
        set_state(connection, contact, "invited")
    put_letter(
        connection, keys, user=user.id, service=user.service, template=f"family.invite.{found.kind}", about=contact,
        ways=found.ways, slots={"called": found.calls}, path=f"/invited/{token}", at=at, until=until,
    )  # fmt: skip
    promise(connection, f"{RECHECK}|{contact}", RECHECK, until, LATE)
    _note(connection, user.id, user.service, contact, found.kind, "invited", "anban", at, rules)


def look(connection: Connection, token: str, at: datetime) -> Invited | None:
    """What the link stands for, without using it: mail programs open links on their own."""
    row = connection.execute(_named(token)).first()
    return None if row is None else _invited(row, at)


@performs("registration-facts")
def answer(connection: Connection, token: str, said: Answer, at: datetime, rules: Rulebook) -> Invited | None:
    """The contact says yes, within the link's time, or no, at any time; yes can be taken back. None: no such link.

    A link that is too old, or of a contact who was removed, accepts nothing and looks like one that never was.
    """
    row = connection.execute(_named(token)).first()
    if row is None:
        return None
    before = _invited(row, at)
    if said == "accept" and not before.open:
        return None
    state = "accepted" if said == "accept" else ("withdrawn" if before.state == "accepted" else "declined")
    if row.answer == said and before.state == state:
        return before
    connection.execute(
        update(invitations).where(invitations.c.digest == _digest(token)).values(answer=said, answered_at=at)
    )
    set_state(connection, before.contact, state)
    service = connection.execute(select(users.c.service).where(users.c.id == before.user)).scalar_one()
    if state == "accepted":
        promise(connection, f"{RECHECK}|{before.contact}", RECHECK, at + rules.lasting("contact-recheck-days"), LATE)
    _note(connection, before.user, service, before.contact, before.kind, state, "contact", at, rules)
    return Invited(before.user, before.contact, before.kind, state, before.open)


@performs("registration-facts")
def recheck(
    connection: Connection, keys: MasterKeys, user: User, contact: str, at: datetime, rules: Rulebook
) -> datetime | None:
    """What is due for a contact by now, and when something is due next; None when nothing is.

    A year after their yes they are asked again; who does not answer within the invitation's time is called on as
    before, but counts no more as one who accepted.
    """
    found = next((each for each in every_contact(connection, user) if each.id == contact), None)
    if found is None or found.state not in ("accepted", "invited"):
        return None
    asked = connection.execute(
        select(invitations).where(invitations.c.contact == contact).order_by(invitations.c.made_at.desc())
    ).all()
    if not asked:
        return None
    newest = asked[0]
    open_until = aware(newest.expires_at)
    if newest.answer == "accept" and newest.answered_at is not None:
        due = aware(newest.answered_at) + rules.lasting("contact-recheck-days")
        if due > at:
            return due
        invite(connection, keys, user, contact, at, rules)
        return at + rules.lasting("contact-invitation-days")
    if open_until > at:
        return open_until
    set_state(connection, contact, "unconfirmed")
    _note(connection, user.id, user.service, contact, found.kind, "unconfirmed", "anban", at, rules)
    return None


def _named(token: str) -> Any:
    return (
        select(invitations, contacts.c.kind, contacts.c.state)
        .join(contacts, contacts.c.id == invitations.c.contact)
        .where(invitations.c.digest == _digest(token))
    )


def _invited(row: Row[Any], at: datetime) -> Invited:
    return Invited(row.user, row.contact, row.kind, row.state, aware(row.expires_at) > at)


def _note(
    connection: Connection,
    user: str,
    service: str,
    contact: str,
    kind: str,
    state: str,
    actor: str,
    at: datetime,
    rules: Rulebook,
) -> None:
    facts: dict[str, Fact] = {"contact": contact, "state": state}
    changed = Kind.GUARDIAN_CHANGED if kind == "guardian" else Kind.CONTACT_CHANGED
    write(connection, Entry(changed, at, user, actor, service, rules.version, facts))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
