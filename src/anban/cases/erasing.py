"""Carries an erasure to its end: what holds it, a new key, the rows, what stays sealed anew, the old key destroyed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, tuple_

from anban.base.crashpoint import crashpoint
from anban.base.durable import Piece, still_ours
from anban.base.times import aware
from anban.cases.carrying import Carrying
from anban.cases.case import open_case_of
from anban.cases.crisis import CRISIS
from anban.conversations.mailbox import put_care
from anban.conversations.models import turns
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Fact
from anban.ledger.kinds import Kind
from anban.people.home import home_marked
from anban.people.models import User
from anban.people.users import find_by_id
from anban.privacy.copies import drop_copies
from anban.privacy.copy_models import copies
from anban.privacy.erasure import (
    OPEN,
    Erasure,
    Hold,
    erasures_of,
    forget_person,
    is_protected,
    legal_holds_on,
    move,
    note,
    read_erasure,
    wanted_of,
)
from anban.privacy.rekey import destroy_before, next_version, seal_anew
from anban.privacy.scope import WHOLE, doomed
from anban.provider.services import find as find_service
from anban.risk.record import held_level

log = structlog.get_logger("anban.erasure")

AT_A_TIME: Final = 500
"""Rows in one transaction, so that nobody who writes waits for many."""

BY_GUARDIAN: Final = "erasure.by-guardian"
"""The words in which a child hears that a guardian had their records erased."""

REVIEW: Final = "review"
"""Why a guardian's request waits where the desk has to look first; a guardian sees only that it is under way."""

IN_DANGER: Final = 3
"""From this level of life on, those who would be told are kept until a person lowers it or some time has passed."""

Gone = Callable[[str, str], Awaitable[None]]
"""What else this process keeps of somebody goes: service and the service's name for them."""


@dataclass(frozen=True, slots=True)
class Underway:
    """What one look found: whose, the erasures that are being carried out, and what waits."""

    user: User
    rules: Rulebook
    carried: tuple[Erasure, ...]
    waiting: tuple[Erasure, ...]


def holds_on(connection: Connection, user: User, at: datetime, rules: Rulebook) -> tuple[Hold, ...]:
    """Why an erasure has to wait, in words' codes: a crisis that is open or hardly over, and what the law keeps."""
    found: list[Hold] = []
    held = held_level(connection, user.id)
    waits = rules.lasting("contact-removal-hours")
    fresh = held.life >= IN_DANGER and held.since is not None and at - held.since < waits
    if open_case_of(connection, user.id, CRISIS) is not None or fresh:
        found.append(Hold("crisis", "cn-2026-final art 13"))
    return (*found, *legal_holds_on(connection, user.id, at))


@performs("copy-and-erasure")
async def carry_erasure(piece: Piece, c: Carrying, gone: Gone) -> datetime | None:
    """Everything that one person has asked to be erased, as far as it may go now. A crash anywhere goes on."""
    now = c.clock.now()
    found = await c.db.write(partial(_begin, piece=piece, c=c, now=now))
    if found is None:
        return None
    waits = bool(found.waiting)
    if found.carried:
        crashpoint("erasure.begun")
        waits = not await _carried(piece, found, c, now, gone) or waits
    settled = await _settle(piece, c, now, gone)
    look = now + found.rules.lasting("erasure-hold-look-minutes")
    return min((each for each in (settled, look if waits else None) if each is not None), default=None)


def _begin(connection: Connection, piece: Piece, c: Carrying, now: datetime) -> Underway | None:
    still_ours(connection, piece)
    identifier = piece.id.partition("|")[2]
    user = find_by_id(connection, c.keys, identifier)
    asked = erasures_of(connection, identifier, OPEN)
    if user is None or not asked:
        return None
    rules = c.rules(find_service(connection, user.service), frozenset[str](), now)
    holds = holds_on(connection, user, now, rules)
    # Whoever may be the danger at home takes nothing away: neither a child's words nor their safety card.
    unsafe = home_marked(connection, user.id)
    goes: list[Erasure] = []
    for each in (one for one in asked if one.state in ("asked", "held")):
        because = [hold.code for hold in holds] + ([REVIEW] if unsafe and each.by == "guardian" else [])
        move(connection, each.id, state="held" if because else "erasing", held=",".join(because))
        if not because:
            goes.append(each)
        elif each.state == "asked":
            facts: dict[str, Fact] = {"erasure": each.id, "state": "waits", "because": [*because]}
            note(connection, Kind.RECORD_HELD, user.id, user.service, "anban", now, rules, facts)
    if goes:
        version = next_version(connection, c.keys, user.id)
        drop_copies(connection, user.id, now)  # whatever was asked for, it stands in them
        for each in goes:
            move(connection, each.id, key_to=version)
        user = find_by_id(connection, c.keys, identifier) or user
    now_asked = erasures_of(connection, identifier, OPEN)
    carried = tuple(each for each in now_asked if each.state == "erasing")
    waiting = tuple(each for each in now_asked if each.state == "held")
    # One that broke off waits, too, for whatever holds it since.
    return Underway(user, rules, (), waiting + carried) if holds else Underway(user, rules, carried, waiting)


async def _carried(piece: Piece, found: Underway, c: Carrying, now: datetime, gone: Gone) -> bool:
    """Take what goes, seal what stays anew, and say so. False when something has come up that holds the rest."""
    await gone(found.user.service, found.user.ref)
    for each in found.carried:
        if not await _erase(piece, found, each, c, now):
            return False
    await _seal_all(piece, found, c)
    await c.db.write(partial(_erased, piece=piece, found=found, c=c, now=now))
    c.changed(found.user.id)
    crashpoint("erasure.erased")
    await gone(found.user.service, found.user.ref)
    return True


