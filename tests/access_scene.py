"""Everybody who may stand at a door of a house that is no demonstration, and the child whom it is about."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from anban.app import mount
from anban.outreach.receipts import new_link
from anban.people.contacts import every_contact
from anban.provider.page_sessions import begin_page
from anban.provider.services import add_key, open_service
from anban.settings import DEMO_KEY
from tests.doors.at_the_desk import sign_in
from tests.doors.at_the_guardians import MOTHER, bound, browser, come_in
from tests.house import EVENING, House, open_house

CHILD, OTHER = "xiaolin", "xiaozhou"
SECRET_WORDS = "我最爱的那只橘猫叫作银杏子"
OF_ANOTHER = {"name": "周妈", "address": "13900000000", "second": "zhou@example.org", "calls": "小周"}
MASTER_KEY = "5a" * 32


@dataclass(frozen=True)
class Visitor:
    """Somebody at the door: what they carry."""

    key: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict[str, str])

    def client(self, house: House) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {self.key}"} if self.key else {}
        transport = httpx.ASGITransport(app=mount(house.built), client=("10.0.0.9", 40_000), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://house", headers=headers)
        for name, value in self.cookies.items():
            client.cookies.set(name, value, domain="house.local", path="/")
        return client


@dataclass(frozen=True)
class Scene:
    """A house with a child in danger, and whoever may want to know of it; `names` fill the addresses."""

    house: House
    visitors: Mapping[str, Visitor]
    names: Mapping[str, str]


@asynccontextmanager
async def at_every_door(data: Path) -> AsyncIterator[Scene]:
    """The evening happens in a demonstration, where letters are caught; the doors are those of real service."""
    async with open_house(data, at=EVENING - timedelta(hours=6), master_key=MASTER_KEY) as house:
        await bound(house, CHILD, MOTHER)
        await bound(house, OTHER, OF_ANOTHER)
        await house.state(CHILD, age_band="16-17")
        for user in (CHILD, OTHER):
            listed = (await house.get(f"/anban/v1/people/{user}/guardians")).json()
            given = {"purpose": "use", "version": "1", "by": "guardian", "guardian": listed[0]["claim"]}
            assert (await house.post(f"/anban/v1/people/{user}/consents", given)).status_code == 200
        assert (await house.say(SECRET_WORDS, user=CHILD)).meta.author == "ai"
        await house.say("我不想活了，药已经买好了", user=CHILD)
        await house.work(seconds=1)
        (case,) = (await house.get(f"/anban/v1/cases?user={CHILD}")).json()
        found = {
            "a mother of this child": await _mother(house, MOTHER),
            "a mother of another": await _mother(house, OF_ANOTHER),
        }
        found |= {"a responder": await _staff(house, "lin"), "a lead": await _staff(house, "wang")}
        found |= {"the child": await _own(house, CHILD), "another user": await _own(house, OTHER)}
        link = await _contact_link(house, case["id"])
        at = house.clock.now()
        rival = await house.rt.db.write(lambda c: _rival(c, at))
        claim = (await house.get(f"/anban/v1/people/{CHILD}/guardians")).json()[0]["claim"]
    async with open_house(data, at=at, demo=False, master_key=MASTER_KEY) as house:
        visitors = {
            "nobody": Visitor(), "a wrong key": Visitor(key="anban-no-such-key"), "the service": Visitor(key=DEMO_KEY),
            "another tenant": Visitor(key=rival), "the administrator": Visitor(key=house.built.admin_key),
            "a contact": Visitor(cookies={"anban_guardian": link, "anban_me": link, "anban_desk": link}), **found,
        }  # fmt: skip
        names = {"user": CHILD, "case_id": case["id"], "claim_id": claim, "claim": claim, "act": "confirm"}
        yield Scene(house, visitors, names)


async def _mother(house: House, who: Mapping[str, str]) -> Visitor:
    async with browser(house) as client:
        await come_in(client, house, who["second"])
        return Visitor(cookies={"anban_guardian": client.cookies["anban_guardian"]})


async def _staff(house: House, login: str) -> Visitor:
    async with browser(house) as client:
        await sign_in(client, house, login)
        return Visitor(cookies={"anban_desk": client.cookies["anban_desk"]})


async def _own(house: House, user: str) -> Visitor:
    rt, at = house.rt, house.clock.now()
    token = await rt.db.write(lambda c: begin_page(c, rt.keys, house.service.id, user, at, timedelta(hours=5)))
    return Visitor(cookies={"anban_me": token})


async def _contact_link(house: House, case: str) -> str:
    person, at = await house.person(CHILD), house.clock.now()

    def work(connection: Any) -> str:
        contact = every_contact(connection, person)[0]
        ends = at + timedelta(hours=9)
        return new_link(connection, case=case, user=person.id, contact=contact.id, at=at, expires_at=ends)

    return await house.rt.db.write(work)


def _rival(connection: Any, at: Any) -> str:
    other = open_service(connection, name="rival", packs=("cn-2026-final",), place="cn", tenant="rival")
    return add_key(connection, other.id, at)
