"""A child and a guardian over HTTP, through every step there is."""

from typing import Any

import httpx

from tests.house import House

MAIL = "father@example.cn"
DAY = 24 * 60


async def put(house: House, **given: Any) -> None:
    assert (await house.http.put("/anban/v1/people/xiaolin", json=given)).status_code == 200


async def family(house: House) -> dict[str, Any]:
    return (await house.get("/anban/v1/people/xiaolin/family")).json()


async def bind(house: House, *, days: float = 3) -> str:
    """A claim with its code entered, and `days` later: three bind."""
    body = {
        "user": "xiaolin", "name": "林建国", "evidence": "household-register", "calls": "小林",
        "claims_from": {"route": "phone", "address": "13800000000"}, "code_to": {"route": "email", "address": MAIL},
    }  # fmt: skip
    claim = (await house.post("/anban/v1/guardians/claims", body)).json()["claim"]
    await house.worker.drain()
    text = [each["text"] for each in await house.sent() if each["address"] == MAIL][-1]
    code = next(word for word in text.replace("。", " ").split() if word.isdigit() and len(word) == 6)
    assert (await house.post(f"/anban/v1/guardians/claims/{claim}/code", {"code": code})).status_code == 200
    await house.work(minutes=days * DAY)
    return claim


async def consent(house: House, purpose: str, *, by: str, guardian: str | None = None) -> httpx.Response:
    body: dict[str, Any] = {"purpose": purpose, "version": "1", "by": by}
    if guardian is not None:
        body["guardian"] = guardian
    return await house.post("/anban/v1/people/xiaolin/consents", body)
