"""Final article 17: a guardian consents to processing the data of a child under fourteen, apart from all else."""

import pytest

from anban.ledger.kinds import Kind
from tests.duties.families import bind, consent, family, put
from tests.house import EVENING, House

OWED = "consent:under-14-data"


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


async def test_it_is_withdrawn_with_effect_at_once(house: House) -> None:
    await put(house, age_band="8-11")
    guardian = await bind(house)
    await consent(house, "under-14-data", by="guardian", guardian=guardian)
    body = {"purpose": "under-14-data", "by": "guardian", "guardian": guardian}
    await house.post("/anban/v1/people/xiaolin/consents/withdraw", body)
    assert OWED in (await family(house))["missing"]
    (entry,) = await house.ledger("xiaolin", Kind.CONSENT_WITHDRAWN)
    assert entry.facts["purpose"] == "under-14-data"
