"""Stops asking a model that has failed again and again, so that people get an answer at once."""

from typing import Final

from anban.base.clock import Clock
from anban.base.errors import UpstreamFailed

FAILURES_TO_OPEN: Final = 5
REST_SECONDS: Final = 5.0


class Breaker:
    """Closed while things go well; open for `rest` seconds after `failures` in a row; then one probe decides."""

    def __init__(self, clock: Clock, failures: int = FAILURES_TO_OPEN, rest: float = REST_SECONDS) -> None:
        self._clock = clock
        self._most = failures
        self._rest = rest
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def open(self) -> bool:
        """True when the next request would be refused."""
        if self._opened_at is None:
            return False
        return self._probing or self._clock.monotonic() - self._opened_at < self._rest

    def enter(self) -> None:
        """Ask to make a request; raises `UpstreamFailed` at once while open. Follow with exactly one of the three."""
        if self.open:
            raise UpstreamFailed("the upstream is resting after repeated failures", code="upstream_resting")
        self._probing = self._opened_at is not None

    def succeeded(self) -> None:
        self._failures = 0
        self._opened_at = None
        self._probing = False

    def failed(self) -> None:
        self._failures += 1
        if self._probing or self._failures >= self._most:
            self._opened_at = self._clock.monotonic()
        self._probing = False

    def left(self) -> None:
        """The request ended without a verdict: the client went away, or the request itself was at fault."""
        self._probing = False
