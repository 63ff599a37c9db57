"""Draft article 11(3), final article 23(3): the crisis chain is drilled end to end each month, and leaves evidence."""

import asyncio
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from anban.base.db import Connection
from anban.base.errors import Misconfigured
from anban.cases.drill_schedule import promise_drill
from anban.cli.drill.person import Drill
from anban.cli.drill.running import perform
from anban.cli.service import Service
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.reading import for_subject
from anban.provider.passwords import Hashed
from anban.provider.rota import add_shift
from anban.provider.staff import add_staff
from tests.guest import Guest, house_at
from tests.house import House

PHONE = "13900139000"
STEPS = (
    "case.crisis.opened", "help.offered", "desk.paged", "takeover.claimed", "takeover.joined", "outreach.attempted",
    "outreach.sent", "outreach.confirmed", "takeover.handed_back", "case.closed", "case.reviewed",
)  # fmt: skip
DAYS = 30
AGAIN = 7


async def drilled(guest: Guest, monkeypatch: pytest.MonkeyPatch, data: Path) -> tuple[Drill, list[dict[str, Any]]]:
    """The drill as the command line runs it, beside the service."""
    monkeypatch.setenv("ANBAN_URL", guest.url)
    return await asyncio.to_thread(perform, Service(data), "crisis")


async def test_the_whole_chain_is_drilled_and_each_step_stands_beside_its_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house_at(tmp_path) as guest:
        drill, timeline = await drilled(guest, monkeypatch, tmp_path)
        run = await guest.ledger("drill.run")
        left = (await guest.get("/anban/v1/drills"))["drills"]
    assert drill.faults == []
    proven = [each["kind"] for each in timeline if "drill_step" in each]
    assert sorted(proven) == sorted(STEPS)
    assert [kind for kind in proven if kind in STEPS[3:]] == list(STEPS[3:]), "in the order in which they must come"
    assert not any(each["late"] for each in timeline if "drill_step" in each)
    assert all(each["took"] <= each["within"] for each in timeline if "within" in each)
    assert run[-1]["facts"]["passed"] is True and run[-1]["facts"]["drill"] == "crisis"
    assert {each["step"] for each in left[0]["steps"]} >= {"claimed", "joined", "attempted", "confirmed", "reviewed"}


async def test_a_chain_that_is_broken_fails_the_drill_and_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anban.cli.drill.crisis.PATIENCE", 0.0)
    monkeypatch.setattr("anban.cli.drill.crisis.CONTACT", {"name": "无", "route": "phone", "address": PHONE})
    async with house_at(tmp_path) as guest:
        drill, timeline = await drilled(guest, monkeypatch, tmp_path)
        (run,) = await guest.ledger("drill.run")
        sent = await guest.get("/anban/v1/demo/sent")
        assert not any(each["address"] == PHONE for each in sent), "a drill tells nobody outside, whoever is on file"
        assert all("演练" in each["text"] for each in sent)
        opened = await guest.ledger("case.crisis.opened")
        closed = await guest.ledger("case.closed")
    assert "no outreach.confirmed in the ledger" in drill.faults and run["facts"]["passed"] is False
    assert [each["facts"]["case"] for each in opened] == [each["facts"]["case"] for each in closed]
    assert "outreach.attempted" not in [each["kind"] for each in timeline]


async def test_on_a_real_deployment_nobody_waits_for_a_window_and_the_message_stays_in_the_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house_at(tmp_path, demo=False) as guest:
        with pytest.raises(Misconfigured, match="ANBAN_KEY"):
            await drilled(guest, monkeypatch, tmp_path)
        monkeypatch.setenv("ANBAN_KEY", guest.house.first_key or "")
        await somebody_on_duty(guest)
        drill, timeline = await drilled(guest, monkeypatch, tmp_path)
    assert drill.faults == [] and not drill.demo
    assert {"case.told_early", "outreach.confirmed", "case.reviewed"} <= {each["kind"] for each in timeline}
    assert {each["channel"] for each in timeline if each["kind"] == "outreach.sent"} == {"drill"}


