"""Someone is in danger: the case that is durable before any word claims it (draft art 11(3), final art 13).

This file holds what happens at once. Paging the desk, calling the contact and aftercare are promises of the same case,
carried out on the slow clock.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from anban.cases.case import Case, CaseEvent, append, begin
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.models import users
from anban.risk.ladder import LIFE_NAMES
from anban.risk.models import Held
from anban.risk.record import KEPT_UNTIL_LOWERED, held_level, keep


@dataclass(frozen=True, slots=True)
class Danger:
    """One message that shows a person in danger: everything a case needs, and no words.

    `conversation` is a keyed digest; `before` is the life level the person was held at until now.
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


def open_crisis(connection: Connection, danger: Danger) -> Case:
    """Open the person's crisis case, or add this to the open one; in one transaction with level and evidence.

    Doing it twice for one decision does it once.
    """
    case, is_new = begin(
        connection,
        service=danger.service,
        user=danger.user,
        kind="crisis",
        level=danger.level,
        at=danger.at,
        facts={"theme": danger.theme, "decision": danger.decision, "late": danger.late},
    )
    higher = danger.level > case.level
    if not is_new:
        # Repeats of one person merge into their case: a flood of messages is still one person to reach.
        kind, once = ("raised", danger.decision) if higher else ("seen", f"{danger.at:%Y%m%d%H}")
        facts = {"level": danger.level, "theme": danger.theme, "decision": danger.decision}
        case = append(connection, case, CaseEvent(f"{kind}|{once}", kind, danger.at, "anban", facts))
    hold(connection, danger.user, danger.held)
    if is_new or higher:
        write(connection, _entry(danger, Kind.CASE_CRISIS_OPENED if is_new else Kind.CASE_CRISIS_RAISED, case.id))
    if danger.held.life > danger.before:
        write(connection, _entry(danger, Kind.RISK_LEVEL_CHANGED, case.id))
    # The words follow within the same second; that they were chosen is committed with the case.
    write(connection, _entry(danger, Kind.HELP_OFFERED, case.id))
    return case


def hold(connection: Connection, user: str, held: Held) -> None:
    """Keep a person's level. A high one that another replica kept meanwhile stays: down from there only people lead."""
    connection.execute(select(users.c.id).where(users.c.id == user).with_for_update())
    current = held_level(connection, user)
    if current.life >= KEPT_UNTIL_LOWERED and current.life > held.life:
        held = replace(held, life=current.life, since=current.since, set_by=current.set_by, reasons=current.reasons)
    keep(connection, user, held)


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
        },
        late=danger.late,
    )
