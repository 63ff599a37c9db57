"""The dependence index: from somebody's own history, beside their own usual, with every sign explained."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.law.register import DEFAULT_PACKS, load
from anban.risk.dependence import Index, Life, UsedDay, explained_sign, index, measured

TODAY = date(2026, 11, 23)
RULES = load().in_force(DEFAULT_PACKS, datetime(2026, 11, 23, tzinfo=UTC))


def lived(recent: float, before: float, *, late: int = 0, late_before: int = 0, days: int = 36) -> Life:
    """Hours a day in the last week and in the four before; of the nights, so many late ones."""

    def day(back: int) -> UsedDay:
        hours = [0.0] * 24
        hours[12] = (recent if back < 7 else before) * 3600
        hours[23] = 1800.0 if back < late or 7 <= back < 7 + late_before else 0.0
        return UsedDay(TODAY - timedelta(days=back), sum(hours), tuple(hours))

    used = tuple(each for each in map(day, reversed(range(days))) if each.seconds)
    return Life(TODAY, TODAY - timedelta(days=days - 1), used)


def found(life: Life) -> Index:
    result = index(life, RULES)
    assert result is not None
    return result


@pytest.mark.parametrize(
    ("life", "level"),
    [
        (lived(0.5, 0.5), 0),
        (lived(1.0, 0.2), 0),
        (lived(5.0, 1.0), 1),
        (lived(5.0, 1.0, late=7), 2),
        (replace(lived(5.0, 1.0, late=7), words=True), 3),
        (replace(lived(0.5, 0.5), returns=10, failed=5), 2),
        (replace(lived(5.0, 1.0, late=7), spent=900.0, spent_usually=100.0, failed=5), 3),
        (replace(lived(0.5, 0.5), words=True), 1),
    ],
)
def test_levels(life: Life, level: int) -> None:
    assert found(life).level == level


def test_what_was_always_so_counts_half() -> None:
    always, new = found(lived(5.0, 5.0)), found(lived(5.0, 1.0))
    hours = {part.sign: part for part in new.parts}["hours"]
    usual = {part.sign: part for part in always.parts}["hours"]
    assert usual.adds == pytest.approx(hours.adds / 2)
    assert (hours.amount, hours.usual) == (5.0, 1.0)


@pytest.mark.parametrize(("days", "known"), [(1, False), (7, False), (8, True)])
def test_never_on_fewer_than_seven_days(days: int, known: bool) -> None:
    assert (index(lived(9.0, 9.0, late=7, days=days), RULES) is not None) is known


def test_a_night_is_one_night_over_midnight_and_a_glance_is_none() -> None:
    one = UsedDay(TODAY - timedelta(days=1), 600, (*(0.0,) * 23, 600.0))
    other = UsedDay(TODAY, 600, (600.0, *(0.0,) * 23))
    life = Life(TODAY, TODAY - timedelta(days=30), (one, other))
    nights = {part.sign: part.amount for part in found(replace(life, failed=5)).parts}
    assert "nights" not in nights, "one night is not yet a sign"
    assert found(replace(life, days=(replace(one, hours=(0.0,) * 24), replace(other, hours=(0.0,) * 24)))).parts == ()


@given(
    st.floats(0, 24), st.floats(0, 24), st.integers(0, 7), st.integers(0, 40), st.integers(0, 7), st.booleans(),
    st.floats(0, 1e6), st.floats(0, 1e6),
)  # fmt: skip
def test_it_stays_between_none_and_one_and_more_of_a_sign_is_never_less(
    recent: float, before: float, late: int, returns: int, failed: int, words: bool, spent: float, usually: float
) -> None:
    life = replace(
        lived(recent, before, late=late),
        returns=returns, failed=failed, words=words, spent=spent, spent_usually=usually,
    )  # fmt: skip
    one = found(life)
    assert 0 <= one.score < 1 and 0 <= one.level <= 3
    assert list(one.parts) == sorted(one.parts, key=lambda part: -part.adds)
    for more in (replace(life, returns=returns + 1), replace(life, failed=failed + 1), replace(life, words=True)):
        assert found(more).score >= one.score


def test_no_single_sign_makes_more_than_a_gentle_remark() -> None:
    for life in (
        lived(20.0, 0.1), replace(lived(0.1, 0.1), returns=99), replace(lived(0.1, 0.1), failed=7),
        replace(lived(0.1, 0.1), words=True), replace(lived(0.1, 0.1), spent=1e6, spent_usually=1.0),
    ):  # fmt: skip
        parts = [part for part in found(life).parts if part.sign != "row"]
        assert len(parts) == 1 and parts[0].adds < RULES.table("dependence-levels")["D2"]


def test_every_sign_is_told_in_both_languages_and_reasons_hold_codes_only() -> None:
    life = replace(lived(5.0, 1.0, late=7), returns=4, failed=3, words=True, spent=300.0, spent_usually=100.0)
    result = found(life)
    assert len(result.parts) == 7
    for part in result.parts:
        said = explained_sign(part)
        assert said["zh"] and said["en"] and "{" not in said["zh"] + said["en"]
    assert all(reason.why.isascii() and " " not in reason.why for reason in result.reasons())
    assert measured(result.reasons())["nights"] == 7
