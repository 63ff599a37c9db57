"""How far a case has come: who was paged, who was told, who holds it; folded from its events and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from anban.cases.case import CaseEvent

Outcome = Literal["accepted", "refused", "unknown"]

SELF = "self"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One send to one contact over one channel. `send` is its stable id: a repeat after a crash carries the same."""

    send: str
    contact: str
    step: int
    turn: int
    first_at: datetime
    at: datetime
    tries: int = 1
    outcome: Outcome | None = None
    settled_at: datetime | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Telling is held back. `contact` is one of them or `all`; `by` is a person's name, or anban."""

    contact: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Course:
    """A case so far."""

    level: int = 0
    theme: str = SELF
    open: bool = False
    waiting_since: datetime | None = None
    """Since when the person waits for a human; None while one holds the conversation, or nobody is asked."""

    opened_at: datetime | None = None
    requested: bool = False
    paged: Mapping[int, datetime] = field(default_factory=dict[int, datetime])
    """When each tier was paged in the present wait."""

    unrung: tuple[int, ...] = ()
    """Tiers that were paged, and 0 for an alarm, whom nobody has called outside the desk's page yet."""

    off_hours: bool = False
    alarmed: tuple[datetime, ...] = ()
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    joined_at: datetime | None = None
    wrote_at: datetime | None = None
    """The first message of the person that the responder has not answered yet."""

    danger_since: datetime | None = None
    """When the case reached the level at which contacts are told; the review window runs from here."""

    hurried_at: datetime | None = None
    """When a responder decided that contacts are told without waiting for the window."""

    contacts_known: int | None = None
    holds: tuple[Held, ...] = ()
    released: frozenset[str] = frozenset()
    attempts: tuple[Attempt, ...] = ()
    confirmed: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    told: datetime | None = None
    unreachable: int = 0
    handed_back_at: datetime | None = None
    closed_at: datetime | None = None
    follow_up_at: datetime | None = None
    checked_in: bool = False
    reviewed: bool = False
    cycle: int = 0
    """How often the case was opened anew after it was closed; sends of each cycle have ids of their own."""

    numbers: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often each kind of event has occurred: what makes a next event's key unique."""

    def number(self, kind: str) -> int:
        """The number of the next event of this kind."""
        return self.numbers.get(kind, 0) + 1

    def holds_back(self, contact: str) -> Held | None:
        """The hold that keeps this contact from being told, or None."""
        if contact in self.released:
            return None
        return next((hold for hold in self.holds if hold.contact in (contact, "all")), None)


LEADS = 3
"""The tier of the leads, who are called when a responder wants a second opinion."""

TELLS_FROM = 3
"""The level from which contacts are told (product section 4.1)."""


def course(events: Iterable[CaseEvent]) -> Course:
    """Fold a case's events, oldest first."""
    so_far = Course()
    for event in events:
        numbers = {**so_far.numbers, event.kind: so_far.numbers.get(event.kind, 0) + 1}
        so_far = replace(_after(so_far, event), numbers=numbers)
    return so_far


def _after(was: Course, event: CaseEvent) -> Course:
    at, facts = event.at, event.facts
    match event.kind:
        case "opened":
            return _opened(was, event)
        case "reopened":
            return _reopened(was, event)
        case "raised":
            level = max(was.level, int(facts["level"]))
            waiting = at if was.claimed_by is None else None
            danger = was.danger_since if was.level >= TELLS_FROM else (at if level >= TELLS_FROM else None)
            now_acute = level >= 4 > was.level
            return replace(
                was, level=level, theme=str(facts.get("theme", was.theme)),
                waiting_since=waiting, paged={}, alarmed=(), off_hours=False,
                danger_since=at if now_acute else danger,
            )  # fmt: skip
        case "requested":
            if was.claimed_by is not None or was.requested:
                return replace(was, requested=True)
            fresh = was.waiting_since is None
            return replace(was, requested=True, waiting_since=at, **({"paged": {}, "alarmed": ()} if fresh else {}))
        case "paged":
            tier = int(facts["tier"])
            return replace(was, paged={**was.paged, tier: at}, off_hours=False, unrung=(*was.unrung, tier))
        case "rung":
            return replace(was, unrung=tuple(each for each in was.unrung if each != int(facts["tier"])))
        case "off_hours":
            return replace(was, off_hours=True)
        case "alarmed":
            return replace(was, alarmed=(*was.alarmed, at), unrung=(*was.unrung, 0))
        case "opinion_asked":
            return replace(was, unrung=(*was.unrung, LEADS))
        case "claimed":
            return replace(
                was, claimed_by=event.actor, claimed_at=at, joined_at=None, waiting_since=None,
                unrung=tuple(each for each in was.unrung if each == 0),
            )  # fmt: skip
        case "joined":
            return replace(was, joined_at=at)
        case "wrote":
            return replace(was, wrote_at=was.wrote_at or at)
        case "said":
            return replace(was, wrote_at=None)
        case "handed_back":
            follow = facts.get("follow_up_at")
            return replace(
                was, claimed_by=None, claimed_at=None, joined_at=None, wrote_at=None, requested=False,
                handed_back_at=at, follow_up_at=datetime.fromisoformat(str(follow)) if follow else was.follow_up_at,
            )  # fmt: skip
        case "closed":
            return replace(
                was, open=False, closed_at=at, handed_back_at=at if was.claimed_by else was.handed_back_at,
                claimed_by=None, claimed_at=None, waiting_since=None, requested=False,
            )  # fmt: skip
        case "reviewed":
            return replace(was, reviewed=True)
        case "checked_in":
            return replace(was, checked_in=True)
        case _:
            return _told(was, event)


