"""Becoming a guardian of somebody in a house, over its doors, and coming in."""

import re

import httpx

from anban.app import mount
from tests.house import House

PAGE = {"accept": "text/html"}
MOTHER = {"name": "妈妈", "address": "13800000000", "second": "mama@example.org", "calls": "小林"}
FATHER = {"name": "爸爸", "address": "13700000000", "second": "baba@example.org", "calls": "小林"}


def browser(house: House, *, address: str = "10.0.0.1") -> httpx.AsyncClient:
    """A browser with cookies of its own at the doors of the house."""
    transport = httpx.ASGITransport(app=mount(house.built), client=(address, 40_000))
    return httpx.AsyncClient(transport=transport, base_url="http://house", headers=PAGE)


async def bound(house: House, user: str = "xiaolin", who: dict[str, str] = MOTHER, *, band: str = "12-15") -> str:
    """Claim, code, the child's yes, the hour: the claim's id, bound. The clock moves on by a little over an hour."""
    answer = await house.http.put(f"/anban/v1/people/{user}", json={"age_band": band})
    assert answer.status_code == 200, answer.text
    claim = {
        "user": user, "name": who["name"], "evidence": "household-register", "calls": who["calls"],
        "claims_from": {"route": "sms", "address": who["address"]},
        "code_to": {"route": "email", "address": who["second"]},
    }  # fmt: skip
    made = (await house.post("/anban/v1/guardians/claims", claim)).json()["claim"]
    await house.work()
    told = [each["text"] for each in await house.sent() if each["address"] == who["second"]]
    code = re.search(r"\d{6}", told[-1])
    assert code, told
    entered = await house.post(f"/anban/v1/guardians/claims/{made}/code", {"code": code[0]})
    assert entered.status_code == 200, entered.text
    said = await house.post(f"/anban/v1/people/{user}/guardians/{made}/confirm", {})
    assert said.status_code == 200, said.text
    await house.work(minutes=61)
    return made


async def come_in(client: httpx.AsyncClient, house: House, address: str = MOTHER["second"]) -> str:
    """Ask for a link, open it, press the button: the page's HTML."""
    asked = await client.post("/guardian/login", data={"address": address})
    assert asked.status_code == 200, asked.text
    await house.work()
    link = newest_link(await house.sent(), address)
    opened = await client.get(link)
    assert opened.status_code == 200
    entered = await client.post(link)
    assert entered.status_code == 303, entered.text
    return (await client.get("/guardian")).text


def newest_link(letters: list[dict[str, str]], address: str) -> str:
    """The path of the newest log-in link that went to this address."""
    links = [each["link"] for each in letters if each["address"] == address and "/guardian/enter/" in each["link"]]
    assert links, "a log-in link went out"
    return "/guardian" + links[-1].partition("/guardian")[2]


def proof(html: str) -> str:
    """The proof that a page's forms carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', html)
    assert found, "the page has a form with a proof"
    return found[1]


async def act(client: httpx.AsyncClient, name: str, **fields: str) -> httpx.Response:
    """Press one button of the page."""
    html = (await client.get("/guardian")).text
    return await client.post(f"/guardian/acts/{name}", data={"csrf": proof(html), **fields})
