"""An appeal: "you took me for a minor", "this limit is wrong". Two taps open it, and only a person's answer ends it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection, delete, func, select

from anban.base.durable import Piece, promise, still_ours
from anban.base.errors import Conflict, Forbidden
from anban.cases.appeal_effect import KEPT, About, carry_out, effect_now
from anban.cases.carrying import Carrying
from anban.cases.case import Case, CaseEvent, append, begin, events_of, locked_case
from anban.cases.models import case_notes, cases
from anban.cases.notes import add_note
from anban.cases.owed import LEAD
from anban.cases.queue import band
from anban.cases.ringing import Ring
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.models import User, users
from anban.provider.services import find as find_service
from anban.provider.staff import staff_of

log = structlog.get_logger("anban.appeals")

APPEAL: Final = "appeal"
"""The kind of the case, and of the work that watches its clock."""

GRANTED: Final = "granted"

_MACHINE: Final = "anban"


@dataclass(frozen=True, slots=True)
class Clock:
    """What an appeal's events say: when an answer is due, whether one came, and how often the leads were called."""

    opened_at: datetime
    answered_at: datetime | None
    alarms: int


@performs("minor-appeal")
def open_appeal(connection: Connection, user: User, about: About, text: str, at: datetime, rules: Rulebook) -> Case:
    """The person says that something is wrong; nothing has to be shown or explained. One is open at a time.

    Words that come along are sealed under their own key for whoever answers, and deleted some days after the answer.
    """
    case, is_new = begin(
        connection, service=user.service, user=user.id, kind=APPEAL, level=0, at=at,
        band=band(0, protected=False, newcomer=False), facts={"about": about},
    )  # fmt: skip
    if text:
        case = case if case.events else locked_case(connection, case.id)
        note = add_note(connection, case, user, "note", "user", text, at)
        case = append(connection, case, CaseEvent(f"said|{note}", "said", at, "user", {"note": note}))
    if is_new:
        _note(connection, case, Kind.COMPLAINT_RECEIVED, at, rules, "user", {"about": about})
    return locked_case(connection, case.id)


@performs("minor-appeal")
def answer_appeal(
    connection: Connection, case: Case, user: User, responder: str, granted: bool, reason: str, at: datetime,
    rules: Rulebook,
) -> Case:  # fmt: skip
    """A person decides, with a reason code. What is ours to lift is lifted, and the same signs never set it again.

    What a guardian chose or the law asks for stays as it is, also where the person is right; the event's `effect` says
    which it was (`appeal_effect`).

    Raises `Forbidden` for a machine's answer, `Conflict` for a case that is no open appeal.
    """
    if responder in ("", _MACHINE):
        raise Forbidden("only a person answers an appeal")
    if case.kind != APPEAL or not case.is_open:
        raise Conflict("this is no open appeal")
    about = about_of(case)
    outcome = GRANTED if granted else KEPT
    hours = (at - case.opened_at) / timedelta(hours=1)
    facts: dict[str, Fact] = {
        "about": about, "outcome": outcome, "reason": reason, "hours": hours,
        "late": at > case.opened_at + rules.lasting("age-appeal-hours"),
    }  # fmt: skip
    if granted:
        effect = effect_now(connection, about, user, at, rules)
        carry_out(connection, effect, user, case.id, at, rules)
        facts["effect"] = effect
    case = append(connection, case, CaseEvent("closed|0", "closed", at, responder, facts), wake=False)
    promise(connection, case.id, APPEAL, at + rules.lasting("age-proof-days"), case.band)
    _note(connection, case, Kind.COMPLAINT_ANSWERED, at, rules, "responder", facts)
    return case


def about_of(case: Case) -> str:
    """What an appeal is about. Needs the events."""
    return next((str(each.facts.get("about", "other")) for each in case.events if each.kind == "opened"), "other")


def clock_of(events: Iterable[CaseEvent]) -> Clock:
    """Fold an appeal's events: only what a person answered stops the clock."""
    opened, answered, alarms = None, None, 0
    for event in events:
        match event.kind:
            case "opened":
                opened = event.at
            case "closed" if event.actor != _MACHINE:
                answered = event.at
            case "alarmed":
                alarms += 1
            case _:
                pass
    assert opened is not None, "an appeal begins by being opened"
    return Clock(opened, answered, alarms)


def alarm_due(clock: Clock, rules: Rulebook) -> datetime | None:
    """When the leads are called next: some hours before the time runs out, and again each time those have passed."""
    if clock.answered_at is not None:
        return None
    warning = rules.lasting("appeal-warning-hours")
    return clock.opened_at + rules.lasting("age-appeal-hours") - warning + clock.alarms * warning


