"""Families straight in the database: people, rules, and guardians bound in every step there is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, select

from anban.base.keys import MasterKeys
from anban.law.register import load
from anban.law.rulebook import Rulebook
from anban.people.claims import Claimant
from anban.people.family_models import family_letters
from anban.people.guardians import claim, enter_code, move_on
from anban.people.letters import waiting_letter
from anban.people.models import User
from anban.people.users import change, find, meet
from anban.provider.services import open_service

KEYS = MasterKeys({1: b"k" * 32})
NOON = datetime(2026, 8, 3, 4, tzinfo=UTC)
PACKS = ("cn-2025-draft", "cn-2026-final")


@cache
def rules() -> Rulebook:
    return load().in_force(PACKS, NOON, frozenset())


def service(connection: Connection) -> str:
    return open_service(connection, name="companion", packs=PACKS, place="cn").id


def someone(connection: Connection, ref: str = "lin", **facts: Any) -> User:
    return change(connection, meet(connection, KEYS, service(connection), ref, NOON), facts)


def again(connection: Connection, user: User) -> User:
    found = find(connection, KEYS, user.service, user.ref)
    assert found is not None
    return found


def claimant(number: int = 0) -> Claimant:
    first, second = ("phone", f"138000000{number:02}"), ("email", f"parent{number}@example.cn")
    return Claimant("林建国", "birth-record", first, second, "小林")


def letters(connection: Connection, template: str, about: str | None = None) -> list[Mapping[str, Any]]:
    """The letters of this template that wait, opened: ways, slots and path."""
    wanted = select(family_letters.c.id).where(family_letters.c.template == template).order_by(family_letters.c.id)
    if about is not None:
        wanted = wanted.where(family_letters.c.about == about)
    found = [waiting_letter(connection, KEYS, row.id) for row in connection.execute(wanted).all()]
    return [{"ways": each.ways, "slots": each.slots, "path": each.path} for each in found if each is not None]


def code_of(connection: Connection, identifier: str) -> str:
    """The code as whoever reads the second address finds it."""
    return str(letters(connection, "family.code", identifier)[0]["slots"]["code"])


def bound(connection: Connection, user: User, number: int = 0, at: datetime = NOON) -> str:
    """A guardian of this person, through every step; bound three days after `at`."""
    identifier, _ = claim(connection, KEYS, user.service, user.ref, claimant(number), at, rules())
    assert enter_code(connection, KEYS, identifier, code_of(connection, identifier), at, rules())
    assert move_on(connection, KEYS, user, identifier, at + timedelta(hours=72), rules()) is None
    return identifier
