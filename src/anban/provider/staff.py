"""Who works at the desk, and may they open it?"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import orjson
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from anban.base.errors import BadInput, Conflict, NotFound
from anban.base.ids import new_id
from anban.base.keys import MasterKeys
from anban.base.times import aware
from anban.provider.desk_models import staff
from anban.provider.passwords import Hashed, hashed, new_secret
from anban.provider.roles import STAFF_ROLES, StaffRole, usual_tier

Role = StaffRole
State = Literal["active", "off"]
Route = tuple[str, str]

TIERS = (1, 2, 3)
"""First line, second line, leads. Whoever is neither responder nor lead has none (0), and nobody calls them."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who works for one service: at its desk, or with its evidence, accounts or data.

    `tier` is the line in which they are called: 1 first, 2 second, 3 leads. `routes` are how to page them outside the
    desk page, in order, such as ("phone", number). While `resting_until` lies ahead they are on no rota.
    """

    id: str
    service: str
    login: str
    name: str
    role: Role
    tier: int
    state: State
    routes: tuple[Route, ...] = ()
    resting_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a log-in is checked against. `step` is the last time step whose code was used."""

    staff: Staff
    password: Hashed
    secret: str
    step: int


def add_staff(
    connection: Connection,
    keys: MasterKeys,
    *,
    service: str,
    login: str,
    name: str,
    role: Role,
    tier: int,
    password: str | Hashed,
    routes: tuple[Route, ...] = (),
    at: datetime,
    secret: str | None = None,
) -> tuple[Staff, str]:
    """Somebody new, and the secret for their authenticator app: shown once, kept sealed.

    A serving process gives `password` hashed: hashing takes long, and others wait for this transaction. Raises
    `Conflict` when the log-in is taken, `BadInput` for a role or tier that does not exist.
    """
    tier = fitting_tier(role, tier)
    if not login.strip() or not name.strip():
        raise BadInput("a log-in and a name are needed", field="login")
    new = Staff(new_id("stf_"), service, login.strip(), name.strip(), role, tier, "active", routes)
    secret = secret or new_secret()
    stored = password if isinstance(password, Hashed) else hashed(password)
    try:
        with connection.begin_nested():
            connection.execute(
                insert(staff).values(
                    id=new.id,
                    service=service,
                    login=new.login,
                    name=new.name,
                    role=role,
                    tier=tier,
                    state=new.state,
                    password=stored.text,
                    sealed=_seal(keys, new, secret),
                    code_step=0,
                    made_at=at,
                )
            )
    except IntegrityError as error:
        raise Conflict("this log-in is taken", field="login") from error
    return new, secret


def fitting_tier(role: Role, tier: int) -> int:
    """The line for this role: the given one for those who work at the desk, none for others. Raises `BadInput`."""
    if role not in STAFF_ROLES:
        raise BadInput("a role is one of " + ", ".join(STAFF_ROLES), field="role")
    if usual_tier(role) == 0:
        return 0
    if tier not in TIERS:
        raise BadInput("a tier is 1, 2 or 3", field="tier")
    return tier


def staff_of(connection: Connection, keys: MasterKeys, service: str) -> tuple[Staff, ...]:
    """Everybody who works or worked for a service, by tier and log-in."""
    rows = connection.execute(select(staff).where(staff.c.service == service).order_by(staff.c.tier, staff.c.login))
    return tuple(_opened(keys, row)[0] for row in rows)


def find_staff(connection: Connection, keys: MasterKeys, identifier: str) -> Staff | None:
    """One of the staff by id, or None."""
    row = connection.execute(select(staff).where(staff.c.id == identifier)).first()
    return None if row is None else _opened(keys, row)[0]


def credentials(connection: Connection, keys: MasterKeys, service: str, login: str) -> Credentials | None:
    """What a log-in name of a service is checked against; None when nobody active has it."""
    row = connection.execute(
        select(staff).where(staff.c.service == service, staff.c.login == login, staff.c.state == "active")
    ).first()
    if row is None:
        return None
    found, secret = _opened(keys, row)
    return Credentials(found, Hashed(row.password), secret, row.code_step)


def use_code(connection: Connection, identifier: str, step: int) -> bool:
    """Mark the code of a time step as used; False when it, or a later one, was used before: a code opens once."""
    used = update(staff).where(staff.c.id == identifier, staff.c.code_step < step, staff.c.state == "active")
    return connection.execute(used.values(code_step=step)).rowcount == 1


def rest(connection: Connection, identifier: str, until: datetime | None) -> None:
    """Take somebody off the rota until then; None ends a rest. Raises `NotFound`."""
    _change(connection, identifier, resting_until=until)


def set_state(connection: Connection, identifier: str, state: State) -> None:
    """Somebody stops working here (`off`: nothing opens for them and nobody calls them), or comes back."""
    _change(connection, identifier, state=state)


def set_role(connection: Connection, identifier: str, role: Role) -> None:
    """Another role, in its usual line; the caller ends everything that was open under the old one."""
    _change(connection, identifier, role=role, tier=fitting_tier(role, usual_tier(role)))


def set_password(connection: Connection, identifier: str, password: Hashed) -> None:
    """A new password; the caller ends their sessions. Raises `NotFound`."""
    _change(connection, identifier, password=password.text)


def renew_secret(connection: Connection, keys: MasterKeys, identifier: str) -> str:
    """A new secret for the authenticator app: the old one opens nothing from now on. Raises `NotFound`."""
    found = find_staff(connection, keys, identifier)
    if found is None:
        raise NotFound("no such person at the desk")
    secret = new_secret()
    _change(connection, identifier, sealed=_seal(keys, found, secret), code_step=0)
    return secret


def _change(connection: Connection, identifier: str, **values: object) -> None:
    if connection.execute(update(staff).where(staff.c.id == identifier).values(**values)).rowcount != 1:
        raise NotFound("no such person at the desk")


def _seal(keys: MasterKeys, who: Staff, secret: str) -> bytes:
    key = keys.derived("staff")
    text = orjson.dumps({"secret": secret, "routes": who.routes})
    return key.version.to_bytes(4, "big") + key.seal(text, _place(who.id))


def _opened(keys: MasterKeys, row: Row[tuple[object, ...]]) -> tuple[Staff, str]:
    key = keys.derived("staff", int.from_bytes(row.sealed[:4], "big"))
    sealed = orjson.loads(key.open(row.sealed[4:], _place(row.id)))
    who = Staff(row.id, row.service, row.login, row.name, row.role, row.tier, row.state)
    resting = aware(row.resting_until) if row.resting_until else None
    routes = tuple((route, address) for route, address in sealed["routes"])
    return replace(who, routes=routes, resting_until=resting), sealed["secret"]


def _place(identifier: str) -> str:
    return f"staff|{identifier}"
