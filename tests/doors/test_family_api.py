"""Age, consent, guardians and appeals over HTTP, as a service with pages of its own uses them."""

from typing import Any

import httpx
import pytest

from tests.house import House, open_house

FATHER = {"route": "phone", "address": "138 0000 0000"}
HIS_MAIL = {"route": "email", "address": "father@example.cn"}
DAY = 24 * 60


@pytest.fixture
async def house(tmp_path):
    async with open_house(tmp_path) as opened:
        yield opened


async def put(house: House, path: str, body: Any) -> httpx.Response:
    return await house.http.put(f"/anban/v1/people/{path}", json=body)


async def post(house: House, path: str, body: Any) -> httpx.Response:
    return await house.post(f"/anban/v1/people/{path}", body)


async def claims(house: House, user: str = "xiaolin", *, frm: Any = FATHER, to: Any = HIS_MAIL) -> httpx.Response:
    body = {
        "user": user, "name": "林建国", "evidence": "household-register", "claims_from": frm, "code_to": to,
        "calls": "小林",
    }  # fmt: skip
    return await house.post("/anban/v1/guardians/claims", body)


async def code_sent(house: House, to: str = HIS_MAIL["address"]) -> str:
    await house.worker.drain()
    letter = [each for each in await house.sent() if each["address"] == to][-1]
    return next(word for word in letter["text"].replace("。", " ").split() if word.isdigit() and len(word) == 6)


async def enter(house: House, claim: str, code: str) -> httpx.Response:
    return await house.post(f"/anban/v1/guardians/claims/{claim}/code", {"code": code})


async def bind(house: House, user: str = "xiaolin") -> str:
    """A guardian bound in all the steps there are; their id."""
    claim = (await claims(house, user)).json()["claim"]
    assert (await enter(house, claim, await code_sent(house))).status_code == 200
    await house.work(minutes=3 * DAY + 1)
    return claim


async def family(house: House, user: str = "xiaolin") -> dict[str, Any]:
    return (await house.get(f"/anban/v1/people/{user}/family")).json()


async def test_registration_says_what_is_still_missing(house: House) -> None:
    await put(house, "xiaolin", {"time_zone": "Asia/Shanghai"})
    assert (await family(house))["missing"] == ["age", "agreement"]
    await post(house, "xiaolin/ages", {"kind": "stated", "band": "12-15", "source": "form"})
    found = await family(house)
    assert found["missing"] == ["agreement", "guardian", "consent:use", "consent:under-14-data"]
    assert (found["audience"], found["band"], found["ground"]) == ("minor", "12-15", "stated")


async def test_a_proof_of_age_leaves_a_finding_and_nothing_else(house: House) -> None:
    await post(house, "xiaolin/ages", {"kind": "verified", "band": "adult", "source": "id-check"})
    found = await family(house)
    assert (found["ground"], found["registered"]) == ("verified", True)
    (evidence,) = found["evidence"]
    assert set(evidence) == {"kind", "band", "confidence", "source", "at", "ended_at"}
    answer = await post(house, "xiaolin/ages", {"kind": "verified", "band": "adult", "source": "x", "document": "…"})
    assert answer.status_code == 400


async def test_one_consent_is_one_purpose_and_ends_at_once(house: House) -> None:
    await put(house, "xiaolin", {"age_band": "adult"})
    bundled = {"purpose": ["use", "training"], "version": "1", "by": "user"}
    assert (await post(house, "xiaolin/consents", bundled)).status_code == 400
    receipt = (await post(house, "xiaolin/consents", {"purpose": "training", "version": "1", "by": "user"})).json()
    assert (receipt["purpose"], receipt["state"]) == ("training", "in-force")
    after = (await post(house, "xiaolin/consents/withdraw", {"purpose": "training", "by": "user"})).json()
    assert [(each["receipt"], each["state"]) for each in after] == [(receipt["receipt"], "withdrawn")]


async def test_a_minor_cannot_consent_where_a_guardian_must(house: House) -> None:
    await put(house, "xiaolin", {"age_band": "12-15"})
    for purpose in ("use", "under-14-data", "sharing", "training"):
        answer = await post(house, "xiaolin/consents", {"purpose": purpose, "version": "1", "by": "user"})
        assert (answer.status_code, answer.json()["code"]) == (403, "guardian_needed"), purpose
    answer = await post(
        house, "xiaolin/consents", {"purpose": "use", "version": "1", "by": "guardian", "guardian": "gua_made_up"}
    )
    assert answer.status_code == 403


async def test_a_guardian_is_bound_in_steps_and_may_then_consent(house: House) -> None:
    await put(house, "xiaolin", {"age_band": "12-15"})
    guardian = await bind(house)
    assert (await family(house))["guardian_bound"] is True
    given = {"purpose": "use", "version": "1", "by": "guardian", "guardian": guardian}
    assert (await post(house, "xiaolin/consents", given)).json()["expires_at"] is not None
    (bound,) = (await house.get("/anban/v1/people/xiaolin/guardians")).json()
    assert bound["state"] == "bound" and "address" not in str(bound)


