"""Leaving: at once, in every state, also when all else fails (draft art 18, final art 19)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import structlog

from anban.base.errors import StorageFailed
from anban.cases.case import CaseEvent, append, locked_case
from anban.conversations.sessions import SESSION_LEFT
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.kinds import Kind
from anban.people.standing import Audience
from anban.people.users import QUIET
from anban.rails.chunks import Chunk, Closed, Meta, Opened, Spoke
from anban.rails.message import Message
from anban.rails.post import DESK
from anban.rails.presence import Present
from anban.rails.record import note
from anban.rails.runtime import Runtime
from anban.risk.ladder import LIFE_NAMES
from anban.words.promise import PromiseState

log = structlog.get_logger()


@performs("free-exit")
async def farewell(
    message: Message, present: Present, audience: Audience, rules: Rulebook, rt: Runtime
) -> AsyncIterator[Chunk]:
    """Stop every answer under way, say one neutral goodbye, and keep quiet for a day.

    Nothing here waits for the database: what must be written joins the next group commit. Leaving ends the
    conversation, never an open case; a person in danger gets the help card along with the goodbye.
    """
    in_danger = present.held.life >= 3
    rt.flights.stop(person(message), "exit", message.conversation)
    leave(message, present, rules, rt)
    template = "goodbye.exit-in-crisis" if in_danger else "goodbye.exit"
    state = PromiseState(lines=rt.words.helplines.from_memory())
    spoken = rt.words.render(template, lang=message.lang, audience=audience, state=state)
    meta = Meta(
        decision=message.decision,
        level=LIFE_NAMES[present.held.life],
        verdict="stop",
        author="system",
        case=present.case,
        actions=("exit",),
    )
    yield Opened(meta)
    yield Spoke(spoken.text)
    yield Closed(meta)
    await tell_desk(message, present, rt)


def leave(message: Message, present: Present, rules: Rulebook, rt: Runtime) -> None:
    """Write down that the person left and may not be approached for a while."""
    user, session = present.user, present.session
    if user is None:
        return
    until = message.at + timedelta(hours=rules.number("quiet-after-exit-hours"))
    try:
        rt.db.later(QUIET, {"user_id": user.id, "until": until})
        if session is not None:
            rt.db.later(SESSION_LEFT, {"session_id": session.id, "at": message.at})
            present.session = replace(session, left_at=message.at)
        note(rt, message, present, rules, Kind.SESSION_LEFT, {"decision": message.decision})
    except StorageFailed:
        rt.figures.faults.labels("database").inc()
        log.warning("exit.not_recorded", decision=message.decision)


async def tell_desk(message: Message, present: Present, rt: Runtime) -> None:
    """Whoever looks after an open case sees that the person has left; the case goes on (product section 4.5)."""
    if present.case is None:
        return
    left = CaseEvent(f"left|{message.decision}", "left", message.at, "user", {})
    identifier = present.case
    try:
        await rt.db.write(lambda connection: append(connection, locked_case(connection, identifier), left), urgent=True)
    except StorageFailed:
        rt.figures.faults.labels("database").inc()
        log.warning("exit.desk_not_told", case=identifier)
        return
    rt.post.wake(DESK)


def person(message: Message) -> str:
    """The name under which a person's answers under way are known in this process."""
    return f"{message.service.id}|{message.user or message.conversation}"
