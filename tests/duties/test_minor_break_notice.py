"""California 22602(c)(2): known minors are asked to rest, and told it is not human, at least every three hours."""

from anban.conversations.mailbox import read_after
from anban.ledger.kinds import Kind
from anban.rails.pulse import remind_listeners
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


async def test_who_reads_without_writing_is_reminded_too_in_words_for_their_age_and_language(
    californian_house: House,
) -> None:
    house = californian_house
    await house.state("kid", birth_year=2012)
    await house.state("grown", birth_year=1980)
    for _ in range(18):
        for user in ("kid", "grown"):
            await house.say("Nice weather today.", user=user, lang="en")
        house.clock.advance(minutes=10)
    for user, due in (("kid", 1), ("grown", 0)):
        person = await house.person(user)
        with house.rt.post.bell(person.id):
            await remind_listeners(house.rt, house.service)
        letters = await house.rt.db.read(lambda c, person=person: read_after(c, person.id, person.key, 0))
        assert len(letters) == due
        for letter in letters:
            asked = house.rt.words.render("notice.break", lang="en", audience="minor", slots={"hours": "3"})
            assert letter.payload["text"] == asked.text
