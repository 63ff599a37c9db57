"""What a granted appeal does: ours is lifted; a guardian's, the law's and one's own stay, and the answer says whose."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from anban.base.db import Database
from anban.cases.appeal_effect import Effect, effect_of
from anban.conversations.mailbox import read_after
from anban.ledger.kinds import Kind
from anban.people.blocked import block, blocked_of
from anban.people.limits import Limits
from anban.people.standing import Standing
from tests.house import House, open_house
from tests.people.family import NOON, again, rules, someone

TAKEN = Standing("minor", "suspected", suspected=True)
STATED = Standing("minor", "stated")
GUARDED = Standing("minor", "suspected", suspected=True, guardian_bound=True)
GROWN = Standing("adult", "stated")
BUSY = Standing("adult", "stated", own_limits=Limits(minutes=30))
OLD = Standing("elder", "stated")


@pytest.mark.parametrize(
    ("about", "standing", "closed_by", "effect"),
    [
        ("age", TAKEN, (), "restored"),
        ("age", STATED, (), "restored"),
        ("limit", TAKEN, (), "restored"),
        ("block", TAKEN, (), "restored"),
        ("mode", TAKEN, (), "restored"),
        ("mode", Standing("minor", "device"), (), "restored"),
        ("mode", Standing("minor", "mode"), (), "restored"),
        ("limit", STATED, (), "law"),
        ("block", STATED, (), "law"),
        ("limit", Standing("minor", "mode"), (), "law"),
        ("limit", GUARDED, (), "guardian"),
        ("block", GUARDED, ("guardian",), "guardian"),
        ("mode", GUARDED, (), "guardian"),
        ("limit", BUSY, (), "self"),
        ("limit", GROWN, (), "heard"),
        ("block", GROWN, ("self",), "self"),
        ("block", GROWN, ("guardian",), "opened"),
        ("block", OLD, (), "law"),
        ("block", GROWN, (), "heard"),
        ("other", TAKEN, (), "heard"),
    ],
)
async def test_whose_it_is_decides(
    db: Database, about: str, standing: Standing, closed_by: tuple[str, ...], effect: Effect
) -> None:
    user = await db.write(lambda connection: someone(connection, "lin"))
    assert effect_of(about, user, standing, closed_by) == effect


async def appealed(house: House, about: str, granted: bool, user: str = "xiaolin") -> tuple[dict[str, Any], str]:
    """The closing event, and what the person was told."""
    opened = await house.post("/anban/v1/appeals", {"user": user, "about": about})
    answer = {"responder": "wang", "granted": granted, "reason": "looked-at"}
    done = await house.post(f"/anban/v1/appeals/{opened.json()['appeal']}/answer", answer)
    assert done.status_code == 200, done.text
    person = await house.person(user)
    letters = await house.rt.db.read(lambda c: read_after(c, person.id, person.key, 0))
    told = [each.payload["text"] for each in letters if each.payload.get("about") == "appeal.answered"]
    return done.json()["events"][-1], told[-1]


async def test_a_limit_that_came_from_a_suspicion_is_lifted_with_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.say("我今年初二，作业好多")
        event, told = await appealed(house, "limit", True)
        assert event["effect"] == "restored" and "已经关掉" in told
        assert (await house.get("/anban/v1/people/xiaolin")).json()["mode"] == "ordinary"
        found = (await house.get("/anban/v1/appeals/figures")).json()
        assert (found["appealed"], found["put_right"]) == (1, 1), "it was about age after all"


async def test_a_limit_of_the_law_stays_and_nobody_is_told_that_it_was_lifted(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.state(birth_year=2014)
        event, told = await appealed(house, "limit", True)
        assert event["effect"] == "law" and "法律" in told and "已经" not in told
        kept, told = await appealed(house, "limit", False)
        assert "effect" not in kept and "先保持" in told
        changed = [each for each in await house.ledger("xiaolin", Kind.PERSON_CHANGED) if "mode" in each.facts]
        assert changed == []


async def test_an_elder_is_answered_in_an_elders_words(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.state(mode="elder")
        _, told = await appealed(house, "block", True)
        assert "您" in told and "你" not in told


async def test_what_a_former_guardian_closed_is_opened_for_the_grown(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.state(birth_year=1990)

        def close(connection: Connection, person: Any) -> None:
            block(connection, person, "companion", "guardian", house.clock.now(), rules())

        person = await house.person()
        await house.rt.db.write(lambda connection: close(connection, person))
        house.rt.presence.forget(house.service.id, "xiaolin")
        assert house.model.nod not in (await house.say("今天把阳台的花浇了。")).text
        event, told = await appealed(house, "block", True)
        assert event["effect"] == "opened" and "重新打开" in told
        assert await house.rt.db.read(lambda connection: blocked_of(connection, person.id)) == ()
        assert house.model.nod in (await house.say("今天把阳台的花浇了。")).text


async def test_a_guardians_block_is_never_lifted_here(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = someone(connection, "lin", birth_year=2014)
        block(connection, user, "qing", "guardian", NOON, rules())
        assert effect_of("block", again(connection, user), GUARDED, {"guardian"}) == "guardian"
        assert blocked_of(connection, user.id) != ()

    await db.write(work)
