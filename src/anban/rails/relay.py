"""A human holds the conversation: the person's words wait for them, theirs come back, the model is silent."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial

from anban.base.db import Connection
from anban.cases.case import CaseEvent, append, locked_case
from anban.cases.takeover import Holder
from anban.conversations.mailbox import SAID, Mail, acknowledge, put, read_after
from anban.conversations.transcript import Author
from anban.people.models import User
from anban.people.standing import Audience
from anban.rails.chunks import Spoke
from anban.rails.message import Message
from anban.rails.post import DESK
from anban.rails.runtime import Runtime
from anban.rails.situation import Situation
from anban.words.promise import PromiseState

MOST_WAITING = 1_000
"""Events looked through at once for words that were not delivered yet."""


async def relay(
    situation: Situation, user: User, holder: Holder, cursor: int, rt: Runtime
) -> AsyncIterator[tuple[Spoke, Author]]:
    """The responder's words if they come within the wait, otherwise a holding line that is true.

    `cursor` is the last event the person had when they wrote; what the responder wrote since is the answer. An app
    that does not listen for events has had none of them: for it, whatever was not delivered yet is the answer.
    """
    message = situation.message
    deadline = rt.clock.monotonic() + situation.rules.lasting("relay-wait-seconds").total_seconds()
    if not message.client.shows_notices:
        cursor = 0
    with rt.post.bell(user.id) as bell:
        while (left := deadline - rt.clock.monotonic()) > 0:
            bell.clear()
            letters = await rt.db.read(lambda c: read_after(c, user.id, user.key, cursor, MOST_WAITING))
            words = [each for each in letters if _undelivered(each, holder)]
            if words:
                await rt.db.write(partial(_delivered, letters=words, at=message.at))
                yield Spoke("\n\n".join(str(each.payload["text"]) for each in words)), "human"
                return
            try:
                # Another replica's words ring no bell here, so look again each second.
                await asyncio.wait_for(bell.wait(), min(left, 1.0))
            except TimeoutError:
                continue
    course = situation.present.course
    joined = course is not None and course.joined_at is not None
    yield Spoke(holding_line(message, situation.standing.audience, rt, joined=joined)), "system"


async def hand_over(situation: Situation, rt: Runtime) -> None:
    """Put the person's words where whoever holds the conversation reads them, at once. Raises `StorageFailed`."""
    message, present = situation.message, situation.present
    user, held_by = present.user, present.holder
    assert user is not None and held_by is not None

    def work(connection: Connection) -> None:
        put(
            connection, user.id, user.key, conversation=message.conversation, kind=SAID, at=message.at,
            payload={"author": "user", "text": message.said}, once=f"{SAID}|{message.decision}",
        )  # fmt: skip
        # That they wrote, not what: words that nobody answers are a person left alone, and the case owes an alarm.
        wrote = CaseEvent(f"wrote|{message.decision}", "wrote", message.at, "user", {})
        append(connection, locked_case(connection, held_by.case), wrote)

    await rt.db.write(work, urgent=True)
    rt.wake_work()
    rt.post.wake(DESK)


def holding_line(message: Message, audience: Audience, rt: Runtime, *, joined: bool) -> str:
    """Our own true words while a person holds the conversation: they are reading, or have not answered this one yet."""
    state = PromiseState(takeover="joined")
    template = "takeover.writing" if joined else "takeover.joining"
    return rt.words.render(template, lang=message.lang, audience=audience, state=state).text


def _delivered(connection: Connection, letters: list[Mail], at: datetime) -> None:
    for letter in letters:
        acknowledge(connection, letter.id, "shown", at)


def _undelivered(letter: Mail, holder: Holder) -> bool:
    return letter.kind == "message" and letter.state == "sent" and letter.at >= holder.since
