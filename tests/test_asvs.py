"""The security checklist leaves no line out, names only tests that exist, and stands on its page as it is."""

import ast
from collections import Counter
from functools import cache

import pytest
from tools.asvs import LEVEL_3, PAGE, ROOT, STATES, Line, chapters, drawn

LINES = [line for _, lines in chapters() for line in lines]

SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2,
    "7.4": 5, "7.5": 3, "7.6": 2, "8.1": 4, "8.2": 4, "8.3": 3, "8.4": 2, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2,
    "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 4, "11.2": 5, "11.3": 5, "11.4": 4, "11.5": 2,
    "11.6": 2, "11.7": 2, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2,
    "14.2": 8, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 4,
}  # fmt: skip
"""How many lines of our levels each section of the standard has."""


@cache
def named_in(path: str) -> frozenset[str]:
    nodes = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_line_of_our_levels_is_there_once() -> None:
    assert Counter(line.id.rpartition(".")[0] for line in LINES) == SECTIONS
    assert len({line.id for line in LINES}) == len(LINES) == 280
    assert Counter(line.level for line in LINES) == {1: 70, 2: 176, 3: 34}
    assert {line.chapter for line in LINES if line.level == 3} == LEVEL_3


@pytest.mark.parametrize("line", LINES, ids=[line.id for line in LINES])
def test_a_line_has_a_state_and_the_test_or_reason_that_it_takes(line: Line) -> None:
    assert line.status in STATES
    assert line.asks and len(line.asks) < 120
    if line.status == "met":
        assert line.test, "what is met is shown by a test"
    else:
        assert len(line.reason) > 4, "what is not met says why"
    if line.test:
        path, _, name = line.test.partition("::")
        assert (ROOT / path).is_file(), path
        assert name in named_in(path), line.test


def test_the_page_is_made_from_the_list() -> None:
    assert PAGE.read_text(encoding="utf-8") == drawn()


def test_what_is_not_met_stands_at_the_top() -> None:
    top = drawn().partition("## How fast")[0]
    assert [line.id for line in LINES if line.status == "not-met" and f"**{line.id}**" not in top] == []
