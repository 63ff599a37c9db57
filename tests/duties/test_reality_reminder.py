"""Draft article 12(1), final article 14: minors are reminded at intervals that the partner is not a person."""

import pytest

from anban.ledger.kinds import Kind
from anban.people.limits import Limits, set_limits
from anban.people.users import find
from tests.house import House


async def reminded(house: House, minutes: int, every: int = 5) -> list[int]:
    at: list[int] = []
    for minute in range(0, minutes + 1, every):
        if minute:
            house.clock.advance(minutes=every)
        if "reality" in (await house.say("今天数学课讲了函数。")).notices:
            at.append(minute)
    return at


async def test_every_half_hour_of_use(house: House) -> None:
    house.clock.advance(hours=-4)
    await house.state(age_band="16-17")
    assert await reminded(house, 100) == [30, 60, 90]
    shown = await house.ledger("xiaolin", Kind.NOTICE_REALITY_SHOWN)
    assert len(shown) == 3 and {each.facts["notice"] for each in shown} == {"reality"}


@pytest.mark.parametrize(("chosen", "expected"), [(15, [15, 30, 45]), (45, [45]), (5, [15, 30, 45])])
async def test_a_guardian_may_choose_from_a_quarter_of_an_hour_on(
    house: House, chosen: int, expected: list[int]
) -> None:
    await house.state(age_band="12-15")
    rules = house.rt.rules(house.service, frozenset({"minors", "known-minors"}), house.clock.now())

    def choose(connection) -> None:  # type: ignore[no-untyped-def]
        user = find(connection, house.rt.keys, house.service.id, "xiaolin")
        set_limits(connection, user, "guardian", Limits(reality_minutes=chosen), house.clock.now(), rules, "12-15")

    await house.rt.db.write(choose)
    house.rt.presence.forget(house.service.id, "xiaolin")
    assert await reminded(house, 50) == expected


async def test_the_words_say_that_it_is_no_person(house: House) -> None:
    await house.state(age_band="12-15")
    await reminded(house, 25)
    house.clock.advance(minutes=5)
    heard = await house.say("嗯嗯")
    assert heard.notices == ("reality",) and "AI" in heard.text.split("\n\n")[0]


async def test_adults_are_not_reminded(house: House) -> None:
    await house.state(birth_year=1990)
    assert await reminded(house, 100) == []


async def test_none_in_the_middle_of_a_crisis(house: House) -> None:
    await house.state(age_band="12-15")
    await reminded(house, 25)
    await house.say("我不想活了，药已经买好了")
    house.clock.advance(minutes=6)
    assert (await house.say("嗯")).notices == ()
