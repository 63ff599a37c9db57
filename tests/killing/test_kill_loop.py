"""Short form of `make kill-loop`: a few dozen kills on each database, at every named point (reliability F1 to F3)."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.killing.loop import POINTS
from tests.stores import PostgresServer

KILLS = 24


async def loop(data: Path, url: str | None) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.killing.loop", "--kills", str(KILLS), "--data", str(data)]
    process = await asyncio.create_subprocess_exec(
        *command, *(["--url", url] if url else []), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return json.loads(out)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_nothing_is_lost_however_often_it_is_killed(
    store: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    if store == "sqlite":
        report = await loop(tmp_path, None)
    else:
        async with postgres_server.database() as url:
            report = await loop(tmp_path, url)
    assert report["faults"] == []
    assert report["kills"] == KILLS and report["cases"] and report["letters"], "somebody spoke, and somebody was told"
    hit = report["hit"]
    assert isinstance(hit, dict) and set(hit) & set(POINTS), f"named points were reached: {hit}"
