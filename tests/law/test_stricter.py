"""However many texts speak and in whatever order, the stricter one wins and nobody's rule is weakened."""

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from anban.law.model import Both, Cite, Parameter, ParameterValue, Stricter, Value
from anban.law.stricter import is_laxer, settle

NUMBERS = st.one_of(st.integers(-1000, 1000), st.floats(-1000, 1000, allow_nan=False))
TABLES = st.dictionaries(st.sampled_from(["L1", "L2", "L3", "L4"]), NUMBERS, min_size=1)
LISTS = st.lists(st.sampled_from(["label", "first-use", "new-login", "dependence"]), min_size=1, unique=True).map(tuple)


def spoken(values: list[Any], stricter: Stricter) -> tuple[Parameter, list[ParameterValue]]:
    heard = [
        ParameterValue(value, date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), f"law-{n}",
                       (Cite(f"law-{n}", "art 1"),), None, None, None)
        for n, value in enumerate(values)
    ]  # fmt: skip
    words = Both("数", "number")
    return Parameter("number", words, "minutes", stricter, tuple(heard), "code", ""), heard


def asked(values: list[Any], stricter: Stricter) -> Value:
    parameter, heard = spoken(values, stricter)
    why = settle(parameter, heard)
    assert set(map(id, heard)) == set(map(id, (*why.won, *why.lost))), "every voice either won or lost"
    assert why.won, "somebody's value is in force"
    assert why.law == why.value, "with texts only, the law is what is in force"
    return why.value


@given(st.lists(NUMBERS, min_size=1))
def test_the_lower_number_wins(values: list[float]) -> None:
    found = asked(values, "lower")
    assert found in values
    assert all(found <= each for each in values)


@given(st.lists(NUMBERS, min_size=1))
def test_the_higher_number_wins(values: list[float]) -> None:
    found = asked(values, "higher")
    assert found in values
    assert all(found >= each for each in values)


@given(st.lists(st.booleans(), min_size=1))
def test_one_text_that_asks_is_enough(values: list[bool]) -> None:
    assert asked(values, "either") is any(values)


@given(st.lists(LISTS, min_size=1))
def test_every_occasion_of_every_text_counts(values: list[tuple[str, ...]]) -> None:
    found = asked(values, "all")
    assert isinstance(found, tuple)
    assert set(found) == {each for value in values for each in value}
    assert len(found) == len(set(found))


@given(st.lists(TABLES, min_size=1), st.sampled_from(["lower", "higher"]))
def test_tables_are_settled_row_by_row(values: list[dict[str, float]], stricter: Stricter) -> None:
    found = asked(values, stricter)
    choose = min if stricter == "lower" else max
    assert found == {row: choose(v[row] for v in values if row in v) for row in {r for v in values for r in v}}


@given(st.lists(NUMBERS, min_size=1), st.sampled_from(["lower", "higher"]), st.randoms())
def test_the_order_of_texts_changes_nothing(values: list[float], stricter: Stricter, chance: Any) -> None:
    shuffled = list(values)
    chance.shuffle(shuffled)
    assert asked(values, stricter) == asked(shuffled, stricter)


@given(st.lists(TABLES, min_size=1), st.sampled_from(["lower", "higher"]))
def test_what_is_in_force_is_laxer_than_no_single_text(values: list[dict[str, float]], stricter: Stricter) -> None:
    found = asked(values, stricter)
    assert not any(is_laxer(stricter, found, each) for each in values)


@given(NUMBERS, NUMBERS)
def test_of_two_different_numbers_exactly_one_is_laxer(one: float, other: float) -> None:
    for stricter in ("lower", "higher"):
        assert is_laxer(stricter, one, other) + is_laxer(stricter, other, one) == (one != other)


@given(TABLES)
def test_a_table_that_leaves_out_a_row_is_laxer(law: dict[str, float]) -> None:
    left_out = dict(law)
    left_out.popitem()
    assert is_laxer("lower", left_out, law)
