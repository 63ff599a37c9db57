"""Personal keys over the management API: for programs of somebody on the staff, in that person's own role."""

import hashlib
import hmac
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post

from anban.base.db import Connection
from anban.base.errors import AnbanError, BadInput, Forbidden
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.provider.attempts import begin_try, forgive
from anban.provider.models import Service
from anban.provider.passwords import step_of
from anban.provider.roles import needs_code
from anban.provider.staff import Staff, credentials, use_code
from anban.provider.staff_keys import StaffKey, end_key, keys_of, new_key
from anban.web.callers import DESK_FORMS, calling
from anban.web.desk.roster import Login, by_login
from anban.web.manage import Office, TheOffice, UserRef, allowed
from anban.web.shapes import LINE


class TooMany(AnbanError):
    """Too many wrong codes lately."""

    status = 429
    code = "too_many"


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """What the key is for, and for how many days. `code` is the owner's own, where their role needs a second factor."""

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=LINE)]
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30
    code: Annotated[str, msgspec.Meta(max_length=12, pattern=r"^[0-9 ]*$")] = ""


@get("/anban/v1/staff/{login:str}/keys", summary="Keys of somebody on the staff", tags=["desk"])
async def list_staff_keys(request: Request[Any, Any, Any], office: TheOffice, login: Login) -> list[dict[str, Any]]:
    """Every key they have or had, without the key itself."""
    service = await allowed(request, office)

    def work(connection: Connection) -> tuple[StaffKey, ...]:
        return keys_of(connection, by_login(connection, office, service, login).id)

    return [_shown(each) for each in await office.gateway.rt.db.read(work)]


@post("/anban/v1/staff/{login:str}/keys", status_code=201, summary="Give somebody a key", tags=["desk"])
async def put_staff_key(
    request: Request[Any, Any, Any], office: TheOffice, login: Login, data: NewKey
) -> dict[str, Any]:
    """The key is shown this once. It opens what the person's role opens, and ends when their role or state changes."""
    service = await allowed(request, office)
    rt, by = office.gateway.rt, calling(request).actor
    if data.code:
        await _slowed(office, service, login)
    made, text = await rt.db.write(
        partial(_made, office=office, service=service, login=login, data=data, by=by, at=rt.clock.now())
    )
    return {**_shown(made), "key": text}


@delete("/anban/v1/staff/{login:str}/keys/{key:str}", status_code=200, summary="End a key", tags=["desk"])
async def end_staff_key(
    request: Request[Any, Any, Any], office: TheOffice, login: Login, key: UserRef
) -> dict[str, Any]:
    """It opens nothing any more, at once."""
    service = await allowed(request, office)
    rt, by = office.gateway.rt, calling(request).actor

    def work(connection: Connection) -> None:
        who = by_login(connection, office, service, login)
        end_key(connection, who.id, key, rt.clock.now())
        _told(connection, office, service, who, by, rt.clock.now(), what="key-ended", key=key)

    await rt.db.write(work)
    return {"ended": key}


def _made(
    connection: Connection, office: Office, service: Service, login: str, data: NewKey, by: str, at: datetime
) -> tuple[StaffKey, str]:
    rt = office.gateway.rt
    who = by_login(connection, office, service, login)
    if who.state != "active":
        raise Forbidden("whoever is switched off gets no key", code="off")
    rules = rt.rules(service, frozenset[str](), at)
    lasts = min(timedelta(days=data.days), rules.lasting("staff-key-days"))
    if needs_code(who.role):
        _check_code(connection, office, who, data.code, at)
        forgive(connection, _lanes(office, service, login))
        lasts = min(lasts, rules.lasting("staff-key-code-hours"))
    made, text = new_key(connection, who.id, data.label, at, lasts)
    _told(connection, office, service, who, by, at, what="key-made", key=made.id)
    return made, text


async def _slowed(office: Office, service: Service, login: str) -> None:
    """Let nobody try out codes: counted in the database before the code is looked at. Raises `TooMany`."""
    rt = office.gateway.rt
    now = rt.clock.now()
    rules = rt.rules(service, frozenset[str](), now)
    longest, lanes = rules.lasting("staff-login-wait-seconds"), _lanes(office, service, login)
    lanes = dict.fromkeys(lanes, rules.whole("staff-login-failures"))
    if await rt.db.write(lambda connection: begin_try(connection, lanes, longest, now)):
        raise TooMany("wait a little before the next code", field="code")


def _lanes(office: Office, service: Service, login: str) -> tuple[str, ...]:
    secret = office.gateway.rt.keys.derived(DESK_FORMS).secret
    return (hmac.new(secret, f"key|{service.id}|{login}".encode(), hashlib.sha256).hexdigest(),)


def _check_code(connection: Connection, office: Office, who: Staff, code: str, at: datetime) -> None:
    """Raise `BadInput` unless this is the person's own code of now, which it then uses up."""
    known = credentials(connection, office.gateway.rt.keys, who.service, who.login)
    step = None if known is None else step_of(known.secret, code, at)
    if step is None or not use_code(connection, who.id, step):
        raise BadInput("their own code of this moment is needed for this role", field="code", code="wrong_code")


def _told(
    connection: Connection, office: Office, service: Service, who: Staff, by: str, at: datetime, *, what: str, key: str
) -> None:
    rulebook = office.gateway.rt.rules(service, frozenset[str](), at).version
    write(connection, Entry(Kind.STAFF_CHANGED, at, who.id, by, service.id, rulebook, {"what": what, "key": key}))


def _shown(key: StaffKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "label": key.label,
        "made_at": key.made_at.isoformat(),
        "expires_at": key.expires_at.isoformat(),
        "ended_at": key.ended_at.isoformat() if key.ended_at else None,
    }


STAFF_KEY_DOORS = (list_staff_keys, put_staff_key, end_staff_key)
