"""California 22602(c)(2): known minors are asked to rest, and told it is not human, at least every three hours."""

from anban.ledger.kinds import Kind
from tests.house import House


async def talk(house: House, minutes: int, user: str) -> list[tuple[int, str]]:
    reminded: list[tuple[int, str]] = []
    for minute in range(0, minutes + 1, 10):
        if minute:
            house.clock.advance(minutes=10)
        heard = await house.say("I watered the flowers today.", user=user, lang="en")
        if "break" in heard.notices:
            reminded.append((minute, heard.text))
    return reminded


async def test_a_known_minor_is_reminded_at_least_every_three_hours(californian_house: House) -> None:
    house = californian_house
    await house.state("sam", age_band="12-15")
    reminded = await talk(house, 370, "sam")
    assert [minute for minute, _ in reminded] == [180, 360]
    assert len(await house.ledger("sam", Kind.NOTICE_BREAK_SHOWN)) == 2


async def test_the_reminder_asks_for_a_rest_and_says_that_this_is_no_person(californian_house: House) -> None:
    house = californian_house
    await house.state("sam", birth_year=2013)
    ((_, text),) = await talk(house, 180, "sam")
    assert "AI, not a person" in text
    assert "Get up" in text


async def test_it_is_on_without_anybody_asking_for_it(californian_house: House) -> None:
    rules = californian_house.rt.rules(
        californian_house.service, frozenset({"minors", "known-minors"}), californian_house.clock.now()
    )
    assert rules.lasting("break-interval").total_seconds() <= 3 * 3600


async def test_an_adult_in_california_is_not_owed_one(californian_house: House) -> None:
    house = californian_house
    await house.state("kim", birth_year=1990)
    assert await talk(house, 200, "kim") == []
    assert await house.ledger("kim", Kind.NOTICE_BREAK_SHOWN) == []
