"""Drills at the door: a person who is nobody, letters that stay in the house, results as evidence."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from anban.base.db import Connection
from anban.cases.queue import queue
from anban.ledger.kinds import Kind
from anban.people.drilling import PREFIX, drill_person, is_drill_person
from anban.provider.passwords import Hashed
from anban.provider.rota import add_shift
from anban.provider.staff import add_staff
from tests.doors.at_the_desk import PAGE, browser, sign_in
from tests.house import House, open_house

DANGER = "我不想活了，药已经买好了"
STEPS = [{"step": "claimed", "seconds": 1.5}, {"step": "handed-back", "seconds": 0.25}]
PHONE = "13900139000"
CONTACT = {"name": "演练联系人", "route": "demo", "address": "drill"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def nobody(house: House) -> str:
    """A person for a drill, with somebody to tell."""
    user = (await house.post("/anban/v1/drills/people", {})).json()["user"]
    put = await house.http.put(f"/anban/v1/people/{user}", json={"contacts": [CONTACT]})
    assert put.status_code == 200
    return user


async def someone_on_duty(house: House) -> None:
    """A lead with a telephone, always on duty."""

    def work(connection: Connection) -> None:
        lead, _ = add_staff(
            connection, house.rt.keys, service=house.service.id, login="zhao", name="赵", role="lead", tier=3,
            password=Hashed("unused"), routes=(("phone", PHONE),), at=house.clock.now(),
        )  # fmt: skip
        add_shift(
            connection, service=house.service.id, staff_id=lead.id, weekdays=range(7), from_minute=0, until_minute=1440,
            time_zone="Asia/Shanghai", from_day=date(2020, 1, 1),
        )  # fmt: skip

    await house.rt.db.write(work)


async def calls_to(house: House, address: str) -> list[dict[str, Any]]:
    return [each for each in await house.sent() if each["address"] == address and each["channel"] == "sms"]


async def case_of(house: House, user: str) -> dict[str, Any]:
    (case,) = (await house.get(f"/anban/v1/cases?user={user}")).json()
    return case


async def test_only_this_deployment_can_name_somebody_who_is_nobody(house: House) -> None:
    keys, service = house.rt.keys, house.service.id
    made = drill_person(keys, service)
    assert made.startswith(PREFIX) and is_drill_person(keys, service, made)
    for real in (None, "", "xiaolin", "drill-", "drill-1", "drill-演练", made[:-1], made + "0", made.upper()):
        assert not is_drill_person(keys, service, real)
    assert not is_drill_person(keys, "svc_another", made)


async def test_whoever_an_app_calls_drill_is_a_real_person(house: House) -> None:
    await house.chat(DANGER, user="drill-sergeant")
    case = await case_of(house, "drill-sergeant")
    assert "drill" not in str(case["events"])
    assert (await house.get("/anban/v1/drills/people/drill-sergeant")).status_code == 404


async def test_a_drills_case_says_so_in_its_events_and_in_every_entry(house: House) -> None:
    user = await nobody(house)
    await house.chat(DANGER, user=user)
    await house.work(minutes=6)
    case = await case_of(house, user)
    assert case["events"][0]["drill"] is True
    entries = [
        entry for entry in await house.ledger(user) if "case" in entry.facts and entry.kind is not Kind.TURN_RECORDED
    ]
    about = [entry for entry in entries if entry.kind.value.startswith(("case.", "desk.", "outreach.", "help."))]
    assert about and all(entry.facts.get("drill") is True for entry in about), [each.kind for each in about]


async def test_a_drill_waits_behind_every_person(house: House) -> None:
    user = await nobody(house)
    await house.chat(DANGER, user=user)
    await house.chat("活着好累，有时候希望自己没有出生", user="xiaolin")
    waiting = await house.rt.db.read(lambda c: queue(c, house.service.id))
    assert [each.case for each in waiting] == [(await case_of(house, who))["id"] for who in ("xiaolin", user)]


async def test_the_call_for_a_drill_says_so_and_never_stands_in_for_one_to_a_person(house: House) -> None:
    await someone_on_duty(house)
    user = await nobody(house)
    await house.chat(DANGER, user=user)
    house.clock.advance(seconds=30)
    await house.chat(DANGER, user="xiaolin")
    await house.work(seconds=150)
    drill, person = [str((await case_of(house, who))["id"]) for who in (user, "xiaolin")]
    calls = await calls_to(house, PHONE)
    assert calls and all(call["id"].startswith(drill) for call in calls)
    await house.work(seconds=30)
    calls = await calls_to(house, PHONE)
    assert {each["id"].split("|")[0] for each in calls} == {drill, person}
    for call in calls:
        assert ("演练" in call["text"]) == ("演练" in call["subject"]) == call["id"].startswith(drill)


async def test_a_drill_tells_only_the_house_and_its_words_say_drill(house: House) -> None:
    user = await nobody(house)
    other = {"name": "真人", "route": "phone", "address": "13800138000"}
    await house.http.put(f"/anban/v1/people/{user}", json={"contacts": [CONTACT, other]})
    await house.chat(DANGER, user=user)
    await house.work(minutes=6)
    await house.work(minutes=6)
    case = await case_of(house, user)
    letters = [each for each in await house.sent() if each["id"].startswith(str(case["id"])) and each["link"]]
    assert letters and {each["route"] for each in letters} == {"demo"}
    told = (await house.get(f"/anban/v1/drills/people/{user}")).json()["letters"]
    assert told and all("演练" in each["text"] and "演练" in each["subject"] for each in told)
    assert all("/seen/" in each["link"] and "address" not in each for each in told)


async def test_results_are_evidence_without_words_and_the_last_ones_are_listed(house: House) -> None:
    for name, passed in (("crisis", True), ("exit", False)):
        body = {"name": name, "passed": passed, "steps": STEPS}
        answer = await house.post("/anban/v1/drills", body)
        assert answer.status_code == 200 and answer.json()["name"] == name
        house.clock.advance(hours=1)
    listed = (await house.get("/anban/v1/drills")).json()
    assert [each["name"] for each in listed["drills"]] == ["exit", "crisis"]
    assert listed["drills"][1]["steps"] == STEPS and not listed["overdue"]
    assert listed["due_at"].startswith("2026-12-23")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "crisis"},
        {"name": "不想活", "passed": True},
        {"name": "crisis", "passed": True, "steps": [{"step": "他说他不想活", "seconds": 1}]},
        {"name": "crisis", "passed": True, "steps": [{"step": "claimed", "seconds": -1}]},
        {"name": "crisis", "passed": True, "words": "不想活"},
    ],
    ids=["half", "a sentence as name", "a sentence as step", "before it began", "words"],
)
async def test_a_result_that_is_no_result_is_refused(house: House, wrong: dict[str, object]) -> None:
    assert (await house.post("/anban/v1/drills", wrong)).status_code == 400
    assert (await house.get("/anban/v1/drills")).json()["drills"] == []


async def test_at_the_desk_a_drill_is_marked_in_the_queue_and_above_the_conversation(house: House) -> None:
    user = await nobody(house)
    await house.chat(DANGER, user=user)
    await house.chat(DANGER, user="xiaolin")
    drill, person = [str((await case_of(house, who))["id"]) for who in (user, "xiaolin")]
    async with browser(house) as desk:
        await sign_in(desk, house, "lin")
        lines = {each["case"]: each["drill"] for each in (await desk.get("/desk/queue")).json()["queue"]}
        assert lines == {drill: True, person: False}
        mark = house.rt.words.page("zh")["drill.mark"]
        shown = {case: (await desk.get(f"/desk/cases/{case}", headers=PAGE)).text for case in lines}
    assert mark in shown[drill] and mark not in shown[person]
