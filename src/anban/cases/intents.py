"""How each thing that a case owes is written down as intended, before anything is done outside."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection

from anban.cases.carried import Carried
from anban.cases.carrying import Carrying
from anban.cases.case import Case, CaseEvent, append
from anban.cases.course import Course, course
from anban.cases.crisis import case_entry
from anban.cases.owed import Alarm, Call, CheckIn, HoldBack, OffHours, Owed, Page, Tell, Unreachable
from anban.ledger.entry import Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.outreach.channel import Letter
from anban.outreach.receipts import new_link
from anban.people.models import Contact
from anban.words.templates import Words

MESSAGES = {"self": "contact.message.self", "property": "contact.message.property"}
"""The message to a contact by theme; all other dangers are of life and health."""


@dataclass(frozen=True, slots=True)
class Written:
    """The case with one more intent in it, and what goes out for it."""

    case: Case
    letter: Letter | None = None
    told: bool = False


def write_down(connection: Connection, case: Case, act: Owed, person: Carried, c: Carrying, now: datetime) -> Written:
    """One intent: the case's own event, and its evidence, in the transaction at hand."""
    so_far = course(case.events)

    def note(kind: str, key: str, facts: dict[str, Fact], *ledger: Kind) -> Case:
        changed = append(connection, case, CaseEvent(f"{kind}|{key}", kind, now, "anban", facts), wake=False)
        for each in ledger:
            write(connection, case_entry(changed, each, now, person.rules.version, facts))
        return changed

    match act:
        case Page(tier, why):
            staff = sorted(each.staff for each in person.duty if each.tier == tier)
            paged = Kind.DESK_PAGED if why != "unclaimed" else Kind.DESK_ESCALATED
            return Written(
                note("paged", str(so_far.number("paged")), {"tier": tier, "staff": staff, "why": why}, paged)
            )
        case Call():
            # Written down when it is done: whoever goes on after a crash calls again.
            return Written(case)
        case OffHours():
            return Written(note("off_hours", str(so_far.number("off_hours")), {}))
        case Alarm(why):
            return Written(note("alarmed", str(so_far.number("alarmed")), {"why": why}, Kind.DESK_ALARMED))
        case HoldBack(contact, reason):
            facts: dict[str, Fact] = {"contact": contact, "reason": reason}
            return Written(note("held", f"{contact}|{so_far.number('held')}", facts, Kind.OUTREACH_HELD))
        case Unreachable(why):
            changed = note("unreachable", f"{why}|{so_far.cycle}", {"why": why}, Kind.OUTREACH_UNREACHABLE)
            if why == "nobody-on-file":
                person.tell_person(connection, changed, "contact.none", c.words, now)
            return Written(changed, told=True)
        case CheckIn():
            changed = note("checked_in", str(so_far.cycle), {}, Kind.CARE_CHECKED_IN)
            person.tell_person(connection, changed, "aftercare.check-in", c.words, now)
            return Written(changed, told=True)
        case Tell():
            return _tell(connection, case, act, person, c, so_far, now)
        case _:
            assert_never(act)


def _tell(
    connection: Connection, case: Case, act: Tell, person: Carried, c: Carrying, so_far: Course, now: datetime
) -> Written:
    contact = person.contact(act.contact)
    step = person.steps[act.contact][act.step]
    send = act.again.send if act.again else f"{case.id}|{act.contact}|{so_far.cycle}.{act.turn}.{act.step}"
    tries = act.again.tries + 1 if act.again else 1
    facts: dict[str, Fact] = {
        "send": send, "contact": act.contact, "step": act.step, "turn": act.turn, "channel": step.channel,
    }  # fmt: skip
    changed = append(
        connection, case, CaseEvent(f"attempted|{send}|{tries}", "attempted", now, "anban", facts), wake=False
    )
    write(
        connection, case_entry(changed, Kind.OUTREACH_ATTEMPTED, now, person.rules.version, {**facts, "tries": tries})
    )
    token = new_link(
        connection, case=case.id, user=case.user, contact=act.contact, at=now,
        expires_at=now + person.rules.lasting("receipt-link-hours"),
    )  # fmt: skip
    link = f"{c.public_url}/seen/{token}"
    text = _message(person, contact, so_far.theme, link, c.words)
    words = c.words.page(person.lang)
    subject = words["contact.subject"]
    if case.is_drill:
        text, subject = f"{words['drill.mark']}\n{text}", f"{words['drill.mark']}{subject}"
    return Written(changed, Letter(send, step.route, step.address, subject, text, link, now))


def _message(person: Carried, contact: Contact, theme: str, link: str, words: Words) -> str:
    page = words.page(person.lang)
    relation = page["contact.relation.guardian" if contact.kind == "guardian" else "contact.relation.emergency"]
    return words.render(
        MESSAGES.get(theme, "contact.message.health"),
        lang=person.lang,
        audience=person.standing.audience,
        slots={
            "service": page["service.name"],
            "called": contact.calls or page["contact.called"],
            "relation": relation,
            "link": link,
        },
    ).text
