"""What a responder does with a case: claim, join, speak, hold or tell, hand back, close, review. One transaction each.

Works with no worker running. Whoever calls this wakes the person's channels afterwards and stops answers in flight.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, assert_never

from sqlalchemy import Connection

from anban.base.errors import BadInput, Conflict, Forbidden
from anban.cases.case import Case, CaseEvent, append
from anban.cases.course import Course, course
from anban.cases.crisis import case_entry
from anban.cases.notes import NoteKind, add_note
from anban.cases.queue import load_of
from anban.cases.takeover import Holder, claim, hand_back, holder
from anban.conversations.mailbox import put
from anban.law.performs import performs
from anban.ledger.entry import Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.models import User
from anban.risk.ladder import LIFE_NAMES
from anban.risk.record import lower

Act = Literal[
    "claim", "join", "say", "note", "call", "hold", "release", "tell-now", "second-opinion", "hand-back", "close",
    "review", "reopen",
]  # fmt: skip

SECONDED = ("release",)
"""Telling a contact who may be the danger needs two people (reliability A5)."""


@dataclass(frozen=True, slots=True)
class Done:
    """One act of a responder. `words` go to the person (`say`), or into a sealed note; they stand nowhere else."""

    act: Act
    responder: str
    at: datetime
    rulebook: str
    words: str = ""
    level: str | None = None
    outcome: str | None = None
    contact: str = "all"
    reason: str = ""
    number: str = ""
    follow_up_at: datetime | None = None
    checklist: Mapping[str, bool] = field(default_factory=dict[str, bool])
    caps: Mapping[str, float] | None = None
    """How many conversations of a level one responder may hold at once; None where nobody counts."""

    lead: bool = False


def respond(connection: Connection, case: Case, user: User, done: Done) -> Case:
    """Do it, with its event and its evidence. Raises `Conflict`, `BadInput` and `Forbidden`; then nothing is done."""
    so_far = course(case.events)
    held_by = holder(connection, user.id)
    if done.act in ("review", "reopen"):
        return _afterwards(connection, case, so_far, done)
    if not case.is_open:
        raise Conflict("this case is closed")
    match done.act:
        case "claim":
            return _claim(connection, case, user, so_far, done)
        case "note" | "call":
            return _noted(connection, case, user, so_far, done)
        case "hold" | "release" | "tell-now":
            return _contacts(connection, case, so_far, done)
        case "second-opinion":
            return _event(connection, case, so_far, done, "opinion_asked", {})
        case "close":
            if held_by is not None:
                _release(connection, user, _mine(held_by, done))
            return _close(connection, case, user, so_far, done)
        case "join" | "say":
            return _speak(connection, case, user, so_far, done, _mine(held_by, done))
        case "hand-back":
            _release(connection, user, _mine(held_by, done))
            return _hand_back(connection, case, user, so_far, done)
        case _:
            assert_never(done.act)


def _mine(held_by: Holder | None, done: Done) -> Holder:
    if held_by is None or (held_by.responder != done.responder and not (done.lead and done.act == "hand-back")):
        # A lead may hand back in the place of somebody who has gone; nobody speaks in another's name.
        raise Conflict("claim the case first")
    return held_by


@performs("crisis-takeover")
def _claim(connection: Connection, case: Case, user: User, so_far: Course, done: Done) -> Case:
    """From this instant the model is silent (draft art 11(3)); what still flies is stopped by the caller."""
    if so_far.claimed_by == done.responder:
        return case
    if done.caps is not None and not done.lead:
        _within_caps(connection, case, done)
    fence = claim(connection, user.id, case.id, done.responder, done.at).fence
    return _event(connection, case, so_far, done, "claimed", {"fence": fence}, Kind.TAKEOVER_CLAIMED)


def _within_caps(connection: Connection, case: Case, done: Done) -> None:
    assert done.caps is not None
    for level, number in load_of(connection, done.responder).items():
        cap = done.caps.get(LIFE_NAMES[level])
        if cap is not None and number >= cap and level >= min(case.level, 3):
            raise Conflict(
                f"you already hold {number} of {LIFE_NAMES[level]}: ask a lead, or hand one back", code="load_cap"
            )


def _speak(connection: Connection, case: Case, user: User, so_far: Course, done: Done, held_by: Holder) -> Case:
    if done.act == "say" and not done.words:
        raise BadInput("text is missing", field="text")
    # Who has come is told before what they say.
    if so_far.joined_at is None:
        case = _event(connection, case, so_far, done, "joined", {"fence": held_by.fence}, Kind.TAKEOVER_JOINED)
        _presence_mail(connection, case, user, "joined", done)
    if done.act == "say":
        put(
            connection, user.id, user.key, conversation="", kind="message", at=done.at,
            payload={"author": "human", "text": done.words},
            once=f"said|{case.id}|{held_by.fence}|{so_far.number('said')}",
        )  # fmt: skip
        case = _event(connection, case, so_far, done, "said", {})
    return case


def _noted(connection: Connection, case: Case, user: User, so_far: Course, done: Done) -> Case:
    kind: NoteKind = "call" if done.act == "call" else "note"
    if kind == "call" and not done.number:
        raise BadInput("which number was called is missing", field="number")
    note = add_note(connection, case, user, kind, done.responder, done.words, done.at)
    facts: dict[str, Fact] = {"note": note, **({"number": done.number} if done.number else {})}
    ledger = Kind.CASE_CALL_LOGGED if kind == "call" else Kind.CASE_NOTED
    return _event(connection, case, so_far, done, "called" if kind == "call" else "noted", facts, ledger)


def _contacts(connection: Connection, case: Case, so_far: Course, done: Done) -> Case:
    """Hold telling back, release it, or tell at once instead of after the window. Each with a reason that stays."""
    if not done.reason:
        raise BadInput("say why", field="reason")
    facts: dict[str, Fact] = {"contact": done.contact, "reason": done.reason}
    if done.act == "hold":
        return _event(connection, case, so_far, done, "held", facts, Kind.OUTREACH_HELD)
    if done.act == "tell-now":
        return _event(connection, case, so_far, done, "told_early", facts, Kind.OUTREACH_RELEASED)
    asked = next((each for each in reversed(case.events) if _asks_release(each, done.contact)), None)
    if asked is None or asked.actor == done.responder:
        # A second person must agree before somebody who may be the danger is told.
        return _event(connection, case, so_far, done, "release_asked", facts)
    return _event(connection, case, so_far, done, "released", {**facts, "seconded": True}, Kind.OUTREACH_RELEASED)


def _asks_release(event: CaseEvent, contact: str) -> bool:
    return event.kind == "release_asked" and event.facts.get("contact") == contact


def _release(connection: Connection, user: User, held_by: Holder) -> None:
    hand_back(connection, user.id, held_by.responder, held_by.fence)


def _hand_back(connection: Connection, case: Case, user: User, so_far: Course, done: Done) -> Case:
    facts = _lowered(connection, case, user, done)
    if done.words:
        facts["note"] = add_note(connection, case, user, "summary", done.responder, done.words, done.at)
    if done.follow_up_at is not None:
        facts["follow_up_at"] = done.follow_up_at.isoformat()
    if done.checklist:
        facts["checked"] = sorted(name for name, kept in done.checklist.items() if kept)
    case = _event(connection, case, so_far, done, "handed_back", facts, Kind.TAKEOVER_HANDED_BACK)
    _presence_mail(connection, case, user, "handed-back", done)
    return case


def _close(connection: Connection, case: Case, user: User, so_far: Course, done: Done) -> Case:
    if done.level is None:
        raise BadInput("level is missing: a person lowers it, or says that it stays", field="level")
    facts = _lowered(connection, case, user, done)
    if done.follow_up_at is not None:
        facts["follow_up_at"] = done.follow_up_at.isoformat()
    if done.words:
        facts["note"] = add_note(connection, case, user, "summary", done.responder, done.words, done.at)
    if so_far.claimed_by is not None:
        _presence_mail(connection, case, user, "handed-back", done)
    return _event(connection, case, so_far, done, "closed", facts, Kind.CASE_CLOSED)


def _afterwards(connection: Connection, case: Case, so_far: Course, done: Done) -> Case:
    """A closed case: looked at by a second person, or opened again."""
    if case.is_open:
        raise Conflict("this case is open")
    if done.act == "reopen":
        facts: dict[str, Fact] = {"level": case.level, "theme": so_far.theme}
        return _event(connection, case, so_far, done, "reopened", facts, Kind.CASE_REOPENED)
    if case.state == "reviewed":
        raise Conflict("this case is reviewed")
    if done.responder in {event.actor for event in case.events if event.kind in ("claimed", "closed")}:
        raise Forbidden("whoever held or closed a case does not review it")
    return _event(connection, case, so_far, done, "reviewed", {"outcome": done.outcome or "seen"}, Kind.CASE_REVIEWED)


def _lowered(connection: Connection, case: Case, user: User, done: Done) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    if done.level is not None:
        facts["lowered_to"] = done.level
        lower(connection, user.id, LIFE_NAMES.index(done.level), done.responder, done.at)
    if done.outcome is not None:
        facts["outcome"] = done.outcome
    return facts


def _presence_mail(connection: Connection, case: Case, user: User, state: str, done: Done) -> None:
    """Tell the person's app who is there now; the words for it are its own page's, or come with the next reply."""
    put(
        connection, user.id, user.key, conversation="", kind="takeover", at=done.at,
        payload={"state": state}, once=f"takeover|{case.id}|{state}|{done.at.isoformat()}",
    )  # fmt: skip


def _event(
    connection: Connection, case: Case, so_far: Course, done: Done, kind: str, facts: dict[str, Any], *ledger: Kind
) -> Case:
    number = so_far.number(kind)
    changed = append(connection, case, CaseEvent(f"{kind}|{number}", kind, done.at, done.responder, facts))
    lowered = (Kind.RISK_LEVEL_CHANGED,) if "lowered_to" in facts else ()
    shown = {name: value for name, value in facts.items() if name != "reason"}
    if "lowered_to" in shown:
        shown["level"] = shown.pop("lowered_to")
    for each in (*ledger, *lowered):
        write(connection, case_entry(changed, each, done.at, done.rulebook, dict(shown), "responder"))
    return changed
