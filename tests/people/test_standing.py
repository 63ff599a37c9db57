"""Who somebody is, from stated facts: mode and band before a birth year, and the younger reading of a year."""

from datetime import UTC, datetime

import pytest

from anban.base.keys import DataKey
from anban.people.models import User
from anban.people.standing import Standing, standing_of

NOW = datetime(2026, 8, 1, tzinfo=UTC)


def person(year: int | None = None, band: str | None = None, mode: str | None = None) -> User:
    return User("usr_1", "svc_1", "lin", DataKey(1, b"k" * 32), NOW, year, band, mode)


def standing(user: User | None) -> Standing:
    return standing_of(user, NOW, minor_age=18, elder_age=60)


@pytest.mark.parametrize(
    ("user", "audience", "ground"),
    [
        (None, "adult", "unknown"),
        (person(), "adult", "unknown"),
        (person(band="adult"), "adult", "stated"),
        (person(band="under_8"), "minor", "stated"),
        (person(band="16-17"), "minor", "stated"),
        (person(band="elder"), "elder", "stated"),
        (person(mode="minor"), "minor", "mode"),
        (person(mode="elder"), "elder", "mode"),
        (person(1980, mode="minor"), "minor", "mode"),
        (person(1980, band="12-15"), "minor", "stated"),
        (person(2015, band="adult"), "minor", "stated"),
        (person(2015), "minor", "stated"),
        (person(2008), "minor", "stated"),
        (person(2007), "adult", "stated"),
        (person(1966), "elder", "stated"),
        (person(1967), "adult", "stated"),
        (person(1930), "elder", "stated"),
    ],
)
def test_who_this_is_as_far_as_the_rules_care(user: User | None, audience: str, ground: str) -> None:
    assert standing(user) == Standing(audience, ground)  # type: ignore[arg-type]


def test_a_year_alone_is_read_as_its_last_day_in_favour_of_protection() -> None:
    assert standing(person(2008)).is_minor, "eighteen this year, perhaps not yet"
    assert standing(person(2007)).audience == "adult"


def test_parameters_for_minors_bind_for_minors_only() -> None:
    assert standing(person(band="8-11")).groups == {"minors", "known-minors"}
    assert standing(person(1930)).groups == {"elders"} and standing(None).groups == frozenset()
