"""Article 32: a rule applies from its own day, so any past day can be replayed and any future day rehearsed."""

from datetime import UTC, datetime, timedelta

import pytest

from anban.law.model import NoText
from anban.law.register import DEFAULT_PACKS, load

START_IN_CHINA = datetime(2026, 7, 14, 16, tzinfo=UTC)
A_MOMENT = timedelta(seconds=1)


def test_the_measures_apply_from_the_first_moment_of_their_day_in_china() -> None:
    register = load()
    with pytest.raises(NoText):
        register.in_force(("cn-2026-final",), START_IN_CHINA - A_MOMENT)
    assert register.in_force(("cn-2026-final",), START_IN_CHINA).whole("break-interval") == 120


def test_a_day_before_the_measures_is_judged_without_them() -> None:
    before = load().in_force(DEFAULT_PACKS, START_IN_CHINA - A_MOMENT)
    assert not before.owes("no-virtual-intimacy-with-minors")
    assert before.owes("break-reminder")


def test_a_future_day_can_be_rehearsed() -> None:
    register = load()
    assert not register.in_force(("us-ca-sb243",), datetime(2027, 6, 30, tzinfo=UTC)).holds(
        "crisis-referral-report-owed"
    )
    assert register.in_force(("us-ca-sb243",), datetime(2027, 7, 2, tzinfo=UTC)).holds("crisis-referral-report-owed")
