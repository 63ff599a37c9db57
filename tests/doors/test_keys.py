"""The master keys over HTTP and from the command line: how they stand, a new one, the end of an old one."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from anban.base.ciphers import SM4
from anban.ledger.kinds import Kind
from anban.ledger.reading import of_kind
from anban.people.models import user_keys
from tests.house import House, open_house
from tests.service import Running

KEYS = "/anban/v1/keys"


async def status(house: House) -> dict[str, Any]:
    return (await house.get(KEYS)).json()


async def test_a_rotation_from_the_first_question_to_the_destroyed_key(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.say("今天有点累", user="lin")
        before = await status(house)
        assert [each["state"] for each in before["versions"]] == ["current"] and before["writable"]
        answer = await house.post(f"{KEYS}/rotate", {})
        assert answer.status_code == 202
        assert [each["state"] for each in answer.json()["versions"]] == ["current", "announced"]
        assert (await house.post(f"{KEYS}/rotate", {})).status_code == 409, "one at a time"
        await house.work(minutes=4 * 24 * 60)
        told = await status(house)
        assert [each["state"] for each in told["versions"]] == ["open-only", "current"]
        assert told["versions"][0]["wraps"] == 0 and told["versions"][1]["rewrapped"] > 1
        assert (await house.post(f"{KEYS}/2/destroy", {})).status_code == 409
        assert (await house.post(f"{KEYS}/9/destroy", {})).status_code == 404
        gone = await house.post(f"{KEYS}/1/destroy", {})
        assert gone.status_code == 200
        assert [each["state"] for each in gone.json()["versions"]] == ["destroyed", "current"]
        assert (await house.say("还在吗", user="lin")).text
        ended = await house.rt.db.read(lambda c: of_kind(c, Kind.KEY_DESTROYED))
        assert {each.entry.actor for each in ended} == {"anban", "administrator"}
        assert not re.search(r"[0-9a-f]{64}", str(told)), "no answer holds a key"


async def test_only_the_administrator_sees_or_turns_the_keys(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for method, path in (("GET", KEYS), ("POST", f"{KEYS}/rotate"), ("POST", f"{KEYS}/1/destroy")):
            refused = await house.http.request(method, path, headers={"authorization": "Bearer guessed"})
            assert refused.status_code == 401
        for odd in ("0", "-1", "x", "99999999999999999999"):
            assert (await house.post(f"{KEYS}/{odd}/destroy", {})).status_code in (400, 404, 422)


async def test_keys_that_the_service_cannot_write_are_turned_by_hand(tmp_path: Path) -> None:
    async with open_house(tmp_path, master_key="5a" * 32) as house:
        told = await status(house)
        assert told["source"] == "environment" and not told["writable"]
        refused = await house.post(f"{KEYS}/rotate", {})
        assert refused.status_code == 409 and "docs/keys.md" in refused.json()["detail"]


async def test_a_house_under_national_cryptography_seals_with_sm4_and_goes_on_where_aes_was(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.say("今天有点累", user="before")
    async with open_house(tmp_path, cipher=SM4) as house:
        assert (await house.say("还记得我吗", user="before")).text
        assert (await house.say("我不想活了", user="after")).meta.verdict == "escalate"
        rows = await house.rt.db.read(lambda c: c.execute(select(user_keys.c.suite)).scalars().all())
        assert sorted(rows) == ["aes-256-gcm", "sm4-gcm"]
        assert (await status(house))["suites"] == {"aes-256-gcm": 1, "sm4-gcm": 1}
        (case,) = (await house.get("/anban/v1/cases?user=after")).json()
        assert case["kind"] == "crisis"


@pytest.mark.timeout(120)
def test_the_command_line_turns_a_key_and_the_doctor_says_what_waits(tmp_path: Path) -> None:
    with Running(tmp_path).start() as service:
        shown = service.anban("keys", "status")
        assert shown.returncode == 0 and "current" in shown.stdout
        made = service.anban("keys", "rotate")
        assert made.returncode == 0 and "version 2 is announced" in made.stdout
        doctor = service.anban("doctor").stdout
        assert "a rotation is under way" in doctor
        asked = service.anban("keys", "destroy", "1")
        assert asked.returncode == 1 and "nothing was destroyed" in asked.stdout, "without a person to ask, it does not"
        refused = service.anban("keys", "destroy", "1", "--yes")
        assert refused.returncode == 2 and "wraps" in refused.stderr
        listed = service.anban("keys", "status", "--json")
        assert '"announced"' in listed.stdout and listed.returncode == 0
