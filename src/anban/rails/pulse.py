"""What must happen though nobody writes: the spool entered when the database is back, reminders at their hour."""

import asyncio
import contextlib

import structlog

from anban.base.errors import StorageFailed
from anban.cases.late import enter_late
from anban.conversations.mailbox import put
from anban.conversations.sessions import use
from anban.conversations.shown import NOTICE_INSERT, give
from anban.provider.models import Service
from anban.rails.giving import ACTIONS
from anban.rails.notices import break_due
from anban.rails.presence import Present
from anban.rails.runtime import Runtime

log = structlog.get_logger()

EVERY = 1.0
"""Seconds between beats."""


async def beat(rt: Runtime, service: Service, stop: asyncio.Event) -> None:
    """Once a second until `stop`: look after the database, the spool and due reminders."""
    while not stop.is_set():
        try:
            if not rt.db.healthy:
                await rt.db.check()
            if rt.db.healthy:
                await replay_spool(rt)
                await remind_listeners(rt, service)
        except StorageFailed as error:
            rt.figures.faults.labels("database").inc()
            log.warning("pulse.storage", code=error.code)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY)


async def replay_spool(rt: Runtime) -> int:
    """Enter every spooled case, in order; those that were entered leave the spool. How many."""
    if rt.spool.empty:
        return 0
    records = rt.spool.records()
    entered = 0
    try:
        for record in records:
            case = await rt.db.write(
                lambda connection, record=record: enter_late(connection, rt.keys, record), urgent=True
            )
            entered += 1
            log.warning("case.entered_late", case=case.id)
    finally:
        if entered:
            await asyncio.to_thread(rt.spool.clear, entered)
            rt.presence.forget_all()
    return entered


async def remind_listeners(rt: Runtime, service: Service) -> None:
    """A reminder is due at its time, also while somebody reads and does not write, if their app is listening.

    An open event channel within the idle gap counts as going on; what was shown here is not repeated in the reply.
    """
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)
    gap = rules.lasting("continuous-use-gap")
    for present in rt.presence.listening(rt.post):
        session, _ = use(present.session, now, gap, human=present.holder is not None)
        if session is None or present.user is None or present.held.life >= 3:
            continue
        due = break_due(session, present.given, rules)
        if due is not None:
            await _send(present, due.kind, due.window, due.slots, rt)


async def _send(present: Present, kind: str, window: str, slots: dict[str, str], rt: Runtime) -> None:
    user, now = present.user, rt.clock.now()
    assert user is not None
    text = rt.words.render("notice.break", lang="zh", slots=slots).text
    payload = {"kind": kind, "text": text, "actions": list(ACTIONS.get(kind, ()))}
    conversation = present.recent[-1].conversation if present.recent else ""
    letter = await rt.db.write(
        lambda connection: put(
            connection,
            user.id,
            user.key,
            conversation=conversation,
            kind="notice",
            at=now,
            payload=payload,
            once=f"notice|{kind}|{window}",
        )
    )
    if letter is None:
        return
    given, row = give(user.id, kind, window, now, "event", mail=letter, shown=False)
    rt.db.later(NOTICE_INSERT, row)
    present.given = (given, *present.given)
    rt.post.wake(user.id)
