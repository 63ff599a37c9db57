"""Someone is in danger: the case that is durable before any word claims it (draft art 11(3), final art 13).

This file holds what happens at once. What is owed next stands in `owed.py`, and is carried out by `carry.py`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from anban.base.crashpoint import crashpoint
from anban.base.times import aware
from anban.cases.case import Case, CaseEvent, append, begin
from anban.cases.course import course
from anban.cases.queue import band
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.contacts import SAID_NO
from anban.people.models import contacts, users
from anban.provider.rota import on_duty
from anban.risk.ladder import LIFE_NAMES
from anban.risk.models import Held
from anban.risk.record import KEPT_UNTIL_LOWERED, held_level, keep

CRISIS = "crisis"


@dataclass(frozen=True, slots=True)
class Danger:
    """One message that shows a person in danger: everything a case needs, and no words.

    `conversation` is a keyed digest; `before` is the life level the person was held at until now. `newcomer_hours` is
    the parameter of that name.
    """

    service: str
    user: str
    conversation: str
    decision: str
    rulebook: str
    at: datetime
    level: int
    theme: str
    before: int
    held: Held
    template: str
    late: bool = False
    audience: str = "adult"
    newcomer_hours: float = 24.0
    drill: bool = False
    """Of a drill, and nobody is in danger: whoever is called must see that."""


def open_crisis(connection: Connection, danger: Danger) -> Case:
    """Open the person's crisis case, or add this to the open one; in one transaction with level and evidence.

    Doing it twice for one decision does it once. The desk is paged in the same transaction, so that the words that
    follow may say so; and that something is owed is promised in it, so that a crash loses nothing.
    """
    place = _place(connection, danger)
    case, is_new = begin(
        connection, service=danger.service, user=danger.user, kind=CRISIS, level=danger.level, at=danger.at,
        band=place,
        facts={
            "theme": danger.theme, "decision": danger.decision, "late": danger.late,
            **({"drill": True} if danger.drill else {}),
        },
    )  # fmt: skip
    crashpoint("case.begun")
    higher = danger.level > case.level
    # A case that began as a wish for a person becomes a crisis with the first sign of danger.
    first = is_new or case.level < 2 <= danger.level
    again = not is_new and case.state == "handed_back" and danger.level >= KEPT_UNTIL_LOWERED
    if not is_new:
        # Repeats of one person merge into their case: a flood of messages is still one person to reach.
        if again:
            kind, once = "reopened", danger.decision
        elif higher:
            kind, once = "raised", danger.decision
        else:
            kind, once = "seen", f"{danger.at:%Y%m%d%H}"
        facts = {"level": max(danger.level, case.level), "theme": danger.theme, "decision": danger.decision}
        event = CaseEvent(f"{kind}|{once}", kind, danger.at, "anban", facts)
        case = append(connection, case, event, band=min(place, case.band), wake=kind != "seen")
    if first:
        case = _contacts_known(connection, case, danger)
    if is_new or higher:
        write(connection, _entry(danger, Kind.CASE_CRISIS_OPENED if first else Kind.CASE_CRISIS_RAISED, case.id))
    if again:
        write(connection, _entry(danger, Kind.CASE_REOPENED, case.id))
    if (is_new or higher or again) and not danger.late:
        # What comes late is paged by whoever carries it, by the time it then is.
        case = page_at_once(connection, case, danger.at, danger.rulebook)
    hold(connection, danger.user, danger.held)
    if danger.held.life > danger.before:
        write(connection, _entry(danger, Kind.RISK_LEVEL_CHANGED, case.id))
    # The words follow within the same second; that they were chosen is committed with the case.
    write(connection, _entry(danger, Kind.HELP_OFFERED, case.id))
    return case


def page_at_once(connection: Connection, case: Case, at: datetime, rulebook: str) -> Case:
    """Page whoever is first on duty, or write down that nobody is. An L2 alone wakes nobody."""
    so_far = course(case.events)
    if so_far.claimed_by is not None or (case.level < KEPT_UNTIL_LOWERED and not so_far.requested):
        return case
    duty = on_duty(connection, case.service, at)
    if not duty:
        off = CaseEvent(f"off_hours|{so_far.number('off_hours')}", "off_hours", at, "anban", {})
        return append(connection, case, off)
    tier = min(each.tier for each in duty)
    staff = sorted(each.staff for each in duty if each.tier == tier)
    facts: dict[str, Fact] = {"tier": tier, "staff": staff, "why": "opened"}
    write(connection, case_entry(case, Kind.DESK_PAGED, at, rulebook, facts))
    return append(connection, case, CaseEvent(f"paged|{so_far.number('paged')}", "paged", at, "anban", facts))


def hold(connection: Connection, user: str, held: Held) -> None:
    """Keep a person's level. A high one that another replica kept meanwhile stays: down from there only people lead."""
    connection.execute(select(users.c.id).where(users.c.id == user).with_for_update())
    current = held_level(connection, user)
    if current.life >= KEPT_UNTIL_LOWERED and current.life > held.life:
        held = replace(held, life=current.life, since=current.since, set_by=current.set_by, reasons=current.reasons)
    keep(connection, user, held)


def case_entry(
    case: Case, kind: Kind, at: datetime, rulebook: str, facts: dict[str, Fact], actor: str = "anban"
) -> Entry:
    """A ledger entry about this case: ids and kinds, never words, names or addresses."""
    told: dict[str, Fact] = {"case": case.id, "level": LIFE_NAMES[case.level], **facts}
    if case.is_drill:
        told["drill"] = True
    return Entry(kind, at, case.user, actor, case.service, rulebook, told)


def place_of(connection: Connection, user: str, level: int, audience: str, at: datetime, newcomer_hours: float) -> int:
    """This person's band in the queue, by level, age group and how long they have been known."""
    since = connection.execute(select(users.c.first_seen).where(users.c.id == user)).scalar()
    newcomer = since is None or at - aware(since) < timedelta(hours=newcomer_hours)
    return band(level, protected=audience in ("minor", "elder"), newcomer=newcomer)


def _place(connection: Connection, danger: Danger) -> int:
    if danger.drill:
        # Nobody waits behind a drill.
        return band(0, protected=False, newcomer=True)
    return place_of(connection, danger.user, danger.level, danger.audience, danger.at, danger.newcomer_hours)


def _contacts_known(connection: Connection, case: Case, danger: Danger) -> Case:
    """How many there are to tell, so that words may say what will happen before anybody was told."""
    number = connection.execute(
        select(func.count())
        .select_from(contacts)
        .where(contacts.c.user == case.user, contacts.c.unsafe == "", contacts.c.state.not_in(SAID_NO))
    ).scalar()
    return append(connection, case, CaseEvent("contacts", "contacts", danger.at, "anban", {"number": number or 0}))


def _entry(danger: Danger, kind: Kind, case: str) -> Entry:
    return Entry(
        kind=kind,
        at=danger.at,
        subject=danger.user,
        actor="anban",
        service=danger.service,
        rulebook=danger.rulebook,
        facts={
            "case": case,
            "level": LIFE_NAMES[danger.level],
            "theme": danger.theme,
            "decision": danger.decision,
            "before": LIFE_NAMES[danger.before],
            "conversation": danger.conversation,
            "template": danger.template,
            **({"drill": True} if danger.drill else {}),
        },
        late=danger.late,
    )
