"""A contact accepts by their own word, leaves at any time, and is asked again each year."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from anban.base.db import Database
from anban.people.contacts import add_contact, contacts_of, every_contact
from anban.people.invitations import answer, invite, look, recheck
from anban.people.models import Contact, User
from anban.people.standing import standing_at
from tests.people.family import KEYS, NOON, letters, rules, someone

AUNT = Contact("", "emergency", "姑姑", "phone", "13600000000", calls="小林")


def asked(connection: Connection) -> tuple[User, str, str]:
    """(an elder, their contact, the token in the newest invitation)."""
    user = someone(connection, birth_year=1940)
    contact = add_contact(connection, user, AUNT)
    return user, contact, token(connection, user, contact, NOON)


def token(connection: Connection, user: User, contact: str, at: datetime) -> str:
    invite(connection, KEYS, user, contact, at, rules())
    return newest(connection)


def newest(connection: Connection) -> str:
    return str(letters(connection, "family.invite.emergency")[-1]["path"]).rpartition("/")[2]


def state(connection: Connection, user: User) -> str:
    return every_contact(connection, user)[0].state


async def test_stated_is_not_accepted_and_accepting_registers(db: Database) -> None:
    def work(connection: Connection) -> None:
        user, _, link = asked(connection)
        assert not standing_at(connection, user, NOON, rules()).registered
        assert look(connection, link, NOON) is not None and state(connection, user) == "invited", "looking is no answer"
        assert answer(connection, link, "accept", NOON, rules()) is not None
        assert standing_at(connection, user, NOON, rules()).registered

    await db.write(work)


async def test_after_a_week_a_link_accepts_nothing(db: Database) -> None:
    def work(connection: Connection) -> None:
        user, _, link = asked(connection)
        assert answer(connection, link, "accept", NOON + timedelta(days=7), rules()) is None
        assert answer(connection, "made-up", "accept", NOON, rules()) is None
        assert state(connection, user) == "invited"

    await db.write(work)


async def test_who_declines_or_leaves_is_called_by_nobody(db: Database) -> None:
    def work(connection: Connection) -> None:
        user, _, link = asked(connection)
        answer(connection, link, "accept", NOON, rules())
        left = answer(connection, link, "decline", NOON + timedelta(days=200), rules())
        assert left is not None and left.state == "withdrawn"
        assert contacts_of(connection, user) == () and state(connection, user) == "withdrawn"

    await db.write(work)


async def test_each_year_they_are_asked_again_and_silence_is_no_yes(db: Database) -> None:
    def work(connection: Connection) -> None:
        user, contact, link = asked(connection)
        answer(connection, link, "accept", NOON, rules())
        year = NOON + timedelta(days=365)
        assert recheck(connection, KEYS, user, contact, NOON + timedelta(days=7), rules()) == year
        assert recheck(connection, KEYS, user, contact, year, rules()) == year + timedelta(days=7)
        assert standing_at(connection, user, year, rules()).registered, "in force while they are asked"
        second = newest(connection)
        assert second != link
        assert recheck(connection, KEYS, user, contact, year + timedelta(days=7), rules()) is None
        assert state(connection, user) == "unconfirmed"
        assert not standing_at(connection, user, year + timedelta(days=8), rules()).registered
        assert [each.id for each in contacts_of(connection, user)] == [contact], "still called in danger"

    await db.write(work)


async def test_a_second_yes_is_good_for_another_year(db: Database) -> None:
    def work(connection: Connection) -> None:
        user, contact, link = asked(connection)
        answer(connection, link, "accept", NOON, rules())
        year = NOON + timedelta(days=365)
        recheck(connection, KEYS, user, contact, year, rules())
        answer(connection, newest(connection), "accept", year + timedelta(days=1), rules())
        assert recheck(connection, KEYS, user, contact, year + timedelta(days=7), rules()) == year + timedelta(days=366)

    await db.write(work)
