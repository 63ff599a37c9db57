"""Carries a crisis case on the slow clock: intents in one transaction, acts outside, results in another.

A crash between any two of them is repaired by whoever takes the work up next: what was meant to be sent and has no
result is sent again under the same id (reliability rules R1 and R2).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from anban.base.crashpoint import crashpoint
from anban.base.durable import Piece, still_ours
from anban.base.errors import told as gone_wrong
from anban.cases.carried import Carried, carried
from anban.cases.carrying import Carrying
from anban.cases.case import Case, CaseEvent, append, locked_case
from anban.cases.course import course
from anban.cases.crisis import case_entry
from anban.cases.intents import write_down
from anban.cases.owed import Call, CheckIn, Owed, owed
from anban.cases.ringing import Ring
from anban.ledger.entry import Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.outreach.channel import Letter, Outcome
from anban.people.approach import in_quiet

log = structlog.get_logger("anban.cases")

TRIED_AGAIN = timedelta(seconds=5)
"""How soon an act that failed by our own fault is tried again."""

MOST_ROUNDS = 20
"""Rounds of intent and result in one go; afterwards the work is given back and taken up anew."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What was written down as intended, and is done outside the transaction."""

    case: Case
    rulebook: str
    letters: tuple[tuple[Carried, Letter], ...] = ()
    rings: tuple[Ring, ...] = ()
    due_at: datetime | None = None
    told: bool = False
    more: bool = False
    """Whether what was written down makes something else owed at once."""


async def carry_crisis(piece: Piece, c: Carrying) -> datetime | None:
    """Do everything the case owes by now; when something is owed next, or None. Raises `Overtaken`, `StorageFailed`."""
    for _ in range(MOST_ROUNDS):
        plan = await c.db.write(partial(_intend, piece=piece, c=c), urgent=True)
        crashpoint("case.intended")
        if plan.told or plan.letters or plan.rings:
            c.changed(plan.case.user)
        if not plan.letters and not plan.rings:
            if plan.more:
                continue
            return plan.due_at
        outcomes, _ = await asyncio.gather(_send(plan, c), c.ringing.ring(plan.rings, plan.case, c.clock.now()))
        crashpoint("case.sent")
        if plan.letters or plan.rings:
            await c.db.write(partial(_conclude, piece=piece, c=c, plan=plan, outcomes=outcomes), urgent=True)
            crashpoint("case.concluded")
            c.changed(plan.case.user)
    return c.clock.now()


def _intend(connection: Connection, piece: Piece, c: Carrying) -> Plan:
    """Write down what is owed now; nothing has happened yet."""
    still_ours(connection, piece)
    now = c.clock.now()
    case = locked_case(connection, piece.id)
    person = carried(connection, case, c.keys, c.rules, c.outreach, now)
    acts, due_at = _owed(case, person, now)
    if not acts:
        return Plan(case, person.rules.version, due_at=due_at)
    letters: list[tuple[Carried, Letter]] = []
    rings: list[Ring] = []
    told, broke = False, False
    for act in acts:
        try:
            with connection.begin_nested():
                written = write_down(connection, case, act, person, c, now)
                ring = c.ringing.of(connection, case, act, person, now) if isinstance(act, Call) else None
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - what is wrong with one thing owed never keeps the others from being done
            broke = True
            log.critical("case.act_failed", case=case.id, act=type(act).__name__, **gone_wrong(error))
            continue
        case, told = written.case, told or written.told
        if written.letter is not None:
            letters.append((person, written.letter))
        if ring is not None:
            rings.append(ring)
    more, due_at = _owed(case, person, now)
    if broke:
        due_at = now + TRIED_AGAIN
    return Plan(case, person.rules.version, tuple(letters), tuple(rings), due_at, told, bool(more) and not broke)


def _owed(case: Case, person: Carried, now: datetime) -> tuple[Sequence[Owed], datetime | None]:
    """What is owed now, and when something is next. Whoever left is not asked how they are before the quiet is over."""
    acts, due_at = owed(course(case.events), person.reach, person.tiers, person.rules, now)
    quiet = in_quiet(person.user, now)
    if quiet is None or not any(isinstance(each, CheckIn) for each in acts):
        return acts, due_at
    kept = [each for each in acts if not isinstance(each, CheckIn)]
    return kept, quiet if due_at is None else min(due_at, quiet)


async def _send(plan: Plan, c: Carrying) -> Sequence[Outcome]:
    """Every letter at once: nobody waits for somebody else's slow channel."""
    return await asyncio.gather(
        *(c.outreach.send(person.channel_of(letter), letter) for person, letter in plan.letters)
    )


def _conclude(connection: Connection, piece: Piece, c: Carrying, plan: Plan, outcomes: Sequence[Outcome]) -> None:
    """Write down how each send ended. The first that was taken is told to the person, where that is safe."""
    still_ours(connection, piece)
    case, now = locked_case(connection, piece.id), c.clock.now()
    for ring in plan.rings:
        number = course(case.events).number("rung")
        reached = "called" if any(each.routes for each in ring.staff) else "nobody"
        rung = CaseEvent(f"rung|{number}", "rung", now, "anban", {"tier": ring.tier, "reached": reached})
        case = append(connection, case, rung, wake=False)
    for (person, letter), outcome in zip(plan.letters, outcomes, strict=True):
        so_far = course(case.events)
        tries = next((each.tries for each in so_far.attempts if each.send == letter.send), 1)
        facts: dict[str, Fact] = {
            "send": letter.send,
            "outcome": outcome.state,
            "channel": outcome.channel,
            "code": outcome.code[:60],
        }
        case = append(
            connection, case, CaseEvent(f"sent|{letter.send}|{tries}", "sent", now, "anban", facts), wake=False
        )
        write(connection, case_entry(case, Kind.OUTREACH_SENT, now, plan.rulebook, facts))
        if outcome.state == "accepted" and so_far.told is None:
            person.tell_person(connection, case, "contact.told", c.words, now)
