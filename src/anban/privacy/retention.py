"""Each day, what is past its days is deleted, unless a hold says otherwise; and the ledger tells what went.

Which table ages, and from when, stands in `tables.yaml`; the days are parameters. One row of durable work a service
does it in small transactions, each with its own evidence, so that it may stop anywhere and go on.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, delete, func, not_, or_, select, tuple_

from anban.base.clock import Clock
from anban.base.crashpoint import crashpoint
from anban.base.db import Database, metadata
from anban.base.durable import Piece, promise, still_ours, work
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.models import users
from anban.privacy.data_map import DAYS, Plan, data_map
from anban.privacy.models import legal_holds
from anban.privacy.network_log import (
    check,
    checked_out,
    days_waiting,
    delete_some,
    digest_of,
    expired_days,
    network_log,
    sum_up,
    tell_check,
)
from anban.provider.models import Service
from anban.provider.services import Rules, find

log: Any = structlog.get_logger("anban.retention")

RETENTION: Final = "retention"
"""The kind of work, and the beginning of its id: one row for each service."""

AT_A_TIME: Final = 500
"""Rows in one transaction, so that nobody who writes waits for many."""

LAST: Final = 99
"""The place of the sweep among all work: behind everything."""

STILL_LOOKING: Final = 5.0
"""Seconds after which a look that goes on says that it does, so that nobody else takes the work up beside it."""

Key = tuple[Any, ...]

T = TypeVar("T")

Held = Callable[[], Select[tuple[str]]]
"""The ids of those about whom nothing goes by time for now, as a question to the database."""


@dataclass(frozen=True)
class Sweeping:
    """What the sweep needs. `held` comes from above: who has an open case is not this room's to know."""

    db: Database
    clock: Clock
    rules: Rules
    held: Held


@dataclass(frozen=True)
class Cut:
    """What decides whether a row goes: whose service (empty: anybody's), which rules, what time it is, who is held."""

    service: str
    rules: Rulebook
    now: datetime
    held: tuple[Select[tuple[str]], ...]


def promise_retention(connection: Connection, service: str, rules: Rulebook, at: datetime) -> None:
    """From a service's first start on, each day is swept; starting again moves nothing."""
    identifier = f"{RETENTION}|{service}"
    if connection.execute(select(work.c.id).where(work.c.id == identifier)).first() is None:
        promise(connection, identifier, RETENTION, next_sweep(rules, at), LAST)


def next_sweep(rules: Rulebook, at: datetime) -> datetime:
    """The next time of day at which is swept, where the service's law applies."""
    local = at.astimezone(rules.texts[0].zone if rules.texts else UTC)
    hours, _, minutes = rules.text("retention-day-at").partition(":")
    today = datetime.combine(local.date(), time(int(hours), int(minutes)), local.tzinfo)
    return (today if today > at else today + timedelta(days=1)).astimezone(UTC)


async def carry_retention(piece: Piece, c: Sweeping) -> datetime:
    """One sweep of one service: what was missed while nobody ran is swept with it. Going on after a crash is free."""
    now = c.clock.now()
    service = await c.db.read(lambda connection: find(connection, piece.id.partition("|")[2]))
    rules = c.rules(service, frozenset(), now)
    cut = Cut(service.id, rules, now, (c.held(), _asked_to_keep(now)))
    total = 0
    for table in reversed(metadata.sorted_tables):  # what refers to a row goes before it
        if table is network_log:
            continue
        while chosen := await _found(piece, c, partial(past_due, table=table, cut=cut)):
            gone = await c.db.write(partial(sweep, piece=piece, table=table, cut=cut, chosen=chosen))
            if not gone:
                break
            total += gone
            crashpoint("retention.batch")
    await _log_days(piece, c, service, rules, now)
    kept_back = await _found(piece, c, partial(_kept_back, cut=cut))
    await c.db.write(partial(_summed, piece=piece, cut=cut, total=total, kept_back=kept_back))
    log.info("retention.swept", service=service.id, rows=total, held=kept_back)
    return next_sweep(rules, now)


async def _found(piece: Piece, c: Sweeping, look: Callable[[Connection], T]) -> T:
    """What `look` finds, which may go through a whole table: beside everybody who writes, and the work stays ours."""
    looking = asyncio.ensure_future(c.db.read(look))
    try:
        while True:
            await c.db.write(partial(still_ours, piece=piece))
            if (await asyncio.wait({looking}, timeout=STILL_LOOKING))[0]:
                return looking.result()
    finally:
        looking.cancel()


def past_due(connection: Connection, table: Table, cut: Cut) -> list[Key]:
    """Up to `AT_A_TIME` rows of a table, by their keys, that are past their days."""
    past = due(table, cut)
    if past is None:
        return []
    found = connection.execute(select(*table.primary_key).where(past).limit(AT_A_TIME)).all()
    return [tuple(row) for row in found]


