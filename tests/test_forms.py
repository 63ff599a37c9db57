"""No page of another site can act in anybody's name: every form of every page, found from the routes themselves."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from anban.app import mount
from anban.people.guardian_sessions import enter, new_link
from anban.web.visitors import COOKIE as VISITOR
from anban.web.visitors import signed
from tests.doors.at_the_desk import sign_in
from tests.doors.at_the_guardians import bound
from tests.house import House, open_house

FOREIGN = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example", "accept": "text/html"}
BY_KEY = ("/v1/", "/anban/v1/")
"""Doors without a form: opened by a key in a header, which no other site's page can add."""

UNPROTECTED = {
    "/chat/say": "speaks as the visitor of a demonstration only, and turns nobody away who may need help",
    "/seen/{token}": "the link in the address is the proof, and only its reader has it",
    "/invited/{token}/{said}": "the link in the address is the proof, and only its reader has it",
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


def forms(app: Litestar) -> list[str]:
    """Every address at which a page sends something."""
    found = {
        route.path_format
        for route in app.routes
        if isinstance(route, HTTPRoute) and "POST" in route.methods and not route.path.startswith(BY_KEY)
    }
    return sorted(found)


async def test_every_form_refuses_what_another_site_sends(house: House) -> None:
    app = mount(house.built)
    transport = httpx.ASGITransport(app=app, client=("10.0.0.1", 4_000))
    secret = house.rt.keys.derived("visitor cookies").secret
    guardian, now = await bound(house), house.clock.now()
    rules = house.rt.rules(house.service, frozenset(), now)
    link = await house.rt.db.write(lambda c: new_link(c, guardian, now, timedelta(minutes=5)))
    session = await house.rt.db.write(lambda c: enter(c, link, now, rules))
    refused: dict[str, Any] = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        await sign_in(client, house, "wang")
        client.cookies.set(VISITOR, signed("demo-lin", secret))
        client.cookies.set("anban_guardian", session or "")
        for path in forms(app):
            address = path.replace("{token}", "abc").replace("{", "").replace("}", "")
            answer = await client.post(address, data={"csrf": "0" * 64, "x": "y"}, headers=FOREIGN)
            refused[path] = answer.status_code
    assert len(refused) > 30
    let_in = {path: status for path, status in refused.items() if status not in (403, 404, 401)}
    assert let_in.keys() <= UNPROTECTED.keys(), let_in


async def test_every_form_refuses_what_has_no_proof(house: House) -> None:
    """The same without a word of where it comes from: an old browser, or a script."""
    app = mount(house.built)
    transport = httpx.ASGITransport(app=app, client=("10.0.0.1", 4_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        await sign_in(client, house, "wang")
        for path in forms(app):
            if path.startswith("/desk/") and path != "/desk/login":
                answer = await client.post(path.replace("{", "").replace("}", ""), data={"x": "y"})
                assert answer.status_code == 403, path
                assert answer.json()["code"] in ("foreign_form", "role"), path
