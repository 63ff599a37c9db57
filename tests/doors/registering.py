"""Registering characters of a house over its doors."""

from typing import Any

import httpx

from anban.provider.persona_lint import FORBIDDEN
from tests.house import House

LEADS = ("ann", "bo")


async def leads(http: httpx.AsyncClient) -> None:
    """Two leads, so that one can review what the other wrote."""
    for login in LEADS:
        body = {"login": login, "name": login, "password": "a long password", "role": "lead", "tier": 3}
        assert (await http.post("/anban/v1/staff", json=body)).status_code == 201


async def drafted(http: httpx.AsyncClient, ref: str, prompt: str, **more: Any) -> dict[str, Any]:
    """A draft by ann."""
    limits = more.pop("limits", {})
    body = {"name": ref, "card": {"prompt": prompt, "limits": limits}, "by": "ann", **more}
    answer = await http.put(f"/anban/v1/personas/{ref}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def act(http: httpx.AsyncClient, ref: str, what: str, by: str = "bo", **more: Any) -> httpx.Response:
    return await http.post(f"/anban/v1/personas/{ref}/{what}", json={"by": by, **more})


async def released(house: House, ref: str, prompt: str, relation: str, **more: Any) -> None:
    """A character that bo has released with this relation."""
    sectors = more.pop("sectors", [])
    await drafted(house.http, ref, prompt, **more)
    assert (await act(house.http, ref, "submit", "ann")).status_code == 200
    answer = await act(house.http, ref, "release", relation=relation, looked=list(FORBIDDEN), sectors=sectors)
    assert answer.status_code == 200, answer.text
