"""A model that can be made to fail for a while: for demonstrations, so that an outage can be practised."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from anban.base.clock import Clock
from anban.base.errors import UpstreamFailed
from anban.rails.speech import Completion, Event, Model, UpstreamRequest


@dataclass(slots=True)
class Interrupted:
    """`model` as it is, except until the moment that `fail_for` set; then it fails as a server that is gone does."""

    model: Model
    clock: Clock
    _until: float = field(default=0.0)

    def fail_for(self, seconds: float) -> None:
        """From now on, for so many seconds, nothing comes from the model; 0 ends it."""
        self._until = self.clock.monotonic() + seconds

    def _there(self) -> None:
        if self.clock.monotonic() < self._until:
            raise UpstreamFailed("the model is taken away by a drill")

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Event]:
        """As `Model.stream`. Raises `UpstreamFailed`."""
        self._there()
        events = self.model.stream(request)
        try:
            async for event in events:
                self._there()
                yield event
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def complete(self, request: UpstreamRequest) -> Completion:
        """As `Model.complete`. Raises `UpstreamFailed`."""
        self._there()
        return await self.model.complete(request)

    async def models(self) -> tuple[str, ...]:
        """As `Model.models`. Raises `UpstreamFailed`."""
        self._there()
        return await self.model.models()

    async def close(self) -> None:
        """Let go of connections."""
        await self.model.close()
