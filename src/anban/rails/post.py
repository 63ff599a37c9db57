"""Who is listening at this moment, and which answers are on their way: in memory, per process."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

DESK = "desk"
"""The bell of the care desk's pages."""


class Post:
    """Wakes the event channels of a user when there is mail."""

    def __init__(self) -> None:
        self._bells: dict[str, set[asyncio.Event]] = {}
        self.closed = False

    def close(self) -> None:
        """The process is about to stop: every channel ends, and its app comes back with its cursor."""
        self.closed = True
        for user in tuple(self._bells):
            self.wake(user)

    def wake(self, user: str) -> None:
        """There is something new for this user."""
        for bell in self._bells.get(user, ()):
            bell.set()

    def listening(self, user: str) -> bool:
        """Whether an app of this user has its event channel open here."""
        return bool(self._bells.get(user))

    @contextmanager
    def bell(self, user: str) -> Generator[asyncio.Event]:
        """An event that is set whenever the user has mail, for as long as the channel is open."""
        bell = asyncio.Event()
        self._bells.setdefault(user, set()).add(bell)
        try:
            yield bell
        finally:
            bells = self._bells.get(user, set())
            bells.discard(bell)
            if not bells:
                self._bells.pop(user, None)


@dataclass(slots=True, eq=False)
class Flight:
    """One answer being made. While `open`, stopping it cancels the wait for the model at once.

    `stopped` is why: exit, takeover, limit, or shutdown. `guarded`: whoever is in a crisis is kept company whatever
    limit is set meanwhile. `ending` is the limit that ended it: its name, and the template of our words for it.
    """

    task: asyncio.Task[Any] | None
    conversation: str
    persona: str = ""
    guarded: bool = False
    open: bool = False
    stopped: str | None = field(default=None)
    ending: tuple[str, str] = ("", "")

    def stop(self, why: str) -> None:
        """End this answer. The first reason counts, but for a limit: leaving and a person's voice outrank it."""
        if self.stopped is None:
            self.stopped = why
            if self.open and self.task is not None:
                self.task.cancel()
        elif self.stopped == "limit" and why in ("exit", "takeover"):
            self.stopped = why

    def guard(self) -> None:
        """From now on no limit ends this answer, nor one that came a moment ago."""
        self.guarded = True
        if self.stopped == "limit":
            self.stopped = None

    def landed(self, error: asyncio.CancelledError) -> None:
        """Take back the cancellation that `stop` made; any other one goes on."""
        if self.stopped is None or self.task is None:
            raise error
        self.task.uncancel()


class Flights:
    """All answers being made for a user, so that an exit or a human can stop them (draft art 18, final art 19)."""

    def __init__(self) -> None:
        self._flights: dict[str, set[Flight]] = {}

    @contextmanager
    def begin(self, who: str, conversation: str, persona: str = "") -> Generator[Flight]:
        """A turn begins that may become an answer; `who` is the service's and the user's name for the person."""
        flight = Flight(asyncio.current_task(), conversation, persona)
        self._flights.setdefault(who, set()).add(flight)
        try:
            yield flight
        finally:
            flight.open = False
            flights = self._flights.get(who, set())
            flights.discard(flight)
            if not flights:
                self._flights.pop(who, None)

    def stop(self, who: str, why: str, conversation: str | None = None) -> int:
        """Stop this person's answers (of one conversation, or all); how many there were."""
        chosen = [f for f in self._flights.get(who, ()) if conversation is None or f.conversation == conversation]
        for flight in chosen:
            flight.stop(why)
        return len(chosen)

    def of(self, who: str) -> tuple[Flight, ...]:
        """This person's answers under way here."""
        return tuple(self._flights.get(who, ()))

    def people(self) -> tuple[str, ...]:
        """Whose answers are under way here."""
        return tuple(self._flights)

    def stop_all(self, why: str) -> None:
        """Stop every answer under way."""
        for flights in tuple(self._flights.values()):
            for flight in tuple(flights):
                flight.stop(why)
