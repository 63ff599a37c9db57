"""All time comes from here, so that a day can be replayed and a night rehearsed."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the time is. Decisions take `datetime` values; only the edges hold a clock."""

    def now(self) -> datetime:
        """Aware UTC wall time."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, for durations inside one process."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ShiftedClock:
    """The machine's clock moved forward, for demonstrations and drills only."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead.total_seconds()

    def advance(self, seconds: float) -> datetime:
        """Move forward by `seconds` (never back) and return the new time."""
        self._ahead += timedelta(seconds=max(0.0, seconds))
        return self.now()
