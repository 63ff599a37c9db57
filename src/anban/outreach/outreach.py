"""Telling somebody outside: which steps there are to reach a person, and one step taken within bounds."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from anban.base.errors import Misconfigured, told
from anban.outreach.channel import Channel, Letter, Outcome
from anban.people.models import Contact

log: Any = structlog.get_logger("anban.outreach")

WITHIN: Final = 10.0
"""Seconds for one send where nobody says otherwise; a deployment passes the parameter `outreach-send-seconds`."""

DRILL: Final = "drill"
"""The channel that tells nobody: it serves drills, and never a real person, who would be told that somebody knows."""

DRILL_ROUTE: Final = "demo"
"""The only route by which a drill tells anybody."""


PHONE: Final = "phone"

TELEPHONES: Final = ("sms", "voice")
"""How a number may be stated where it matters what is tried first; channels serve both as a telephone."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try: this address over this channel."""

    channel: str
    route: str
    address: str = field(repr=False)


class Outreach:
    """Every channel of a deployment, in the order to try them. Raises `Misconfigured` when two bear one name."""

    def __init__(self, channels: Sequence[Channel], within: float = WITHIN) -> None:
        self._channels = {channel.name: channel for channel in channels}
        if len(self._channels) < len(channels):
            raise Misconfigured("two channels bear the same name; give one of them a name", field="channels")
        self._within = within

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All channels, in the order to try them."""
        return tuple(self._channels.values())

    @property
    def routes(self) -> frozenset[str]:
        """The kinds of address that somebody serves here."""
        return frozenset(route for channel in self.channels if channel.name != DRILL for route in channel.routes)

    def steps_for(self, contact: Contact, *, drill: bool = False) -> tuple[Step, ...]:
        """Every way of this contact over every channel that serves it, in the order to try.

        In a `drill` only those ways over which nothing leaves the house; otherwise none over the drills' own channel.
        """
        steps = self.steps_over(contact.ways)
        return tuple(step for step in steps if (step.route == DRILL_ROUTE if drill else step.channel != DRILL))

    def steps_over(self, ways: Iterable[tuple[str, str]]) -> tuple[Step, ...]:
        """The same for any (route, address); a route that nobody serves gives no step.

        A telephone number stated as `sms` or `voice` is served as `phone` is, in that order. The hooks of paging tools
        are `("oncall", "")`.
        """
        steps = (
            Step(channel.name, route, address)
            for stated, address in ways
            for route in [PHONE if stated in TELEPHONES else stated]
            for channel in (reversed(self.channels) if stated == "voice" else self.channels)
            if route in channel.routes
        )
        return tuple(dict.fromkeys(steps))

    async def send(self, channel: str, letter: Letter) -> Outcome:
        """Send once over this channel. Ends within bounds and raises nothing: what went wrong is in the outcome."""
        taken = self._channels.get(channel)
        if taken is None:
            return Outcome("refused", channel, code="no-channel")
        try:
            async with asyncio.timeout(self._within):
                return await taken.send(letter)
        except TimeoutError:
            return Outcome("unknown", channel, code="slow")
        except Exception as error:  # noqa: BLE001 - whatever broke, the letter may be out: it is repeated, not lost
            log.error("channel.broke", channel=channel, send=letter.send, **told(error))
            return Outcome("unknown", channel, code="broke")

    async def close(self) -> None:
        """Let go of connections and threads."""
        for channel in self.channels:
            if (close := getattr(channel, "close", None)) is not None:
                await close()
