"""Draft article 11(3), final article 12: age and a guardian or emergency contact are on file, by their own word."""

from typing import Any

from anban.ledger.kinds import Kind
from anban.people.registration import preview_left
from anban.people.standing import standing_at
from tests.house import House

SON = {"name": "儿子", "route": "phone", "address": "13600000000", "calls": "老林"}
DAY = 24 * 60


async def family(house: House) -> dict[str, Any]:
    return (await house.get("/anban/v1/people/xiaolin/family")).json()


async def facts(house: House, **given: Any) -> dict[str, Any]:
    return (await house.http.put("/anban/v1/people/xiaolin", json=given)).json()


async def invite(house: House, contact: str) -> str:
    """Ask this contact; the token at the end of the link they get."""
    await house.post(f"/anban/v1/people/xiaolin/contacts/{contact}/invite", {})
    await house.worker.drain()
    return (await house.sent())[-1]["link"].rpartition("/")[2]


async def test_an_elder_is_registered_once_their_contact_has_accepted(house: House) -> None:
    contact = (await facts(house, age_band="elder", contacts=[SON]))["contacts"][0]["id"]
    assert "contact" in (await family(house))["missing"]
    token = await invite(house, contact)
    assert (await house.http.post(f"/invited/{token}/accept")).status_code == 200
    found = await family(house)
    assert found["registered"] and "contact" not in found["missing"]
    states = [each.facts.get("state") for each in await house.ledger("xiaolin", Kind.CONTACT_CHANGED)]
    assert states == [None, "invited", "accepted"]


async def test_a_minor_needs_a_guardian_and_the_list_of_a_service_is_no_acceptance(house: House) -> None:
    await facts(house, age_band="12-15", guardians=[SON])
    assert "guardian" in (await family(house))["missing"]
    (entry,) = await house.ledger("xiaolin", Kind.GUARDIAN_CHANGED)
    assert entry.facts["changed"] == ["1 given"]


async def test_each_year_a_contact_is_asked_again(house: House) -> None:
    contact = (await facts(house, age_band="elder", contacts=[SON]))["contacts"][0]["id"]
    token = await invite(house, contact)
    await house.http.post(f"/invited/{token}/accept")
    await house.work(minutes=365 * DAY)
    await house.worker.drain()
    assert len([each for each in await house.sent() if "/invited/" in each["link"]]) == 2
    assert (await family(house))["registered"], "in force while they are asked"
    await house.work(minutes=8 * DAY)
    assert not (await family(house))["registered"]


async def test_an_age_is_stated_or_proven_and_what_it_rests_on_is_on_record(house: House) -> None:
    body = {"kind": "verified", "band": "adult", "source": "id-check"}
    await house.post("/anban/v1/people/xiaolin/ages", body)
    (entry,) = await house.ledger("xiaolin", Kind.PERSON_CHANGED)
    assert (entry.facts["ground"], entry.facts["band"]) == ("verified", "adult")


async def test_who_is_not_registered_has_a_preview_of_so_many_turns_a_day(house: House) -> None:
    await facts(house, time_zone="Asia/Shanghai")
    plain = house.rt.rules(house.service, frozenset(), house.clock.now())
    rules = plain.with_choices({"registration-required": True})
    person = await house.person()
    standing = await house.rt.db.read(lambda c: standing_at(c, person, house.clock.now(), rules))
    assert [preview_left(standing, used, rules) for used in (0, 9, 10, 50)] == [10, 1, 0, 0]
    assert preview_left(standing, 50, plain) is None, "where nobody is asked to register nothing is counted"
    await facts(house, age_band="adult")
    person = await house.person()
    standing = await house.rt.db.read(lambda c: standing_at(c, person, house.clock.now(), rules))
    assert preview_left(standing, 50, rules) == 0, "an age alone is no agreement"
    agreed = {"purpose": "agreement", "version": "1", "by": "user"}
    await house.post("/anban/v1/people/xiaolin/consents", agreed)
    standing = await house.rt.db.read(lambda c: standing_at(c, person, house.clock.now(), rules))
    assert preview_left(standing, 50, rules) is None
