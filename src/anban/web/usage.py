"""A person's own use as figures, for the app or page that they use; and what somebody is spared from, with a reason."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, delete, get, post
from litestar.params import Parameter

from anban.base.db import Connection
from anban.base.errors import NotFound
from anban.cases.usage_day import life_of
from anban.conversations.exemptions import Exemption, end_exemption, exempt, exemptions_of
from anban.conversations.usage import days_of, local_day, usage_of
from anban.people.models import User
from anban.people.standing import Standing, family_of, standing_with
from anban.people.users import find
from anban.provider.models import Service
from anban.rails.limits import Around, time_left, zone_of
from anban.rails.runtime import Runtime
from anban.risk.dependence import explained_sign, index
from anban.risk.ladder import DEPENDENCE_NAMES
from anban.risk.record import decayed, held_level
from anban.web.auth import identifier
from anban.web.gateway.chat import TheGateway
from anban.web.manage import TheOffice, UserRef, allowed
from anban.web.shapes import Short
from anban.web.visitors import caller

MOST_DAYS = 92
LONGEST = 24.0
"""Hours that one exemption lasts at most: an evening, never a habit."""

Data = dict[str, Any]


class GivenExemption(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody is spared from now on, for how many hours, by whom and why."""

    limit: Literal["time", "quiet"]
    hours: Annotated[float, msgspec.Meta(ge=0.01, le=LONGEST)]
    by: Literal["guardian", "desk", "provider"]
    reason: Short


@get("/anban/v1/usage", summary="One's own use in figures", tags=["people"])
async def own_usage(
    request: Request[Any, Any, Any],
    gateway: TheGateway,
    user: UserRef,
    days: Annotated[int, Parameter(ge=1, le=MOST_DAYS)] = 28,
) -> Data:
    """Minutes by day, hour and character, what is left of today, one's own limit, and what shows dependence and why.

    For the person alone: no page of a guardian or of the service shows it.
    """
    user = identifier(user, "user")
    service = await caller(request, gateway, user)
    rt, now = gateway.rt, gateway.rt.clock.now()

    def work(connection: Connection) -> Data:
        person = find(connection, rt.keys, service.id, user)
        if person is None:
            raise NotFound("no such person", field="user")
        return _figures(connection, person, service, rt, now, days)

    return await rt.db.read(work)


@get("/anban/v1/people/{user:str}/exemptions", summary="What a person is spared from", tags=["people"])
async def list_exemptions(request: Request[Any, Any, Any], office: TheOffice, user: UserRef) -> list[Data]:
    """Exemptions that hold now or will, with their reasons."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    return await rt.db.read(
        lambda connection: [
            _shown(each) for each in exemptions_of(connection, _known(connection, rt, service, user).id, now)
        ]
    )


@post("/anban/v1/people/{user:str}/exemptions", status_code=201, summary="Spare a person a limit", tags=["people"])
async def put_exemption(
    request: Request[Any, Any, Any], office: TheOffice, user: UserRef, data: GivenExemption
) -> Data:
    """From now on, for some hours, the day's time or the quiet hours do not hold. Recorded with its reason."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rulebook = rt.rules(service, frozenset[str](), now).version

    def work(connection: Connection) -> Exemption:
        person = _known(connection, rt, service, user)
        until = now + timedelta(hours=data.hours)
        return exempt(
            connection, person.id, data.limit, by=data.by, reason=data.reason, from_at=now, until_at=until, at=now,
            service=service.id, rulebook=rulebook,
        )  # fmt: skip

    made = await rt.db.write(work)
    rt.presence.forget(service.id, user)
    return _shown(made)


@delete("/anban/v1/people/{user:str}/exemptions/{exemption:str}", status_code=200, summary="End one", tags=["people"])
async def drop_exemption(
    request: Request[Any, Any, Any], office: TheOffice, user: UserRef, exemption: str
) -> dict[str, bool]:
    """The limit holds again at once."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()
    rulebook = rt.rules(service, frozenset[str](), now).version

    def work(connection: Connection) -> bool:
        person = _known(connection, rt, service, user)
        return end_exemption(
            connection, person.id, exemption, by="administrator", at=now, service=service.id, rulebook=rulebook
        )

    ended = await rt.db.write(work)
    if not ended:
        raise NotFound("no such exemption", field="exemption")
    rt.presence.forget(service.id, user)
    return {"ended": True}


def _figures(connection: Connection, user: User, service: Service, rt: Runtime, now: datetime, days: int) -> Data:
    plain = rt.rules(service, frozenset[str](), now)
    ages = {"minor_age": plain.whole("minor-age"), "elder_age": plain.whole("elder-age")}
    standing: Standing = standing_with(user, family_of(connection, user), now, **ages)
    rules = rt.rules(service, standing.groups, now)
    zone, usage = zone_of(user, rules), usage_of(connection, user.id, now)
    around = Around(zone, "", exemptions_of(connection, user.id, now))
    today = now.astimezone(zone).date()
    left = time_left(standing, usage, rules, now, around)
    held = decayed(held_level(connection, user.id), now, rules.lasting("risk-decay-hours"))
    words = held.set_by == "rule" and held.dependence > 0
    found = index(life_of(connection, user.id, rules, today, now, words=words), rules)
    return {
        "zone": str(zone),
        "today": {
            "day": local_day(usage, now, zone),
            "minutes": round(usage.seconds(local_day(usage, now, zone)) / 60, 1),
            "limits": left.shown() if left is not None else None,
            "own_limit_minutes": standing.own_limits.minutes,
        },
        "days": [
            {
                "day": each.day.isoformat(),
                "minutes": round(each.seconds / 60, 1),
                "hours": [round(hour / 60, 1) for hour in each.hours],
                "personas": {name: round(seconds / 60, 1) for name, seconds in each.personas.items()},
            }
            for each in days_of(connection, user.id, today - timedelta(days=days - 1), today + timedelta(days=2))
        ],
        "dependence": {
            "level": DEPENDENCE_NAMES[held.dependence],
            "signs": [explained_sign(part) for part in found.parts] if found is not None else None,
        },
    }


def _known(connection: Connection, rt: Runtime, service: Service, ref: str) -> User:
    person = find(connection, rt.keys, service.id, ref)
    if person is None:
        raise NotFound("no such person", field="user")
    return person


def _shown(each: Exemption) -> Data:
    return {
        "id": each.id, "limit": each.kind, "by": each.by, "reason": each.reason,
        "from": each.from_at.isoformat(), "until": each.until_at.isoformat(),
    }  # fmt: skip


USAGE_DOORS = (own_usage, list_exemptions, put_exemption, drop_exemption)
