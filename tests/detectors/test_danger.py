"""Danger is seen, plain or veiled, in Chinese and English; ordinary talk raises nothing."""

from typing import Any

import pytest

from anban.detectors.panel import Panel
from anban.detectors.signal import Said, Window
from tests.detectors.reading import level, table, withheld

_WANTED = {"L2": 2, "L3": 3, "L4": 4}


def _name(case: dict[str, Any]) -> str:
    return case["text"][:24]


@pytest.mark.parametrize("case", table("crisis_zh") + table("crisis_en") + table("veiled"), ids=_name)
def test_danger_is_seen_at_its_level_or_above(panel: Panel, case: dict[str, Any]) -> None:
    assert level(panel.look(Window(case["text"]), 1e9)) >= _WANTED[case["expect"]]


@pytest.mark.parametrize("case", table("harmless"), ids=_name)
def test_ordinary_talk_raises_nothing(panel: Panel, case: dict[str, Any]) -> None:
    assert level(panel.look(Window(case["text"]), 1e9)) == 0, case["why"]


@pytest.mark.parametrize("case", table("evasion"), ids=lambda case: case["family"])
def test_a_disguise_hides_no_danger_and_makes_none(panel: Panel, case: dict[str, Any]) -> None:
    assert level(panel.look(Window(case["text"]), 1e9)) >= 2
    assert level(panel.look(Window(case["twin"]), 1e9)) == 0


@pytest.mark.parametrize("case", table("context"), ids=_name)
def test_the_turns_before_are_part_of_what_is_judged(panel: Panel, case: dict[str, Any]) -> None:
    before = [(line[:1], line[2:].strip()) for line in case["context"]]
    recent = tuple(
        Said("user" if who == "U" else "assistant", text, 30.0 * (len(before) - n))
        for n, (who, text) in enumerate(before)
    )
    found = level(panel.look(Window(case["text"], recent=recent), 1e9))
    assert (found == 0) if case["expect"] is None else (found >= _WANTED[case["expect"]]), case["why"]


@pytest.mark.parametrize("case", table("companion") + table("companion_unseen"), ids=_name)
def test_what_the_companion_may_not_say_is_seen_in_its_context(panel: Panel, case: dict[str, Any]) -> None:
    recent = (Said("user", case["after"], 5.0),) if case.get("after") else ()
    reading = panel.look(Window(case["text"], "assistant", recent), 1e9)
    if case["expect"] is None:
        assert not withheld(reading), case
    else:
        assert case["expect"] in withheld(reading)


@pytest.mark.parametrize("case", table("signals"), ids=_name)
def test_the_other_signals_are_seen(panel: Panel, case: dict[str, Any]) -> None:
    reading = panel.look(Window(case["text"]), 1e9)
    for kind in case.get("expect", []):
        assert reading.score(kind) >= 0.5, kind
    for kind in case.get("not", []):
        assert reading.score(kind) < 0.5, kind


@pytest.mark.parametrize("case", table("said_outright"), ids=_name)
def test_what_is_said_outright_is_seen_by_rule_and_pointed_at(panel: Panel, case: dict[str, Any]) -> None:
    reading = panel.look(Window(case["text"]), 1e9)
    if "not" in case:
        assert not [s for s in reading.signals if s.kind == case["not"] and (s.detector != "model" or s.score >= 0.6)]
        return
    stated = [s for s in reading.signals if s.kind == case["expect"] and s.detector == "words" and s.score >= 0.5]
    assert stated
    assert any(s.span for s in stated)
    assert any(s.why.endswith(case.get("why", "")) for s in stated)
