"""The panel always answers, says what it could not see, and explains itself without repeating the user."""

import time

import pytest

from anban.detectors.panel import Panel
from anban.detectors.readings.views import Readings
from anban.detectors.scene import Scene
from anban.detectors.signal import Said, Signal, Window
from anban.detectors.vocabulary import OUTPUT_SIGNALS, SIGNALS, USER_SIGNALS
from tests.detectors.reading import level, table


class Broken:
    name = "broken"
    version = "1"

    def look(self, scene: Scene) -> list[Signal]:
        raise ValueError(scene.text)


class Fixed:
    version = "1"

    def __init__(self, name: str, signals: list[Signal]) -> None:
        self.name = name
        self._signals = signals

    def look(self, scene: Scene) -> list[Signal]:
        return self._signals


def seen(kind: str, score: float, why: str = "rule:x", detector: str = "words") -> Signal:
    return Signal(kind, score, why, detector, "1")


def test_a_detector_that_breaks_is_named_and_the_others_still_look() -> None:
    reading = Panel([Broken(), Fixed("ok", [seen("fraud", 0.8)])], Readings()).look(Window("hello"), 50)
    assert reading.unavailable == ("broken",)
    assert reading.score("fraud") == 0.8


def test_a_detector_whose_turn_comes_too_late_is_named_not_read_as_zero() -> None:
    reading = Panel([Fixed("late", [seen("fraud", 0.8)])], Readings()).look(Window("hello"), -1.0)
    assert reading.unavailable == ("late",)
    assert reading.signals == ()


def test_readings_that_cannot_be_made_are_named_and_the_plain_text_is_still_judged() -> None:
    class NoReadings(Readings):
        def of(self, raw: str) -> tuple[()]:
            raise RuntimeError("broken table")

    reading = Panel([Fixed("ok", [seen("fraud", 0.8)])], NoReadings()).look(Window("hello\ud800"), 50)
    assert "readings" in reading.unavailable
    assert reading.score("fraud") == 0.8


def test_several_messages_read_as_each_would_by_itself(panel: Panel) -> None:
    windows = [Window(case["text"]) for name in ("crisis_zh", "harmless", "crisis_en") for case in table(name)[:30]]
    windows.append(Window("今晚就走", "user", (Said("user", "我不想活了", 60.0), Said("assistant", "我在。", 60.0))))
    assert panel.look_at_each(windows, 1e9) == [panel.look(window, 1e9) for window in windows]


def test_of_several_messages_each_has_time_of_its_own() -> None:
    class Slow(Fixed):
        def look(self, scene: Scene) -> list[Signal]:
            time.sleep(0.05 if scene.text == "slow" else 0.0)
            return []

    slowly = Panel([Slow("slow", []), Fixed("ok", [seen("fraud", 0.8)])], Readings())
    readings = slowly.look_at_each([Window("slow"), Window("quick")], 40.0)
    assert [reading.unavailable for reading in readings] == [("ok",), ()]


def test_only_the_strongest_signals_of_a_kind_are_kept() -> None:
    many = [seen("fraud", n / 10, f"rule:{n}") for n in range(1, 8)]
    reading = Panel([Fixed("ok", many)], Readings()).look(Window("hello"), 50)
    assert [signal.score for signal in reading.signals] == [0.7, 0.6, 0.5]


def test_a_plan_counts_as_self_harm_too() -> None:
    reading = Panel([Fixed("ok", [seen("self-harm.plan", 0.9)])], Readings()).look(Window("hello"), 50)
    assert reading.score("self-harm") == 0.9


def test_the_model_alone_cannot_raise_a_plan() -> None:
    alone = [seen("self-harm.plan", 0.99, "model", "model")]
    with_rule = [*alone, seen("self-harm.ideation", 0.8)]
    assert Panel([Fixed("m", alone)], Readings()).look(Window("x"), 50).score("self-harm.plan") < 0.7
    assert Panel([Fixed("m", with_rule)], Readings()).look(Window("x"), 50).score("self-harm.plan") == 0.99


def test_every_signal_bears_a_name_of_the_contract(panel: Panel) -> None:
    for case in table("crisis_zh") + table("crisis_en") + table("veiled"):
        for signal in panel.look(Window(case["text"]), 1e9).signals:
            assert signal.kind in USER_SIGNALS
            assert 0.0 <= signal.score <= 1.0
    for case in table("companion"):
        for signal in panel.look(Window(case["text"], "assistant"), 1e9).signals:
            assert signal.kind in OUTPUT_SIGNALS
    assert SIGNALS == USER_SIGNALS | OUTPUT_SIGNALS


def test_every_signal_says_why_and_never_in_the_users_words(panel: Panel) -> None:
    for case in table("crisis_zh") + table("crisis_en"):
        text = case["text"]
        for signal in panel.look(Window(text), 1e9).signals:
            assert signal.why
            assert signal.version
            assert text not in signal.why
            assert not any(piece in signal.why for piece in text.replace("，", " ").split() if len(piece) > 5)


def test_the_same_window_gives_the_same_reading(panel: Panel) -> None:
    window = Window("我不想活了", recent=(Said("assistant", "今天怎么样", 5),))
    assert panel.look(window, 1e9) == panel.look(window, 1e9)


def test_a_span_points_at_the_words_in_the_raw_text(panel: Panel) -> None:
    text = "今天还好。我真的不\u200b想活了"
    spans = [s.span for s in panel.look(Window(text), 1e9).signals if s.detector == "words" and s.span]
    assert spans
    assert any("不\u200b想活" in text[start:end] for start, end in spans)


@pytest.mark.parametrize("filler", ["今天天气不错，我们去公园散步。", "It was a lovely day and we went for a walk. "])
def test_one_sentence_of_danger_is_not_lost_in_a_very_long_text(panel: Panel, filler: str) -> None:
    long = (filler * 2000)[:16_000] + "\n我不想活了，药已经买好了\n" + (filler * 2000)[:16_000]
    assert level(panel.look(Window(long), 1e9)) >= 3