def sweep(connection: Connection, piece: Piece, table: Table, cut: Cut, chosen: Sequence[Key]) -> int:
    """Delete those of the rows `chosen` that are past their days still, with the evidence; how many that were."""
    still_ours(connection, piece)
    # Whose service it is has been looked up, and stays so; a new sign or a new case since then keeps a row.
    past = due(table, replace(cut, service=""))
    if past is None or not chosen:
        return 0
    keys = list(table.primary_key)
    these = tuple_(*keys).in_(list(chosen)) if len(keys) > 1 else keys[0].in_([row[0] for row in chosen])
    count = connection.execute(delete(table).where(these, past)).rowcount
    if count:
        _told(connection, cut, {"table": table.name, "class": table.info["retention"], "count": count})
    return count


def due(table: Table, cut: Cut, *, held: bool = False) -> ColumnElement[bool] | None:
    """The condition of the rows that go now; None for a table that does not age. With `held`, of those kept back."""
    plan = data_map().tables.get(table.name)
    if plan is None or not (plan.since or plan.goes_with):
        return None
    ways = (_by_days(table, plan, cut, held=held), _with_parent(table, plan, cut, held=held))
    found = [each for each in ways if each is not None]
    return or_(*found) if found else None


def _by_days(table: Table, plan: Plan, cut: Cut, *, held: bool) -> ColumnElement[bool] | None:
    if not plan.since:
        return None
    days = cut.rules.whole(DAYS[table.info["retention"]])
    first, *others = (table.c[name] for name in plan.since)
    since = func.coalesce(first, *others) if others else first
    # Midnight UTC: a row goes with its day, so that the edge of a sweep does not depend on the minute it ran.
    edge = datetime.combine((cut.now - timedelta(days=days)).astimezone(UTC).date(), time(), UTC)
    about = table.info["about"]
    if about is None:
        return and_(since < edge, *_of_service(table, cut)) if not held else None
    back = or_(*(table.c[about].in_(people) for people in cut.held))
    return and_(since < edge, *_of_service(table, cut), back if held else or_(table.c[about].is_(None), not_(back)))


def _asked_to_keep(now: datetime) -> Select[tuple[str]]:
    """Of whom an authority or a court has asked that everything be kept."""
    return select(legal_holds.c.user).where(legal_holds.c.ended_at.is_(None), legal_holds.c.until > now)


def _with_parent(table: Table, plan: Plan, cut: Cut, *, held: bool) -> ColumnElement[bool] | None:
    """A row that refers to one that goes."""
    for column in table.c if plan.goes_with else ():
        for key in column.foreign_keys:
            parent = key.column.table
            if parent.name == plan.goes_with and (past := due(parent, cut, held=held)) is not None:
                return column.in_(select(key.column).where(past))
    return None


def _of_service(table: Table, cut: Cut) -> list[ColumnElement[bool]]:
    """One service's rows alone, where rows belong to one: another's packs may ask for other days."""
    if not cut.service:
        return []
    if "service" in table.c:
        return [table.c.service == cut.service]
    if table.info["about"] is not None:
        return [table.c[table.info["about"]].in_(select(users.c.id).where(users.c.service == cut.service))]
    return []


@performs("network-logs")
async def _log_days(piece: Piece, c: Sweeping, service: Service, rules: Rulebook, now: datetime) -> None:
    """Sum up the whole days of the network log, then check and delete those that have been kept long enough."""
    days = rules.whole("network-log-retention-days")
    told = {"now": now, "service": service.id, "rulebook": rules.version}

    async def ours(work: Callable[[Connection], int | None]) -> int | None:
        """A long day is read beside everybody else's work; what is written is written under our fence."""

        def fenced(connection: Connection) -> int | None:
            still_ours(connection, piece)
            return work(connection)

        return await c.db.write(fenced)

    for day in await c.db.read(partial(days_waiting, now=now)):
        found = await _found(piece, c, partial(digest_of, day=day))
        await ours(partial(sum_up, day=day, held=found, **told))
        crashpoint("retention.summed")
    for day in await c.db.read(partial(expired_days, now=now, days=days)):
        if not await c.db.read(partial(checked_out, day=day)):
            sound = await _found(piece, c, partial(check, day=day))
            await ours(partial(tell_check, day=day, sound=sound, **told))
            if not sound:
                log.error("network_log.altered", day=day.isoformat())
                continue
        while await ours(partial(delete_some, day=day)):
            crashpoint("retention.logs")


def _kept_back(connection: Connection, cut: Cut) -> int:
    """How many rows would have gone, but for a hold."""
    kept_back = 0
    for table in metadata.sorted_tables:
        past = due(table, cut, held=True) if table.info.get("about") is not None else None
        if past is not None:
            kept_back += connection.execute(select(func.count()).select_from(table).where(past)).scalar() or 0
    return kept_back


def _summed(connection: Connection, piece: Piece, cut: Cut, total: int, kept_back: int) -> None:
    """The evidence that a whole sweep was done, with how much a hold kept back; also when nothing went."""
    still_ours(connection, piece)
    _told(connection, cut, {"table": "all", "class": "all", "count": total, "held": kept_back})


def _told(connection: Connection, cut: Cut, facts: dict[str, Fact]) -> None:
    subject, version = f"{RETENTION}|{cut.service}", cut.rules.version
    write(connection, Entry(Kind.RECORD_RETENTION_SWEPT, cut.now, subject, "anban", cut.service, version, facts))
