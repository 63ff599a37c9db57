"""Every duty is proven in a house of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.house import CALIFORNIA, House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def californian_house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, **CALIFORNIA) as opened:
        yield opened
