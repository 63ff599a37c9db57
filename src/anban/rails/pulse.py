"""What must happen though nobody writes: the spool entered, reminders at their hour, stops that came elsewhere."""

import asyncio
import contextlib
from functools import partial

import structlog

from anban.base.db import Connection
from anban.base.errors import StorageFailed, told
from anban.cases.late import enter_late
from anban.cases.takeover import holder
from anban.conversations.sessions import last_session
from anban.provider.models import Service
from anban.rails.closing import end_all_that_is_closed
from anban.rails.giving import leave_for_app, picture_of
from anban.rails.notices import timed
from anban.rails.presence import Present
from anban.rails.reminders import Due, Person, first_of
from anban.rails.runtime import Runtime
from anban.rails.time_used import person_now, session_now
from anban.rails.turn import standing_and_rules
from anban.words.language import Lang, language_of

log = structlog.get_logger()

EVERY = 1.0
"""Seconds between beats."""


async def beat(rt: Runtime, service: Service, stop: asyncio.Event) -> None:
    """Once a second until `stop`: look after the database, the spool, due reminders and answers under way."""
    while not stop.is_set():
        try:
            if not rt.db.healthy:
                await rt.db.check()
            if rt.db.healthy:
                await replay_spool(rt, service)
                await remind_listeners(rt, service)
                await stop_from_elsewhere(rt)
        except StorageFailed as error:
            rt.figures.faults.labels("database").inc()
            log.warning("pulse.storage", code=error.code)
        except Exception as error:  # noqa: BLE001 - the pulse outlives whatever fails in one beat
            rt.figures.faults.labels("pulse").inc()
            log.error("pulse.failed", **told(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY)


async def replay_spool(rt: Runtime, service: Service) -> int:
    """Enter every spooled case, in order; those that were entered leave the spool. How many."""
    if rt.spool.empty:
        return 0
    entered: list[bytes] = []
    refused: list[bytes] = []
    try:
        for record in rt.spool.records():
            try:
                case = await rt.db.write(
                    partial(enter_late, keys=rt.keys, record=record, own_service=service.id), urgent=True
                )
            except StorageFailed:
                raise
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one promise
                # It goes behind the others, so that one promise that cannot be entered never holds up the rest.
                refused.append(record)
                log.critical("case.not_entered", error=type(error).__name__)
            else:
                entered.append(record)
                log.warning("case.entered_late", case=case.id)
    finally:
        if entered or refused:
            await asyncio.to_thread(rt.spool.clear, entered, refused)
            rt.wake_work()
            rt.presence.forget_all()
    return len(entered)


async def remind_listeners(rt: Runtime, service: Service) -> None:
    """A reminder is due at its time, also while somebody reads and does not write, if their app is listening.

    An open event channel within the idle gap counts as going on; what was shown here is not repeated in the reply.
    """
    now = rt.clock.now()
    for present in rt.presence.listening(rt.post):
        standing, rules = standing_and_rules(service, present.user, now, rt, present.family)
        session = session_now(present, rules, now)
        if session is None or present.held.life >= 3:
            continue
        last = present.recent[-1] if present.recent else None
        lang, persona = language_of(last.said if last else ""), present.usage.persona
        person = person_now(present, standing, rules, now, persona, rt.words, lang)
        found = first_of(timed(session, present.given, rules, person))
        resting = person.left is not None and person.left.seconds <= 0
        if found is not None and not resting:  # whose time is up is not called back to the screen
            await _send(present, found, person, lang, rt)


async def stop_from_elsewhere(rt: Runtime) -> None:
    """End answers of people whom a human has taken over, who have left, or whose guardian has closed what they talk
    with, in another process (final art 14, 19)."""
    if rt.db.exclusive or not (flying := rt.flights.people()):
        return
    answering = {who: present for who in flying if (present := rt.presence.get(*who.split("|", 1))) and present.user}
    reasons = await rt.db.read(lambda connection: [(who, _stop(connection, each)) for who, each in answering.items()])
    for who, why in reasons:
        if why is not None:
            rt.flights.stop(who, why)
    await end_all_that_is_closed(flying, rt)


def _stop(connection: Connection, present: Present) -> str | None:
    assert present.user is not None
    if holder(connection, present.user.id) is not None:
        return "takeover"
    last, known = last_session(connection, present.user.id), present.session
    left = last is not None and known is not None and last.id == known.id and last.left_at is not None
    return "exit" if left else None


async def _send(present: Present, notice: Due, person: Person, lang: Lang, rt: Runtime) -> None:
    last = present.recent[-1] if present.recent else None
    text = rt.words.render(notice.template, lang=lang, audience=person.standing.audience, slots=notice.slots).text
    conversation, now = last.conversation if last else "", rt.clock.now()
    picture = await picture_of(present, notice, person, rt)
    await leave_for_app(present, notice.kind, notice.window, text, conversation, now, rt, picture)