def _opened(was: Course, event: CaseEvent) -> Course:
    level = int(event.facts["level"])
    return Course(
        level=level,
        theme=str(event.facts.get("theme", SELF)),
        open=True,
        opened_at=was.opened_at or event.at,
        waiting_since=event.at,
        requested=bool(event.facts.get("requested", False)),
        danger_since=event.at if level >= TELLS_FROM else None,
    )


def _reopened(was: Course, event: CaseEvent) -> Course:
    """A new sign, or a person's decision: somebody is waited for again. Contacts told tonight are not told twice."""
    level = int(event.facts["level"])
    again = replace(
        was, open=True, closed_at=None, level=level, theme=str(event.facts.get("theme", was.theme)),
        waiting_since=event.at, paged={}, alarmed=(), off_hours=False, claimed_by=None, claimed_at=None,
        joined_at=None, danger_since=was.danger_since or (event.at if level >= TELLS_FROM else None),
    )  # fmt: skip
    if was.closed_at is None:
        return again
    return replace(
        again, cycle=was.cycle + 1, danger_since=event.at if level >= TELLS_FROM else None, confirmed={}, told=None,
        attempts=(), unreachable=0, hurried_at=None, checked_in=False, reviewed=False, follow_up_at=None,
    )  # fmt: skip


def _told(was: Course, event: CaseEvent) -> Course:
    """The part of the fold that is about contacts."""
    at, facts = event.at, event.facts
    match event.kind:
        case "contacts":
            return replace(was, contacts_known=int(facts["number"]))
        case "held":
            hold = Held(str(facts["contact"]), at, event.actor, str(facts["reason"]))
            return replace(was, holds=(*was.holds, hold), released=was.released - {hold.contact})
        case "released":
            contact = str(facts["contact"])
            kept = tuple(each for each in was.holds if contact != "all" and each.contact != contact)
            freed = was.released if contact == "all" else was.released | {contact}
            return replace(was, holds=kept, released=freed)
        case "told_early":
            return replace(was, hurried_at=at, danger_since=was.danger_since or at)
        case "attempted":
            return replace(was, attempts=_attempted(was.attempts, event))
        case "sent":
            told = was.told or (at if facts["outcome"] == "accepted" else None)
            return replace(was, attempts=_settled(was.attempts, event), told=told)
        case "confirmed":
            return replace(was, confirmed={**was.confirmed, str(facts["contact"]): at})
        case "unreachable":
            return replace(was, unreachable=was.unreachable + 1)
        case _:
            return was


def _attempted(attempts: tuple[Attempt, ...], event: CaseEvent) -> tuple[Attempt, ...]:
    facts = event.facts
    send = str(facts["send"])
    if any(each.send == send for each in attempts):
        # The same send once more, after a crash or an answer that nobody knows.
        again = (replace(each, at=event.at, tries=each.tries + 1, outcome=None, settled_at=None) for each in attempts)
        return tuple(new if old.send == send else old for new, old in zip(again, attempts, strict=True))
    return (*attempts, Attempt(send, str(facts["contact"]), int(facts["step"]), int(facts["turn"]), event.at, event.at))


def _settled(attempts: tuple[Attempt, ...], event: CaseEvent) -> tuple[Attempt, ...]:
    facts = event.facts
    outcome: Outcome = facts["outcome"]
    return tuple(
        replace(each, outcome=outcome, settled_at=event.at, code=str(facts.get("code", "")))
        if each.send == facts["send"]
        else each
        for each in attempts
    )
