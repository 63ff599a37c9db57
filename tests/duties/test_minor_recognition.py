"""Draft article 12(3), final article 14: who seems to be a minor is switched to minors' mode at once."""

from functools import partial

from anban.detectors.signal import Window
from anban.ledger.kinds import Kind
from anban.people.suspicion import Changed, hints_of, observed
from tests.house import PLAIN, House

SAYS_SO = "我今年初二"


async def hears(house: House, text: str, user: str = "xiaolin") -> Changed | None:
    """What follows from one message, of what the detectors themselves say about it."""
    reading = PLAIN.look(Window(text))
    at = house.clock.now()
    rules = house.rt.rules(house.service, frozenset(), at)
    work = partial(
        observed, user=await house.person(user), score=reading.score("minority"), reasons=hints_of(reading), at=at,
        rules=rules,
    )  # fmt: skip
    changed = await house.rt.db.write(work)
    house.rt.presence.forget(house.service.id, user)
    return changed


async def mode(house: House) -> tuple[str | None, str | None]:
    person = await house.person()
    return person.mode, person.mode_ground


async def test_a_plain_statement_in_an_adults_account_switches_at_once(house: House) -> None:
    await house.state("xiaolin", age_band="adult")
    changed = await hears(house, SAYS_SO)
    assert changed is not None and changed.band == "12-15"
    assert await mode(house) == ("minor", "suspected")


async def test_why_is_in_the_ledger_and_no_word_of_it(house: House) -> None:
    await house.state("xiaolin", age_band="adult")
    await hears(house, SAYS_SO)
    (entry,) = await house.ledger("xiaolin", Kind.PERSON_CHANGED)
    assert entry.facts["ground"] == "suspected" and isinstance(entry.facts["confidence"], float)
    assert entry.facts["basis"] and "初二" not in repr(entry)


async def test_the_mode_stays_over_conversations_characters_and_what_an_app_sends(house: House) -> None:
    await house.state("xiaolin", age_band="adult")
    await hears(house, SAYS_SO)
    await house.http.put("/anban/v1/people/xiaolin", json={"mode": "ordinary", "age_band": "adult"})
    await house.say("换个人聊聊。", conversation="second", persona="other")
    house.clock.advance(hours=24 * 90)
    assert await mode(house) == ("minor", "suspected")


async def test_a_device_in_minors_mode_switches_too(house: House) -> None:
    body = {"kind": "device", "band": "12-15", "source": "device-os"}
    answer = (await house.post("/anban/v1/people/xiaolin/ages", body)).json()
    assert (answer["audience"], answer["ground"]) == ("minor", "device")


async def test_a_story_about_a_pupil_switches_nobody(house: House) -> None:
    await house.state("xiaolin", age_band="adult")
    assert await hears(house, "我女儿今年初二，作业太多了。") is None
    assert (await mode(house))[0] != "minor"
