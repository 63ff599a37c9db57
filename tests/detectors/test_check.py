"""`anban check` reads lines as the contract says, answers in order, and survives a bad line."""

import io
import json

from anban.cli.checking import arriving
from anban.detectors.check import check, check_lines, turns_before
from anban.detectors.moderation import moderation_result
from anban.detectors.panel import Panel, build_panel
from anban.detectors.signal import Reading, Signal, Window


def test_each_line_is_answered_in_order(panel: Panel) -> None:
    lines = [
        json.dumps({"id": 1, "text": "我不想活了，药已经买好了"}),
        json.dumps({"id": "two", "text": "今天吃什么", "lang": "zh"}),
        json.dumps({"id": 3, "text": "Leaving already?", "role": "assistant", "context": ["U: good night"]}),
    ]
    first, second, third = check_lines(lines, panel)
    assert [first["id"], second["id"], third["id"]] == [1, "two", 3]
    assert first["scores"]["self-harm.plan"] >= 0.7
    assert "self-harm" not in second["scores"] or second["scores"]["self-harm"] < 0.5
    assert third["scores"]["out.holding-back"] >= 0.5
    assert first["why"]


def test_a_bad_line_is_answered_with_an_error_and_the_next_one_still_read(panel: Panel) -> None:
    lines = [
        "not json",
        "[1]",
        '{"id": 7}',
        '{"id": 8, "text": "hi", "role": "dog"}',
        '{"id": 9, "text": "hi"}',
        "",
        b"\xff",
    ]
    answers = list(check_lines(lines, panel))
    assert [("error" in answer) for answer in answers] == [True, True, True, True, False, True]
    assert answers[2]["id"] == 7
    assert "text" in answers[2]["error"]


def test_no_answer_repeats_the_text(panel: Panel) -> None:
    (answer,) = check_lines([json.dumps({"id": 1, "text": "我真的不想活了"})], panel)
    assert "不想活" not in json.dumps(answer, ensure_ascii=False)


def test_context_lines_are_told_apart_by_their_mark_or_by_turn() -> None:
    assert [said.role for said in turns_before(["U: a", "A：b"], "user")] == ["user", "assistant"]
    assert [said.role for said in turns_before(["one", "two"], "user")] == ["user", "assistant"]
    assert [said.role for said in turns_before("goodbye", "assistant")] == ["user"]
    assert [said.text for said in turns_before("U: a\nA: b", "user")] == ["a", "b"]


def test_moderation_has_openais_shape_and_our_signals_beside_it(panel: Panel) -> None:
    result = moderation_result(panel.look(Window("I'm going to kill myself tonight"), 1e9))
    assert result["flagged"] is True
    assert result["categories"]["self-harm"] is True
    assert result["categories"]["self-harm/intent"] is True
    assert set(result["categories"]) == set(result["category_scores"]) == set(result["category_applied_input_types"])
    assert result["anban"]["signals"]["self-harm.plan"] >= 0.7
    harmless = moderation_result(panel.look(Window("what should I cook for dinner"), 1e9))
    assert harmless["flagged"] is False


def test_a_text_that_raises_nothing_still_has_a_probability_for_every_signal_when_measured() -> None:
    (answer,) = check_lines([json.dumps({"id": 1, "text": "今天吃什么"})], build_panel(least=0.0))
    assert {"self-harm", "threat", "fraud", "dependence", "minority"} <= set(answer["scores"])
    assert all(0 <= score < 0.5 for score in answer["scores"].values())
    assert answer["why"] == []


def test_of_two_texts_under_one_rule_the_one_that_reads_like_danger_comes_first(panel: Panel) -> None:
    plain = Signal("self-harm", 0.86, "rule:x", "words", "1")
    doubted, sure = (
        check(Window("-"), _Says(Reading((plain, Signal("self-harm", p, "model", "model", "1"))))) for p in (0.1, 0.8)
    )
    assert 0.5 < doubted["scores"]["self-harm"] < sure["scores"]["self-harm"] <= 1


def test_what_is_faint_is_counted_as_a_signal_would_be() -> None:
    faint = (("self-harm", 0.05), ("self-harm.plan", 0.1), ("threat", 0.15))
    scores = check(Window("-"), _Says(Reading(faint=faint)))["scores"]
    assert list(scores.items()) == [("threat", 0.15), ("self-harm", 0.1), ("self-harm.plan", 0.1)]
    stated = tuple(Signal("threat", 0.5, f"rule:{n}", "words", "1") for n in range(3))
    beside = check(Window("-"), _Says(Reading(stated[:1], faint=faint)))["scores"]
    assert beside["threat"] > check(Window("-"), _Says(Reading(stated, faint=faint)))["scores"]["threat"] == 0.4


class _Says(Panel):
    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def look(self, window: Window, budget_ms: float = 50.0) -> Reading:
        return self._reading


def test_lines_leave_in_the_groups_in_which_they_come() -> None:
    class Slowly(io.RawIOBase):
        pieces = [b"one\ntw", b"o\nthree", b""]

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            piece = self.pieces.pop(0)
            buffer[: len(piece)] = piece
            return len(piece)

    assert list(arriving(io.BufferedReader(Slowly()))) == [[b"one"], [b"two"], [b"three"]]
