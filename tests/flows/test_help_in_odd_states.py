"""What is wrong with the house is no reason to leave a person in danger without help, or to forget what they are in."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable, update

from anban.base.db import Database, Work
from anban.base.errors import StorageFailed
from anban.conversations.models import turns
from anban.ledger.kinds import Kind
from anban.people.models import user_keys
from anban.risk.record import held_level
from tests.house import open_house

PLAN = "我不想活了，药已经买好了"
TRANSFER = "客服说我涉嫌洗钱，我现在正在转账到安全账户"
ORDINARY = "今天把阳台的花浇了。"


class Full:
    """A database that takes what is waited for, and nothing more for later."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    async def write(self, work: Work[Any], *, urgent: bool = False) -> Any:
        return await self._db.write(work, urgent=urgent)

    def later(self, statement: Executable, row: Mapping[str, Any]) -> None:
        raise StorageFailed("too much waits to be written")


async def test_who_is_sending_money_to_a_swindler_is_still_known_for_it_afterwards(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        heard = await house.say(TRANSFER)
        assert heard.meta.property == "P3"
        person = await house.person()
        held = await house.rt.db.read(lambda c: held_level(c, person.id))
        assert (held.life, held.property) == (0, 3)
        assert held.seen_at == house.clock.now()
        house.clock.advance(hours=24 * 30)
        assert (await house.say(ORDINARY)).meta.property == "P0"


@pytest.mark.parametrize("table", [turns, user_keys], ids=["a turn", "their key"])
async def test_a_row_that_does_not_open_keeps_nobody_from_help(tmp_path: Path, table: Any) -> None:
    async with open_house(tmp_path) as house:
        await house.say(ORDINARY)
        await house.rt.db.settled()
        broken = {"sealed": b"x" * 40} if table is turns else {"wrapped": b"x" * 40}
        await house.rt.db.write(lambda c: c.execute(update(table).values(broken)))
        house.rt.presence.forget_all()
        reply = await house.chat(PLAN)
        assert reply.status_code == 200
        assert reply.json()["anban"]["verdict"] == "escalate"
        assert "case:spooled" in reply.headers["x-anban-actions"]
        assert (await house.chat(ORDINARY)).status_code == 503
        assert len(house.model.asked) == 1, "who is not known is not talked to"


async def test_where_nothing_more_may_wait_a_person_in_danger_is_helped_all_the_same(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.say(ORDINARY)
        house.rt = replace(house.rt, db=Full(house.rt.db))
        heard = await house.say(PLAN)
        assert heard.meta.verdict == "escalate" and "case:stored" in heard.meta.actions
        assert Kind.CASE_CRISIS_OPENED in await house.kinds()
        with pytest.raises(StorageFailed):
            await house.say(ORDINARY, conversation="another", user="somebody-else")