@performs("minor-appeal")
async def carry_appeal(piece: Piece, c: Carrying) -> datetime | None:
    """Watch the clock: call the leads before it runs out and until somebody answers; afterwards delete what was sent.

    Written down before anybody is told, so that a crash tells them twice rather than never.
    """
    ring, due_at = await c.db.write(partial(_look, piece=piece, c=c))
    if ring is not None and not await c.ringing.tell(ring, piece.id, c.clock.now()):
        log.error("appeal.nobody_told", case=piece.id)
    return due_at


def _look(connection: Connection, piece: Piece, c: Carrying) -> tuple[Ring | None, datetime | None]:
    still_ours(connection, piece)
    now = c.clock.now()
    case = locked_case(connection, piece.id)
    service = find_service(connection, case.service)
    rules = c.rules(service, frozenset(), now)
    clock = clock_of(case.events)
    if clock.answered_at is not None:
        due = clock.answered_at + rules.lasting("age-proof-days")
        if now < due:
            return None, due
        connection.execute(delete(case_notes).where(case_notes.c.case == case.id, case_notes.c.author == "user"))
        return None, None
    due = alarm_due(clock, rules)
    assert due is not None
    if now < due:
        return None, due
    every = [each for each in staff_of(connection, c.keys, service.id) if each.state == "active" and each.tier]
    leads = tuple(each for each in every if each.role == "lead" or each.tier >= LEAD) or tuple(every)
    facts: dict[str, Fact] = {"why": "appeal-due", "staff": sorted(each.id for each in leads)[:40]}
    case = append(
        connection, case, CaseEvent(f"alarmed|{clock.alarms}", "alarmed", now, _MACHINE, {"why": "appeal-due"}),
        wake=False,
    )  # fmt: skip
    _note(connection, case, Kind.DESK_ALARMED, now, rules, _MACHINE, facts)
    words, lang = c.words, service.lang
    link = f"{c.public_url}/desk"
    hours = int((clock.opened_at + rules.lasting("age-appeal-hours") - now) / timedelta(hours=1))
    text = words.render("desk.appeal-due", lang=lang, slots={"hours": str(max(0, hours)), "link": link}).text
    return Ring(leads, text, words.page(lang)["desk.subject"], link), alarm_due(clock_of(case.events), rules)


@dataclass(frozen=True, slots=True)
class Switches:
    """Wrong switches in figures: how many were switched on a suspicion, appealed, put right, kept, open and late."""

    switched: int
    appealed: int
    wrong: int
    kept: int
    open: int
    late: int


def switch_figures(connection: Connection, service: str, since: datetime, until: datetime, hours: float) -> Switches:
    """Counted from appeals about age opened in that time, and from those about a limit that turned out to be about age.

    `hours` is the parameter `age-appeal-hours`;
    `switched` are those who are in minors' mode on a suspicion now, and those whom an appeal freed.
    """
    rows = connection.execute(
        select(cases.c.id, cases.c.opened_at).where(
            cases.c.service == service, cases.c.kind == APPEAL, cases.c.opened_at >= since, cases.c.opened_at <= until
        )
    ).all()
    clocks = [(clock_of(events), events) for events in (events_of(connection, row.id) for row in rows)]
    about_age = [(clock, events) for clock, events in clocks if _about_age(events)]
    outcomes = [next((e.facts.get("outcome") for e in events if e.kind == "closed"), None) for _, events in about_age]
    ends = [(clock.opened_at, clock.answered_at or until) for clock, _ in about_age]
    now = connection.execute(
        select(func.count()).where(users.c.service == service, users.c.mode_ground == "suspected")
    ).scalar()
    wrong = outcomes.count(GRANTED)
    return Switches(
        switched=(now or 0) + wrong,
        appealed=len(about_age),
        wrong=wrong,
        kept=outcomes.count(KEPT),
        open=outcomes.count(None),
        late=sum(1 for began, ended in ends if ended - began > timedelta(hours=hours)),
    )


def _about_age(events: Sequence[CaseEvent]) -> bool:
    ended = (each.facts.get("effect") for each in events if each.kind == "closed")
    return events[0].facts.get("about") in ("age", "mode") or "restored" in ended


def _note(
    connection: Connection, case: Case, kind: Kind, at: datetime, rules: Rulebook, actor: str, facts: dict[str, Fact]
) -> None:
    told: dict[str, Fact] = {"case": case.id, **facts}
    write(connection, Entry(kind, at, case.user, actor, case.service, rules.version, told))
