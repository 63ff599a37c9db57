"""Notices a person is owed: which is due, one at a time, and none before comfort in a crisis turn."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from anban.conversations.sessions import Session
from anban.conversations.shown import MEMORY, Given
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.kinds import Kind
from anban.rails.reminders import NOBODY, Due, Person, first_of, reminders_due

SHOWN = {
    "ai.first": Kind.NOTICE_AI_SHOWN,
    "break": Kind.NOTICE_BREAK_SHOWN,
    "mode.minor": Kind.NOTICE_MODE_SHOWN,
    "soon": Kind.NOTICE_LIMIT_SHOWN,
    "preview": Kind.NOTICE_LIMIT_SHOWN,
    "own-limit": Kind.NOTICE_LIMIT_SHOWN,
    "reality": Kind.NOTICE_REALITY_SHOWN,
    "dependence": Kind.NOTICE_DEPENDENCE_SHOWN,
    "guide": Kind.NOTICE_GUIDANCE_SHOWN,
    "setup": Kind.NOTICE_CONTACT_SHOWN,
}
CONFIRMED = {"ai.first": Kind.NOTICE_AI_CONFIRMED, "break": Kind.NOTICE_BREAK_CONFIRMED}


def shown_kind(notice: str) -> Kind:
    """The ledger kind that says this notice was shown."""
    return SHOWN[notice]


def confirmed_kind(notice: str) -> Kind | None:
    """The ledger kind that says the person's app confirmed it; None where being shown is all that is kept."""
    return CONFIRMED.get(notice)


def due(
    session: Session | None,
    given: tuple[Given, ...],
    rules: Rulebook,
    at: datetime,
    *,
    login: str | None,
    returned: bool,
    begins: bool,
    person: Person = NOBODY,
) -> Due | None:
    """The one notice for this turn, or None, in a fixed order (product section 4.5).

    `begins` tells, where no person is known, that the conversation starts here. A notice that loses waits for the next
    turn, since it stays due. One that the app was given to show and has not confirmed in time comes in the reply.
    """
    first = ai_notice_due(session, given, rules, login=login, returned=returned, begins=begins)
    return first_of(
        (*_unconfirmed(session, given, rules, at, person), *timed(session, given, rules, person), *_some(first))
    )


def timed(session: Session | None, given: tuple[Given, ...], rules: Rulebook, person: Person) -> tuple[Due, ...]:
    """What comes due with time alone, whether or not somebody writes, in no order."""
    pause = break_due(session, given, rules) if session is not None else None
    return (*_some(pause), *reminders_due(session, given, rules, person))


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


def _unconfirmed(
    session: Session | None, given: tuple[Given, ...], rules: Rulebook, at: datetime, person: Person
) -> Iterator[Due]:
    """What the app was given to show and has not confirmed in time, as far as it is still so."""
    late = rules.lasting("notice-confirm-seconds")
    for each in given:
        if each.way != "event" or each.shown_at is not None or at - each.at < late:
            continue
        match each.kind:
            case "break":
                passed = int(each.window.rpartition("|")[2])
                yield Due("break", each.window, "notice.break", _hours(passed, rules), each)
            case "ai.first":
                yield Due("ai.first", each.window, "notice.ai.first", again=each)
            case _:
                others = tuple(other for other in given if other is not each)
                for due in reminders_due(session, others, rules, person):
                    if (due.kind, due.window) == (each.kind, each.window):
                        yield replace(due, again=each)


def _some(due: Due | None) -> tuple[Due, ...]:
    return () if due is None else (due,)


def _hours(intervals: int, rules: Rulebook) -> dict[str, str]:
    return {"hours": f"{intervals * rules.lasting('break-interval').total_seconds() / 3600:g}"}
