"""What passes between a turn and the model behind us, whichever model that is."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Reason = Literal["stop", "length", "tool_calls", "content_filter"]


@dataclass(frozen=True, slots=True)
class Delta:
    """Some more text. Never judged yet: it goes to the output rail before anybody sees it."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolDelta:
    """One tool call, whole: fragments are put together first, so that its arguments can be judged before release."""

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the model's host counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is whole; comes once and last. `dropped` names kinds of parts in which no text can be judged."""

    reason: Reason = "stop"
    usage: Usage | None = None
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer that was not streamed."""

    text: str
    tools: tuple[ToolDelta, ...] = ()
    finished: Finished = Finished()


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """A body that went through `whitelist.forwardable`.

    `pseudonym` is the only thing a host may learn of the person; it goes out as `user`.
    """

    body: Mapping[str, Any]
    pseudonym: str | None = None


Event = Delta | ToolDelta | Finished


class Model(Protocol):
    """Whatever answers: a server that speaks the OpenAI protocol, or the built-in demonstration companion."""

    def stream(self, request: UpstreamRequest) -> AsyncIterator[Event]:
        """The answer in pieces; `Finished` last. Closing the iterator stops the model. Raises `UpstreamFailed`."""
        ...

    async def complete(self, request: UpstreamRequest) -> Completion:
        """The whole answer. Raises `UpstreamFailed`."""
        ...

    async def models(self) -> tuple[str, ...]:
        """Names of the models that can be asked for. Raises `UpstreamFailed`."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
