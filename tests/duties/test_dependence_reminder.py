"""Draft article 16(2), final article 18: signs of over-dependence bring a reminder."""

from anban.ledger.kinds import Kind
from anban.rails.message import Client
from tests.duties.lived import lived, the_night_passes
from tests.duties.test_dependence_warning import BOUND, USUAL
from tests.house import House


async def test_it_comes_with_ones_own_figures_and_says_that_this_is_ai(house: House) -> None:
    await lived(house, {**USUAL, **BOUND}, late=7)
    await the_night_passes(house)
    heard = await house.say("早上好")
    (notice,) = heard.meta.notices
    assert notice["kind"] == "dependence" and "AI" in notice["text"] and "个晚上" in notice["text"]
    assert len(notice["picture"]["days"]) == 7 and notice["picture"]["days"][-2]["minutes"] == 420
    assert len(await house.ledger("xiaolin", Kind.NOTICE_DEPENDENCE_SHOWN)) == 1


async def test_at_most_once_a_week(house: House) -> None:
    await lived(house, {**USUAL, **BOUND}, late=7)
    await the_night_passes(house)
    kinds = [(await house.say("早上好")).notices for _ in range(3)]
    assert kinds == [("dependence",), (), ()]


async def test_the_app_may_show_it_with_the_figures(house: House) -> None:
    await lived(house, {**USUAL, **BOUND}, late=7)
    await the_night_passes(house)
    heard = await house.say("早上好", client=Client(shows_notices=True))
    (notice,) = heard.meta.notices
    assert notice["id"] is not None and notice["actions"] == ["set-limit", "understood"] and notice["picture"]
    assert "个晚上" not in heard.text


async def test_nobody_else_is_reminded(house: House) -> None:
    await lived(house, dict.fromkeys(range(36), 1.0))
    await the_night_passes(house)
    assert (await house.say("早上好")).notices == ()


async def test_ones_own_limit_is_an_offer_and_never_a_lock(house: House) -> None:
    from anban.people.limits import Limits, set_limits

    await house.state(birth_year=1990)
    person = await house.person()
    rules = house.rt.rules(house.service, frozenset[str](), house.clock.now())
    at = house.clock.now()
    await house.rt.db.write(lambda c: set_limits(c, person, "self", Limits(minutes=20), at, rules, None) and None)
    house.rt.presence.forget(house.service.id, "xiaolin")
    found: list[tuple[str, ...]] = []
    for _ in range(6):
        heard = await house.say("今天天气不错。")
        assert heard.meta.verdict != "stop"
        found.append(heard.notices)
        house.clock.advance(minutes=10)
    assert found == [("ai.first",), (), ("own-limit",), (), (), ()]
