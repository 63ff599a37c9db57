"""Elders are led through naming a contact at first use and yearly; skipping is kept, and asked again."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from anban.base.db import Connection, Database
from anban.law.register import DEFAULT_PACKS, load
from anban.ledger.kinds import Kind
from anban.ledger.reading import about
from anban.people.contacts import every_contact, set_state
from anban.people.elder_setup import (
    SetUp,
    confirm_contacts,
    guidance_due,
    name_contact,
    setup_due,
    setup_of,
    skip_setup,
)
from anban.people.letters import letters_about
from anban.people.models import Contact, User
from anban.people.standing import Standing
from anban.people.users import meet
from anban.provider.services import open_service
from tests.people.scene import KEYS

FIRST = datetime(2026, 8, 1, 12, tzinfo=UTC)
RULES = load().in_force(DEFAULT_PACKS, FIRST)
ELDER, ADULT, MINOR = Standing("elder", "stated", "elder"), Standing(), Standing("minor", "stated")
DAUGHTER = Contact("con_1", "emergency", "女儿", "phone", "13800000000", calls="妈妈")


def days(number: float) -> datetime:
    return FIRST + timedelta(days=number)


def due(so_far: SetUp, contacts: tuple[Contact, ...] = (), at: datetime = FIRST, who: Standing = ELDER) -> str | None:
    return setup_due(who, so_far, contacts, FIRST, at, RULES)


def test_it_is_due_at_first_use_for_elders_alone() -> None:
    assert due(SetUp()) == "first"
    assert due(SetUp(), who=ADULT) is None and due(SetUp(), who=MINOR) is None


def test_whoever_skipped_it_has_the_evening_in_peace_and_is_asked_again_next_time() -> None:
    skipped = SetUp(skipped_at=FIRST)
    assert due(skipped, at=FIRST + timedelta(hours=3)) is None
    assert due(skipped, at=days(1)) == "again"


@pytest.mark.parametrize("state", ["declined", "withdrawn"])
def test_a_contact_who_said_no_is_none(state: str) -> None:
    refused = Contact("con_1", "emergency", "女儿", "phone", "1", state)
    assert due(SetUp(done_at=FIRST), (refused,), days(1)) == "first"


def test_a_year_later_it_is_looked_at_again() -> None:
    done = SetUp(done_at=FIRST)
    assert due(done, (DAUGHTER,), days(364)) is None
    assert due(done, (DAUGHTER,), days(365)) == "yearly"


def test_a_contact_that_the_app_stated_is_looked_at_a_year_after_first_use() -> None:
    assert due(SetUp(), (DAUGHTER,), days(300)) is None
    assert due(SetUp(), (DAUGHTER,), days(366)) == "yearly"


def test_guidance_comes_at_first_use_and_monthly_for_elders_alone() -> None:
    assert guidance_due(ELDER, (), FIRST, RULES)
    assert not guidance_due(ELDER, (FIRST,), days(29), RULES)
    assert guidance_due(ELDER, (FIRST,), days(30), RULES)
    assert not guidance_due(ELDER, (FIRST, days(30)), days(40), RULES)
    assert not guidance_due(ADULT, (), FIRST, RULES) and not guidance_due(MINOR, (), FIRST, RULES)


async def a_person(db: Database) -> User:
    def work(connection: Connection) -> User:
        service = open_service(connection, name="companion", packs=("cn-2026-final",), place="cn")
        return meet(connection, KEYS, service.id, "lin", FIRST)

    return await db.write(work)


async def test_who_is_named_is_kept_and_asked_whether_they_agree(db: Database) -> None:
    user = await a_person(db)
    given = Contact("", "emergency", "女儿", "phone", "13800000000", calls="妈妈")

    def work(connection: Connection) -> str:
        return name_contact(connection, KEYS, user, given, FIRST, RULES)

    identifier = await db.write(work)
    (kept,) = await db.read(partial(every_contact, user=user))
    assert (kept.id, kept.name, kept.calls, kept.state) == (identifier, "女儿", "妈妈", "invited")
    assert await db.read(lambda connection: letters_about(connection, identifier)) == (
        ("family.invite.emergency", "waiting"),
    )
    assert (await db.read(partial(setup_of, user=user.id))).done_at == FIRST


async def test_skipping_and_confirming_stand_in_the_ledger_without_a_name(db: Database) -> None:
    user = await a_person(db)
    await db.write(partial(skip_setup, user=user, at=FIRST, rules=RULES))
    assert await db.read(partial(setup_of, user=user.id)) == SetUp(None, FIRST)
    await db.write(partial(confirm_contacts, user=user, at=days(2), rules=RULES))
    assert await db.read(partial(setup_of, user=user.id)) == SetUp(days(2), FIRST)
    entries = await db.read(lambda connection: about(connection, user.id, Kind.CONTACT_CHANGED))
    assert [(each.entry.facts, each.entry.actor) for each in entries] == [
        ({"setup": "skipped"}, "self"), ({"setup": "confirmed"}, "self"),
    ]  # fmt: skip


async def test_a_contact_who_declines_makes_the_set_up_due_again(db: Database) -> None:
    user = await a_person(db)
    given = Contact("", "emergency", "女儿", "phone", "13800000000")

    def work(connection: Connection) -> tuple[SetUp, tuple[Contact, ...]]:
        identifier = name_contact(connection, KEYS, user, given, FIRST, RULES)
        set_state(connection, identifier, "declined")
        return setup_of(connection, user.id), every_contact(connection, user)

    so_far, contacts = await db.write(work)
    assert due(so_far, contacts, days(1)) == "first"
