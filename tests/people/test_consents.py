"""Consents: one purpose each, receipts, expiry, withdrawal at once; what needs a guardian needs a bound one."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from anban.base.db import Database
from anban.base.errors import Forbidden, NotFound
from anban.people.consents import (
    PURPOSES,
    Purpose,
    consents_missing,
    give,
    in_force,
    receipt,
    receipts,
    withdraw,
)
from anban.people.models import User
from anban.people.standing import standing_at
from tests.people.family import NOON, bound, rules, someone

LATER = NOON + timedelta(days=4)


def gives(connection: Connection, user: User, purpose: Purpose, version: str = "1", guardian: str | None = None):
    standing = standing_at(connection, user, LATER, rules())
    by = "user" if guardian is None else "guardian"
    return give(connection, user, standing, purpose, version, by, LATER, rules(), guardian=guardian)


async def test_one_purpose_says_nothing_of_another(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = someone(connection, age_band="adult")
        for purpose in ("agreement", "training"):
            gives(connection, user, purpose)
        assert in_force(connection, user.id, LATER) == {"agreement", "training"}
        withdraw(connection, user, "training", "user", LATER, rules())
        assert in_force(connection, user.id, LATER) == {"agreement"}

    await db.write(work)


async def test_a_new_version_takes_the_place_of_the_old_and_both_stay_on_record(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = someone(connection, age_band="adult")
        first = gives(connection, user, "agreement", "2026-08")
        assert gives(connection, user, "agreement", "2026-08").id == first.id, "the same twice is once"
        gives(connection, user, "agreement", "2026-09")
        states = [(each["version"], each["state"]) for each in receipts(connection, user.id, LATER)]
        assert states == [("2026-09", "in-force"), ("2026-08", "withdrawn")]
        assert receipt(connection, user.id, first.id, LATER)["receipt"] == first.id
        with pytest.raises(NotFound):
            receipt(connection, someone(connection, "other").id, first.id, LATER)

    await db.write(work)


async def test_what_a_guardian_gave_is_asked_again_after_a_year(db: Database) -> None:
    def work(connection: Connection) -> None:
        child = someone(connection, age_band="12-15")
        guardian = bound(connection, child)
        gives(connection, child, "use", guardian=guardian)
        assert in_force(connection, child.id, LATER + timedelta(days=364)) == {"use"}
        assert in_force(connection, child.id, LATER + timedelta(days=365)) == frozenset()

    await db.write(work)


@pytest.mark.parametrize(
    ("band", "owed"),
    [
        ("under_8", ("use", "under-14-data")),
        ("12-15", ("use", "under-14-data")),
        ("16-17", ("use",)),
        ("adult", ()),
        ("elder", ()),
    ],
)
async def test_which_consents_a_guardian_owes_follows_the_age(db: Database, band: str, owed: tuple[str, ...]) -> None:
    def work(connection: Connection) -> tuple[str, ...]:
        user = someone(connection, age_band=band)
        return consents_missing(standing_at(connection, user, NOON, rules()), rules())

    assert await db.write(work) == owed


async def test_a_stranger_who_says_that_they_are_the_guardian_consents_to_nothing(db: Database) -> None:
    def work(connection: Connection) -> None:
        child, other = someone(connection, age_band="8-11"), someone(connection, "other", age_band="8-11")
        stranger = bound(connection, other)
        for purpose in PURPOSES:
            with pytest.raises(Forbidden):
                gives(connection, child, purpose, guardian=stranger)
        with pytest.raises(Forbidden):
            withdraw(connection, child, "use", "guardian", LATER, rules(), guardian=stranger)

    await db.write(work)


async def test_a_minor_takes_back_sharing_and_training_but_not_a_guardians_use(db: Database) -> None:
    def work(connection: Connection) -> None:
        child = someone(connection, age_band="12-15")
        guardian = bound(connection, child)
        for purpose in ("use", "training"):
            gives(connection, child, purpose, guardian=guardian)
        withdraw(connection, child, "training", "user", LATER, rules())
        with pytest.raises(Forbidden):
            withdraw(connection, child, "use", "user", LATER, rules())
        assert in_force(connection, child.id, LATER) == {"use"}

    await db.write(work)
