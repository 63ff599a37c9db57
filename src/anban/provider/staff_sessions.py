"""Is this browser somebody at the desk?"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, select, update

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
    """One log-in on one browser, known by the digest of its token."""

    digest: str
    staff: str
    seen_at: datetime
    expires_at: datetime


def token_digest(token: str) -> str:
    """What is stored of a token. Tokens are long and random, so a plain digest is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def begin(connection: Connection, staff_id: str, at: datetime, lasts: timedelta) -> str:
    """A new log-in that ends after `lasts` whatever happens; its token, which is not stored."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(staff_sessions).values(
            digest=token_digest(token), staff=staff_id, made_at=at, seen_at=at, expires_at=at + lasts
        )
    )
    return token


def session_of(connection: Connection, token: str, at: datetime, idle: timedelta) -> Session | None:
    """The log-in that a token belongs to: not ended, not expired, seen within `idle`, of somebody active."""
    row = connection.execute(
        select(staff_sessions)
        .join(staff, staff.c.id == staff_sessions.c.staff)
        .where(
            staff_sessions.c.digest == token_digest(token),
            staff_sessions.c.ended_at.is_(None),
            staff.c.state == "active",
        )
    ).first()
    if row is None or at >= aware(row.expires_at) or at - aware(row.seen_at) >= idle:
        return None
    return Session(row.digest, row.staff, aware(row.seen_at), aware(row.expires_at))


def end(connection: Connection, digest: str, at: datetime) -> None:
    """Log one browser out."""
    open_now = staff_sessions.c.digest == digest, staff_sessions.c.ended_at.is_(None)
    connection.execute(update(staff_sessions).where(*open_now).values(ended_at=at))


def end_all(connection: Connection, staff_id: str, at: datetime) -> None:
    """Log somebody out everywhere: whenever their password, code or rights change."""
    open_now = staff_sessions.c.staff == staff_id, staff_sessions.c.ended_at.is_(None)
    connection.execute(update(staff_sessions).where(*open_now).values(ended_at=at))
