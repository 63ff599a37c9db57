"""Once a day, when the night is over: how somebody lives with the companion, kept as their level of dependence."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection, func, select

from anban.base.durable import Piece, promise, still_ours, work
from anban.base.times import aware
from anban.cases.carrying import Carrying
from anban.cases.crisis import hold
from anban.conversations.models import sessions
from anban.conversations.usage import Day, days_of
from anban.conversations.usage_models import usage_days
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.family_models import spending
from anban.people.limits import limits_of
from anban.people.models import users
from anban.provider.models import Service
from anban.provider.services import find
from anban.risk.dependence import RECENT, USUAL, Index, Life, UsedDay, index
from anban.risk.ladder import DEPENDENCE_NAMES
from anban.risk.models import Held
from anban.risk.record import decayed, held_level

log = structlog.get_logger("anban.usage")

USAGE_DAY = "usage-day"
"""The kind of work, and the beginning of its id: one row for each service."""

AT_A_TIME = 50
"""People in one transaction, so that nobody who writes waits for many."""

LAST = 98
"""The place of the daily look among all work: behind every person."""

Forget = Callable[[str, str], None]
"""Makes a process read somebody anew: service and the service's name for them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A person whose level moved."""

    user: str
    ref: str


def promise_usage_day(connection: Connection, service: str, rules: Rulebook, at: datetime) -> None:
    """From a service's first start on, each day is looked at; starting again moves nothing."""
    identifier = f"{USAGE_DAY}|{service}"
    if connection.execute(select(work.c.id).where(work.c.id == identifier)).first() is None:
        promise(connection, identifier, USAGE_DAY, next_look(rules, at), LAST)


def next_look(rules: Rulebook, at: datetime) -> datetime:
    """The next time of day at which the day before is whole, where the service's law applies."""
    local = at.astimezone(rules.texts[0].zone)
    hours, _, minutes = rules.text("usage-day-at").partition(":")
    today = datetime.combine(local.date(), time(int(hours), int(minutes)), local.tzinfo)
    return (today if today > at else today + timedelta(days=1)).astimezone(UTC)


async def carry_usage_day(piece: Piece, c: Carrying, forget: Forget) -> datetime:
    """Look at everybody who was here the day before. A crash in the middle looks at the rest, or at some again."""
    now = c.clock.now()
    service = await c.db.read(lambda connection: find(connection, piece.id.partition("|")[2]))
    rules = c.rules(service, frozenset(), now)
    yesterday = now.astimezone(rules.texts[0].zone).date() - timedelta(days=1)
    cursor, moved = "", 0
    while True:
        look = partial(_look, piece=piece, service=service, rules=rules, day=yesterday, now=now, after=cursor)
        cursor, seen = await c.db.write(look)
        for each in seen:
            forget(service.id, each.ref)
        moved += len(seen)
        if not cursor:
            break
    log.info("usage.looked_at", service=service.id, moved=moved)
    return next_look(rules, now)


def _look(
    connection: Connection, piece: Piece, service: Service, rules: Rulebook, day: date, now: datetime, after: str
) -> tuple[str, list[Seen]]:
    still_ours(connection, piece)
    rows = connection.execute(
        select(users.c.id, users.c.ref)
        .where(users.c.service == service.id, users.c.id > after)
        .where(users.c.id.in_(select(usage_days.c.user).where(usage_days.c.day >= day.isoformat())))
        .order_by(users.c.id)
        .limit(AT_A_TIME)
    ).all()
    seen = [Seen(row.id, row.ref) for row in rows if _looked_at(connection, row.id, service, rules, day, now)]
    return (rows[-1].id if len(rows) == AT_A_TIME else ""), seen


def _looked_at(connection: Connection, user: str, service: Service, rules: Rulebook, day: date, now: datetime) -> bool:
    """Keep what the index says of one person; True when something of it was kept.

    While somebody is held for life or property, those come first and nothing is kept. What was said in words since the
    last look counts; what the index said then counts for nothing now.
    """
    held = decayed(held_level(connection, user), now, rules.lasting("risk-decay-hours"))
    if held.life or held.property:
        return False
    said = held.set_by == "rule" and held.dependence > 0
    found = index(life_of(connection, user, rules, day, now, words=said), rules)
    if found is None:
        return False
    level = max(found.level, held.dependence if said else 0)
    if level == held.dependence == 0:
        return False
    moved = level != held.dependence
    hold(connection, user, Held(0, 0, level, now if moved else held.since, now, "usage", found.reasons()))
    if moved:
        told = _told(held, level, found)
        write(connection, Entry(Kind.RISK_LEVEL_CHANGED, now, user, "anban", service.id, rules.version, told))
    return True


def life_of(connection: Connection, user: str, rules: Rulebook, today: date, now: datetime, *, words: bool) -> Life:
    """What the index goes by, read for one person up to the end of the night after `today`."""
    first = today - timedelta(days=RECENT + USUAL)
    days = days_of(connection, user, first, today + timedelta(days=1))
    oldest = connection.execute(select(func.min(usage_days.c.day)).where(usage_days.c.user == user)).scalar()
    week = now - timedelta(days=RECENT)
    own = limits_of(connection, user).get("self")
    spent, usually = _spending(connection, user, week)
    return Life(
        today,
        date.fromisoformat(oldest) if oldest else today,
        tuple(UsedDay(each.day, each.seconds, each.hours) for each in days),
        _returns(connection, user, week, rules.lasting("dependence-return-minutes")),
        _failed(days, today, own.minutes if own is not None else None),
        words,
        spent,
        usually,
    )


def _returns(connection: Connection, user: str, since: datetime, soon: timedelta) -> int:
    """How often a new session began within `soon` of leaving."""
    rows = connection.execute(
        select(sessions.c.opened_at, sessions.c.left_at)
        .where(sessions.c.user == user, sessions.c.opened_at >= since)
        .order_by(sessions.c.opened_at)
    ).all()
    pairs = zip(rows, rows[1:], strict=False)
    return sum(
        one.left_at is not None and timedelta() <= aware(other.opened_at) - aware(one.left_at) <= soon
        for one, other in pairs
    )


def _failed(days: Iterable[Day], today: date, minutes: int | None) -> int:
    if minutes is None:
        return 0
    first = today - timedelta(days=RECENT - 1)
    return sum(first <= each.day <= today and each.seconds > minutes * 60 for each in days)


def _spending(connection: Connection, user: str, week: datetime) -> tuple[float, float]:
    """What was asked for in the last week and in an average week before, allowed or not: asking shows it too."""
    rows = connection.execute(
        select(spending.c.at, spending.c.amount).where(
            spending.c.user == user, spending.c.at >= week - timedelta(days=USUAL)
        )
    ).all()
    recent = sum(row.amount for row in rows if aware(row.at) >= week)
    before = sum(row.amount for row in rows if aware(row.at) < week)
    return float(recent), before / (USUAL / RECENT)


def _told(held: Held, level: int, found: Index) -> dict[str, Fact]:
    return {
        "track": "dependence",
        "before": DEPENDENCE_NAMES[held.dependence],
        "after": DEPENDENCE_NAMES[level],
        "score": round(found.score, 3),
        "signs": [f"{part.sign}:{part.amount:g}" for part in found.parts],
    }
