"""Which help lines did people reach, and which not? The latest word of each person about each line is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from anban.base.ids import new_id
from anban.base.times import aware
from anban.provider.desk_models import line_reports


@dataclass(frozen=True, slots=True)
class LineCount:
    """How many people reached a line, and how many did not."""

    reached: int = 0
    not_reached: int = 0


def report(connection: Connection, *, service: str, user: str | None, line: str, reached: bool, at: datetime) -> None:
    """Keep that somebody reached a line or did not; an earlier word of the same person about it is replaced.

    `user` is our own id for the person, None when nobody is known.
    """
    if user is not None:
        connection.execute(
            delete(line_reports).where(
                line_reports.c.service == service, line_reports.c.user == user, line_reports.c.line == line
            )
        )
    connection.execute(
        insert(line_reports).values(id=new_id("rep_"), service=service, user=user, line=line, reached=reached, at=at)
    )


def failed_for(connection: Connection, user: str, now: datetime, within: timedelta) -> frozenset[str]:
    """Lines that this person did not reach lately: they are named last (product 5.4)."""
    return still_failed(unreached(connection, user), now, within)


def unreached(connection: Connection, user: str) -> Mapping[str, datetime]:
    """By line, when this person said last that they did not get through."""
    rows = connection.execute(
        select(line_reports.c.line, line_reports.c.at).where(
            line_reports.c.user == user, line_reports.c.reached.is_(False)
        )
    )
    return {row.line: aware(row.at) for row in rows}


def still_failed(said: Mapping[str, datetime], now: datetime, within: timedelta) -> frozenset[str]:
    """Of lines and when they failed, those for which that is less than `within` ago."""
    return frozenset(line for line, at in said.items() if now - within < at <= now)


def counts(connection: Connection, service: str, since: datetime) -> Mapping[str, LineCount]:
    """By line, what people of this service said of it since a moment, for whoever dials the lines again."""
    rows = connection.execute(
        select(line_reports.c.line, line_reports.c.reached, func.count())
        .where(line_reports.c.service == service, line_reports.c.at >= since)
        .group_by(line_reports.c.line, line_reports.c.reached)
    )
    found: dict[str, LineCount] = {}
    for line, reached, many in rows:
        known = found.get(line, LineCount())
        found[line] = LineCount(many, known.not_reached) if reached else LineCount(known.reached, many)
    return found
