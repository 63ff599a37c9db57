"""Is this browser somebody at the desk?"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, or_, select, update

from anban.base.times import aware
from anban.provider.desk_models import staff, staff_sessions

SEEN = (
    update(staff_sessions)
    .where(staff_sessions.c.digest == bindparam("of_digest"), staff_sessions.c.ended_at.is_(None))
    .values(seen_at=bindparam("at"))
)
"""For `Database.later(SEEN, {"of_digest": …, "at": …})`: somebody is still there."""


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in on one browser; `digest` is what it is called, through every token that it has."""

    digest: str
    staff: str
    seen_at: datetime
    expires_at: datetime
    turned_at: datetime


def token_digest(token: str) -> str:
    """What is stored of a token. Tokens are long and random, so a plain digest is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def begin(connection: Connection, staff_id: str, at: datetime, lasts: timedelta) -> str:
    """A new log-in that ends after `lasts` whatever happens; its token, which is not stored."""
    token = secrets.token_urlsafe(32)
    digest = token_digest(token)
    connection.execute(
        insert(staff_sessions).values(
            digest=digest, token=digest, turned_at=at, staff=staff_id, made_at=at, seen_at=at, expires_at=at + lasts
        )
    )
    return token


def session_of(
    connection: Connection, token: str, at: datetime, idle: timedelta, overlap: timedelta = timedelta()
) -> Session | None:
    """The log-in that a token belongs to: not ended, not expired, seen within `idle`, of somebody active.

    A token that was turned into another one answers for `overlap` more: requests were under way with it.
    """
    digest = token_digest(token)
    before = and_(staff_sessions.c.before == digest, staff_sessions.c.turned_at > at - overlap)
    return _found(connection, or_(staff_sessions.c.token == digest, before), at, idle)


def session_called(connection: Connection, digest: str, at: datetime, idle: timedelta) -> Session | None:
    """The same log-in later on, by what it is called, whichever token opens it by then."""
    return _found(connection, staff_sessions.c.digest == digest, at, idle)


def turn(connection: Connection, token: str, at: datetime) -> str | None:
    """A fresh token in the place of this one; None when somebody else turned it a moment before, or it has ended."""
    fresh, old = secrets.token_urlsafe(32), token_digest(token)
    changed = connection.execute(
        update(staff_sessions)
        .where(staff_sessions.c.token == old, staff_sessions.c.ended_at.is_(None))
        .values(token=token_digest(fresh), before=old, turned_at=at)
    )
    return fresh if changed.rowcount == 1 else None


def end(connection: Connection, digest: str, at: datetime) -> None:
    """Log one browser out."""
    open_now = staff_sessions.c.digest == digest, staff_sessions.c.ended_at.is_(None)
    connection.execute(update(staff_sessions).where(*open_now).values(ended_at=at))


def end_of_token(connection: Connection, token: str, at: datetime) -> None:
    """End the log-in that this token opens or opened just before."""
    digest = token_digest(token)
    mine = or_(staff_sessions.c.token == digest, staff_sessions.c.before == digest)
    connection.execute(update(staff_sessions).where(mine, staff_sessions.c.ended_at.is_(None)).values(ended_at=at))


def end_all(connection: Connection, staff_id: str, at: datetime) -> None:
    """Log somebody out everywhere: whenever their password, code or rights change."""
    open_now = staff_sessions.c.staff == staff_id, staff_sessions.c.ended_at.is_(None)
    connection.execute(update(staff_sessions).where(*open_now).values(ended_at=at))


def _found(connection: Connection, which: ColumnElement[bool], at: datetime, idle: timedelta) -> Session | None:
    row = connection.execute(
        select(staff_sessions)
        .join(staff, staff.c.id == staff_sessions.c.staff)
        .where(which, staff_sessions.c.ended_at.is_(None), staff.c.state == "active")
    ).first()
    if row is None or at >= aware(row.expires_at) or at - aware(row.seen_at) >= idle:
        return None
    turned = aware(row.turned_at) if row.turned_at else aware(row.made_at)
    return Session(row.digest, row.staff, aware(row.seen_at), aware(row.expires_at), turned)