async def test_the_code_goes_to_another_address_than_the_one_claimed_from(house: House) -> None:
    same = await claims(house, to={"route": "sms", "address": "+8613800000000"})
    assert (same.status_code, same.json()["field"]) == (422, "code_to")


async def test_claims_on_known_and_unknown_people_look_the_same_to_the_end(house: House) -> None:
    await put(house, "xiaolin", {"age_band": "12-15"})
    await put(house, "grown", {"age_band": "adult"})
    seen: dict[str, list[Any]] = {}
    for number, user in enumerate(("xiaolin", "nobody", "grown")):
        frm, to = {"route": "phone", "address": f"1390000000{number}"}, {"route": "email", "address": f"x{number}@a.cn"}
        first = await claims(house, user, frm=frm, to=to)
        claim = first.json()["claim"]
        wrong = await enter(house, claim, "000000000")
        right = await enter(house, claim, await code_sent(house, to["address"]))
        again = await enter(house, claim, "123456")
        told = [(each.status_code, {**each.json(), "claim": ""}) for each in (first, wrong, right, again)]
        letters = [each["text"][:6] for each in await house.sent() if each["address"] == to["address"]]
        seen[user] = [told, len(claim), letters]
    assert seen["xiaolin"] == seen["nobody"] == seen["grown"]
    await house.work(minutes=3 * DAY + 1)
    assert (await family(house))["guardian_bound"] is True
    assert (await family(house, "grown"))["guardian_bound"] is False
    assert (await house.get("/anban/v1/people/nobody")).status_code == 404


async def test_an_unknown_claim_and_a_wrong_code_are_refused_alike(house: House) -> None:
    await put(house, "xiaolin", {"age_band": "12-15"})
    claim = (await claims(house)).json()["claim"]
    wrong, unknown = await enter(house, claim, "1"), await enter(house, "gua_" + "0" * 32, "1")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())


async def test_whoever_claims_too_often_is_stopped_whomever_they_claim(house: House) -> None:
    answers = [(await claims(house, user)).status_code for user in ("a", "b", "c", "d")]
    assert answers == [200, 200, 200, 409]
    swapped = await claims(house, "e", frm=HIS_MAIL, to={"route": "phone", "address": "13711111111"})
    assert swapped.json()["code"] == "too_many_claims", "whichever of the two addresses comes first"


async def test_the_child_hears_of_a_claim_and_may_make_it_short(house: House) -> None:
    await put(house, "xiaolin", {"age_band": "12-15"})
    claim = (await claims(house)).json()["claim"]
    await enter(house, claim, await code_sent(house))
    await post(house, f"xiaolin/guardians/{claim}/confirm", {})
    await house.work(minutes=30)
    assert (await family(house))["guardian_bound"] is False
    await house.work(minutes=31)
    assert (await family(house))["guardian_bound"] is True


async def test_a_link_opens_a_guardians_session_at_their_own_address_only(house: House) -> None:
    await put(house, "xiaolin", {"age_band": "12-15"})
    await bind(house)
    known = await house.post("/anban/v1/guardians/links", HIS_MAIL)
    unknown = await house.post("/anban/v1/guardians/links", {"route": "email", "address": "other@example.cn"})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    await house.worker.drain()
    links = [each for each in await house.sent() if "/guardian/enter/" in each["link"]]
    assert [each["address"] for each in links] == [HIS_MAIL["address"]]


async def test_limits_of_a_guardian_only_tighten_the_rules(house: House) -> None:
    await put(house, "xiaolin", {"age_band": "12-15"})
    guardian = await bind(house)
    mine = {"by": "guardian", "guardian": guardian}
    assert (await put(house, "xiaolin/limits", {**mine, "minutes": 30, "quiet_from": "21:00"})).status_code == 200
    for laxer in ({"minutes": 61}, {"quiet_from": "23:00"}, {"quiet_until": "05:00"}, {"reality_minutes": 61}):
        answer = await put(house, "xiaolin/limits", {**mine, **laxer})
        assert (answer.status_code, answer.json()["code"]) == (422, "laxer"), laxer
    assert (await house.get("/anban/v1/people/xiaolin/limits")).json()["guardian"] == {
        "minutes": 30,
        "quiet_from": "21:00",
    }
    stranger = {"by": "guardian", "guardian": "gua_stranger", "minutes": 10}
    assert (await put(house, "xiaolin/limits", stranger)).status_code == 403


