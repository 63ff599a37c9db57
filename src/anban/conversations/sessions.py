"""The continuous-use clock: one per person, over all devices, characters and conversations (final art 18)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from anban.base.ids import new_id
from anban.base.times import aware
from anban.conversations.models import sessions

SKEW = timedelta(seconds=10)
"""By how much messages may come out of order, or two replicas' clocks differ. Further back, the clock was set back."""

SESSION_INSERT = insert(sessions)
SESSION_USED = (
    update(sessions)
    .where(sessions.c.id == bindparam("session_id"), sessions.c.last_at == bindparam("before"))
    .values(last_at=bindparam("at"), seconds=sessions.c.seconds + bindparam("more"))
)
"""Counts a stretch once, also when two replicas saw the same stretch end: only the first finds `before` unmoved."""

SESSION_LEFT = update(sessions).where(sessions.c.id == bindparam("session_id")).values(left_at=bindparam("at"))

_LAST = (
    select(sessions)
    .where(sessions.c.user == bindparam("of_user"))
    .order_by(sessions.c.last_at.desc(), sessions.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Session:
    """Continuous use by one person. `seconds` is the union of use, counted by the server's clock."""

    id: str
    user: str
    opened_at: datetime
    last_at: datetime
    seconds: float = 0.0
    left_at: datetime | None = None


def last_session(connection: Connection, user: str) -> Session | None:
    """The user's newest session, whether or not it still runs."""
    row = connection.execute(_LAST, {"of_user": user}).first()
    if row is None:
        return None
    opened, last = aware(row.opened_at), aware(row.last_at)
    return Session(row.id, row.user, opened, last, row.seconds, aware(row.left_at) if row.left_at else None)


def newer(stored: Session | None, held: Session | None) -> Session | None:
    """What is stored and what this process holds, of one person: the session that was used last, as used last.

    Of one session the longer use counts, and a leaving that either knows: what is not on disk yet is not lost.
    """
    if stored is None or held is None:
        return held if stored is None else stored
    if stored.id == held.id:
        most = held if (held.last_at, held.seconds) > (stored.last_at, stored.seconds) else stored
        return replace(most, left_at=stored.left_at or held.left_at)
    return held if held.last_at > stored.last_at else stored


def new_session(user: str, at: datetime) -> tuple[Session, dict[str, Any]]:
    """A session that begins now, and its row."""
    session = Session(new_id("ses_"), user, at, at)
    row = {"id": session.id, "user": user, "opened_at": at, "last_at": at, "seconds": 0.0, "left_at": None}
    return session, row


def use(session: Session | None, at: datetime, gap: timedelta, *, human: bool = False) -> tuple[Session | None, float]:
    """Go on with `session` at `at`: the session and the seconds added, or (None, 0) when a new one must begin.

    An idle stretch of `gap` or more ends continuous use. Time runs on the server's clock and is never negative; time
    with a human holding the conversation is not counted.
    """
    passed = None if session is None or session.left_at is not None else elapsed(session.last_at, at, gap)
    if session is None or passed is None:
        return None, 0.0
    last, seconds = passed
    more = 0.0 if human else seconds
    return replace(session, last_at=last, seconds=session.seconds + more), more


def elapsed(last: datetime, at: datetime, gap: timedelta) -> tuple[datetime, float] | None:
    """From when to count on, and the seconds of use since `last`; None after an idle stretch of `gap` or more.

    A clock that was set back starts anew from where it stands: waiting until it has caught up with a wrong hour would
    stop every reminder and every limit until then.
    """
    since = at - last
    if since >= gap:
        return None
    if since < -SKEW:
        return at, 0.0
    return max(at, last), max(0.0, since.total_seconds())
