"""How fast may somebody try to log in? Each failure makes the next try wait a little; nobody is locked out for good."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from anban.base.times import aware
from anban.provider.desk_models import login_attempts

FORGOTTEN_AFTER = 30
"""Failures are forgotten after this many of the longest waits without another one."""


def waits(failures: int, last: datetime, at: datetime, free: int, longest: timedelta) -> timedelta:
    """How long the next try has to wait: nothing after fewer than `free` failures, then 1, 2, 4 s … up to `longest`.

    Tries that were sent away while waiting do not lengthen it.
    """
    if failures < free or at - last >= FORGOTTEN_AFTER * longest:
        return timedelta()
    pause = min(longest, timedelta(seconds=2 ** min(failures - free, 16)))
    return max(timedelta(), last + pause - at)


def begin_try(connection: Connection, lanes: Mapping[str, int], longest: timedelta, at: datetime) -> timedelta:
    """Begin a try in these lanes, each with its number of free failures; how long to wait where it may not be made yet.

    A try counts as failed until `forgive` says otherwise, so that many at once are as slow as one after another.
    """
    connection.execute(delete(login_attempts).where(login_attempts.c.last_at < at - FORGOTTEN_AFTER * longest))
    known = {
        row.lane: row
        for row in connection.execute(select(login_attempts).where(login_attempts.c.lane.in_(lanes)).with_for_update())
    }
    wait = max(
        (waits(row.failures, aware(row.last_at), at, lanes[lane], longest) for lane, row in known.items()),
        default=timedelta(),
    )
    if wait:
        return wait
    for lane in sorted(lanes):
        if lane in known:
            mine = login_attempts.c.lane == lane
            more = update(login_attempts).where(mine).values(failures=login_attempts.c.failures + 1, last_at=at)
            connection.execute(more)
        else:
            connection.execute(insert(login_attempts).values(lane=lane, failures=1, last_at=at))
    return timedelta()


def forgive(connection: Connection, lanes: Collection[str]) -> None:
    """The right person came in: their failures are forgotten."""
    connection.execute(delete(login_attempts).where(login_attempts.c.lane.in_(lanes)))
