"""Who somebody is: mode and band before a birth year, the younger reading of a year, and all that is on file."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from anban.base.keys import DataKey
from anban.people.limits import Limits
from anban.people.models import User
from anban.people.standing import Family, Standing, standing_of, standing_with

NOW = datetime(2026, 8, 1, tzinfo=UTC)


def person(year: int | None = None, band: str | None = None, mode: str | None = None, why: str | None = None) -> User:
    return User("usr_1", "svc_1", "lin", DataKey(1, b"k" * 32), NOW, year, band, mode, why)


def standing(user: User | None) -> Standing:
    return standing_of(user, NOW, minor_age=18, elder_age=60)


def full(user: User, family: Family) -> Standing:
    return standing_with(user, family, NOW, minor_age=18, elder_age=60)


@pytest.mark.parametrize(
    ("user", "audience", "ground", "band"),
    [
        (None, "adult", "unknown", None),
        (person(), "adult", "unknown", None),
        (person(band="adult"), "adult", "stated", "adult"),
        (person(band="under_8"), "minor", "stated", "3-7"),
        (person(band="16-17"), "minor", "stated", "16-17"),
        (person(band="elder"), "elder", "stated", "elder"),
        (person(mode="minor"), "minor", "mode", None),
        (person(mode="minor", why="suspected"), "minor", "suspected", None),
        (person(mode="minor", why="device"), "minor", "device", None),
        (person(band="adult", mode="minor", why="suspected"), "minor", "suspected", None),
        (person(2013, mode="minor", why="guardian"), "minor", "guardian", "12-15"),
        (person(mode="ordinary", why="appeal"), "adult", "unknown", None),
        (person(mode="elder"), "elder", "mode", "elder"),
        (person(1980, mode="minor"), "minor", "mode", None),
        (person(1980, band="12-15"), "minor", "stated", "12-15"),
        (person(2015, band="adult"), "minor", "stated", "8-11"),
        (person(2015), "minor", "stated", "8-11"),
        (person(2024), "minor", "stated", "under-3"),
        (person(2008), "minor", "stated", "16-17"),
        (person(2007), "adult", "stated", "adult"),
        (person(1966), "elder", "stated", "elder"),
        (person(1967), "adult", "stated", "adult"),
        (person(1930), "elder", "stated", "elder"),
    ],
)
def test_who_this_is_as_far_as_the_rules_care(user: User | None, audience: str, ground: str, band: str | None) -> None:
    found = standing(user)
    assert (found.audience, found.ground, found.band) == (audience, ground, band)
    assert found.suspected == (ground == "suspected")


def test_a_year_alone_is_read_as_its_last_day_in_favour_of_protection() -> None:
    assert standing(person(2008)).is_minor, "eighteen this year, perhaps not yet"
    assert standing(person(2007)).audience == "adult"


def test_parameters_for_minors_bind_for_minors_only() -> None:
    assert standing(person(band="8-11")).groups == {"minors", "known-minors"}
    assert standing(person(1930)).groups == {"elders"} and standing(None).groups == frozenset()


def test_an_adult_is_registered_once_an_age_is_known() -> None:
    assert not full(person(), Family()).registered
    assert full(person(1990), Family()).registered


def test_minors_and_elders_are_registered_once_their_contact_has_accepted() -> None:
    child, elder = person(band="12-15"), person(1940)
    assert not full(child, Family()).registered and not full(elder, Family()).registered
    assert not full(child, Family(accepted=frozenset({"emergency"}))).registered, "a minor needs a guardian"
    assert full(child, Family(accepted=frozenset({"guardian"}))).registered
    assert full(child, Family(guardian_bound=True)).registered
    assert full(elder, Family(accepted=frozenset({"emergency"}))).registered


def test_evidence_gives_a_suspected_minor_a_band_and_a_stated_age_its_proof() -> None:
    suspected = full(person(mode="minor", why="suspected"), Family(ages=(("chat", "12-15"),)))
    assert (suspected.band, suspected.youngest, suspected.ground) == ("12-15", 12, "suspected")
    proven = full(person(band="adult"), Family(ages=(("verified", "adult"),)))
    assert (proven.audience, proven.ground) == ("adult", "verified")


def test_a_consent_ends_with_its_day_while_the_person_is_held_in_memory() -> None:
    family = Family(consents={"use": None, "training": NOW + timedelta(days=1), "sharing": NOW})
    assert full(person(), family).consents == {"use", "training"}


def test_limits_of_the_guardian_and_ones_own_stand_side_by_side() -> None:
    limits = {"guardian": Limits(minutes=30), "self": Limits(minutes=20)}
    found = full(person(band="12-15"), Family(limits=limits, blocked=frozenset({"wolf"})))
    assert (found.guardian_limits.minutes, found.own_limits.minutes, found.blocked) == (30, 20, {"wolf"})


def test_where_nothing_is_on_file_stated_facts_decide_alone() -> None:
    user = person(2013)
    assert full(user, Family()) == replace(standing(user), registered=False)
