"""Logging in at the desk of a house, over its doors."""

import re
from datetime import timedelta

import httpx

from anban.app import mount
from anban.provider.demo_staff import DEMO_PASSWORD, DEMO_SECRET
from anban.provider.passwords import code_at
from anban.provider.staff import credentials
from anban.provider.staff_sessions import begin
from tests.house import House

PAGE = {"accept": "text/html"}


def browser(house: House, *, address: str = "10.0.0.1", scheme: str = "http") -> httpx.AsyncClient:
    """A browser with cookies of its own at the doors of the house."""
    transport = httpx.ASGITransport(app=mount(house.built), client=(address, 40_000))
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://house")


def code(house: House) -> str:
    """The code that stands now."""
    return code_at(DEMO_SECRET, house.clock.now())


async def knock(
    client: httpx.AsyncClient, house: House, login: str = "lin", password: str = DEMO_PASSWORD, **more: str
) -> httpx.Response:
    """Send the form, with everything right that is not said otherwise."""
    form = {"login": login, "password": password, "code": code(house), **more}
    return await client.post("/desk/login", data=form, headers=PAGE)


async def sign_in(client: httpx.AsyncClient, house: House, login: str, service: str | None = None) -> str:
    """Sign somebody in without the form; the id of who they are."""
    where = service or house.service.id
    found = await house.rt.db.read(lambda c: credentials(c, house.rt.keys, where, login))
    assert found is not None
    at = house.clock.now()
    token = await house.rt.db.write(lambda c: begin(c, found.staff.id, at, timedelta(hours=12)))
    client.cookies.set("anban_desk", token, domain="house.local", path="/")
    return found.staff.id


def proof(html: str) -> str:
    """The proof that a page's forms carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', html)
    assert found, "the page has a form with a proof"
    return found[1]
