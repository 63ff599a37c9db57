"""Real people can be found from every place, at every hour, at every age of the directory."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.words.helplines import load_helplines, say_lines
from tests.words.speaking import AUDIENCES

DIRECTORY = load_helplines()
CHECKED = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEEDS = ("talk", "danger", "fraud", "harm-by-others", "report-content")
UNCHECKED = {"cn-96110", "cn-12338", "cn-12345", "cn-12377"}


def find(place="cn", need="talk", audience="adult", days=0, **more):
    at = CHECKED + timedelta(days=days)
    return DIRECTORY.lines_for(place, at, need, audience, stale_days=90, hidden_days=180, **more)


@given(
    st.sampled_from(["cn", "us", "nz", "", None]),
    st.sampled_from(NEEDS),
    st.sampled_from(AUDIENCES),
    st.integers(0, 4000),
)
def test_there_are_always_two_or_three_routes_and_one_that_is_open(place, need, audience, days):
    lines = find(place, need, audience, days)
    assert 2 <= len(lines) <= 3
    assert len({line.id for line in lines}) == len(lines)
    assert any(line.always_open for line in lines)


def test_an_adult_at_home_hears_of_the_national_line_first():
    assert [line.number for line in find()] == ["12356", "120"]


def test_a_minor_also_hears_of_the_youth_line():
    assert [line.number for line in find(audience="minor")] == ["12356", "12355", "120"]


def test_danger_names_the_ambulance_first():
    assert [line.number for line in find(need="danger")][:2] == ["120", "110"]


def test_other_places_have_their_own_lines_and_unknown_ones_a_fallback():
    assert [line.number for line in find("us")] == ["988", "988", "911"]
    assert {line.id for line in find("nz")} == {"any-hospital", "any-emergency"}


def test_a_line_that_nobody_checked_is_never_shown():
    shown = {line.id for need in NEEDS for audience in AUDIENCES for line in find(need=need, audience=audience)}
    assert not shown & UNCHECKED
    assert {entry.id for entry in DIRECTORY.entries if entry.verified_on is None} >= UNCHECKED


@pytest.mark.parametrize(("days", "stale"), [(0, False), (90, False), (91, True), (180, True)])
def test_a_line_checked_too_long_ago_is_marked(days, stale):
    assert {line.stale for line in find(audience="minor", days=days)} == {stale}


def test_after_half_a_year_only_the_numbers_that_never_go_away_remain():
    assert "cn-12355" in {line.id for line in find(audience="minor", days=180)}
    late = {line.id for line in find(audience="minor", days=181)}
    assert late == {"cn-12356", "cn-120"}
    assert {"cn-120", "cn-110"} <= {line.id for line in find(need="danger", days=3000)}


def test_the_days_are_the_callers():
    tight = DIRECTORY.lines_for("cn", CHECKED + timedelta(days=8), "talk", "minor", stale_days=3, hidden_days=7)
    assert "cn-12355" not in {line.id for line in tight} and all(line.stale for line in tight)


def test_a_line_that_did_not_answer_comes_last():
    assert [line.number for line in find(failed=["cn-12356"])] == ["120", "12356"]


def test_day_and_night_are_claimed_only_where_that_was_checked():
    for entry in DIRECTORY.entries:
        if "24" in entry.hours.zh or "24" in entry.hours.en:
            assert entry.always_open and entry.verified_on is not None
    national = next(entry for entry in DIRECTORY.entries if entry.id == "cn-12356")
    assert "各地时段不同" in national.hours.zh and not national.always_open


def test_every_entry_says_where_it_comes_from_and_when_to_look_again():
    assert len({entry.id for entry in DIRECTORY.entries}) == len(DIRECTORY.entries)
    for entry in DIRECTORY.entries:
        assert entry.source and entry.short.zh and entry.short.en and entry.cost.zh and entry.who.zh
        if entry.verified_on:
            assert entry.next_check and entry.next_check > entry.verified_on


def test_routes_are_said_as_part_of_a_sentence():
    assert say_lines(find(), "zh") == "心理援助 12356，或急救 120"
    assert say_lines(find(), "en") == "psychological aid 12356 or ambulance 120"
    assert say_lines(find(audience="minor"), "zh") == "心理援助 12356、青少年 12355，或急救 120"
    assert say_lines(find("nz"), "en") == "the nearest hospital emergency room or your local emergency number"
    assert say_lines((), "zh") == ""


def test_from_memory_there_are_two_routes_without_a_date():
    assert [line.number for line in DIRECTORY.from_memory()] == ["12356", "120"]
    assert [line.number for line in DIRECTORY.from_memory("danger")] == ["120", "110", "12356"]


def test_emergency_numbers_follow_the_place():
    assert DIRECTORY.emergency("medical", find("cn")).number == "120"
    assert DIRECTORY.emergency("police", find("us")).number == "911"
    assert DIRECTORY.emergency("police", find("nz")).dialled("zh") == "当地紧急电话"
    assert DIRECTORY.emergency("police", ()).number == "110"
