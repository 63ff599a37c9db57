"""Final article 17: a guardian consents to processing the data of a child under fourteen, apart from all else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from anban.conversations.transcript import recent_turns
from anban.ledger.kinds import Kind
from tests.duties.families import bind, consent, family, put
from tests.house import EVENING, House, open_house

OWED = "consent:under-14-data"
ORDINARY = "今天数学课讲了函数。"


async def test_consent_to_use_is_not_consent_to_data(house: House) -> None:
    await put(house, age_band="8-11")
    guardian = await bind(house)
    await consent(house, "use", by="guardian", guardian=guardian)
    assert OWED in (await family(house))["missing"]
    await consent(house, "under-14-data", by="guardian", guardian=guardian)
    assert OWED not in (await family(house))["missing"]
    purposes = [each.facts["purpose"] for each in await house.ledger("xiaolin", Kind.CONSENT_GIVEN)]
    assert purposes == ["use", "under-14-data"]


@pytest.mark.parametrize("age_band", ["8-11", "adult"])
async def test_nobody_gives_it_for_themselves(house: House, age_band: str) -> None:
    await put(house, age_band=age_band)
    assert (await consent(house, "under-14-data", by="user")).status_code == 403


@pytest.mark.parametrize(("years", "owed"), [(12, True), (14, True), (15, False), (17, False)])
async def test_a_birth_year_is_read_as_its_last_day(house: House, years: int, owed: bool) -> None:
    await put(house, birth_year=EVENING.year - years)
    assert (OWED in (await family(house))["missing"]) == owed


async def test_a_minor_whose_age_nobody_knows_may_be_under_fourteen(house: House) -> None:
    await put(house, mode="minor")
    assert OWED in (await family(house))["missing"]


@pytest.fixture
async def registering(tmp_path: Path) -> AsyncIterator[House]:
    """A service whose people register here."""
    async with open_house(tmp_path / "registering", choices={"registration-required": True}) as opened:
        yield opened


async def test_an_app_that_registers_people_itself_has_asked_the_guardian_itself(house: House) -> None:
    await put(house, birth_year=EVENING.year - 13)
    assert (await house.say(ORDINARY)).meta.verdict != "stop"
    assert OWED in (await family(house))["missing"], "what is not on file here is shown as missing"


async def test_without_it_a_child_known_to_be_under_fourteen_is_told_how_to_get_it(registering: House) -> None:
    house = registering
    await put(house, birth_year=EVENING.year - 13)
    heard = await house.say(ORDINARY)
    assert heard.meta.verdict == "stop" and "监护人" in heard.text and "你没有做错事" in heard.text
    assert "12355" in heard.text and house.model.asked == []
    (reached,) = await house.ledger("xiaolin", Kind.LIMIT_REACHED)
    assert reached.facts["limit"] == "no-consent"
    guardian = await bind(house)
    assert (await house.say(ORDINARY)).meta.verdict == "stop", "a guardian is there and has not consented"
    for purpose in ("use", "under-14-data"):
        await consent(house, purpose, by="guardian", guardian=guardian)
    assert (await house.say(ORDINARY)).meta.verdict != "stop"


async def test_before_it_no_word_of_the_child_is_kept(registering: House) -> None:
    house = registering
    await put(house, age_band="8-11")
    await house.say(ORDINARY)
    person = await house.person()
    assert await house.rt.db.read(lambda c: recent_turns(c, person.id, person.key, 9)) == ()


async def test_without_it_a_child_in_danger_is_helped_all_the_same(registering: House) -> None:
    house = registering
    await put(house, age_band="8-11")
    heard = await house.say("我不想活了，药已经买好了")
    assert heard.meta.level == "L3" and heard.meta.help is not None and "没有做错" in heard.text
    assert Kind.CASE_CRISIS_OPENED in await house.kinds()
    assert "休息" not in (await house.say(ORDINARY)).text, "nobody in a crisis is sent away for want of a consent"


async def test_without_it_a_real_person_can_be_asked_for(registering: House) -> None:
    house = registering
    await put(house, age_band="8-11")
    assert (await house.say("我要找真人")).meta.verdict == "replace"


@pytest.mark.parametrize(
    "given", [{"mode": "minor"}, {"age_band": "12-15"}, {"age_band": "16-17"}, {"birth_year": EVENING.year - 14}]
)
async def test_who_may_be_fourteen_is_not_locked_out_by_a_guess(house: House, given: dict[str, Any]) -> None:
    await put(house, **given)
    assert (await house.say(ORDINARY)).meta.verdict != "stop"


async def test_who_is_only_suspected_is_not_locked_out_however_young_they_sound(house: House) -> None:
    await put(house, birth_year=1990)
    await house.say("我今年十岁，读小学四年级")
    person = await house.person()
    assert (person.mode, person.mode_ground) == ("minor", "suspected")
    assert (await house.say(ORDINARY)).meta.verdict != "stop"


async def test_it_is_withdrawn_with_effect_at_once(house: House) -> None:
    await put(house, age_band="8-11")
    guardian = await bind(house)
    await consent(house, "under-14-data", by="guardian", guardian=guardian)
    body = {"purpose": "under-14-data", "by": "guardian", "guardian": guardian}
    await house.post("/anban/v1/people/xiaolin/consents/withdraw", body)
    assert OWED in (await family(house))["missing"]
    (entry,) = await house.ledger("xiaolin", Kind.CONSENT_WITHDRAWN)
    assert entry.facts["purpose"] == "under-14-data"
