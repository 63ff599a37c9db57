"""What one process of the kill loop does while it lives, and how the last one compares."""

import asyncio
import json
import os
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from anban.app import House, build, worker
from anban.base.clock import ShiftedClock
from anban.base.crashpoint import arm
from anban.base.durable import overdue, work
from anban.base.ids import new_id
from anban.cases.case import cases_of, state
from anban.cases.models import cases
from anban.detectors.panel import build_panel
from anban.ledger.kinds import Kind
from anban.ledger.reading import for_subject
from anban.outreach.models import local_letters
from anban.people.contacts import replace_contacts
from anban.people.models import Contact
from anban.people.users import meet
from anban.rails.chunks import Closed
from anban.rails.message import Message
from anban.rails.pulse import replay_spool
from anban.rails.turn import run_turn
from anban.rails.whitelist import forwardable
from anban.settings import Settings
from tests.house import PLAIN
from tests.killing.loop import PLAN, spoken

PATIENCE = 120.0
"""Seconds that the last process has to work everything off: leases of the dead end after fifteen."""


def warm() -> None:
    """Load what every round needs, before the first fork."""
    build_panel()


def live(data: Path, url: str | None, number: int, point: str, mark: Path) -> int:
    """One round: go on with what is owed, and let somebody speak of dying. Killed before it ends."""
    arm(point)
    os.environ["ANBAN_CRASH_MARK"] = str(mark)
    asyncio.run(_live(data, url, f"night-{number}"))
    return 0


async def _live(data: Path, url: str | None, user: str) -> None:
    house = await _house(data, url)
    stop = asyncio.Event()
    tasks = [asyncio.create_task(worker(house).run_forever(stop)), asyncio.create_task(_spool(house))]
    await _with_contact(house, user)
    _write(data / "spoke", user)
    rt = house.rt
    message = Message(
        decision=new_id("dec_"), service=house.service, user=user, conversation="c", persona="companion", said=PLAN,
        at=rt.clock.now(), lang="zh", body=forwardable({"model": "m", "messages": [{"role": "user", "content": PLAN}]}),
    )  # fmt: skip
    async for chunk in run_turn(message, rt):
        if isinstance(chunk, Closed) and chunk.meta.case:
            _write(data / "answered", f"{user} {chunk.meta.case}")
    await asyncio.gather(*tasks)


async def _spool(house: House) -> None:
    while True:
        await replay_spool(house.rt, house.service)
        await asyncio.sleep(0.2)


async def _house(data: Path, url: str | None) -> House:
    house = await build(Settings(demo=True, data=data, database_url=url))
    return replace(house, rt=replace(house.rt, panel=PLAIN))


async def _with_contact(house: House, user: str) -> None:
    rt, service = house.rt, house.service.id

    def known(connection: Connection) -> None:
        person = meet(connection, rt.keys, service, user, rt.clock.now())
        replace_contacts(connection, person, "emergency", [Contact("", "emergency", "x", "phone", "13800000000")])

    await rt.db.write(known)


def _write(path: Path, line: str) -> None:
    """Kept by the test, as the person's own memory of what they were told."""
    with open(path, "a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


async def compare(data: Path, url: str | None, out: Path) -> int:
    """Work everything off in peace, then compare what people were told with what is there."""
    arm("")
    house = await _house(data, url)
    rt = house.rt
    carrying = worker(house)
    assert isinstance(rt.clock, ShiftedClock)
    for _ in range(int(PATIENCE)):
        await replay_spool(rt, house.service)
        await carrying.drain()
        if rt.spool.empty and not await rt.db.read(partial(overdue, before=rt.clock.now())):
            break
        await asyncio.sleep(1)
    # Half a minute later the second channel is due for everybody, and then every repeat of a send that was cut off.
    for ahead in (31, 45, 90):
        rt.clock.advance(ahead)
        await carrying.drain()
    found = await rt.db.read(partial(_compared, data=data))
    _write(out, json.dumps(found))
    await rt.db.close()
    return 0


def _compared(connection: Connection, data: Path) -> dict[str, Any]:
    faults: list[str] = []
    people = _lines(data / "spoke")
    told = dict(line.split() for line in _lines(data / "answered"))
    letters: Counter[str] = Counter(row.send for row in connection.execute(select(local_letters.c.send)))
    for user in people:
        person = spoken(connection, user)
        found = () if person is None else cases_of(connection, person)
        if user in told and (len(found) != 1 or found[0].id != told[user]):
            faults.append(f"{user} was answered with a case that is not there")
        for case in found:
            if (case.state, case.level) != state(case.events):
                faults.append(f"{case.id}: the row is not what its events say")
            kinds = [event.kind for event in case.events]
            if "paged" not in kinds:
                faults.append(f"{case.id}: nobody was paged")
            sends = {event.facts["send"]: event for event in case.events if event.kind == "sent"}
            attempted = {event.facts["send"] for event in case.events if event.kind == "attempted"}
            if len(attempted) < 2 or attempted - set(sends):
                faults.append(f"{case.id}: {len(attempted)} sends, {len(attempted - set(sends))} without an end")
            faults.extend(f"{send}: written down as sent, and never sent" for send in sends if not letters[send])
            assert person is not None
            entries = Counter(each.entry.kind for each in for_subject(connection, person))
            if entries[Kind.CASE_CRISIS_OPENED] != 1 or not entries[Kind.OUTREACH_ATTEMPTED]:
                faults.append(f"{case.id}: its evidence is not there")
    extra = {send: number - 1 for send, number in letters.items() if number > 1 and "|page-" not in send}
    faults.extend(f"{send}: sent {more + 1} times" for send, more in extra.items() if more > 3)
    if connection.execute(select(work.c.id).where(work.c.failures > 0)).first():
        faults.append("work that keeps failing")
    return {
        "spoke": len(people), "answered": len(told), "cases": len(connection.execute(select(cases.c.id)).all()),
        "letters": sum(letters.values()), "repeats": sum(extra.values()), "faults": faults[:50],
    }  # fmt: skip


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
