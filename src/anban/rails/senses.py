"""Looking into the parts of a message that are no text, off the event loop, within bounds and a deadline."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

import structlog

from anban.base.errors import told
from anban.detectors.senses.audio import recording
from anban.detectors.senses.image import Found
from anban.detectors.senses.part import Part, Unread, enclosed
from anban.law.rulebook import Rulebook
from anban.rails.consult import NoAnswer
from anban.rails.hearing import Hearing
from anban.rails.message import Message

log = structlog.get_logger()

Eyes = Callable[[bytes, int], Found]
"""Reads a picture of at most so many pixels; may take seconds and raises `Unread`."""

_MOST_WAITING: Final = 8
_MOST_REMEMBERED: Final = 4_096


@dataclass(frozen=True, slots=True)
class Perceived:
    """What the parts of one message say, as (sense, text), and the types of those nobody looked into.

    `outcomes` tells of each part of this message its sense and what became of it, for counting.
    """

    read: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    unread: tuple[str, ...] = ()
    outcomes: tuple[tuple[str, str], ...] = ()


class Senses:
    """Eyes and ears, each where there is one. Remembers which parts it has read, by digest and for each person, so
    that an app which sends its history again is not told of them again; never what they said.
    """

    def __init__(self, hearing: Hearing | None = None, eyes: Eyes | None = None) -> None:
        self._hearing = hearing
        self._eyes = eyes
        # One thread: reading a picture takes a core, and the event loop needs the other.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="eyes")
        self._waiting = 0
        self._known: OrderedDict[bytes, None] = OrderedDict()

    async def perceive(self, message: Message, rules: Rulebook, *, hearing: bool = True) -> Perceived:
        """Look into what came with this message, everything at once. Never raises for what a part holds.

        Without `hearing`, recordings stay here: nobody outside may have them.
        """
        within, most = rules.number("senses-deadline-milliseconds") / 1000, rules.whole("senses-most-parts")
        now = [part for part in message.parts if part.now]
        tasks = [asyncio.create_task(self._look(part, rules, within, hearing=hearing)) for part in now[:most]]
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=within)
            results = [*(_result(task) for task in tasks), *("too_many" for _ in now[most:])]
        finally:
            for task in tasks:
                task.cancel()
        looked = list(zip(now, results, strict=True))
        for part, result in looked:
            if isinstance(result, Found) and not result.partial:
                self._remember(message, part)
        missed = (part.type for part in message.parts if not part.now and not self._knows(message, part))
        return Perceived(
            tuple((part.sense, result.text) for part, result in looked if isinstance(result, Found) and result.text),
            (*missed, *(gap for part, result in looked if (gap := _gap(part, result)))),
            tuple((part.sense, _outcome(result)) for part, result in looked),
        )

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._hearing is not None:
            await self._hearing.close()

    async def _look(self, part: Part, rules: Rulebook, within: float, *, hearing: bool) -> Found:
        match part.sense:
            case "image":
                if self._eyes is None:
                    raise Unread("nobody here can look at pictures", code="no_reader")
                return await self._see(self._eyes, part, rules)
            case "audio":
                if self._hearing is None:
                    raise Unread("nobody here can listen", code="no_setting")
                if not hearing:
                    raise Unread("nobody outside may hear this person", code="not_shared")
                heard = recording(part, rules.whole("recording-max-bytes"))
                return Found(await self._hearing.listen(heard, within))
            case "none":
                raise Unread("nobody looks into this", code="unseen")

    async def _see(self, eyes: Eyes, part: Part, rules: Rulebook) -> Found:
        data = enclosed(part.payload, rules.whole("picture-max-bytes"))
        if self._waiting >= _MOST_WAITING:
            raise Unread("too many pictures wait already", code="busy")
        self._waiting += 1
        loop = asyncio.get_running_loop()
        reading = self._pool.submit(eyes, data, rules.whole("picture-max-pixels"))
        # A thread cannot be stopped: who gives up waiting leaves it to finish, and it counts until it has.
        reading.add_done_callback(lambda _: loop.call_soon_threadsafe(self._done) if not loop.is_closed() else None)
        return await asyncio.wrap_future(reading)

    def _done(self) -> None:
        self._waiting -= 1

    def _remember(self, message: Message, part: Part) -> None:
        self._known[self._digest(message, part)] = None
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)

    def _knows(self, message: Message, part: Part) -> bool:
        return self._digest(message, part) in self._known

    def _digest(self, message: Message, part: Part) -> bytes:
        whose = "\0".join((message.service.id, message.user or message.decision, part.type, part.form, part.payload))
        return blake2b(whose.encode("utf-8", "replace"), digest_size=16).digest()


def _result(task: "asyncio.Task[Found]") -> Found | str:
    if not task.done():
        return "slow"
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, Unread | NoAnswer):
        return error.code
    log.error("senses.failed", **told(error))
    return "failed"


def _outcome(result: Found | str) -> str:
    if isinstance(result, str):
        return result
    return "partial" if result.partial else "read"


def _gap(part: Part, result: Found | str) -> str:
    """How a part is named among the unread, or an empty string for one that was looked into whole."""
    if isinstance(result, str):
        return part.type
    return f"{part.type}:partial" if result.partial else ""
