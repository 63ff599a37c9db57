"""Somebody on the staff of a house in a role of their choice: with a key, or with a browser of their own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from anban.provider.passwords import Hashed, code_at
from anban.provider.roles import StaffRole, needs_code, usual_tier
from anban.provider.staff import add_staff, credentials
from tests.doors.at_the_desk import browser, sign_in
from tests.house import House

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_HASHED = Hashed("$argon2id$v=19$m=65536,t=3,p=4$jh6H8FHgdrJsm00zUDtTGQ$e9FDKWW68ZveS0rBPQULRot6vQNUiWzWpTZnyMxfWAI")


async def employ(house: House, role: StaffRole, login: str = "") -> str:
    """Somebody new in this role, whose log-in is that of the role unless given; their id."""
    added, _ = await house.rt.db.write(
        lambda c: add_staff(
            c, house.rt.keys, service=house.service.id, login=login or role, name=f"{role} 某", role=role,
            tier=usual_tier(role), password=_HASHED, at=house.clock.now(), secret=SECRET,
        )
    )  # fmt: skip
    return added.id


async def key_of(house: House, login: str) -> str:
    """A key for a program of this person, made by the deployment's own key."""
    found = await house.rt.db.read(lambda c: credentials(c, house.rt.keys, house.service.id, login))
    assert found is not None
    code = code_at(found.secret, house.clock.now()) if needs_code(found.staff.role) else ""
    made = await house.post(f"/anban/v1/staff/{login}/keys", {"label": "a program", "code": code})
    assert made.status_code == 201, made.text
    return made.json()["key"]


@asynccontextmanager
async def at_own_desk(house: House, login: str) -> AsyncGenerator[httpx.AsyncClient]:
    """A browser in which this person is signed in."""
    async with browser(house) as client:
        await sign_in(client, house, login)
        yield client


def bearing(key: str) -> dict[str, str]:
    """The header of somebody with this key."""
    return {"authorization": f"Bearer {key}"}
