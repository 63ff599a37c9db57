"""Which rows an erasure takes: read from what every table says of itself, so that a new table is never forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from sqlalchemy import Column, ColumnElement, Table, and_, select

from anban.base.db import metadata
from anban.conversations.models import mail, sessions, turns
from anban.conversations.usage_models import usage_days
from anban.people.family_models import spending

Scope = Literal["message", "conversation", "persona", "all", "account"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
"""`all` is everything that was said and is known; `account` also ends the account, so that nothing leads back."""

WHOLE: Final = ("all", "account")

RUNNING: Final = {
    sessions: (sessions.c.last_at, timedelta(hours=1)),
    usage_days: (usage_days.c.last_at, timedelta(days=1)),
    spending: (spending.c.at, timedelta(days=31)),
}
"""What counts towards a pause, a day's minutes or a month's money that still run, by its time and for how long.

Erasing must be no way around a limit that protects: the running count stays until it has run out.
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to go: a scope, which one, whose, and said by when. `minor` while minors' mode protects this person."""

    user: str
    scope: Scope
    target: str
    asked_at: datetime
    minor: bool = False


def doomed(wanted: Wanted, now: datetime) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Every table with its rows that go, those that refer to others first."""
    if wanted.scope not in WHOLE:
        yield from _words(wanted)
        return
    for table in reversed(metadata.sorted_tables):
        condition = _whole(table, wanted, now)
        if condition is not None:
            yield table, condition


def _whole(table: Table, wanted: Wanted, now: datetime) -> ColumnElement[bool] | None:
    match table.info["erase"]:
        case "words" | "facts":
            return _of_person(table, wanted, now)
        case "with-parent":
            for column in table.columns:
                parent = _parent(column)
                if parent is not None and parent.table.info["erase"] in ("words", "facts"):
                    rows = _of_person(parent.table, wanted, now)
                    return None if rows is None else column.in_(select(parent).where(rows))
            return None
        case _:
            return None


def _parent(column: Column[object]) -> Column[object] | None:
    return next((key.column for key in column.foreign_keys), None)


def _of_person(table: Table, wanted: Wanted, now: datetime) -> ColumnElement[bool] | None:
    mine = table.c[table.info["about"]] == wanted.user
    protects = table.info["protects"]
    if wanted.scope == "account":
        return mine
    if wanted.minor and protects == "minor":
        return None
    if table in RUNNING and (wanted.minor or table is sessions):
        at, lasts = RUNNING[table]
        return and_(mine, at < now - lasts)
    if table is turns or table is mail:
        # What is said after the request is no part of it.
        return and_(mine, table.c.at <= wanted.asked_at)
    return mine


def _words(wanted: Wanted) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    mine_turns = and_(turns.c.user == wanted.user, turns.c.at <= wanted.asked_at)
    mine_mail = and_(mail.c.user == wanted.user, mail.c.at <= wanted.asked_at)
    match wanted.scope:
        case "message":
            if wanted.target.startswith(MAILED):
                number = wanted.target.removeprefix(MAILED)
                yield mail, and_(mine_mail, mail.c.id == (int(number) if number.isdigit() else -1))
            else:
                yield turns, and_(mine_turns, turns.c.id == wanted.target)
        case "conversation":
            yield mail, and_(mine_mail, mail.c.conversation == wanted.target)
            yield turns, and_(mine_turns, turns.c.conversation == wanted.target)
        case _:
            # What reached the person outside a reply names no character: it goes with the conversations that are
            # this character's alone, before the turns that tell so.
            with_it = select(turns.c.conversation).where(turns.c.user == wanted.user, turns.c.persona == wanted.target)
            others = select(turns.c.conversation).where(turns.c.user == wanted.user, turns.c.persona != wanted.target)
            alone = and_(mail.c.conversation.in_(with_it), mail.c.conversation.not_in(others))
            yield mail, and_(mine_mail, mail.c.conversation != "", alone)
            yield usage_days, _used_with(wanted)
            yield turns, and_(mine_turns, turns.c.persona == wanted.target)


MAILED: Final = "mail_"
"""Before the number of what reached a person outside a reply, where messages are named."""


def _used_with(wanted: Wanted) -> ColumnElement[bool]:
    used = and_(usage_days.c.user == wanted.user, usage_days.c.persona == wanted.target)
    at, lasts = RUNNING[usage_days]
    return and_(used, at < wanted.asked_at - lasts) if wanted.minor else used
