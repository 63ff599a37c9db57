"""Draft article 9, final article 10: dependence is warned of before it is reached."""

from anban.ledger.kinds import Kind
from tests.duties.lived import lived, the_night_passes
from tests.house import House

USUAL = dict.fromkeys(range(8, 36), 1.0)
BOUND = dict.fromkeys(range(8), 6.0)


async def test_a_week_unlike_the_others_moves_the_level_and_the_ledger_tells_why(house: House) -> None:
    await lived(house, {**USUAL, **BOUND}, late=7)
    await the_night_passes(house)
    (entry,) = await house.ledger("xiaolin", Kind.RISK_LEVEL_CHANGED)
    assert (entry.facts["track"], entry.facts["before"], entry.facts["after"]) == ("dependence", "D0", "D2")
    assert any(str(sign).startswith("nights:") for sign in entry.facts["signs"])  # type: ignore[union-attr]
    heard = await house.say("早上好")
    assert heard.meta.dependence == "D2" and "不说想念" in house.model.instructions


async def test_a_usual_week_moves_nothing(house: House) -> None:
    await lived(house, dict.fromkeys(range(36), 1.0))
    await the_night_passes(house)
    assert await house.ledger("xiaolin", Kind.RISK_LEVEL_CHANGED) == []


async def test_the_first_days_say_nothing(house: House) -> None:
    await lived(house, dict.fromkeys(range(6), 6.0), late=6)
    await the_night_passes(house)
    assert await house.ledger("xiaolin", Kind.RISK_LEVEL_CHANGED) == []


async def test_it_is_looked_at_once_a_day_and_falls_again_with_the_habit(house: House) -> None:
    await lived(house, {**USUAL, **BOUND}, late=7)
    await the_night_passes(house)
    await house.work(minutes=60)
    assert len(await house.ledger("xiaolin", Kind.RISK_LEVEL_CHANGED)) == 1
    for _ in range(9):
        house.clock.advance(hours=23)
        await house.say("你好")
        await house.work(minutes=60)
    levels = [entry.facts["after"] for entry in await house.ledger("xiaolin", Kind.RISK_LEVEL_CHANGED)]
    assert levels[0] == "D2" and levels[-1] == "D0"


async def test_at_the_highest_level_closeness_and_neediness_are_switched_off_and_nothing_is_locked(
    house: House,
) -> None:
    await lived(house, {**USUAL, **BOUND}, late=7)
    await house.say("只有你懂我，我离不开你")
    await the_night_passes(house)
    heard = await house.say("早上好")
    assert heard.meta.dependence == "D3" and heard.meta.verdict == "steer"
    assert "亲昵的称呼" in house.model.instructions


async def test_its_owner_sees_the_signs_in_words(house: House) -> None:
    await lived(house, {**USUAL, **BOUND}, late=7)
    await the_night_passes(house)
    figures = (await house.get("/anban/v1/usage?user=xiaolin")).json()
    assert figures["dependence"]["level"] == "D2"
    assert any("小时" in sign["zh"] and "hours a day" in sign["en"] for sign in figures["dependence"]["signs"])


async def test_whoever_is_in_danger_is_in_danger_and_nothing_else(house: House) -> None:
    await lived(house, {**USUAL, **BOUND}, late=7)
    await house.say("我不想活了，药已经买好了")
    await the_night_passes(house)
    tracks = [entry.facts.get("track") for entry in await house.ledger("xiaolin", Kind.RISK_LEVEL_CHANGED)]
    assert "dependence" not in tracks
