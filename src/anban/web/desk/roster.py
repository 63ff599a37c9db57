"""Staff and rota over the management API: for the command line, and for a provider's own system of shifts."""

import asyncio
from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import Parameter

from anban.base.db import Connection
from anban.base.errors import BadInput, Forbidden, NotFound
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.provider.access import end_of_access
from anban.provider.models import Service
from anban.provider.passwords import enrolment, hashed
from anban.provider.roles import StaffRole
from anban.provider.rota import add_shift, on_duty, shifts_of
from anban.provider.staff import Staff, add_staff, renew_secret, set_password, set_role, set_state, staff_of
from anban.provider.staff_keys import end_keys
from anban.provider.staff_sessions import end_all
from anban.rails.runtime import Runtime
from anban.web.callers import calling
from anban.web.desk.week import clock, empty_hours
from anban.web.manage import Office, TheOffice, allowed
from anban.web.shapes import LINE, Short

Login = Annotated[str, Parameter(min_length=1, max_length=80, pattern=LINE)]
LoginName = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[^\s\x00-\x1f\x7f-\x9f/]+$")]
PersonsName = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f]*$")]
Password = Annotated[str, msgspec.Meta(min_length=10, max_length=1_000, pattern=r"^[^\x00]*$")]
WallClock = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Day = Annotated[str, msgspec.Meta(pattern=r"^20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$")]


class GivenRoute(msgspec.Struct, forbid_unknown_fields=True):
    """How to page somebody outside the desk page: by which route, under which address."""

    route: Short
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=LINE)]


