"""Whom to call: names and addresses, sealed under the user's key."""

from collections.abc import Sequence

import orjson
from sqlalchemy import Connection, delete, insert, select

from anban.base.ids import new_id
from anban.people.models import Contact, User, contacts


def _place(user: str, contact: str, version: int) -> str:
    return f"contacts|{user}|{contact}|{version}"


def kept_in_danger(before: Sequence[Contact], given: Sequence[Contact]) -> tuple[Contact, ...]:
    """What a change of contacts comes to while somebody is in danger: new ones join, none leaves (reliability A6).

    So nobody can cut the line to those who would be told in the middle of a crisis.
    """
    known = {(each.name, each.ways) for each in given}
    return (*given, *(each for each in before if (each.name, each.ways) not in known))


def replace_contacts(connection: Connection, user: User, kind: str, given: Sequence[Contact]) -> None:
    """Put `given` in place of the user's contacts of one kind, in calling order."""
    connection.execute(delete(contacts).where(contacts.c.user == user.id, contacts.c.kind == kind))
    for number, contact in enumerate(given):
        identifier = contact.id or new_id("con_")
        text = orjson.dumps(
            {
                "name": contact.name, "route": contact.route, "address": contact.address,
                "also": contact.also, "calls": contact.calls,
            }
        )  # fmt: skip
        connection.execute(
            insert(contacts).values(
                id=identifier,
                user=user.id,
                kind=kind,
                place=number,
                key_version=user.key.version,
                sealed=user.key.seal(text, _place(user.id, identifier, user.key.version)),
                state=contact.state,
                unsafe=contact.unsafe,
            )
        )


def contacts_of(connection: Connection, user: User) -> tuple[Contact, ...]:
    """The user's contacts, guardians first, in calling order."""
    rows = connection.execute(
        select(contacts).where(contacts.c.user == user.id).order_by(contacts.c.kind.desc(), contacts.c.place)
    )
    found: list[Contact] = []
    for row in rows:
        text = orjson.loads(user.key.open(row.sealed, _place(user.id, row.id, row.key_version)))
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
