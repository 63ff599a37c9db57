"""Whom to call: names and addresses, sealed under the user's key."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import orjson
from sqlalchemy import Connection, delete, func, insert, select, update

from anban.base.ids import new_id
from anban.people.family_models import guardians
from anban.people.home import UNSAFE, home_marked
from anban.people.models import Contact, User, contacts

SAID_NO: Final = ("declined", "withdrawn")
"""States of those who do not want to be called; nobody calls them, in a crisis either."""


def _place(user: str, contact: str, version: int) -> str:
    return f"contacts|{user}|{contact}|{version}"


def kept_in_danger(before: Sequence[Contact], given: Sequence[Contact]) -> tuple[Contact, ...]:
    """What a change of contacts comes to while somebody is in danger: new ones join, none leaves (reliability A6).

    So nobody can cut the line to those who would be told in the middle of a crisis.
    """
    known = {(each.name, each.ways) for each in given}
    return (*given, *(each for each in before if (each.name, each.ways) not in known))


def replace_contacts(connection: Connection, user: User, kind: str, given: Sequence[Contact]) -> None:
    """Put `given` in place of the user's contacts of one kind, in calling order.

    Who was there before under the same name and addresses keeps what they answered. Guardians who are bound are not
    dropped by a list, and come last where it leaves them out.
    """
    before = [each for each in every_contact(connection, user) if each.kind == kind]
    known = {(each.name, each.ways): each for each in before}
    bound = _bound(connection, user.id)
    wanted: list[Contact] = []
    for contact in given:
        same = known.get((contact.name, contact.ways))
        if same is not None and not contact.id:
            contact = replace(contact, id=same.id, state=same.state, unsafe=contact.unsafe or same.unsafe)
        if all(each.id != contact.id for each in wanted) or not contact.id:
            wanted.append(contact)
    wanted += [each for each in before if each.id in bound and all(each.id != one.id for one in wanted)]
    connection.execute(delete(contacts).where(contacts.c.user == user.id, contacts.c.kind == kind))
    for number, contact in enumerate(wanted):
        _insert(connection, user, kind, number, contact)


def add_contact(connection: Connection, user: User, contact: Contact) -> str:
    """One more, to be called after those of the same kind; their id."""
    last = select(func.max(contacts.c.place)).where(contacts.c.user == user.id, contacts.c.kind == contact.kind)
    return _insert(connection, user, contact.kind, (connection.execute(last).scalar() or 0) + 1, contact)


def drop_contact(connection: Connection, user: str, identifier: str) -> None:
    """Somebody is no contact any more."""
    connection.execute(delete(contacts).where(contacts.c.user == user, contacts.c.id == identifier))


def set_state(connection: Connection, identifier: str, state: str) -> None:
    """How a contact stands to being one: stated, invited, accepted, declined, withdrawn or unconfirmed."""
    connection.execute(update(contacts).where(contacts.c.id == identifier).values(state=state))


def contacts_of(connection: Connection, user: User) -> tuple[Contact, ...]:
    """The user's contacts who may be called, guardians first, in calling order."""
    return tuple(each for each in every_contact(connection, user) if each.state not in SAID_NO)


def every_contact(connection: Connection, user: User) -> tuple[Contact, ...]:
    """The same with those who said no, so that the user sees who did."""
    rows = connection.execute(
        select(contacts).where(contacts.c.user == user.id).order_by(contacts.c.kind.desc(), contacts.c.place)
    )
    found: list[Contact] = []
    for row in rows:
        text = orjson.loads(user.key.of(row.key_version).open(row.sealed, _place(user.id, row.id, row.key_version)))
        also = tuple((route, address) for route, address in text.get("also", ()))
        found.append(
            Contact(
                row.id,
                row.kind,
                text["name"],
                text["route"],
                text["address"],
                row.state,
                also,
                row.unsafe,
                text.get("calls", ""),
            )  # fmt: skip
        )
    return tuple(found)


def _insert(connection: Connection, user: User, kind: str, place: int, contact: Contact) -> str:
    identifier = contact.id or new_id("con_")
    text = orjson.dumps(
        {
            "name": contact.name, "route": contact.route, "address": contact.address,
            "also": contact.also, "calls": contact.calls,
        }
    )  # fmt: skip
    # A guardian who joins later is held like all others of somebody who is unsafe at home.
    held = UNSAFE if kind == "guardian" and home_marked(connection, user.id) else ""
    connection.execute(
        insert(contacts).values(
            id=identifier,
            user=user.id,
            kind=kind,
            place=place,
            key_version=user.key.version,
            sealed=user.key.seal(text, _place(user.id, identifier, user.key.version)),
            state=contact.state,
            unsafe=contact.unsafe or held,
        )
    )
    return identifier


def _bound(connection: Connection, user: str) -> frozenset[str]:
    rows = connection.execute(select(guardians.c.contact).where(guardians.c.user == user, guardians.c.state == "bound"))
    return frozenset(str(row.contact) for row in rows if row.contact)
