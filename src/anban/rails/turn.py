"""One message and its answer. Everything a person writes passes here, in this order."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractContextManager, aclosing
from datetime import datetime
from functools import partial
from typing import assert_never

import structlog

from anban.base.errors import StorageFailed, told
from anban.conversations.mailbox import newest
from anban.conversations.usage import Usage
from anban.detectors.signal import Reading
from anban.detectors.stated.leaving import asks_to_leave
from anban.law.rulebook import Rulebook
from anban.people.models import User
from anban.people.standing import NO_FAMILY, Family, Standing, standing_with
from anban.provider.meeting import Character
from anban.provider.models import Service
from anban.rails.acts import answered, comforted, relayed, spoken
from anban.rails.asking import ask_for_person
from anban.rails.bonds import bond_refused
from anban.rails.casting import cast_for, not_met
from anban.rails.chunks import Chunk
from anban.rails.danger import keep_level, lines
from anban.rails.input import earlier, observe
from anban.rails.leaving import farewell, person
from anban.rails.limits import Around, Limit, reached, time_left
from anban.rails.looking import look
from anban.rails.message import Message
from anban.rails.outside import asked, not_shared
from anban.rails.policy import decide, without_storage
from anban.rails.post import Flight
from anban.rails.presence import Present, follow_case, gather_facts
from anban.rails.preview import look_around
from anban.rails.recognising import recognised
from anban.rails.record import use_session
from anban.rails.relay import hand_over
from anban.rails.runtime import Runtime
from anban.rails.situation import Situation
from anban.rails.time_used import around, counted, keep_time
from anban.rails.verdict import Escalate, Proceed, Replace, Steer, Stop, Verdict
from anban.risk.models import Assessed
from anban.risk.record import decayed

log = structlog.get_logger()

FACTS_WITHIN = 0.4
"""Seconds that a person in danger may wait for what is known of them; then the database counts as gone."""

PATIENCE = 4.0
"""Seconds more that everybody else may wait."""


async def run_turn(message: Message, rt: Runtime) -> AsyncIterator[Chunk]:
    """Answer one message. Every message passes here.

    Raises `StorageFailed`, before anything is said, when the database is gone and nobody is in danger: companionship
    fails closed, help fails open.
    """
    # Under way from here on: an exit or a human that comes while the facts are read stops what follows all the same.
    with rt.figures.in_flight.track_inprogress(), _begun(message, rt) as flight:
        async with aclosing(_turn(message, flight, rt)) as chunks:
            async for chunk in chunks:
                yield chunk


def _begun(message: Message, rt: Runtime) -> AbstractContextManager[Flight]:
    return rt.flights.begin(person(message), message.conversation, message.persona)


async def _turn(message: Message, flight: Flight, rt: Runtime) -> AsyncGenerator[Chunk]:
    """The turn itself, in order."""
    leaving = asks_to_leave(message.said)
    present, stored = await _facts(message, rt, wait=leaving != "exit")
    standing, rules = standing_and_rules(message.service, present.user, message.at, rt, present.family)
    if leaving == "exit":  # first: obeyed in every state, also when all else fails
        async for chunk in farewell(message, present, standing.audience, rules, rt):
            yield chunk
        return

    present.held = decayed(present.held, message.at, rules.lasting("risk-decay-hours"))
    before = earlier(message, present.recent, rules)
    used, near, role, limit = await _bounds(message, present, standing, rules, rt)
    gentle = rules.table("signal-gentle-thresholds")

    def decided(reading: Reading, seen: Assessed) -> Verdict:
        bond = bond_refused(message, present.recent, standing, reading, gentle, rules)
        return decide(seen, reading, present.held, standing, limit, leaving, gentle, bond)

    # Always look, whatever follows; what is seen at once is not kept waiting for what takes longer.
    message, reading, seen, verdict = await look(
        message, before, rules, rt, decided, asked(standing, rt.sharing, rules)
    )
    if stored and await recognised(message, present, standing, reading, rules, rt):
        # Taken for a minor from this message on: what holds for minors holds for its answer too.
        standing, rules = standing_and_rules(message.service, present.user, message.at, rt, present.family)
        used, near, role, limit = await _bounds(message, present, standing, rules, rt)
        verdict = decided(reading, seen)
    situation = Situation(message, present, standing, rules, reading, seen, verdict, (), before)
    situation.leaving, situation.flight, situation.role = leaving, flight, role
    situation.left = time_left(standing, used, rules, message.at, near)
    if not isinstance(verdict, Proceed) or present.held.life >= 2:
        situation.lines = lines(message, seen, standing, rules, rt, present.unreached)

    try:
        act = await _act(situation, rt) if stored else _unstored(situation, rt)
    except StorageFailed:
        act = _unstored(situation, rt)
    async with aclosing(act) as chunks:
        async for chunk in chunks:
            yield chunk


async def _bounds(
    message: Message, present: Present, standing: Standing, rules: Rulebook, rt: Runtime
) -> tuple[Usage, Around, Character | None, Limit | None]:
    """What bounds this person here: their time, what stands around it, the character, and the limit reached if any."""
    present.preview = await look_around(message, present, standing, rules, rt)
    used, near = counted(present, message.persona, rules, message.at), around(present, message.persona, rules)
    role = await cast_for(message, standing, rules, rt)
    limit = (
        reached(message.service, standing, used, rules, message.at, near)
        or not_shared(standing, rt.sharing, rules)
        or not_met(role, standing, rules)
    )
    return used, near, role, limit


async def _act(situation: Situation, rt: Runtime) -> AsyncGenerator[Chunk]:
    present, verdict = situation.present, situation.verdict
    situation.returned = use_session(situation.message, present, situation.rules, rt)
    keep_time(situation, rt)
    if present.holder is not None:  # a human holds the conversation; they see the signals, the model is silent
        cursor = await rt.db.read(lambda connection: newest(connection, _id(present)))
        await hand_over(situation, rt)
        await keep_level(situation, rt)
        return relayed(situation, cursor, rt)
    if not isinstance(verdict, Escalate):
        await keep_level(situation, rt)
    match verdict:
        case Escalate():
            return comforted(situation, verdict, rt)
        case Replace(template="asks-human"):
            await ask_for_person(situation, rt)
            return spoken(situation, verdict, rt)
        case Replace() | Stop():
            return spoken(situation, verdict, rt)
        case Proceed() | Steer():
            return answered(situation, verdict, rt)
        case _:
            assert_never(verdict)


def _unstored(situation: Situation, rt: Runtime) -> AsyncGenerator[Chunk]:
    """What is still said when nothing can be stored. Raises `StorageFailed` when nobody is in danger."""
    verdict = without_storage(situation.verdict, situation.seen, situation.present.held)
    if verdict is None:
        raise StorageFailed("the database is not available")
    situation.verdict = verdict
    return comforted(situation, verdict, rt) if isinstance(verdict, Escalate) else spoken(situation, verdict, rt)


async def known(message: Message, rt: Runtime) -> tuple[Present, Standing, Rulebook]:
    """Who wrote this and which rules hold, for a request that is no turn."""
    present, _ = await _facts(message, rt, wait=True)
    standing, rules = standing_and_rules(message.service, present.user, message.at, rt, present.family)
    return present, standing, rules


async def _facts(message: Message, rt: Runtime, *, wait: bool) -> tuple[Present, bool]:
    """The person as known, and whether the database can be relied on. An exit hardly waits for it."""
    service, ref = message.service.id, message.user
    known = rt.presence.get(service, ref) if ref is not None else None
    if known is not None and known.case is not None:
        await _follow(known, rt)
    # A memory that others may have overtaken is not enough, even for an exit: in a crisis that comes with help.
    if not rt.db.healthy or (known is not None and rt.db.exclusive):
        return known or Present(), rt.db.healthy
    rules = rt.rules(message.service, frozenset[str](), message.at)
    turns, elder = rules.whole("detection-window-turns"), rules.whole("elder-age")
    if ref is None:
        return Present(recent=deque(maxlen=turns)), True
    asked = asyncio.ensure_future(
        gather_facts(rt.db, rt.keys, rt.presence, service=service, ref=ref, at=message.at, turns=turns, elder_age=elder)
    )
    try:
        done, _ = await asyncio.wait({asked}, timeout=FACTS_WITHIN)
        if not done and wait and not _shows_danger(message, rt):
            # Nobody is in danger, so a crowded moment may take its time: it is no outage yet.
            await asyncio.wait({asked}, timeout=PATIENCE)
        if not asked.done():
            raise StorageFailed("the database does not answer in time")
        return asked.result(), rt.db.healthy
    except Exception as error:  # noqa: BLE001 - a stored row that does not open is no reason to refuse help either
        rt.figures.faults.labels("database").inc()
        log.error("facts.unknown", decision=message.decision, **told(error))
        return known or Present(), False
    finally:
        asked.cancel()


async def _follow(present: Present, rt: Runtime) -> None:
    """How far an open case has come is read anew with each message; unread, our words claim nothing of it."""
    if not rt.db.healthy:
        present.course = None
        return
    try:
        await asyncio.wait_for(rt.db.read(partial(follow_case, present=present)), FACTS_WITHIN)
    except (StorageFailed, TimeoutError) as error:
        present.course = None
        log.error("case.not_followed", **told(error))


def _shows_danger(message: Message, rt: Runtime) -> bool:
    """Whether the words alone, with nothing known of the person, already ask for help."""
    rules = rt.rules(message.service, frozenset[str](), message.at)
    return observe(message, message.history, rt.panel, rules)[1].life >= 2


def standing_and_rules(
    service: Service, user: User | None, at: datetime, rt: Runtime, family: Family = NO_FAMILY
) -> tuple[Standing, Rulebook]:
    """Who somebody is as far as the rules care, and the rules that hold for them."""
    rules = rt.rules(service, frozenset[str](), at)
    ages = {"minor_age": rules.whole("minor-age"), "elder_age": rules.whole("elder-age")}
    standing = standing_with(user, family, at, **ages)
    return standing, rt.rules(service, standing.groups, at) if standing.groups else rules


def _id(present: Present) -> str:
    assert present.user is not None
    return present.user.id
