"""Waiting for something that another task does, without asserting on time."""

import asyncio
from collections.abc import Callable


async def until(true: Callable[[], object], *, seconds: float = 20) -> None:
    """Return once `true()`; fail when it never is."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what we wait for knows no event
            await asyncio.sleep(0.02)
