"""Letters to guardians and contacts that wait to go out: sealed until they are sent, and wiped then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import Connection, insert, select, update

from anban.base.durable import promise
from anban.base.ids import new_id
from anban.base.keys import DataKey, MasterKeys, Unreadable
from anban.base.times import aware
from anban.people.family_models import family_letters

WORK: Final = "family-letter"
"""The kind of work that sends them (`cases/family_post.py`)."""

BAND: Final = 30
"""Its place among all work: behind every case of somebody in danger."""

PURPOSE: Final = "family letters"

Way = tuple[str, str]
"""(route, address)."""


@dataclass(frozen=True, slots=True)
class FamilyLetter:
    """One letter. `path` is the end of its link, empty for none; `user` is empty where it is about nobody we know."""

    id: str
    user: str
    service: str
    template: str
    about: str
    until: datetime
    tries: int
    ways: tuple[Way, ...] = field(repr=False)
    slots: Mapping[str, str] = field(repr=False)
    path: str = field(repr=False, default="")


def put_letter(
    connection: Connection,
    keys: MasterKeys,
    *,
    user: str,
    service: str,
    template: str,
    about: str,
    ways: Sequence[Way],
    slots: Mapping[str, str],
    path: str,
    at: datetime,
    until: datetime,
) -> str:
    """Write a letter, and promise in the same transaction that it is sent until `until`. Its id."""
    identifier = new_id("let_")
    told = orjson.dumps({"ways": ways, "slots": slots, "path": path})
    connection.execute(
        insert(family_letters).values(
            id=identifier, user=user, service=service, template=template, about=about, made_at=at, until=until,
            state="waiting", tries=0, sealed=keys.derived(PURPOSE).seal(told, _place(identifier)),
        )
    )  # fmt: skip
    promise(connection, identifier, WORK, at, BAND)
    return identifier


def waiting_letter(connection: Connection, keys: MasterKeys, identifier: str) -> FamilyLetter | None:
    """A letter that still has to go out, with one more try counted; None when it is out or given up."""
    row = connection.execute(
        update(family_letters)
        .where(family_letters.c.id == identifier, family_letters.c.state == "waiting")
        .values(tries=family_letters.c.tries + 1)
        .returning(family_letters)
    ).first()
    if row is None:
        return None
    told = orjson.loads(_opened(keys, row.sealed, identifier))
    ways = tuple((route, address) for route, address in told["ways"])
    return FamilyLetter(
        row.id, row.user, row.service, row.template, row.about, aware(row.until), row.tries,
        ways, told["slots"], told["path"],
    )  # fmt: skip


def conclude_letter(connection: Connection, identifier: str, state: str) -> None:
    """It is out (`sent`) or too late (`given-up`): address, code and link are wiped."""
    connection.execute(
        update(family_letters)
        .where(family_letters.c.id == identifier, family_letters.c.state == "waiting")
        .values(state=state, sealed=None)
    )


def letters_about(connection: Connection, about: str) -> tuple[tuple[str, str], ...]:
    """(template, state) of every letter about one claim or contact, oldest first."""
    rows = connection.execute(
        select(family_letters.c.template, family_letters.c.state)
        .where(family_letters.c.about == about)
        .order_by(family_letters.c.id)
    )
    return tuple((row.template, row.state) for row in rows)


def _opened(keys: MasterKeys, sealed: bytes, identifier: str) -> bytes:
    openers: list[DataKey] = [keys.derived(PURPOSE), *(keys.derived(PURPOSE, each) for each in keys.older)]
    for key in openers[:-1]:
        try:
            return key.open(sealed, _place(identifier))
        except Unreadable:
            continue
    return openers[-1].open(sealed, _place(identifier))


def _place(identifier: str) -> str:
    return f"family_letters|{identifier}"
