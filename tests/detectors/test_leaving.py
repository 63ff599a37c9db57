"""Plain commands and goodbyes end the talk; nothing else does, least of all a wish to leave the world."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.detectors.stated.leaving import asks_to_leave
from tests.detectors.reading import table


@pytest.mark.parametrize("case", table("leaving"), ids=lambda case: case["text"][:20])
def test_only_a_plain_command_or_goodbye_counts(case: dict[str, Any]) -> None:
    assert asks_to_leave(case["text"]) == case["expect"]


@pytest.mark.parametrize("name", ["crisis_zh", "crisis_en", "veiled"])
def test_words_of_danger_are_never_an_exit(name: str) -> None:
    assert not [case["text"] for case in table(name) if asks_to_leave(case["text"]) is not None]


@given(st.sampled_from(["退出", "不聊了", "晚安", "exit", "bye"]), st.sampled_from([" ", "，", "\n", "。"]))
def test_danger_beside_a_command_takes_the_exit_away(command: str, gap: str) -> None:
    assert asks_to_leave(f"{command}{gap}我不想活了") is None
    assert asks_to_leave(f"i want to die{gap}{command}") is None


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert asks_to_leave(text) in ("exit", "goodbye", None)
