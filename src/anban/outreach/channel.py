"""The one shape of every channel: a letter goes in, what the provider made of it comes out."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

State = Literal["accepted", "refused", "unknown"]
"""`accepted`: the provider took it, which is not yet "somebody has read it". `refused`: it said no, nobody was told.
`unknown`: late, broken, unreadable or never answered, so it may have been delivered (reliability rule R9); it is
repeated with the same id."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is told over one channel.

    `send` is the stable id of this send, "case|recipient|step": a repeat carries the same one, and providers and
    receivers get it as their key against doubles. `text` holds no words of the user, and `link` is empty when nothing
    is to be confirmed.
    """

    send: str
    route: str
    address: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    link: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one send. `code` is a short machine name, never a provider's sentence: those quote addresses."""

    state: State
    channel: str
    provider_id: str = ""
    code: str = ""


class Channel(Protocol):
    """One way to reach people. A channel that holds connections also has `async close()`."""

    @property
    def name(self) -> str:
        """What ledger and settings call it; its own in the deployment."""
        ...

    @property
    def routes(self) -> frozenset[str]:
        """Which kinds of address it can serve: phone, email, wecom, webhook and so on."""
        ...

    async def send(self, letter: Letter) -> Outcome:
        """Hand the letter over once, without retries. May raise: the room takes that for `unknown`."""
        ...