class NewStaff(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody new. `tier`: 1 first line, 2 second, 3 leads; of those who work at the desk only."""

    login: LoginName
    name: PersonsName
    password: Password
    role: StaffRole = "responder"
    tier: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1
    routes: Annotated[list[GivenRoute], msgspec.Meta(max_length=8)] = []


class StaffAct(msgspec.Struct, forbid_unknown_fields=True):
    """What `password` and `role` take; the other acts take nothing."""

    password: Password | None = None
    role: StaffRole | None = None


class NewShift(msgspec.Struct, forbid_unknown_fields=True):
    """Hours that come again. 0 is Monday; an end that is not after its beginning lies on the next day."""

    login: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=LINE)]
    begins: WallClock
    ends: WallClock
    weekdays: Annotated[list[Annotated[int, msgspec.Meta(ge=0, le=6)]], msgspec.Meta(min_length=1, max_length=7)]
    time_zone: Annotated[str, msgspec.Meta(max_length=64)] = "Asia/Shanghai"
    from_day: Day | None = None
    until_day: Day | None = None


@get("/anban/v1/staff", summary="Who works at the desk", tags=["desk"])
async def list_staff(request: Request[Any, Any, Any], office: TheOffice) -> list[dict[str, Any]]:
    """Everybody, by tier; routes by kind only."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    found = await rt.db.read(lambda connection: staff_of(connection, rt.keys, service.id))
    return [_shown(each) for each in found]


@post("/anban/v1/staff", status_code=201, summary="Add somebody to the desk", tags=["desk"])
async def put_staff(request: Request[Any, Any, Any], office: TheOffice, data: NewStaff) -> dict[str, Any]:
    """The new person, and the secret for their authenticator app, which is shown this once."""
    service = await allowed(request, office)
    rt, by = office.gateway.rt, calling(request).actor
    password = await asyncio.to_thread(hashed, data.password)

    def work(connection: Connection) -> tuple[Staff, str]:
        added, secret = add_staff(
            connection, rt.keys, service=service.id, login=data.login, name=data.name, role=data.role, tier=data.tier,
            password=password, routes=tuple((each.route, each.address) for each in data.routes), at=rt.clock.now(),
        )  # fmt: skip
        _told(connection, rt, service, Kind.STAFF_ADDED, added.id, by, role=added.role, tier=added.tier)
        return added, secret

    added, secret = await rt.db.write(work)
    return {**_shown(added), "secret": secret, "enrolment": enrolment(secret, added.login)}


@post("/anban/v1/staff/{login:str}/{act:str}", status_code=200, summary="Change a log-in at the desk", tags=["desk"])
async def change_staff(
    request: Request[Any, Any, Any], office: TheOffice, login: Login, act: str, data: StaffAct
) -> dict[str, Any]:
    """A new `password`, a new secret for the app (`totp`), another `role`, `off`, `on`.

    Each ends the person's log-ins and keys at once. Nobody gives themselves another role.
    """
    service = await allowed(request, office)
    rt, by = office.gateway.rt, calling(request).actor
    if act not in ("password", "totp", "role", "off", "on"):
        raise NotFound("a log-in can be given a new password, totp or role, and switched off or on")
    rules = rt.rules(service, frozenset[str](), rt.clock.now())
    if act == "role" and data.role is None:
        raise BadInput("role is missing", field="role")
    if act == "password" and data.password is None:
        raise BadInput("password is missing", field="password")
    password = await asyncio.to_thread(hashed, data.password) if data.password else None

    def work(connection: Connection) -> dict[str, Any]:
        who = by_login(connection, office, service, login)
        more: dict[str, str] = {}
        if who.id == by and act != "password":
            raise Forbidden("somebody else changes this for you", code="own_rights")
        match act:
            case "role":
                assert data.role is not None
                set_role(connection, who.id, data.role)
            case "password":
                assert password is not None
                set_password(connection, who.id, password)
            case "totp":
                secret = renew_secret(connection, rt.keys, who.id)
                more = {"secret": secret, "enrolment": enrolment(secret, who.login)}
            case _:
                set_state(connection, who.id, "off" if act == "off" else "active")
        if act in ("role", "off"):
            end_of_access(connection, rt.keys, who.id, rt.clock.now(), rules.version)
        end_all(connection, who.id, rt.clock.now())
        end_keys(connection, who.id, rt.clock.now())
        facts = {"what": act} if data.role is None else {"what": act, "role": data.role}
        _told(connection, rt, service, Kind.STAFF_CHANGED, who.id, by, **facts)
        return {**_shown(by_login(connection, office, service, login)), **more}

    return await rt.db.write(work)


@get("/anban/v1/rota", summary="The rota", tags=["desk"])
async def show_rota(request: Request[Any, Any, Any], office: TheOffice) -> dict[str, Any]:
    """The shifts, who is on duty now, and in how many of the next seven days' hours nobody is."""
    service = await allowed(request, office)
    rt = office.gateway.rt
    now = rt.clock.now()

    def work(connection: Connection) -> dict[str, Any]:
        logins = {each.id: each.login for each in staff_of(connection, rt.keys, service.id)}
        shifts = shifts_of(connection, service.id, since=now.date())
        return {
            "on_duty": [
                {"login": logins[each.staff], "tier": each.tier} for each in on_duty(connection, service.id, now)
            ],
            "empty_hours": empty_hours(shifts, now),
            "shifts": [
                {
                    "id": shift.id,
                    "login": logins[shift.staff],
                    "weekdays": list(shift.weekdays),
                    "begins": _wall(shift.from_minute),
                    "ends": _wall(shift.until_minute),
                    "time_zone": shift.time_zone,
                    "from_day": shift.from_day.isoformat(),
                    "until_day": shift.until_day.isoformat() if shift.until_day else None,
                }
                for shift in shifts
            ],
        }

    return await rt.db.read(work)


@post("/anban/v1/rota", status_code=201, summary="Add a shift", tags=["desk"])
async def put_rota(request: Request[Any, Any, Any], office: TheOffice, data: NewShift) -> dict[str, str]:
    """Hours that come again each week; the shift's id."""
    service = await allowed(request, office)
    rt, by = office.gateway.rt, calling(request).actor
    today = rt.clock.now().date()
    first = _day(data.from_day, "from_day") or today
    last = _day(data.until_day, "until_day")

    def work(connection: Connection) -> str:
        who = by_login(connection, office, service, data.login)
        identifier = add_shift(
            connection, service=service.id, staff_id=who.id, weekdays=data.weekdays,
            from_minute=clock(data.begins), until_minute=clock(data.ends),
            time_zone=data.time_zone, from_day=first, until_day=last,
        )  # fmt: skip
        _told(connection, rt, service, Kind.ROTA_CHANGED, who.id, by, shift=identifier, what="added")
        return identifier

    return {"id": await rt.db.write(work)}


def by_login(connection: Connection, office: Office, service: Service, login: str) -> Staff:
    """Whoever has this log-in. Raises `NotFound`."""
    for each in staff_of(connection, office.gateway.rt.keys, service.id):
        if each.login == login:
            return each
    raise NotFound("nobody at the desk has this log-in", field="login")


def _told(
    connection: Connection, rt: Runtime, service: Service, kind: Kind, subject: str, by: str, **facts: Fact
) -> None:
    now = rt.clock.now()
    rulebook = rt.rules(service, frozenset[str](), now).version
    write(connection, Entry(kind, now, subject, by, service.id, rulebook, facts))


def _shown(who: Staff) -> dict[str, Any]:
    return {
        "id": who.id,
        "login": who.login,
        "name": who.name,
        "role": who.role,
        "tier": who.tier,
        "state": who.state,
        "resting_until": who.resting_until.isoformat() if who.resting_until else None,
        "routes": [kind for kind, _ in who.routes],
    }


def _day(given: str | None, field: str) -> date | None:
    try:
        return None if given is None else date.fromisoformat(given)
    except ValueError as error:
        raise BadInput(f"{field} is a day such as 2026-11-23", field=field) from error


def _wall(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
