"""Giving a notice: in the reply's own words, or through the app's own dialog when it can show one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from anban.base.db import Connection, Executable
from anban.base.errors import StorageFailed
from anban.conversations.mailbox import put
from anban.conversations.models import notices
from anban.conversations.shown import NOTICE_INSERT, NOTICE_SHOWN, give
from anban.conversations.usage import days_of
from anban.law.performs import performs
from anban.ledger.kinds import Kind
from anban.rails.notices import due, shown_kind
from anban.rails.presence import Present
from anban.rails.record import note
from anban.rails.reminders import Due, Person, mode_due
from anban.rails.runtime import Runtime
from anban.rails.situation import Situation
from anban.rails.time_used import person_now
from anban.rails.verdict import Stop
from anban.risk.dependence import measured

DETECTORS = "detectors.unavailable"
"""The rule of a turn in which nobody could look."""

ACTIONS = {
    "ai.first": ("understood",),
    "break": ("rest", "go-on"),
    "mode.minor": ("understood", "appeal"),
    "soon": ("understood",),
    "own-limit": ("rest", "go-on"),
    "preview": ("understood",),
    "reality": ("understood",),
    "dependence": ("set-limit", "understood"),
    "guide": ("understood",),
    "setup": ("name-contact", "later"),
}


NO_PICTURE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that was given. `text` stands before the reply when the app cannot show it by itself."""

    text: str = ""
    shown: tuple[dict[str, Any], ...] = ()
    action: tuple[str, ...] = ()


async def give_notice(situation: Situation, rt: Runtime) -> Notice:
    """Give the one notice that is due now, if any."""
    message, present, standing = situation.message, situation.present, situation.standing
    person = person_now(present, standing, situation.rules, message.at, message.persona, rt.words, message.lang)
    found = due(
        present.session,
        present.given,
        situation.rules,
        message.at,
        login=message.client.login,
        returned=situation.returned,
        begins=not message.prefill and not any(said.role == "assistant" for said in message.history),
        person=person,
    )
    return Notice() if found is None else await _given(situation, found, person, rt)


async def give_reason(situation: Situation, rt: Runtime) -> Notice:
    """Why minors' mode is on, and how to appeal, where our own words answer instead of the companion.

    Somebody who is taken for a minor at night must not only hear that it rests now.
    """
    message, present, standing = situation.message, situation.present, situation.standing
    person = person_now(present, standing, situation.rules, message.at, message.persona, rt.words, message.lang)
    found = mode_due(person)
    told = found is not None and any((each.kind, each.window) == (found.kind, found.window) for each in present.given)
    return Notice() if found is None or told else await _given(situation, found, person, rt)


async def _given(situation: Situation, found: Due, person: Person, rt: Runtime) -> Notice:
    message, present = situation.message, situation.present
    picture = await picture_of(present, found, person, rt)
    text = rt.words.render(
        found.template, lang=message.lang, audience=situation.standing.audience, slots=found.slots
    ).text
    if message.client.shows_notices and present.user is not None and found.again is None:
        sent = await _by_event(situation, found, text, picture, rt)
        if sent is not None:
            return sent
    if not await _in_reply(situation, found, rt):
        return Notice()
    shown = {"id": None, "kind": found.kind, "text": text, "in_reply": True, **picture}
    return Notice(text, (shown,), (f"notice:{found.kind}",))


@performs("outage-notice")
def told_of_outage(situation: Situation, what: str, rt: Runtime) -> None:
    """Write down that the reply tells of a failure of `what`, at once (draft art 19, final art 20)."""
    facts = {"decision": situation.message.decision, "what": what, "way": "text"}
    note(rt, situation.message, situation.present, situation.rules, Kind.NOTICE_OUTAGE_SHOWN, facts)


def stopped(situation: Situation, verdict: Stop, rt: Runtime) -> None:
    """Write down why the companion rests in this turn: a limit, or a part of ours that failed."""
    if verdict.rule == DETECTORS:
        told_of_outage(situation, "detectors", rt)
        return
    limited(situation, verdict.rule.removeprefix("limit."), rt)


