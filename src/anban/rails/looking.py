"""Everything that is looked at in one message: our own detectors at once; a guard model and other media if need be."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from anban.detectors.panel import joined
from anban.detectors.signal import Reading, Said, Window
from anban.law.rulebook import Rulebook
from anban.rails.input import graded, observe
from anban.rails.message import Message
from anban.rails.outside import Asked
from anban.rails.runtime import Runtime
from anban.rails.senses import Perceived
from anban.rails.verdict import Escalate, Verdict
from anban.risk.models import Assessed

Before = tuple[Said, ...]
Decided = Callable[[Reading, Assessed], Verdict]

_NOT_FROM_MEDIA = "leaving"
"""Only a person's own plain words let them go: a picture of the word is no wish to leave."""


class Looked(NamedTuple):
    """What was made of one message. The message itself comes back with the marks of what was and was not read."""

    message: Message
    reading: Reading
    seen: Assessed
    verdict: Verdict


async def look(
    message: Message, before: Before, rules: Rulebook, rt: Runtime, decided: Decided, may: Asked = Asked()
) -> Looked:
    """Look at what a person wrote and sent, and let `decided` say what follows.

    The guard and the senses begin at the same time as our own detectors. Where those alone see somebody in danger,
    nothing else is waited for. Otherwise each has until its deadline; what did not come is marked and counted, and
    never stands for safety (the absence of an optional opinion stops nothing either). `may` says who outside is asked.
    """
    if not may.guard:
        rt = replace(rt, opinion=None)
    guard = asyncio.create_task(_opinion(message, before, rules, rt)) if rt.opinion is not None else None
    senses = asyncio.create_task(_senses(message, rules, rt, may)) if message.parts else None
    try:
        with rt.figures.looked.time():
            reading, seen = observe(message, before, rt.panel, rules)
        verdict = decided(reading, seen)
        if isinstance(verdict, Escalate):
            message = _marked(message, _passed_over(message, "not_waited_for"), rt)
        else:
            opinion = await guard if guard is not None else Reading()
            perceived = await senses if senses is not None else Perceived(unread=message.unread)
            message = _marked(message, perceived, rt)
            if opinion.signals or opinion.unheard or perceived.read:
                reading, seen = await _all_together(message, before, reading, opinion, perceived, rules, rt)
                verdict = decided(reading, seen)
    finally:
        for task in (guard, senses):
            if task is not None:
                task.cancel()
    for detector in reading.unavailable:
        rt.figures.unavailable.labels(detector).inc()
    return Looked(message, reading, seen, verdict)


async def _all_together(
    message: Message,
    before: Before,
    reading: Reading,
    opinion: Reading,
    perceived: Perceived,
    rules: Rulebook,
    rt: Runtime,
) -> tuple[Reading, Assessed]:
    """One reading of the words, of what the media say and of what the guard says about both."""
    readings = [reading, opinion]
    context = (*before, Said("user", message.said)) if message.said.strip() else before
    for sense, text in perceived.read:
        looked = rt.panel.look(Window(text, "user", context), rules.number("detector-budget-milliseconds"))
        signals = (replace(each, view=sense, span=None) for each in looked.signals if each.kind != _NOT_FROM_MEDIA)
        readings.append(replace(looked, signals=tuple(signals)))
    if perceived.read:
        text = "\n".join(text for _, text in perceived.read)
        readings.append(await _opinion(replace(message, said=text), context, rules, rt))
    return graded(joined(*readings), rules)


async def _opinion(message: Message, before: Before, rules: Rulebook, rt: Runtime) -> Reading:
    if rt.opinion is None or not message.said.strip():
        return Reading()
    window = Window(message.said, "user", before, message.lang)
    heard = await rt.opinion.of(window, rules.number("guard-deadline-milliseconds") / 1000)
    for outcome in (gap.rpartition(":")[2] for gap in heard.unheard) if heard.unheard else ("heard",):
        rt.figures.opinions.labels(rt.opinion.name, outcome).inc()
    return heard


async def _senses(message: Message, rules: Rulebook, rt: Runtime, may: Asked) -> Perceived:
    if rt.senses is None:
        return _passed_over(message, "unseen")
    return await rt.senses.perceive(message, rules, hearing=may.hearing)


def _passed_over(message: Message, why: str) -> Perceived:
    now = tuple(part for part in message.parts if part.now)
    return Perceived(unread=message.unread, outcomes=tuple((part.sense, why) for part in now))


def _marked(message: Message, perceived: Perceived, rt: Runtime) -> Message:
    if not message.parts:
        return message
    for sense, outcome in perceived.outcomes:
        rt.figures.parts.labels(sense, outcome).inc()
    return replace(
        message,
        parts=(),  # looked into, and large: a long answer must not hold them
        unread=perceived.unread,
        read=tuple(sense for sense, _ in perceived.read),
        actions=(*message.actions, *(f"unread:{kind}" for kind in dict.fromkeys(perceived.unread))),
    )
