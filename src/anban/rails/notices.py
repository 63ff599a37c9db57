"""Notices a person is owed: which is due, one at a time, and none before comfort in a crisis turn."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from anban.conversations.sessions import Session
from anban.conversations.shown import MEMORY, Given
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.kinds import Kind

SHOWN = {"break": Kind.NOTICE_BREAK_SHOWN}
CONFIRMED = {"break": Kind.NOTICE_BREAK_CONFIRMED}


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that must be given now. `window` makes it unique; `again` is one that the app never confirmed."""

    kind: str
    window: str
    template: str
    slots: dict[str, str] = field(default_factory=dict[str, str])
    again: Given | None = None


def shown_kind(notice: str) -> Kind:
    """The ledger kind that says this notice was shown."""
    return SHOWN.get(notice, Kind.NOTICE_AI_SHOWN)


def confirmed_kind(notice: str) -> Kind:
    """The ledger kind that says the person's app confirmed it."""
    return CONFIRMED.get(notice, Kind.NOTICE_AI_CONFIRMED)


def due(
    session: Session | None,
    given: tuple[Given, ...],
    rules: Rulebook,
    at: datetime,
    *,
    login: str | None,
    returned: bool,
    begins: bool,
) -> Due | None:
    """The one notice for this turn, or None: the break first, then the AI notice (product section 4.5).

    `begins` tells, where no person is known, that the conversation starts here. A notice that loses waits for the next
    turn, since it stays due. One that the app was given to show and has not confirmed in time comes in the reply.
    """
    late = rules.lasting("notice-confirm-seconds")
    unconfirmed = next((g for g in given if g.way == "event" and g.shown_at is None and at - g.at >= late), None)
    pause = break_due(session, given, rules) if session is not None else None
    first = ai_notice_due(session, given, rules, login=login, returned=returned, begins=begins)
    if unconfirmed is not None and (pause is None or unconfirmed.kind == "break"):
        return _again(unconfirmed, rules)
    return pause or first


@performs("break-reminder", "minor-break-notice")
def break_due(session: Session, given: Iterable[Given], rules: Rulebook) -> Due | None:
    """A reminder to pause once continuous use has passed another whole interval (draft art 17, final art 18)."""
    if not rules.sets("break-interval"):
        return None  # California asks it for known minors only
    interval = rules.lasting("break-interval").total_seconds()
    passed = int(session.seconds // interval)
    window = f"{session.id}|{passed}"
    if passed < 1 or any(each.kind == "break" and each.window == window for each in given):
        return None
    return Due("break", window, "notice.break", _hours(passed, rules))


@performs("ai-disclosure")
def ai_notice_due(
    session: Session | None,
    given: tuple[Given, ...],
    rules: Rulebook,
    *,
    login: str | None,
    returned: bool,
    begins: bool,
) -> Due | None:
    """The notice that this is AI: at first use and at each new log-in (draft art 16(1), final art 18)."""
    occasions = rules.names("ai-notice-occasions")
    told = {each.window for each in given if each.kind == "ai.first"}
    if session is None:
        return Due("ai.first", "unknown", "notice.ai.first") if begins else None
    if "first-use" in occasions and not told and len(given) < MEMORY:
        return Due("ai.first", f"login|{login}" if login else "first", "notice.ai.first")
    if "new-login" not in occasions:
        return None
    window = f"login|{login}" if login else f"return|{session.id}" if returned else None
    return Due("ai.first", window, "notice.ai.first") if window and window not in told else None


def _again(given: Given, rules: Rulebook) -> Due:
    if given.kind == "break":
        passed = int(given.window.rpartition("|")[2])
        return Due("break", given.window, "notice.break", _hours(passed, rules), given)
    return Due(given.kind, given.window, "notice.ai.first", again=given)


def _hours(intervals: int, rules: Rulebook) -> dict[str, str]:
    return {"hours": f"{intervals * rules.lasting('break-interval').total_seconds() / 3600:g}"}
