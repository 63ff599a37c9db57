"""A rotation that is killed at every named point in turn ends by itself: nothing lost, nothing done twice."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.killing.rotation import POINTS
from tests.stores import PostgresServer


async def lived(data: Path, url: str | None, point: str = "") -> tuple[int, bytes, bytes]:
    command = [sys.executable, "-m", "tests.killing.rotation", "--data", str(data), "--point", point]
    process = await asyncio.create_subprocess_exec(
        *command, *(["--url", url] if url else []), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out, err


async def killed_everywhere(data: Path, url: str | None) -> dict[str, Any]:
    for point in POINTS:
        code, _, err = await lived(data, url, point)
        assert code == -9, f"it did not die at {point}: {err.decode()[-2000:]}"
    code, out, err = await lived(data, url)
    assert code == 0, err.decode()[-2000:]
    return json.loads(out.splitlines()[-1])


@pytest.mark.timeout(400)
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_a_rotation_ends_however_often_it_is_killed(
    store: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    if store == "sqlite":
        found = await killed_everywhere(tmp_path, None)
    else:
        async with postgres_server.database() as url:
            found = await killed_everywhere(tmp_path, url)
    assert found["unreadable"] == 0, "nobody has lost a word"
    assert found["states"]["1"] == "destroyed" and "1" not in found["wrapped_by"]
    assert found["destroyed"] == [1], "destroyed once, and told once"
    assert [found["stages"].count(stage) for stage in ("announced", "current")] == [1, 1], "each step is evidence once"
    assert found["failing"] == 0
