"""Who may read which conversation, for which reason; each reading leaves its trace before a word is shown.

Whoever holds a conversation reads it, so does whoever was asked by a colleague, and after the end whoever follows up or
reviews. Everything else, and with minors all but the first two, takes a second person's approval
(`provider/access.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, cast

from anban.base.db import Connection
from anban.base.errors import Forbidden
from anban.base.ids import new_id
from anban.cases.case import Case, CaseEvent, append, cases_of, locked_case, read_case
from anban.cases.course import Course, course
from anban.cases.marks import Mark, asked
from anban.cases.notes import Note, notes_of
from anban.conversations.reading import Line, conversation
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Fact
from anban.ledger.kinds import Kind
from anban.people.contacts import contacts_of
from anban.people.models import Contact, User
from anban.people.safety_card import SafetyCard, card_of
from anban.people.standing import Standing, family_of, standing_with
from anban.people.users import find
from anban.provider.access import Grant, open_grant
from anban.provider.models import Service
from anban.provider.staff import Staff, staff_of
from anban.risk.models import Held
from anban.risk.record import held_level
from anban.web.caseroom import mine
from anban.web.desk.door import Desk, SignedIn, told

Reason = Literal[
    "claimed", "granted", "second-opinion", "second-person", "review", "follow-up", "supervision", "complaint",
]  # fmt: skip
"""Why somebody reads a conversation. The first two are no choice: whoever holds it reads it, and whoever has a second
person's approval. Nobody gives themselves the last two any more; they stand in older cases."""

ONCE_ASKED: tuple[Reason, ...] = ("second-opinion", "second-person")
"""Reasons that a colleague gave us: reading answers them, so nobody may give them again; they hold for a while."""

