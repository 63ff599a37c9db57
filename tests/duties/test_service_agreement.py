"""Final article 12: each user accepts a service agreement, and the acceptance is on record with its version."""

from anban.ledger.kinds import Kind
from tests.house import House


async def accept(house: House, version: str) -> dict[str, str]:
    body = {"purpose": "agreement", "version": version, "by": "user"}
    return (await house.post("/anban/v1/people/xiaolin/consents", body)).json()


async def test_accepting_leaves_a_receipt_and_evidence(house: House) -> None:
    receipt = await accept(house, "2026-08")
    assert (receipt["purpose"], receipt["version"], receipt["state"]) == ("agreement", "2026-08", "in-force")
    (entry,) = await house.ledger("xiaolin", Kind.CONSENT_GIVEN)
    assert (entry.facts["version"], entry.facts["receipt"], entry.actor) == ("2026-08", receipt["receipt"], "user")


async def test_without_it_registration_is_not_complete(house: House) -> None:
    await house.http.put("/anban/v1/people/xiaolin", json={"age_band": "adult"})
    path = "/anban/v1/people/xiaolin/family"
    assert (await house.get(path)).json()["missing"] == ["agreement"]
    await accept(house, "2026-08")
    assert (await house.get(path)).json()["missing"] == []


async def test_a_new_version_is_accepted_anew_and_the_old_stays_on_record(house: House) -> None:
    await accept(house, "2026-08")
    await accept(house, "2026-08")
    await accept(house, "2027-01")
    told = (await house.get("/anban/v1/people/xiaolin/consents")).json()
    assert [each["version"] for each in told] == ["2027-01", "2026-08"]
    assert len(await house.ledger("xiaolin", Kind.CONSENT_GIVEN)) == 2
