"""A human holds a person's conversations: one lock over all of them, with a fence that only grows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from anban.base.errors import Conflict
from anban.base.times import aware
from anban.cases.models import takeovers

_FOUND = select(takeovers).where(takeovers.c.user == bindparam("of_user"))


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the conversations, since when. `fence` tells an old holder's late writes from the current one's."""

    responder: str
    case: str
    fence: int
    since: datetime


def holder(connection: Connection, user: str) -> Holder | None:
    """Who speaks with this person instead of the model, or None."""
    row = connection.execute(_FOUND, {"of_user": user}).first()
    if row is None or row.holder is None:
        return None
    return Holder(row.holder, row.case, row.fence, aware(row.since))


def claim(connection: Connection, user: str, case: str, responder: str, at: datetime) -> Holder:
    """Take the conversations. Of two claims at once exactly one succeeds. Raises `Conflict` when another holds them."""
    try:
        with connection.begin_nested():
            connection.execute(insert(takeovers).values(user=user, case=case, holder=responder, fence=1, since=at))
    except IntegrityError:
        taken = connection.execute(
            update(takeovers)
            .where(takeovers.c.user == user, takeovers.c.holder.is_(None))
            .values(case=case, holder=responder, fence=takeovers.c.fence + 1, since=at)
        )
        if taken.rowcount != 1:
            current = holder(connection, user)
            if current is None or current.responder != responder:
                raise Conflict("another responder holds this conversation") from None
            return current
    current = holder(connection, user)
    assert current is not None
    return current


def hand_back(connection: Connection, user: str, responder: str, fence: int) -> None:
    """Give the conversations back to the AI. Raises `Conflict` for anyone but the current holder."""
    released = connection.execute(
        update(takeovers)
        .where(takeovers.c.user == user, takeovers.c.holder == responder, takeovers.c.fence == fence)
        .values(holder=None)
    )
    if released.rowcount != 1:
        raise Conflict("you do not hold this conversation")