SESSION_CHARS = 16


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything about one case that this member of staff may see now.

    `reading` is the reason for which they read the conversation, or None: then there are no lines and no notes.
    `identity` tells whether they may know who it is; without it there are no contacts and no name.
    """

    case: Case
    so_far: Course
    mark: Mark
    standing: Standing
    held: Held
    rules: Rulebook
    reasons: tuple[Reason, ...]
    reading: Reason | None
    identity: bool
    traced: bool
    earlier: tuple[Case, ...]
    names: Mapping[str, str]
    mode: str | None = None
    ref: str = ""
    lines: tuple[Line, ...] = ()
    notes: tuple[Note, ...] = ()
    contacts: tuple[Contact, ...] = field(default=(), repr=False)
    card: SafetyCard | None = field(default=None, repr=False)


def reasons_for(
    case: Case, so_far: Course, who: Staff, *, minor: bool, granted: Grant | None = None
) -> tuple[Reason, ...]:
    """The reasons that this person may give for reading this conversation; none when they first have to claim it.

    Minors' data takes an approval for each access, also a lead's: what a colleague asked for is one, review is not.
    """
    if so_far.claimed_by == who.id:
        return ("claimed",)
    if granted is not None:
        return ("granted",)
    took_part = {event.actor for event in case.events if event.kind in ("claimed", "closed")}
    found: list[Reason] = []
    if case.is_open:
        mark = asked((event.kind, dict(event.facts)) for event in case.events)
        if mark.opinion:
            found.append("second-opinion")
        if mark.release and _asked_release(case) != who.id:
            found.append("second-person")
        if case.state == "handed_back" and _last_holder(case) == who.id and not minor:
            found.append("follow-up")
    elif who.id in took_part and not minor:
        found.append("follow-up")
    elif case.state == "closed" and not minor:
        found.append("review")
    return tuple(found)


def reading_now(
    case: Case, reasons: tuple[Reason, ...], who: Staff, session: str, now: datetime, lasts: timedelta
) -> Reason | None:
    """For which reason they read at this moment: what they hold, or what they opened within `lasts` in this log-in."""
    if reasons[:1] in (("claimed",), ("granted",)):
        return reasons[0]
    for event in reversed(case.events):
        if event.kind in ("handed_back", "closed", "reopened"):
            # An opening ends with what it was for: who handed a case back does not go on reading it.
            return None
        if event.kind == "read" and event.actor == who.id and event.facts.get("session") == session[:SESSION_CHARS]:
            reason = cast("Reason", event.facts["reason"])
            still = reason in reasons or reason in ONCE_ASKED
            return reason if still and now - event.at < lasts else None
    return None


async def seen_by(desk: Desk, who: SignedIn, case: str) -> Seen:
    """The case as this person may see it. Raises `NotFound`, also for another service's case.

    Whoever holds the conversation reads it: the trace of that is durable before anything is shown, once per log-in.
    """
    found = await desk.rt.db.read(partial(_load, desk=desk, who=who, identifier=case))
    if found.reading in ("claimed", "granted") and not found.traced:
        await desk.rt.db.write(partial(trace, desk=desk, who=who, identifier=case, reason=found.reading))
    return found


def trace(connection: Connection, desk: Desk, who: SignedIn, identifier: str, reason: Reason) -> None:
    """Write down that they read this conversation, and why. Raises `Forbidden` when the reason is not theirs."""
    case, ref = mine(connection, who.service, identifier, locked_case)
    now = desk.rt.clock.now()
    granted = open_grant(connection, desk.rt.keys, who.staff.id, case.id, now)
    minor = is_minor(connection, desk, who.service, ref, now)
    if reason not in reasons_for(case, course(case.events), who.staff, minor=minor, granted=granted):
        raise Forbidden("this reason is not yours to give", code="reason")
    session = who.session[:SESSION_CHARS]
    key = _key(reason, who, granted)
    if any(event.key == key for event in case.events):
        return
    append(
        connection, case, CaseEvent(key, "read", now, who.staff.id, {"reason": reason, "session": session}), wake=False
    )
    facts: dict[str, Fact] = {"case": case.id, "reason": reason, "role": who.staff.role}
    if reason == "granted" and granted is not None:
        facts |= {"reason": granted.reason, "grant": granted.id}
    told(connection, desk, Kind.CONVERSATION_READ, case.user, who.staff.id, who.service.id, **facts)


def is_minor(connection: Connection, desk: Desk, service: Service, ref: str, at: datetime) -> bool:
    """Whether the person of this name is, or is taken for, a minor."""
    user = find(connection, desk.rt.keys, service.id, ref)
    plain = desk.rt.rules(service, frozenset[str](), at)
    ages = {"minor_age": plain.whole("minor-age"), "elder_age": plain.whole("elder-age")}
    return user is not None and standing_with(user, family_of(connection, user), at, **ages).is_minor


def _key(reason: Reason, who: SignedIn, granted: Grant | None) -> str:
    """What holding and being granted are written down under: once for each log-in; other reasons each time."""
    session = who.session[:SESSION_CHARS]
    if reason == "granted" and granted is not None:
        return f"read|{granted.id}|{session}"
    return f"read|claimed|{who.staff.id}|{session}" if reason == "claimed" else f"read|{new_id()}"


def _load(connection: Connection, desk: Desk, who: SignedIn, identifier: str) -> Seen:
    rt, now = desk.rt, desk.rt.clock.now()
    case, ref = mine(connection, who.service, identifier, read_case)
    user = find(connection, rt.keys, who.service.id, ref)
    assert user is not None
    plain = rt.rules(who.service, frozenset[str](), now)
    standing = standing_with(
        user, family_of(connection, user), now, minor_age=plain.whole("minor-age"), elder_age=plain.whole("elder-age")
    )
    rules = rt.rules(who.service, standing.groups, now)
    so_far = course(case.events)
    granted = open_grant(connection, rt.keys, who.staff.id, case.id, now)
    reasons = reasons_for(case, so_far, who.staff, minor=standing.is_minor, granted=granted)
    reading = reading_now(case, reasons, who.staff, who.session, now, rules.lasting("desk-reading-minutes"))
    identity = reading == "claimed" or (reading is not None and who.staff.role == "lead")
    return Seen(
        case=case,
        so_far=so_far,
        mark=asked((event.kind, dict(event.facts)) for event in case.events),
        standing=standing,
        held=held_level(connection, user.id),
        rules=rules,
        reasons=reasons,
        reading=reading,
        identity=identity,
        traced=reading is not None and any(event.key == _key(reading, who, granted) for event in case.events),
        earlier=tuple(each for each in cases_of(connection, user.id) if each.id != case.id),
        names={each.id: each.name for each in staff_of(connection, rt.keys, who.service.id)},
        mode=user.mode,
        ref=ref if identity else "",
        lines=conversation(connection, user.id, user.key, rules.whole("desk-excerpt-turns")) if reading else (),
        notes=_notes(connection, user, case, who.staff) if reading else (),
        contacts=contacts_of(connection, user) if identity else (),
        card=card_of(connection, user) if reading else None,
    )


def _notes(connection: Connection, user: User, case: Case, who: Staff) -> tuple[Note, ...]:
    """The notes of this case. What somebody wrote about how they are themselves is theirs and a lead's to read."""
    return tuple(
        note
        for note in notes_of(connection, user, case.id)
        if note.kind != "debrief" or note.author == who.id or who.role == "lead"
    )


def _last_holder(case: Case) -> str:
    return next((event.actor for event in reversed(case.events) if event.kind == "claimed"), "")


def _asked_release(case: Case) -> str:
    return next((event.actor for event in reversed(case.events) if event.kind == "release_asked"), "")
