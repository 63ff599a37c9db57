"""Somebody at the desk over HTTP, and somebody in danger for them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from anban.ledger.kinds import Kind
from tests.doors.at_the_desk import PAGE, browser, proof, sign_in
from tests.house import House

DANGER = "我站在天台上，现在就要跳下去"
PLAN = "我已经写好遗书了，今晚就结束自己"
MOTHER = {"name": "李妈妈", "route": "phone", "address": "13800000001"}
SCRIPT = {"accept": "application/json"}


class AtDesk:
    """Somebody at the desk with a browser of their own."""

    def __init__(self, house: House, client: httpx.AsyncClient, staff: str) -> None:
        self.house, self.client, self.id = house, client, staff

    async def page(self, path: str = "/desk") -> httpx.Response:
        return await self.client.get(path, headers=PAGE)

    async def act(self, case: str, act: str, script: bool = True, /, **fields: str) -> httpx.Response:
        """One act, as a script sends it, or as a form without one."""
        csrf = proof((await self.page()).text)
        form = {"csrf": csrf, **fields}
        return await self.client.post(f"/desk/cases/{case}/{act}", data=form, headers=SCRIPT if script else PAGE)


@asynccontextmanager
async def at_desk(house: House, login: str = "lin", service: str | None = None) -> AsyncGenerator[AtDesk]:
    async with browser(house) as client:
        yield AtDesk(house, client, await sign_in(client, house, login, service))


async def in_danger(house: House, user: str = "xiaolin", words: str = DANGER) -> str:
    """Somebody with a contact says something dangerous; the id of their case."""
    await house.http.put(f"/anban/v1/people/{user}", json={"contacts": [MOTHER]})
    await house.say(words, user=user)
    await house.rt.db.settled()
    return (await house.get(f"/anban/v1/cases?user={user}")).json()[0]["id"]


async def reads(house: House, user: str = "xiaolin") -> list[tuple[str, Any]]:
    """Who read this person's conversation, and why."""
    return [(each.actor, each.facts["reason"]) for each in await house.ledger(user, Kind.CONVERSATION_READ)]
