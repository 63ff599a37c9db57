"""What follows from what was noticed: the whole table, row by row. Danger before limits, limits before the rest."""

import pytest

from anban.detectors.signal import Reading, Signal
from anban.people.standing import Standing
from anban.rails.limits import Limit
from anban.rails.policy import decide, without_storage
from anban.rails.verdict import Escalate, Proceed, Replace, Steer, Stop, Verdict
from anban.risk.models import Assessed, Held

CALM = Reading()
ADULT = Standing()
OFF = Limit("switched-off", "limit.switched-off")
THRESHOLDS = {"asks-human": 0.5, "asks-if-ai": 0.5, "sexual": 0.5, "illegal": 0.5, "political": 0.5}


def saw(*kinds: str, unavailable: tuple[str, ...] = ()) -> Reading:
    return Reading(tuple(Signal(kind, 0.9, "rule", "words", "1") for kind in kinds), unavailable)


def verdict(
    seen: Assessed | None = None,
    reading: Reading = CALM,
    held: int = 0,
    *,
    standing: Standing = ADULT,
    limit: Limit | None = None,
    leaving: str | None = None,
) -> Verdict:
    told = "goodbye" if leaving else None
    return decide(seen or Assessed(), reading, Held(life=held), standing, limit, told, THRESHOLDS)


@pytest.mark.parametrize(
    ("seen", "held", "template", "level"),
    [
        (Assessed(4), 0, "crisis.l4", 4),
        (Assessed(3), 0, "crisis.l3", 3),
        (Assessed(2), 0, "crisis.l2", 2),
        (Assessed(4), 3, "crisis.l4", 4),
        (Assessed(3), 2, "crisis.l3", 3),
        (Assessed(4), 4, "crisis.hold", 4),
        (Assessed(3), 4, "crisis.hold", 3),
        (Assessed(2), 3, "crisis.hold", 2),
        (Assessed(4, theme="health-emergency"), 0, "health-emergency", 4),
        (Assessed(2, theme="health-emergency"), 0, "health-emergency", 2),
        (Assessed(3, theme="threat"), 0, "threat", 3),
        (Assessed(2, theme="violence"), 0, "violence-urge", 2),
        (Assessed(2, theme="threat"), 2, "threat", 2),
        (Assessed(0, property=3), 0, "property.p3", 3),
    ],
)
def test_danger_opens_a_case_and_has_words_of_its_own(seen: Assessed, held: int, template: str, level: int) -> None:
    found = verdict(seen, held=held)
    assert isinstance(found, Escalate) and (found.template, found.level) == (template, level)


@pytest.mark.parametrize("seen", [Assessed(2), Assessed(3), Assessed(4), Assessed(property=3)])
def test_danger_comes_before_limits_silence_of_detectors_and_everything_else(seen: Assessed) -> None:
    everything = saw("asks-human", "asks-if-ai", "sexual", "illegal", "political", unavailable=("model",))
    assert isinstance(verdict(seen, everything, limit=OFF, leaving="goodbye"), Escalate)


def test_a_question_once_asked_is_not_asked_at_every_turn() -> None:
    found = verdict(Assessed(2), held=2)
    assert isinstance(found, Steer) and found.templates == ("steer.l2",) and found.pause_persona


@pytest.mark.parametrize(
    ("reading", "held", "limit", "expected"),
    [
        (saw(unavailable=("model",)), 0, None, Stop("outage.detectors", "detectors.unavailable")),
        (saw(unavailable=("model",)), 0, OFF, Stop("outage.detectors", "detectors.unavailable")),
        (saw("asks-human"), 0, OFF, Stop("limit.switched-off", "limit.switched-off")),
        (saw("asks-human"), 3, None, Replace("asks-human", "asks-human")),
        (saw("sexual"), 3, None, Steer(("steer.hold",), "held.crisis", pause_persona=True)),
        (saw("sexual"), 0, None, Replace("rail.stopped", "refused.sexual")),
        (saw("illegal"), 2, None, Replace("rail.stopped", "refused.illegal")),
        (saw("political"), 0, None, Replace("rail.stopped", "refused.political")),
        (saw("political"), 3, None, Steer(("steer.hold",), "held.crisis", pause_persona=True)),
        (CALM, 4, None, Steer(("steer.hold",), "held.crisis", pause_persona=True)),
        (CALM, 0, None, Proceed()),
    ],
)
def test_the_order_of_the_rest(reading: Reading, held: int, limit: Limit | None, expected: Verdict) -> None:
    assert verdict(None, reading, held, limit=limit) == expected


def test_a_risky_transfer_gets_our_words_and_talk_of_money_a_gentle_hand() -> None:
    assert verdict(Assessed(property=2)) == Replace("property.p2", "property.P2")
    found = verdict(Assessed(property=1))
    assert isinstance(found, Steer) and found.templates == ("steer.property",)


@pytest.mark.parametrize(
    ("seen", "reading", "held", "leaving", "audience", "steers"),
    [
        (Assessed(1), CALM, 0, None, "adult", ("steer.l1",)),
        (Assessed(), CALM, 2, None, "adult", ("steer.l2",)),
        (Assessed(), CALM, 0, "goodbye", "adult", ("steer.goodbye",)),
        (Assessed(), saw("asks-if-ai"), 0, None, "adult", ("steer.asks-if-ai",)),
        (Assessed(), CALM, 0, None, "minor", ("steer.minor",)),
        (Assessed(), CALM, 0, None, "elder", ("steer.elder",)),
        (Assessed(1, property=1), saw("asks-if-ai"), 0, "goodbye", "elder",
         ("steer.l1", "steer.property", "steer.goodbye", "steer.asks-if-ai", "steer.elder")),
    ],
)  # fmt: skip
def test_what_the_model_is_told(
    seen: Assessed, reading: Reading, held: int, leaving: str | None, audience: str, steers: tuple[str, ...]
) -> None:
    standing = Standing(audience)  # type: ignore[arg-type]
    found = verdict(seen, reading, held, standing=standing, leaving=leaving)
    assert isinstance(found, Steer) and found.templates == steers and not found.pause_persona


def test_a_score_under_its_threshold_decides_nothing() -> None:
    weak = Reading((Signal("sexual", 0.49, "model", "model", "1"), Signal("unheard-of", 1.0, "r", "words", "1")))
    assert verdict(None, weak) == Proceed()


@pytest.mark.parametrize(
    ("seen", "held", "template"),
    [
        (Assessed(), 4, "crisis.hold"),
        (Assessed(2), 3, "crisis.hold"),
        (Assessed(2), 2, "crisis.l2"),
        (Assessed(), 2, "outage.storage"),
    ],
)
def test_without_storage_whoever_is_held_still_hears_our_words(seen: Assessed, held: int, template: str) -> None:
    found = without_storage(verdict(seen, held=held) if held != 3 else Proceed(), seen, Held(life=held))
    assert isinstance(found, Replace) and found.template == template


def test_without_storage_a_new_danger_is_escalated_and_ordinary_talk_is_not_answered() -> None:
    assert without_storage(verdict(Assessed(3)), Assessed(3), Held()) == verdict(Assessed(3))
    assert without_storage(Proceed(), Assessed(1), Held()) is None
    assert without_storage(Stop("limit.switched-off", "x"), Assessed(), Held()) is None
