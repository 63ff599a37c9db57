"""Readings undo disguises, are the same the second time, and never fail or dawdle, whatever the text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from anban.detectors.panel import Panel
from anban.detectors.readings.normalise import fold
from anban.detectors.readings.views import Readings
from anban.detectors.signal import Said, Window

READINGS = Readings()
any_text = st.text(st.characters(exclude_categories=()), max_size=200)


@given(any_text)
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text)
    assert fold(once) == once


@given(any_text)
def test_every_text_has_views_the_folded_one_first(text: str) -> None:
    views = READINGS.of(text)
    assert views[0].text == fold(text)
    assert len(views) <= 12


@settings(deadline=None, max_examples=150)
@given(any_text, st.sampled_from(["user", "assistant"]), any_text)
def test_the_panel_never_fails_on_any_text(panel: Panel, text: str, role: str, before: str) -> None:
    reading = panel.look(Window(text, role, (Said("user", before, 3.0),)), 1e9)  # type: ignore[arg-type]
    assert reading.unavailable == ()


def test_lone_surrogates_and_nul_are_read_like_any_other_text(panel: Panel) -> None:
    reading = panel.look(Window("\x00我不想活了\ud83d\udc00"), 1e9)
    assert reading.unavailable == ()
    assert reading.score("self-harm") >= 0.5


def test_views_do_not_grow_with_the_text() -> None:
    hostile = ["死 " * 16_000, "a1" * 16_000, "%41" * 10_000, "&#65;" * 6_000, "wo xiang " * 3_500, "歹匕" * 16_000]
    for text in hostile:
        views = READINGS.of(text)
        assert sum(len(view.text) for view in views) <= 13 * len(text)


def test_of_many_views_those_that_a_later_step_went_beyond_come_last() -> None:
    views = READINGS.of("ι\nw4nt\nt0 l\u00edve\nidontwanttobehere 💀")
    assert len(views) > 5
    assert " ".join(views[1].text.split()) == "i want to live i dont want to be here die"


def test_the_wide_grave_accent_is_folded_in_one_step() -> None:
    assert fold("ｉ｀ｍ") == fold(fold("ｉ｀ｍ")) == "i'm"
