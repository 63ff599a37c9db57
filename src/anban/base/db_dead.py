"""A database that is not there: what runs when it cannot be opened, so that help can still be served."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Executable

from anban.base.db import Work
from anban.base.errors import StorageFailed

T = TypeVar("T")


class DeadDatabase:
    """Refuses everything, at once and typed; chat stops, help words and the spool go on."""

    exclusive = True
    healthy = False
    crowded = True
    refused = 0

    def __init__(self, why: str) -> None:
        self.why = why

    async def read(self, work: Work[T]) -> T:
        raise StorageFailed(self.why)

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        raise StorageFailed(self.why)

    def later(self, statement: Executable, row: Mapping[str, Any]) -> None:
        raise StorageFailed(self.why)

    async def settled(self) -> None:
        raise StorageFailed(self.why)

    async def check(self) -> bool:
        return False

    async def close(self) -> None:
        return
