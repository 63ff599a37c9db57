"""A house to knock at, with any part of it replaced, and its doors without a network between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from anban.app import House, build, mount
from anban.settings import DEMO_KEY, Settings

KEY = {"authorization": f"Bearer {DEMO_KEY}"}
CHAT = "/v1/chat/completions"


@asynccontextmanager
async def built(data: Path, **settings: Any) -> AsyncIterator[House]:
    """A demonstration house with its data under `data`."""
    house = await build(Settings(demo=True, data=data, **settings))
    yield house
    await house.rt.model.close()
    await house.rt.db.close()


@asynccontextmanager
async def knocking(house: House, **parts: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client at the doors of the house, in which these parts of the runtime are others."""
    app = mount(replace(house, rt=replace(house.rt, **parts)))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://house", headers=KEY, timeout=60) as http:
        yield http


def chat(text: str, user: str = "lin", **more: Any) -> dict[str, Any]:
    """The body of one message."""
    return {"user": user, "messages": [{"role": "user", "content": text}], **more}


def kept_case(response: httpx.Response) -> bool:
    """Whether a case is durable: stored, or in the spool where the disk was too slow for a person in danger."""
    actions = response.headers["x-anban-actions"].split(",")
    return "case:stored" in actions or "case:spooled" in actions
