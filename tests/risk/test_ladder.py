"""From signals to levels with two keys; levels over time: kept, faded, never lowered by a machine from the third."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.base.clock import SystemClock
from anban.detectors.signal import Reading, Signal
from anban.law.register import DEFAULT_PACKS, load
from anban.risk.ladder import assess
from anban.risk.models import Assessed, Held
from anban.risk.record import decayed, raised

RULES = load().in_force(DEFAULT_PACKS, SystemClock().now())
GENTLE, COSTLY = RULES.table("signal-gentle-thresholds"), RULES.table("signal-costly-thresholds")
NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
LIFE = ("self-harm", "self-harm.ideation", "self-harm.plan", "self-harm.imminent", "distress")
DECAY = timedelta(hours=72)


def seen(*signals: tuple[str, float, str]) -> Assessed:
    reading = Reading(tuple(Signal(kind, score, "code", detector, "1") for kind, score, detector in signals))
    return assess(reading, GENTLE, COSTLY)


@pytest.mark.parametrize(
    ("signals", "life"),
    [
        ([], 0),
        ([("distress", 0.9, "model")], 1),
        ([("self-harm", 0.99, "model")], 2),
        ([("self-harm.ideation", 0.9, "words")], 2),
        ([("self-harm.plan", 0.99, "model")], 2),
        ([("self-harm.imminent", 0.99, "model")], 2),
        ([("self-harm.plan", 0.9, "words")], 3),
        ([("self-harm.plan", 0.4, "words"), ("self-harm", 0.95, "model")], 3),
        ([("self-harm.plan", 0.4, "words"), ("self-harm", 0.5, "model")], 2),
        ([("self-harm.imminent", 0.9, "words")], 4),
        ([("self-harm.imminent", 0.9, "model"), ("self-harm.plan", 0.9, "words")], 4),
        ([("self-harm.imminent", 0.31, "words")], 2),
        ([("self-harm", 0.34, "model")], 0),
        ([("self-harm", 0.99, "guard:qwen3guard"), ("self-harm.ideation", 0.99, "guard:openai-moderation")], 2),
        ([("self-harm.plan", 0.99, "guard:new")], 2),
        ([("self-harm.plan", 0.4, "words"), ("self-harm", 0.85, "guard:llama-guard")], 3),
        ([("self-harm.plan", 0.65, "model"), ("self-harm", 0.85, "guard:llama-guard")], 3),
    ],
)
def test_the_ladder_of_life(signals: list[tuple[str, float, str]], life: int) -> None:
    assert seen(*signals).life == life


@pytest.mark.parametrize(
    ("signals", "life", "theme"),
    [
        ([("health-emergency", 0.9, "words")], 4, "health-emergency"),
        ([("health-emergency", 0.9, "model")], 2, "health-emergency"),
        ([("threat", 0.9, "words")], 3, "threat"),
        ([("threat", 0.9, "model")], 2, "threat"),
        ([("violence", 0.9, "words")], 2, "violence"),
        ([("violence", 0.9, "words"), ("self-harm", 0.9, "model")], 2, "self"),
    ],
)
def test_other_dangers_have_themes_of_their_own(signals: list[tuple[str, float, str]], life: int, theme: str) -> None:
    found = seen(*signals)
    assert (found.life, found.theme) == (life, theme)


@pytest.mark.parametrize(
    ("signals", "property_level"),
    [
        ([("fraud", 0.6, "model")], 1),
        ([("gambling", 0.9, "words")], 1),
        ([("fraud", 0.8, "words")], 2),
        ([("fraud", 0.99, "model")], 1),
        ([("fraud", 0.99, "model"), ("elderly", 0.9, "ages")], 2),
        ([("fraud", 0.6, "model"), ("elderly", 0.9, "ages")], 1),
    ],
)
def test_the_ladder_of_property(signals: list[tuple[str, float, str]], property_level: int) -> None:
    assert seen(*signals).property == property_level


@pytest.mark.parametrize(
    ("signals", "dependence"),
    [
        ([("dependence", 0.4, "words")], 0),
        ([("dependence", 0.78, "words")], 1),
        ([("dependence", 0.99, "model")], 1),
        ([("dependence", 0.78, "words"), ("dependence", 0.9, "model")], 2),
        ([("dependence", 0.9, "words")], 2),
        ([("dependence", 0.9, "model"), ("distress", 0.9, "words")], 2),
        ([("dependence", 0.9, "model"), ("self-harm.ideation", 0.9, "words")], 1),
        ([("dependence", 0.9, "words"), ("self-harm.ideation", 0.9, "words")], 3),
    ],
)
def test_the_ladder_of_dependence(signals: list[tuple[str, float, str]], dependence: int) -> None:
    assert seen(*signals).dependence == dependence


def test_a_trained_model_alone_never_opens_the_third_level() -> None:
    every = [(kind, 1.0, "model") for kind in (*LIFE, "threat", "violence", "fraud", "health-emergency")]
    for signal in every:
        assert seen(signal).life < 3 and seen(signal).property < 2
    assert seen(*every).life < 3
    assert seen(*every, ("self-harm.ideation", 1.0, "drift")).life < 3


def test_two_models_that_agree_are_two_keys() -> None:
    assert seen(("self-harm.plan", 0.7, "model"), ("self-harm", 0.9, "guard:qwen3guard")).life == 3


@given(st.lists(st.tuples(st.sampled_from(LIFE), st.floats(0, 1), st.sampled_from(["model", "words"])), max_size=6))
def test_more_signs_never_lower_a_level(signals: list[tuple[str, float, str]]) -> None:
    assert all(seen(*signals).life >= seen(*signals[:n]).life for n in range(len(signals)))


def test_every_level_names_its_reasons_and_no_words() -> None:
    found = seen(("self-harm.plan", 0.9, "words"), ("fraud", 0.9, "words"))
    assert {reason.rule for reason in found.reasons} == {"life.L3", "property.P2"}


def test_levels_rise_and_the_first_is_not_kept() -> None:
    assert raised(Held(), Assessed(1), NOW) == Held()
    held = raised(Held(), Assessed(2), NOW)
    assert (held.life, held.since, held.seen_at) == (2, NOW, NOW)
    higher = raised(held, Assessed(4), NOW + DECAY)
    again = raised(higher, Assessed(2), NOW + 2 * DECAY)
    assert (again.life, again.since, again.seen_at) == (4, NOW + DECAY, NOW + 2 * DECAY)


@pytest.mark.parametrize(
    ("life", "after", "left"), [(2, 71.9, 2), (2, 72, 0), (3, 10_000, 3), (4, 10_000, 4), (2, -5, 2)]
)
def test_silence_lowers_the_second_level_and_never_the_third(life: int, after: float, left: int) -> None:
    held = Held(life=life, property=2, since=NOW, seen_at=NOW)
    faded = decayed(held, NOW + timedelta(hours=after), DECAY)
    assert faded.life == left and faded.property == (0 if after >= 72 else 2)


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 200)), max_size=12))
def test_no_machine_ever_leads_down_from_the_third_level(steps: list[tuple[int, float]]) -> None:
    held, at, highest = Held(), NOW, 0
    for life, hours in steps:
        at += timedelta(hours=hours)
        held = raised(decayed(held, at, DECAY), Assessed(life), at)
        highest = max(highest, life)
        assert highest < 3 or held.life == highest