def limited(situation: Situation, limit: str, rt: Runtime) -> None:
    """Write down that a limit kept the companion from answering, or from going on."""
    facts = {"decision": situation.message.decision, "limit": limit}
    note(rt, situation.message, situation.present, situation.rules, Kind.LIMIT_REACHED, facts)


async def leave_for_app(
    present: Present,
    kind: str,
    window: str,
    text: str,
    conversation: str,
    at: datetime,
    rt: Runtime,
    picture: Mapping[str, Any] = NO_PICTURE,
) -> dict[str, Any] | None:
    """Leave a notice for the app to show, as an event; None when another turn or replica gave it already.

    Raises `StorageFailed` when it cannot be stored, and the reply must carry it.
    """
    user = present.user
    assert user is not None
    payload = {"kind": kind, "text": text, "actions": list(ACTIONS.get(kind, ())), **picture}
    given, row = give(user.id, kind, window, at, "event", shown=False)

    def work(connection: Connection) -> int | None:
        # Whose row goes in first gives the notice; whoever comes second waits for that commit and sees it.
        if connection.execute(NOTICE_INSERT, row).rowcount != 1:
            return None
        once = f"notice|{kind}|{window}"
        letter = put(
            connection, user.id, user.key,
            conversation=conversation, kind="notice", at=at, payload=payload, once=once,
        )  # fmt: skip
        connection.execute(notices.update().where(notices.c.id == given.id).values(mail=letter))
        return letter

    letter = await rt.db.write(work)
    if letter is None:
        present.given = (replace(given, shown_at=at), *present.given)
        return None
    present.given = (replace(given, mail=letter), *present.given)
    rt.post.wake(user.id)
    return {"id": letter, **payload}


async def picture_of(present: Present, found: Due, person: Person, rt: Runtime) -> Mapping[str, Any]:
    """The person's own last week in figures, for a notice that comes with them: minutes by day, late nights."""
    if not found.pictured or present.user is None or person.zoned is None:
        return NO_PICTURE
    user, today = present.user.id, person.zoned.date()
    week = [today - timedelta(days=days) for days in range(6, -1, -1)]
    try:
        days = await rt.db.read(lambda connection: days_of(connection, user, week[0], today))
    except StorageFailed:
        return NO_PICTURE  # the words matter more than the figures beside them
    used = {each.day: round(each.seconds / 60) for each in days}
    minutes = [{"day": day.isoformat(), "minutes": used.get(day, 0)} for day in week]
    return {"picture": {"days": minutes, "measured": dict(measured(person.held.reasons))}}


async def _by_event(
    situation: Situation, found: Due, text: str, picture: Mapping[str, Any], rt: Runtime
) -> Notice | None:
    message = situation.message
    try:
        left = await leave_for_app(
            situation.present, found.kind, found.window, text, message.conversation, message.at, rt, picture
        )
    except StorageFailed:
        return None
    return Notice() if left is None else Notice("", (left,), (f"notice:{found.kind}",))


async def _in_reply(situation: Situation, found: Due, rt: Runtime) -> bool:
    """Take it on this reply to carry the notice; False when another replica's reply carries it at this moment."""
    message, present, ours = situation.message, situation.present, True
    if present.user is not None:
        if found.again is not None:
            row = {"notice_id": found.again.id, "when_shown": message.at}
            present.given = tuple(each for each in present.given if each.id != found.again.id)
            ours = await _write_once(NOTICE_SHOWN, row, rt)
        given, row = give(present.user.id, found.kind, found.window, message.at, "text", shown=True)
        present.given = (given, *present.given)
        if found.again is None:
            ours = await _write_once(NOTICE_INSERT, row, rt)
        if not ours:
            return False
    facts = {"decision": message.decision, "notice": found.kind, "window": found.window, "way": "text"}
    note(rt, message, present, situation.rules, shown_kind(found.kind), facts)
    return True


async def _write_once(statement: Executable, row: dict[str, Any], rt: Runtime) -> bool:
    """True when this turn is the one that wrote it. Where this process writes alone, that is certain beforehand."""
    if rt.db.exclusive:
        rt.db.later(statement, row)
        return True
    try:
        return await rt.db.write(lambda connection: connection.execute(statement, row).rowcount == 1)
    except StorageFailed:
        return True  # early beats late: twice is better than never
