"""Giving a notice: in the reply's own words, or through the app's own dialog when it can show one."""

from dataclasses import dataclass
from typing import Any

from anban.base.errors import StorageFailed
from anban.conversations.mailbox import put
from anban.conversations.shown import NOTICE_INSERT, NOTICE_SHOWN, give
from anban.law.performs import performs
from anban.ledger.kinds import Kind
from anban.rails.notices import Due, due, shown_kind
from anban.rails.record import note
from anban.rails.runtime import Runtime
from anban.rails.situation import Situation
from anban.rails.verdict import Stop

DETECTORS = "detectors.unavailable"
"""The rule of a turn in which nobody could look."""

ACTIONS = {"break": ("rest", "go-on"), "ai.first": ("understood",)}


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that was given. `text` stands before the reply when the app cannot show it by itself."""

    text: str = ""
    shown: tuple[dict[str, Any], ...] = ()
    action: tuple[str, ...] = ()


async def give_notice(situation: Situation, rt: Runtime) -> Notice:
    """Give the one notice that is due now, if any."""
    message, present = situation.message, situation.present
    found = due(
        present.session,
        present.given,
        situation.rules,
        message.at,
        login=message.client.login,
        returned=situation.returned,
        begins=not message.prefill and not any(said.role == "assistant" for said in message.history),
    )
    if found is None:
        return Notice()
    text = rt.words.render(
        found.template, lang=message.lang, audience=situation.standing.audience, slots=found.slots
    ).text
    if message.client.shows_notices and present.user is not None and found.again is None:
        sent = await _by_event(situation, found, text, rt)
        if sent is not None:
            return sent
    _in_reply(situation, found, rt)
    shown = {"id": None, "kind": found.kind, "text": text, "in_reply": True}
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
    facts = {"decision": situation.message.decision, "limit": verdict.rule.removeprefix("limit.")}
    note(rt, situation.message, situation.present, situation.rules, Kind.LIMIT_REACHED, facts)


async def _by_event(situation: Situation, found: Due, text: str, rt: Runtime) -> Notice | None:
    """Leave the notice for the app to show; None when that cannot be stored, and the reply must carry it."""
    message, present = situation.message, situation.present
    user = present.user
    assert user is not None
    payload = {"kind": found.kind, "text": text, "actions": list(ACTIONS.get(found.kind, ()))}
    try:
        letter = await rt.db.write(
            lambda connection: put(
                connection,
                user.id,
                user.key,
                conversation=message.conversation,
                kind="notice",
                at=message.at,
                payload=payload,
                once=f"notice|{found.kind}|{found.window}",
            )
        )
    except StorageFailed:
        return None
    if letter is None:
        return None
    given, row = give(user.id, found.kind, found.window, message.at, "event", mail=letter, shown=False)
    rt.db.later(NOTICE_INSERT, row)
    present.given = (given, *present.given)
    rt.post.wake(user.id)
    return Notice("", ({"id": letter, **payload},), (f"notice:{found.kind}",))


def _in_reply(situation: Situation, found: Due, rt: Runtime) -> None:
    message, present = situation.message, situation.present
    note(
        rt,
        message,
        present,
        situation.rules,
        shown_kind(found.kind),
        {"decision": message.decision, "notice": found.kind, "window": found.window, "way": "text"},
    )
    if present.user is None:
        return
    if found.again is not None:
        rt.db.later(NOTICE_SHOWN, {"notice_id": found.again.id, "when_shown": message.at})
        present.given = tuple(each for each in present.given if each.id != found.again.id)
    given, row = give(present.user.id, found.kind, found.window, message.at, "text", shown=True)
    if found.again is None:
        rt.db.later(NOTICE_INSERT, row)
    present.given = (given, *present.given)
