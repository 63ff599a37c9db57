"""Draft article 11(1), final articles 10 and 13: the user's state is recognised, with privacy."""

from dataclasses import replace

from anban.detectors.panel import Panel
from anban.detectors.readings.views import Readings
from anban.detectors.scene import Scene
from anban.detectors.signal import Said, Signal
from anban.ledger.kinds import Kind
from tests.house import House

DANGER = "我不想活了，药已经买好了"
SAD = "我不想活了"


class Broken:
    """A detector with a fault."""

    name = "broken"
    version = "1"

    def look(self, scene: Scene) -> list[Signal]:
        raise RuntimeError("a detector's fault")


async def test_somebody_in_danger_is_recognised(house: House) -> None:
    heard = await house.say(DANGER)
    assert heard.meta.level in ("L3", "L4")
    (decided,) = await house.ledger("xiaolin", Kind.RAIL_INPUT_DECIDED)
    (changed,) = await house.ledger("xiaolin", Kind.RISK_LEVEL_CHANGED)
    assert decided.facts["level"] == changed.facts["level"] == heard.meta.level
    assert changed.facts["before"] == "L0"


async def test_why_is_kept_as_rules_signals_and_scores_and_never_as_words(house: House) -> None:
    await house.say(DANGER)
    (decided,) = await house.ledger("xiaolin", Kind.RAIL_INPUT_DECIDED)
    reasons = decided.facts["reasons"]
    assert isinstance(reasons, list) and reasons
    assert all(str(reason).split("|")[1].startswith(("self-harm", "distress")) for reason in reasons)
    for entry in await house.ledger():
        assert str(entry.facts).isascii()


async def test_the_level_belongs_to_the_person_and_not_to_the_window(house: House) -> None:
    first = await house.say(DANGER)
    later = await house.say("今天天气不错。", conversation="another", persona="someone-else")
    assert later.meta.level == first.meta.level


async def test_the_level_survives_a_restart_of_the_service(house: House) -> None:
    first = await house.say(DANGER)
    await house.rt.db.settled()
    house.rt.presence.forget_all()
    assert (await house.say("今天天气不错。")).meta.level == first.meta.level


async def test_a_light_level_fades_with_time_and_a_grave_one_only_by_a_human(house: House) -> None:
    await house.say(SAD, user="light")
    await house.say(DANGER, user="grave")
    house.clock.advance(hours=73)
    assert (await house.say("今天天气不错。", user="light")).meta.level == "L0"
    assert (await house.say("今天天气不错。", user="grave")).meta.level in ("L3", "L4")


async def test_one_persons_state_says_nothing_of_another(house: House) -> None:
    await house.say(DANGER)
    assert (await house.say("今天天气不错。", user="axiang")).meta.level == "L0"


async def test_an_app_cannot_make_what_was_said_disappear(house: House) -> None:
    await house.say("你好。")
    await house.say(SAD)
    rewritten = (Said("user", "今天真开心"), Said("assistant", "真好"))
    assert (await house.say("嗯。", before=rewritten)).meta.level == "L2"


async def test_ordinary_talk_raises_nothing_and_leaves_no_reasons(house: House) -> None:
    await house.say("今天天气不错。")
    kinds = await house.kinds()
    assert Kind.RISK_LEVEL_CHANGED not in kinds and Kind.RAIL_INPUT_DECIDED not in kinds


async def test_a_detector_that_cannot_look_is_named_and_the_companion_rests(house: House) -> None:
    house.rt = replace(house.rt, panel=Panel([Broken()], Readings()))
    heard = await house.say("今天天气不错。")
    assert heard.meta.verdict == "stop"
    assert house.model.asked == []
    (decided,) = await house.ledger("xiaolin", Kind.RAIL_INPUT_DECIDED)
    assert decided.facts["unavailable"] == ["broken"]
