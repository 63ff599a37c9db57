"""A guardian's week in one message, only where there is something to say; a quiet week is a page and no message."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from anban.base.durable import Piece, promise, still_ours
from anban.cases.carrying import Carrying
from anban.cases.guardian_seen import seen_by, ward_of
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.people.claims import Claim, claimant_of, read_claim
from anban.people.family_models import family_letters, guardians
from anban.people.letters import put_letter
from anban.people.models import User
from anban.people.overview import Overview
from anban.people.users import find_by_id
from anban.provider.services import find as find_service

WEEK: Final = "guardian-week"
"""The kind of work: `guardian-week|service` comes back each week and promises one row for each guardian."""

LETTER: Final = "guardian.week"
LATE: Final = 60
"""Its place among all work: behind everything that somebody waits for."""

DAYS: Final = 7
WORTH: Final = timedelta(days=2)
"""How long a week's message is still worth sending."""

ZoneOf = Callable[[User | None, Rulebook], tzinfo]


def promise_weeks(connection: Connection, service: str, rules: Rulebook, zone: tzinfo, at: datetime) -> None:
    """From a service's first start on each week has its summary; starting again moves nothing that is due earlier."""
    promise(connection, f"{WEEK}|{service}", WEEK, next_week(at, rules, zone), LATE)


def next_week(at: datetime, rules: Rulebook, zone: tzinfo) -> datetime:
    """The next moment after `at` at which summaries are written."""
    hour, _, minute = rules.text("guardian-week-at").partition(":")
    today = at.astimezone(zone).date()
    for ahead in range(DAYS + 1):
        day = today + timedelta(days=ahead)
        moment = datetime.combine(day, time(int(hour), int(minute)), zone)
        if day.isoweekday() == rules.whole("guardian-week-day") and moment > at:
            return moment.astimezone(at.tzinfo)
    raise AssertionError("every week has this day")


@performs("guardian-alerts")
async def carry_week(piece: Piece, c: Carrying, zone_of: ZoneOf) -> datetime | None:
    """Promise every guardian's summary, or write one. Once a week each, whatever falls over in between."""
    _, service, *guardian = piece.id.split("|")
    if guardian:
        await c.db.write(partial(_write, piece=piece, guardian=guardian[0], c=c, zone_of=zone_of))
        return None
    return await c.db.write(partial(_promise, piece=piece, service=service, c=c, zone_of=zone_of))


def worth_a_message(seen: Overview) -> tuple[int, int] | None:
    """Minutes of the last seven whole days and how many were at the limit, where there is something to tell: a limit
    reached or passed, use in quiet hours, an alert. None for a quiet week. Today belongs to the next week."""
    days = seen.days[-DAYS - 1 : -1]
    at_limit = sum(each.kept in ("reached", "over") for each in days)
    late = sum(each.quiet for each in days)
    alarmed = any(days[0].day <= _day(each.at, seen) <= days[-1].day for each in seen.alerts)
    if not at_limit and late < 1 and not alarmed:
        return None
    return round(sum(each.minutes for each in days)), at_limit


def _day(at: datetime, seen: Overview) -> date:
    return seen.today - (seen.at - at) // timedelta(days=1) * timedelta(days=1)


def _promise(connection: Connection, piece: Piece, service: str, c: Carrying, zone_of: ZoneOf) -> datetime:
    still_ours(connection, piece)
    now = c.clock.now()
    rules = c.rules(find_service(connection, service), frozenset(), now)
    bound = select(guardians.c.id).where(guardians.c.service == service, guardians.c.state == "bound")
    for row in connection.execute(bound.order_by(guardians.c.id)).all():
        promise(connection, f"{WEEK}|{service}|{row.id}", WEEK, now, LATE)
    return next_week(now, rules, zone_of(None, rules))


def _write(connection: Connection, piece: Piece, guardian: str, c: Carrying, zone_of: ZoneOf) -> None:
    still_ours(connection, piece)
    now = c.clock.now()
    found = read_claim(connection, guardian)
    user = None if found is None or found.user is None else find_by_id(connection, c.keys, found.user)
    if found is None or user is None or found.state != "bound" or _written(connection, found, now):
        return
    service = find_service(connection, found.service)
    plain = c.rules(service, frozenset(), now)
    ward = ward_of(connection, user, plain, c.rules, service, now)
    if ward.is_grown:
        return
    seen = seen_by(connection, c.keys, ward, guardian, zone_of(user, ward.rules), now)
    told = worth_a_message(seen)
    if told is None:
        return
    who = claimant_of(c.keys, user, found)
    put_letter(
        connection, c.keys, user=user.id, service=found.service, template=LETTER, about=found.id,
        ways=[who.code_to, who.claims_from],
        slots={"called": who.calls, "minutes": str(told[0]), "days": str(told[1])},
        path="/guardian", at=now, until=now + WORTH,
    )  # fmt: skip


def _written(connection: Connection, claim: Claim, now: datetime) -> bool:
    lately = select(family_letters.c.id).where(
        family_letters.c.about == claim.id,
        family_letters.c.template == LETTER,
        family_letters.c.made_at > now - timedelta(days=DAYS - 1),
    )
    return connection.execute(lately.limit(1)).first() is not None
