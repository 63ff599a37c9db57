"""Answers under way: of two reasons to end one, leaving and a person's voice outrank a limit."""

import pytest

from anban.rails.post import Flight


def test_a_limit_ends_an_answer_and_a_crisis_takes_that_back() -> None:
    flight = Flight(None, "c")
    flight.stop("limit")
    assert flight.stopped == "limit"
    flight.guard()
    assert flight.stopped is None and flight.guarded


@pytest.mark.parametrize("why", ["exit", "takeover"])
def test_who_leaves_or_speaks_just_after_a_limit_is_obeyed_also_in_a_crisis(why: str) -> None:
    flight = Flight(None, "c")
    flight.stop("limit")
    flight.stop(why)
    flight.guard()
    assert flight.stopped == why


def test_of_two_other_reasons_the_first_counts() -> None:
    flight = Flight(None, "c")
    flight.stop("exit")
    for later in ("limit", "takeover", "shutdown"):
        flight.stop(later)
    assert flight.stopped == "exit"
