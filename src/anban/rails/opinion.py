"""A second opinion: a guard model on another server, asked beside our own detectors and never instead of them."""

import asyncio
from collections import Counter

import structlog

from anban.base.errors import told
from anban.detectors.guards.dialogue import MOST_CHARS
from anban.detectors.guards.family import Family, Question, Unreadable
from anban.detectors.signal import Reading, Role, Signal, Window
from anban.privacy.minimised import minimised_window
from anban.rails.consult import Consulted, NoAnswer

log = structlog.get_logger()


class Opinion:
    """One guard model, of a family that we can speak to, by the name its server knows it by."""

    def __init__(self, server: Consulted, family: Family, model: str, *, masked: bool = False) -> None:
        """`masked`: what is asked goes out without what says who somebody is."""
        self._server = server
        self._family = family
        self._model = model
        self._masked = masked

    @property
    def name(self) -> str:
        """How its word is signed."""
        return f"guard:{self._family.name}"

    @property
    def resting(self) -> bool:
        """Whether it failed so often that it is not asked for the moment."""
        return self._server.breaker.open

    async def of(self, window: Window, within: float) -> Reading:
        """What the guard says of the last message within so many seconds.

        Whatever did not come, or came and could not be read, is named in `unheard` with its reason; what came of other
        questions counts all the same. Never raises for what a server does.
        """
        shown = await asyncio.to_thread(minimised_window, window) if self._masked else window
        questions = self._family.ask(shown, self._model)
        heard = await asyncio.gather(*(self._one(question, window.role, within) for question in questions))
        signals = tuple(signal for each in heard if isinstance(each, tuple) for signal in each)
        gaps = Counter(each for each in heard if isinstance(each, str))
        if len(window.text) > MOST_CHARS:
            gaps["partial"] += 1
        return Reading(signals, unheard=tuple(f"{self.name}:{reason}" for reason in sorted(gaps)))

    async def close(self) -> None:
        await self._server.close()

    async def _one(self, question: Question, role: Role, within: float) -> tuple[Signal, ...] | str:
        try:
            return self._family.read(question, role, await self._server.ask(self._family.path, question.body, within))
        except (NoAnswer, Unreadable) as failure:
            return failure.code
        except Exception as error:  # noqa: BLE001 - told as unheard: an optional opinion must not cost anybody a reply
            log.error("opinion.failed", guard=self.name, **told(error))
            return "failed"
