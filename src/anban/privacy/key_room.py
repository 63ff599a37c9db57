"""All that following and rotating the master keys needs, in one place."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from anban.base.clock import Clock
from anban.base.db import Database
from anban.base.keyring import Keyring
from anban.base.keys import MasterKeys
from anban.base.spool import Spool
from anban.law.rulebook import Rulebook


@dataclass(frozen=True)
class KeyRoom:
    """What rotation needs. `publish` writes the spool's public key down. `service` is whose evidence it is."""

    db: Database
    clock: Clock
    keys: MasterKeys
    keyring: Keyring
    spool: Spool
    publish: Callable[[], None]
    rules: Callable[[datetime], Rulebook]
    service: str
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def follow(self) -> None:
        """Take up what the source holds now; what waits in the spool is sealed anew when another version wraps.

        Raises `KeysAway`, `Misconfigured`, `OSError`.
        """
        ring, before = await self.keyring.read(), None if self.keys.away else self.keys.current
        self.keys.follow(ring)
        if before != self.keys.current:
            await asyncio.to_thread(self._reseal)

    def _reseal(self) -> None:
        self.publish()
        self.spool.seal_anew()
