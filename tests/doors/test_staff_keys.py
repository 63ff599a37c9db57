"""Keys of people on the staff: in their own role, in their own name, for a while, and gone when their rights change."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from anban.ledger.kinds import Kind
from anban.ledger.reading import of_kind
from anban.provider.passwords import code_at
from anban.provider.roles import STAFF_ROLES, StaffRole
from tests.doors.at_the_desk import PAGE, proof
from tests.house import House, open_house
from tests.staffed import SECRET, at_own_desk, bearing, employ, key_of

READS = {
    "/anban/v1/ledger": {"officer", "auditor", "engineer"},
    "/anban/v1/duties": {"officer", "auditor", "engineer", "data-engineer", "administrator"},
    "/anban/v1/staff": {"officer", "administrator"},
    "/anban/v1/rota": {"responder", "lead", "officer", "administrator"},
    "/anban/v1/queue": {"officer"},
    "/anban/v1/people/xiaolin": {"officer"},
    "/anban/v1/personas": {"lead", "officer", "engineer"},
    "/anban/v1/demo/sent": set[str](),
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("role", STAFF_ROLES)
async def test_a_key_opens_what_its_owners_role_opens_and_nothing_else(house: House, role: StaffRole) -> None:
    await house.say("你好")
    await house.rt.db.settled()
    await employ(house, role)
    key = await key_of(house, role)
    opened = {path for path in READS if (await house.http.get(path, headers=bearing(key))).status_code == 200}
    assert opened == {path for path, roles in READS.items() if role in roles}
    for path in READS.keys() - opened:
        refused = await house.http.get(path, headers=bearing(key))
        assert (refused.status_code, refused.json()["code"]) == (403, "role"), path


async def test_what_is_done_with_a_key_stands_under_its_owners_name(house: House) -> None:
    who = await employ(house, "administrator")
    key = await key_of(house, "administrator")
    await house.http.post("/anban/v1/switch", json={"state": "off"}, headers=bearing(key))
    (told,) = await house.rt.db.read(lambda c: of_kind(c, Kind.SERVICE_SWITCHED))
    assert told.entry.actor == who


async def test_nobody_acts_in_anothers_name(house: House) -> None:
    await employ(house, "lead", "han")
    key = await key_of(house, "han")
    refused = await house.http.put("/anban/v1/personas/moon", json=_persona("wang"), headers=bearing(key))
    assert (refused.status_code, refused.json()["code"]) == (403, "own_name")
    own = await house.http.put("/anban/v1/personas/moon", json=_persona("han"), headers=bearing(key))
    assert own.status_code == 200, own.text


async def test_a_role_that_needs_a_second_factor_gets_its_key_for_a_code_and_for_a_shift(house: House) -> None:
    await employ(house, "officer")
    for code in ("", "000000"):
        refused = await house.post("/anban/v1/staff/officer/keys", {"label": "x", "code": code})
        assert (refused.status_code, refused.json()["field"]) == (422, "code")
    code = code_at(SECRET, house.clock.now())
    made = (await house.post("/anban/v1/staff/officer/keys", {"label": "x", "days": 90, "code": code})).json()
    again = await house.post("/anban/v1/staff/officer/keys", {"label": "x", "code": code})
    assert again.status_code == 422, "a code opens once"
    house.clock.advance(hours=11.9)
    assert (await house.http.get("/anban/v1/duties", headers=bearing(made["key"]))).status_code == 200
    house.clock.advance(hours=0.2)
    assert (await house.http.get("/anban/v1/duties", headers=bearing(made["key"]))).status_code == 401


async def test_nobody_tries_out_the_code_of_somebody_else(house: House) -> None:
    await employ(house, "officer")
    answers = [
        (await house.post("/anban/v1/staff/officer/keys", {"label": "x", "code": f"{number:06d}"})).status_code
        for number in range(8)
    ]
    assert answers[:5] == [422] * 5 and answers[-1] == 429
    right = {"label": "x", "code": code_at(SECRET, house.clock.now())}
    assert (await house.post("/anban/v1/staff/officer/keys", right)).status_code == 429, "the right one waits too"
    house.clock.advance(seconds=60)
    right = {"label": "x", "code": code_at(SECRET, house.clock.now())}
    assert (await house.post("/anban/v1/staff/officer/keys", right)).status_code == 201


async def test_the_leads_page_knows_everybody_and_puts_only_the_desk_on_the_rota(house: House) -> None:
    officer = await employ(house, "officer")
    async with at_own_desk(house, "wang") as lead:
        page = (await lead.get("/desk/lead", headers=PAGE)).text
        assert "合规负责人" in page and f'<option value="{officer}"' not in page
    shift = {"login": "officer", "begins": "08:00", "ends": "20:00", "weekdays": [0, 1]}
    assert (await house.post("/anban/v1/rota", shift)).status_code == 404


async def test_a_key_ends_by_itself_by_hand_and_with_its_owners_role(house: House) -> None:
    await employ(house, "engineer")
    first, second, third = [await key_of(house, "engineer") for _ in range(3)]
    listed = (await house.get("/anban/v1/staff/engineer/keys")).json()
    assert len(listed) == 3 and not any("key" in each and each["key"] for each in listed)
    await house.http.delete(f"/anban/v1/staff/engineer/keys/{listed[-1]['id']}")
    assert [await _opens(house, key) for key in (first, second, third)] == [False, True, True]
    house.clock.advance(hours=24 * 31)
    assert not await _opens(house, second)
    fresh = await key_of(house, "engineer")
    await house.post("/anban/v1/staff/engineer/role", {"role": "auditor"})
    assert not await _opens(house, fresh), "a changed role ends every key"
    newest = await key_of(house, "engineer")
    await house.post("/anban/v1/staff/engineer/off", {})
    assert not await _opens(house, newest)


async def test_nobody_changes_their_own_role_or_state(house: House) -> None:
    await employ(house, "administrator")
    key = await key_of(house, "administrator")
    for act, body in (("role", {"role": "officer"}), ("on", {}), ("totp", {})):
        refused = await house.http.post(f"/anban/v1/staff/administrator/{act}", json=body, headers=bearing(key))
        assert (refused.status_code, refused.json()["code"]) == (403, "own_rights"), act


async def test_a_log_in_opens_the_api_in_its_role_and_changes_things_with_its_proof_only(house: House) -> None:
    await employ(house, "administrator")
    async with at_own_desk(house, "administrator") as client:
        assert (await client.get("/anban/v1/duties")).status_code == 200
        assert (await client.get("/anban/v1/ledger")).status_code == 403
        bare = await client.post("/anban/v1/switch", json={"state": "off"})
        assert (bare.status_code, bare.json()["code"]) == (403, "foreign_form")
        csrf = proof((await client.get("/desk/account", headers=PAGE)).text)
        there = {"x-anban-csrf": csrf, "sec-fetch-site": "cross-site"}
        assert (await client.post("/anban/v1/switch", json={"state": "off"}, headers=there)).status_code == 403
        done = await client.post("/anban/v1/switch", json={"state": "off"}, headers={"x-anban-csrf": csrf})
        assert done.status_code == 200


async def test_whoever_does_not_work_at_the_desk_finds_their_own_page_instead(house: House) -> None:
    await employ(house, "auditor")
    async with at_own_desk(house, "auditor") as client:
        sent = await client.get("/desk", headers=PAGE)
        assert (sent.status_code, sent.headers["location"]) == (303, "/desk/account")
        shown = (await client.get("/desk/account", headers=PAGE)).text
        assert "审计人员" in shown and "说过的话" in shown
        for path in ("/desk/queue", "/desk/events"):
            assert (await client.get(path)).status_code == 403
        assert (await client.post("/desk/lint", data={"csrf": proof(shown)})).status_code == 403


async def _opens(house: House, key: str) -> bool:
    answer = await house.http.get("/anban/v1/duties", headers=bearing(key))
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def _persona(by: str) -> dict[str, object]:
    return {
        "name": "月亮",
        "card": {"prompt": "你是月亮，一个安静的朋友。", "limits": {}},
        "relation": "friend",
        "by": by,
    }
