"""`make kill-loop`: the loop on SQLite, then on PostgreSQL; exit code 0 only when nothing was lost on either."""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.stores import PostgresServer


def main() -> int:
    """Half of the kills on each database, one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=3000)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory() as folder:
        failed = _loop(Path(folder) / "sqlite", kills // 2, None)
        failed |= asyncio.run(_on_postgres(Path(folder) / "postgres", kills - kills // 2))
    return failed


async def _on_postgres(data: Path, kills: int) -> int:
    server = PostgresServer()
    try:
        async with server.database() as url:
            return await asyncio.to_thread(_loop, data, kills, url)
    finally:
        server.stop()


def _loop(data: Path, kills: int, url: str | None) -> int:
    command = [sys.executable, "-m", "tests.killing.loop", "--kills", str(kills), "--data", str(data)]
    return subprocess.run([*command, *(["--url", url] if url else [])], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
