"""Nothing that a hung mount does may take the threads and places that carry people's cases."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from anban.ledger.logs import Signed
from anban.outreach.witnesses import Away, FileChoice, Kept, Notes
from tests.ledger import scenes


class NoLog:
    """A ledger that a witness with nothing in its hands asks nothing of."""

    async def root(self, size: int) -> bytes | None:
        return None

    async def proof(self, size: int) -> Sequence[bytes]:
        return ()


async def test_a_share_that_hangs_keeps_its_own_witness_away_and_holds_up_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "hangs"
    os.mkfifo(path)  # whoever opens it waits for a writer, as on a mount whose server is gone
    hung = Notes(FileChoice(kind="file", name="hung", path=path), 0.05)
    sound = Notes(FileChoice(kind="file", name="sound", path=tmp_path / "sound"), 5.0)
    note = scenes.SIGNER.note(4, b"r" * 32, scenes.NIGHT, "0" * 64)
    signed = Signed(4, b"r" * 32, note)
    try:
        async with asyncio.timeout(10):
            for _ in range(40):  # more than there are threads for everybody
                assert await hung.show(scenes.ORIGIN, signed, 0, NoLog()) == Away("timeout")
            await asyncio.to_thread(os.getpid)
            assert await sound.show(scenes.ORIGIN, signed, 0, NoLog()) == Kept()
    finally:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