async def test_a_minor_pays_nothing_unless_a_guardian_says_so_and_then_within_caps(house: House) -> None:
    await put(house, "xiaolin", {"age_band": "12-15"})

    async def pay(request: str, amount: int, currency: str = "CNY") -> tuple[bool, str]:
        body = {"amount": amount, "currency": currency, "request": request}
        answer = (await post(house, "xiaolin/spending", body)).json()
        return answer["allow"], answer["reason"]

    assert await pay("r0", 100) == (False, "minors-mode")
    guardian = await bind(house)
    caps = {"spending": True, "spend_each": 1000, "spend_day": 1500, "currency": "CNY"}
    await put(house, "xiaolin/limits", {"by": "guardian", "guardian": guardian, **caps})
    assert await pay("r1", 900) == (True, "allowed")
    assert await pay("r1", 900) == (True, "allowed"), "asked twice, counted once"
    assert await pay("r2", 600) == (True, "allowed")
    assert await pay("r3", 1) == (False, "over-day")
    assert await pay("r4", 1001) == (False, "over-one")
    assert await pay("r5", 1, "USD") == (False, "other-currency")
    reused = await post(house, "xiaolin/spending", {"amount": 5, "currency": "CNY", "request": "r1"})
    assert reused.status_code == 409
    house.clock.advance(hours=24)
    assert await pay("r6", 600) == (True, "allowed"), "a new day"


async def test_each_opens_only_the_characters_they_closed(house: House) -> None:
    await put(house, "xiaolin", {"age_band": "12-15"})
    guardian = await bind(house)
    closed = {"persona": "wolf", "state": "blocked", "by": "guardian", "guardian": guardian}
    assert [each["persona"] for each in (await post(house, "xiaolin/blocked", closed)).json()] == ["wolf"]
    own = await post(house, "xiaolin/blocked", {"persona": "wolf", "state": "open", "by": "self"})
    assert len(own.json()) == 1
    assert (await post(house, "xiaolin/blocked", {**closed, "state": "open"})).json() == []


async def test_an_app_that_sends_its_own_mode_lifts_no_suspicion(house: House) -> None:
    await house.state("xiaolin", mode="minor", mode_ground="suspected")
    answer = (await put(house, "xiaolin", {"mode": "ordinary", "age_band": "adult"})).json()
    assert (answer["mode"], answer["mode_ground"]) == ("minor", "suspected")


async def test_leaving_minors_mode_needs_the_guardian(house: House) -> None:
    await put(house, "xiaolin", {"age_band": "12-15"})
    guardian = await bind(house)
    await post(house, "xiaolin/mode", {"mode": "minor"})
    assert (await post(house, "xiaolin/mode", {"mode": "ordinary"})).json()["code"] == "guardian_needed"
    assert (await put(house, "xiaolin", {"mode": "ordinary"})).json()["mode"] == "minor"
    left = await post(house, "xiaolin/mode", {"mode": "ordinary", "guardian": guardian})
    assert left.json()["mode"] == "ordinary"


async def test_a_contact_is_asked_and_the_answer_stays_when_the_list_is_sent_again(house: House) -> None:
    aunt = {"name": "姑姑", "route": "phone", "address": "13600000000", "calls": "小林"}
    (contact,) = (await put(house, "xiaolin", {"contacts": [aunt]})).json()["contacts"]
    assert contact["state"] == "stated"
    await post(house, f"xiaolin/contacts/{contact['id']}/invite", {})
    await house.worker.drain()
    (letter,) = await house.sent()
    assert letter["address"] == aunt["address"] and "/invited/" in letter["link"]
    again = (await put(house, "xiaolin", {"contacts": [aunt]})).json()["contacts"]
    assert [(each["id"], each["state"]) for each in again] == [(contact["id"], "invited")]


async def test_an_appeal_is_opened_in_one_call_and_answered_by_a_person(house: House) -> None:
    await house.state("xiaolin", mode="minor", mode_ground="suspected")
    opened = (await house.post("/anban/v1/appeals", {"user": "xiaolin", "about": "age"})).json()
    assert opened["state"] == "open" and opened["answer_by"] > house.clock.now().isoformat()
    closed = await house.post(f"/anban/v1/cases/{opened['appeal']}/close", {"responder": "An", "level": "L0"})
    assert closed.status_code == 409, "an appeal is answered, not closed"
    body = {"responder": "An Wen", "granted": True, "reason": "account-facts"}
    answered = (await house.post(f"/anban/v1/appeals/{opened['appeal']}/answer", body)).json()
    assert answered["state"] == "closed"
    assert (await family(house))["audience"] == "adult"
    figures = (await house.get("/anban/v1/appeals/figures")).json()
    assert (figures["appealed"], figures["put_right"], figures["open"], figures["late"]) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    "path", ["xiaolin/ages", "xiaolin/mode", "xiaolin/consents", "xiaolin/limits", "xiaolin/spending", "xiaolin/home"]
)
async def test_nobody_without_the_key_asks_or_changes_anything(house: House, path: str) -> None:
    for method in ("POST", "PUT", "GET"):
        answer = await house.http.request(
            method, f"/anban/v1/people/{path}", json={}, headers={"Authorization": "Bearer somebody"}
        )
        assert answer.status_code in (400, 401, 405)
