"""Draft article 12(3), final article 14: taken for a minor, one says so in two taps, and a person answers in a day."""

from typing import Any

from anban.cases.notes import notes_of
from anban.ledger.kinds import Kind
from tests.duties.test_minor_recognition import SAYS_SO, hears, mode
from tests.house import House

HOUR = 60


async def switched(house: House) -> None:
    await house.state("xiaolin", age_band="adult")
    assert await hears(house, SAYS_SO) is not None


async def appeal(house: House, text: str | None = None) -> dict[str, Any]:
    body = {"user": "xiaolin", "about": "age", **({"text": text} if text else {})}
    answer = await house.post("/anban/v1/appeals", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def answer(house: House, case: str, *, granted: bool) -> None:
    body = {"responder": "An Wen", "granted": granted, "reason": "account-facts"}
    assert (await house.post(f"/anban/v1/appeals/{case}/answer", body)).status_code == 200


async def test_an_appeal_that_is_granted_restores_and_the_same_words_switch_no_more(house: House) -> None:
    await switched(house)
    case = await appeal(house)
    await answer(house, case["appeal"], granted=True)
    assert await mode(house) == ("ordinary", "appeal")
    for _ in range(3):
        assert await hears(house, SAYS_SO) is None
    (received,) = await house.ledger("xiaolin", Kind.COMPLAINT_RECEIVED)
    (answered,) = await house.ledger("xiaolin", Kind.COMPLAINT_ANSWERED)
    assert received.facts["about"] == "age"
    assert (answered.facts["outcome"], answered.facts["late"], answered.actor) == ("granted", False, "responder")
    changes = [each.facts.get("ground") for each in await house.ledger("xiaolin", Kind.PERSON_CHANGED)]
    assert changes == ["suspected", "appeal"], "switched and restored, both on record"


async def test_one_that_is_not_granted_keeps_the_mode_and_may_be_made_again(house: House) -> None:
    await switched(house)
    first = await appeal(house)
    await answer(house, first["appeal"], granted=False)
    assert await mode(house) == ("minor", "suspected")
    assert (await appeal(house))["appeal"] != first["appeal"]


async def test_asking_twice_is_one_appeal(house: House) -> None:
    await switched(house)
    assert (await appeal(house))["appeal"] == (await appeal(house, "我已经工作了"))["appeal"]
    assert len(await house.ledger("xiaolin", Kind.COMPLAINT_RECEIVED)) == 1


async def test_the_leads_are_called_before_the_day_is_over_and_until_somebody_answers(house: House) -> None:
    await switched(house)
    case = await appeal(house)
    await house.work(minutes=19 * HOUR)
    assert await house.ledger("xiaolin", Kind.DESK_ALARMED) == []
    await house.work(minutes=HOUR)
    assert len(await house.ledger("xiaolin", Kind.DESK_ALARMED)) == 1
    await house.work(minutes=8 * HOUR)
    assert len(await house.ledger("xiaolin", Kind.DESK_ALARMED)) >= 2
    await answer(house, case["appeal"], granted=True)
    before = len(await house.ledger("xiaolin", Kind.DESK_ALARMED))
    await house.work(minutes=48 * HOUR)
    assert len(await house.ledger("xiaolin", Kind.DESK_ALARMED)) == before
    (answered,) = await house.ledger("xiaolin", Kind.COMPLAINT_ANSWERED)
    assert answered.facts["late"] is True


async def test_what_the_person_wrote_is_deleted_a_week_after_the_answer(house: House) -> None:
    await switched(house)
    case = await appeal(house, "我的身份证号是……")
    shown = (await house.get(f"/anban/v1/cases/{case['appeal']}")).text
    assert "身份证" not in shown
    await answer(house, case["appeal"], granted=True)
    await house.work(minutes=6 * 24 * HOUR)
    assert await notes(house) == 1
    await house.work(minutes=2 * 24 * HOUR)
    assert await notes(house) == 0


async def test_wrong_switches_are_counted(house: House) -> None:
    await switched(house)
    await answer(house, (await appeal(house))["appeal"], granted=True)
    figures = (await house.get("/anban/v1/appeals/figures")).json()
    assert (figures["switched"], figures["appealed"], figures["put_right"]) == (1, 1, 1)


async def notes(house: House) -> int:
    person = await house.person()
    return len(await house.rt.db.read(lambda c: notes_of(c, person)))