async def _erase(piece: Piece, found: Underway, erasure: Erasure, c: Carrying, now: datetime) -> bool:
    for table, condition in doomed(wanted_of(erasure, found.user, found.rules), now):
        if table is copies:
            continue  # they go together and with their files
        this = partial(_rows, piece=piece, found=found, table=table, condition=condition, erasure=erasure.id, now=now)
        while count := await c.db.write(this):
            crashpoint("erasure.rows")
        if count is None:
            return False
    return True


def _rows(
    connection: Connection,
    piece: Piece,
    found: Underway,
    table: Table,
    condition: ColumnElement[bool],
    erasure: str,
    now: datetime,
) -> int | None:
    """Delete some rows and count them beside the erasure; how many. None: nothing may go for now."""
    still_ours(connection, piece)
    if holds_on(connection, found.user, now, found.rules):
        return None  # in danger since it began: whoever would be told must not vanish now
    key = tuple(table.primary_key)
    some = select(*key).where(condition).limit(AT_A_TIME)
    this = key[0].in_(some) if len(key) == 1 else tuple_(*key).in_(some)
    count = connection.execute(delete(table).where(this)).rowcount
    if count:
        counts = dict(read_erasure(connection, erasure).counts)
        counts[table.name] = counts.get(table.name, 0) + count
        move(connection, erasure, counts=counts)
    return count


async def _seal_all(piece: Piece, found: Underway, c: Carrying) -> None:
    version = max(each.key_to or 0 for each in found.carried)
    while await c.db.write(partial(_some_anew, piece=piece, user=found.user, version=version)):
        crashpoint("erasure.sealed")


def _some_anew(connection: Connection, piece: Piece, user: User, version: int) -> int:
    still_ours(connection, piece)
    return seal_anew(connection, user, version, AT_A_TIME)


def _erased(connection: Connection, piece: Piece, found: Underway, c: Carrying, now: datetime) -> None:
    still_ours(connection, piece)
    drop_copies(connection, found.user.id, now)  # one that was made meanwhile may hold what went
    for each in found.carried:
        done = read_erasure(connection, each.id)
        if done.scope in WHOLE:
            protected = is_protected(found.user, now, found.rules)
            forget_person(connection, found.user, protected=protected)
        facts: dict[str, Fact] = {
            "erasure": each.id, "scope": each.scope, "by": each.by, "key": each.key_to,
            "rows": sum(done.counts.values()), "turns": done.counts.get("turns", 0),
        }  # fmt: skip
        note(connection, Kind.RECORD_ERASED, found.user.id, each.service, "anban", now, found.rules, facts)
        move(connection, each.id, state="erased", erased_at=now)
        if each.by == "guardian":
            # Nothing is done behind a child's back.
            service = find_service(connection, each.service)
            text = c.words.render(BY_GUARDIAN, lang=service.lang, audience="minor").text
            user, once = found.user, f"{BY_GUARDIAN}|{each.id}"
            put_care(connection, user.id, user.key, text=text, about=BY_GUARDIAN, at=now, once=once)


async def _settle(piece: Piece, c: Carrying, now: datetime, gone: Gone) -> datetime | None:
    """Destroy the keys of what was erased some minutes ago, and end accounts; when to look next."""
    while True:
        outcome = await c.db.write(partial(_destroy, piece=piece, c=c, now=now))
        if isinstance(outcome, User):
            crashpoint("erasure.destroyed")
            await gone(outcome.service, outcome.ref)
            continue
        return outcome


def _destroy(connection: Connection, piece: Piece, c: Carrying, now: datetime) -> User | datetime | None:
    still_ours(connection, piece)
    identifier = piece.id.partition("|")[2]
    waiting = erasures_of(connection, identifier, ("erased",))
    user = find_by_id(connection, c.keys, identifier)
    if not waiting or user is None:
        return None
    rules = c.rules(find_service(connection, user.service), frozenset[str](), now)
    due = [(each.erased_at or now) + rules.lasting("erasure-settle-minutes") for each in waiting]
    ripe = [each for each, at in zip(waiting, due, strict=True) if at <= now]
    if not ripe:
        return min(due)
    if any(each.scope == "account" for each in ripe):
        quiet = _quiet_since(connection, user, now, rules)
        if quiet > now:
            ripe = [each for each in ripe if each.scope != "account"]
            if not ripe:
                return min(quiet, *(at for at in due if at > now), quiet)
    version = max(each.key_to or 0 for each in ripe)
    while seal_anew(connection, user, version, AT_A_TIME):
        pass
    _end(connection, user, ripe, now, rules)
    destroyed = destroy_before(connection, user.id, version)
    facts: dict[str, Fact] = {"key": "person", "version": version, "destroyed": destroyed}
    note(connection, Kind.KEY_ROTATED, user.id, user.service, "anban", now, rules, facts)
    return user


def _end(connection: Connection, user: User, ripe: Sequence[Erasure], now: datetime, rules: Rulebook) -> None:
    for each in ripe:
        if each.scope == "account":
            drop_copies(connection, user.id, now)
            for table, condition in doomed(wanted_of(each, user, rules), now):
                connection.execute(delete(table).where(condition))
            forget_person(connection, user, protected=False, account=True)
        move(connection, each.id, state="done", done_at=now, target="")


def _quiet_since(connection: Connection, user: User, now: datetime, rules: Rulebook) -> datetime:
    """When an account may end: not in the middle of a conversation, nor while its person is in danger."""
    if holds_on(connection, user, now, rules):
        return now + rules.lasting("erasure-hold-look-minutes")
    last = connection.execute(select(func.max(turns.c.at)).where(turns.c.user == user.id)).scalar()
    return now if last is None else max(now, aware(last) + rules.lasting("continuous-use-gap"))