async def somebody_on_duty(guest: Guest) -> None:
    house = guest.house
    at, service = house.rt.clock.now(), house.service.id

    def work(connection: Connection) -> None:
        who, _ = add_staff(
            connection, house.rt.keys, service=service, login="zhao", name="赵", role="lead", tier=3,
            password=Hashed("unused"), at=at,
        )  # fmt: skip
        add_shift(
            connection, service=service, staff_id=who.id, weekdays=range(7), from_minute=0, until_minute=1440,
            time_zone="Asia/Shanghai", from_day=date(2020, 1, 1),
        )  # fmt: skip

    await house.rt.db.write(work)


async def begun(house: House) -> None:
    """A service's first start, with a lead who has a telephone."""
    at, service = house.clock.now(), house.service.id
    rules = house.rt.rules(house.service, frozenset(), at)
    await house.rt.db.write(partial(promise_drill, service=service, rules=rules, at=at))
    await house.rt.db.write(
        lambda c: add_staff(
            c, house.rt.keys, service=service, login="zhao", name="赵", role="lead", tier=3,
            password=Hashed("unused"), routes=(("phone", PHONE),), at=at,
        )
        and None
    )  # fmt: skip


async def told(house: House) -> list[str]:
    """What the lead's telephone got."""
    return [each["text"] for each in await house.sent() if each["address"] == PHONE and each["channel"] == "sms"]


async def alarms(house: House) -> list[Entry]:
    found = await house.rt.db.read(lambda c: for_subject(c, house.service.id))
    return [each.entry for each in found if each.entry.kind is Kind.DESK_ALARMED]


async def record(house: House, *, passed: bool) -> None:
    body = {"name": "crisis", "passed": passed, "steps": [{"step": "claimed", "seconds": 12.0}]}
    assert (await house.post("/anban/v1/drills", body)).status_code == 200


async def test_when_no_drill_was_run_for_a_month_the_leads_are_told_and_again_each_week(house: House) -> None:
    await begun(house)
    await house.work(minutes=(DAYS * 24 * 60) - 1)
    assert await told(house) == [] and not (await house.get("/anban/v1/drills")).json()["overdue"]
    await house.work(minutes=2)
    assert len(await told(house)) == 1 and "演练" in (await told(house))[0]
    assert (await house.get("/anban/v1/drills")).json()["overdue"]
    await house.work(minutes=AGAIN * 24 * 60)
    assert len(await told(house)) == 2
    assert [entry.facts["why"] for entry in await alarms(house)] == ["drill-due", "drill-due"]


async def test_a_drill_that_passed_is_good_for_a_month_and_one_that_failed_for_nothing(house: House) -> None:
    await begun(house)
    await house.work(minutes=10 * 24 * 60)
    await record(house, passed=True)
    await record(house, passed=False)
    await house.work(minutes=(DAYS - 1) * 24 * 60)
    assert await told(house) == []
    await house.work(minutes=2 * 24 * 60)
    assert len(await told(house)) == 1
    await record(house, passed=False)
    await house.work(minutes=AGAIN * 24 * 60 + 1)
    assert len(await told(house)) == 2
    await record(house, passed=True)
    due = (await house.get("/anban/v1/drills")).json()["due_at"]
    assert due == (house.clock.now() + timedelta(days=DAYS)).isoformat()
    await house.work(minutes=(DAYS - 1) * 24 * 60)
    assert len(await told(house)) == 2


async def test_starting_again_moves_no_date(house: House) -> None:
    await begun(house)
    await house.work(minutes=20 * 24 * 60)
    rules = house.rt.rules(house.service, frozenset(), house.clock.now())
    await house.rt.db.write(partial(promise_drill, service=house.service.id, rules=rules, at=house.clock.now()))
    await house.work(minutes=10 * 24 * 60 + 1)
    assert len(await told(house)) == 1


async def test_the_evidence_holds_seconds_and_no_words(house: House) -> None:
    await record(house, passed=True)
    (entry,) = [
        each.entry
        for each in await house.rt.db.read(lambda c: for_subject(c, house.service.id))
        if each.entry.kind is Kind.DRILL_RUN
    ]
    assert dict(entry.facts) == {"drill": "crisis", "passed": True, "seconds.claimed": 12.0}
