"""Draft article 12(2), final article 14: a companion for a minor needs the express consent of a guardian who is one."""

from typing import Any

import pytest

from anban.ledger.kinds import Kind
from tests.duties.families import bind, consent, family, put
from tests.house import House


@pytest.mark.parametrize("band", ["under_8", "8-11", "12-15", "16-17"])
async def test_no_minor_of_any_age_consents_to_a_companion_themselves(house: House, band: str) -> None:
    await put(house, age_band=band)
    assert "consent:use" in (await family(house))["missing"]
    answer = await consent(house, "use", by="user")
    assert (answer.status_code, answer.json()["code"]) == (403, "guardian_needed")


async def test_a_bound_guardian_consents_and_it_is_on_record(house: House) -> None:
    await put(house, age_band="16-17")
    guardian = await bind(house)
    receipt: dict[str, Any] = (await consent(house, "use", by="guardian", guardian=guardian)).json()
    assert receipt["by"] == "guardian" and receipt["state"] == "in-force"
    assert "consent:use" not in (await family(house))["missing"]
    (entry,) = await house.ledger("xiaolin", Kind.CONSENT_GIVEN)
    assert (entry.facts["purpose"], entry.facts["guardian"]) == ("use", guardian)


async def test_it_is_withdrawn_with_effect_at_once(house: House) -> None:
    await put(house, age_band="16-17")
    guardian = await bind(house)
    await consent(house, "use", by="guardian", guardian=guardian)
    body = {"purpose": "use", "by": "guardian", "guardian": guardian}
    assert (await house.post("/anban/v1/people/xiaolin/consents/withdraw", body)).status_code == 200
    assert "consent:use" in (await family(house))["missing"]
    assert len(await house.ledger("xiaolin", Kind.CONSENT_WITHDRAWN)) == 1


async def test_a_claim_alone_is_no_guardian(house: House) -> None:
    await put(house, age_band="16-17")
    guardian = await bind(house, days=2)
    assert (await consent(house, "use", by="guardian", guardian=guardian)).status_code == 403
    assert await house.ledger("xiaolin", Kind.CONSENT_GIVEN) == []


async def test_when_a_guardian_is_one_no_longer_their_consent_ends(house: House) -> None:
    await put(house, age_band="16-17")
    guardian = await bind(house)
    await consent(house, "use", by="guardian", guardian=guardian)
    await house.post(f"/anban/v1/people/xiaolin/guardians/{guardian}/revoke", {"by": "desk"})
    assert "consent:use" in (await family(house))["missing"]
    assert len(await house.ledger("xiaolin", Kind.CONSENT_WITHDRAWN)) == 1
