"""Crisis drills come back each month: what one found, when the next is due, and who is told that it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import Connection, select

from anban.base.durable import Piece, promise, still_ours, work
from anban.base.times import aware
from anban.cases.carrying import Carrying
from anban.cases.owed import LEAD
from anban.cases.ringing import Ring
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.ledger.reading import for_subject, of_kind
from anban.provider.services import find
from anban.provider.staff import staff_of

log = structlog.get_logger("anban.drills")

DRILL = "drill"
"""The kind of work, and the beginning of its id: one row for each service."""

CRISIS_DRILL = "crisis"
"""The drill that the schedule asks for; others are kept as evidence and asked for by nobody."""

DUE = "drill-due"
"""Why the leads are called, in the evidence."""

LAST = 99
"""The place of drills among all work: behind every person."""

LOOKED_AT = 500
"""Newest drills among which the one that counts is looked for; several services share a ledger."""


@dataclass(frozen=True, slots=True)
class Drilled:
    """One drill that was run: its name, how it ended, and seconds for each step that happened."""

    name: str
    at: datetime
    passed: bool
    steps: Mapping[str, float]


def record_drill(connection: Connection, service: str, rulebook: str, drilled: Drilled) -> None:
    """Write down that a drill was run: its name, how it ended, seconds per step; never a word."""
    facts: dict[str, Fact] = {"drill": drilled.name, "passed": drilled.passed}
    facts |= {f"seconds.{step.replace('-', '_')}": float(seconds) for step, seconds in drilled.steps.items()}
    write(connection, Entry(Kind.DRILL_RUN, drilled.at, service, "administrator", service, rulebook, facts))


def drills_run(connection: Connection, service: str, most: int) -> tuple[Drilled, ...]:
    """The newest drills of a service, newest first."""
    found = [each.entry for each in of_kind(connection, Kind.DRILL_RUN, LOOKED_AT) if each.entry.service == service]
    return tuple(_read(entry) for entry in reversed(found[-most:]))


def next_due(connection: Connection, service: str, rules: Rulebook) -> datetime | None:
    """When the next crisis drill is due; None when none has ever passed. One that failed proves nothing and counts
    for nothing."""
    passed = [each for each in drills_run(connection, service, LOOKED_AT) if each.passed and each.name == CRISIS_DRILL]
    return None if not passed else passed[0].at + rules.lasting("drill-days")


def promise_drill(connection: Connection, service: str, rules: Rulebook, at: datetime) -> None:
    """From a service's first start on, drills are due; starting again moves nothing."""
    identifier = f"{DRILL}|{service}"
    if connection.execute(select(work.c.id).where(work.c.id == identifier)).first() is None:
        due = next_due(connection, service, rules) or at + rules.lasting("drill-days")
        promise(connection, identifier, DRILL, due, LAST)


def first_due(connection: Connection, service: str) -> datetime | None:
    """For a service where no drill has passed yet: when the first is due, or was. None before its first start."""
    for each in for_subject(connection, service):
        if each.entry.kind is Kind.DESK_ALARMED and each.entry.facts.get("why") == DUE:
            return each.entry.at
    found = connection.execute(select(work.c.due_at).where(work.c.id == f"{DRILL}|{service}")).scalar()
    return aware(found) if found else None


@performs("crisis-drill")
async def carry_drill(piece: Piece, c: Carrying) -> datetime | None:
    """Tell the leads when a crisis drill is due, and again each week until one has passed.

    Written down before anybody is told, so that a crash tells them twice rather than never.
    """
    ring, due_at = await c.db.write(partial(_look, piece=piece, c=c))
    if ring is not None and not await c.ringing.tell(ring, piece.id, c.clock.now()):
        log.error("drill.nobody_told", work=piece.id)
    return due_at


def _look(connection: Connection, piece: Piece, c: Carrying) -> tuple[Ring | None, datetime]:
    still_ours(connection, piece)
    now = c.clock.now()
    service = find(connection, piece.id.partition("|")[2])
    rules = c.rules(service, frozenset(), now)
    due = next_due(connection, service.id, rules)
    if due is not None and due > now:
        return None, due
    every = [each for each in staff_of(connection, c.keys, service.id) if each.state == "active" and each.tier]
    leads = tuple(each for each in every if each.role == "lead" or each.tier >= LEAD) or tuple(every)
    facts: dict[str, Fact] = {"why": DUE, "staff": sorted(each.id for each in leads)[:40]}
    write(connection, Entry(Kind.DESK_ALARMED, now, service.id, "anban", service.id, rules.version, facts))
    ring = c.ringing.about_drills(leads, service.lang)
    return ring, now + rules.lasting("drill-again-days")


def _read(entry: Entry) -> Drilled:
    seconds = {
        name.partition(".")[2].replace("_", "-"): value
        for name, value in entry.facts.items()
        if name.startswith("seconds.") and isinstance(value, int | float)
    }
    return Drilled(str(entry.facts.get("drill", "")), entry.at, entry.facts.get("passed") is True, seconds)
