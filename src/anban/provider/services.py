"""Which service does a key open?"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, insert, select, text, update

from anban.base.errors import NotFound
from anban.base.ids import new_id
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.provider.models import Service, service_keys, services, tenants

Rules = Callable[[Service, frozenset[str], datetime], Rulebook]
"""The rulebook of a service, for a group of people, at a moment."""


def key_digest(key: str) -> str:
    """What is stored of a service key. Keys are long and random, so a plain digest is enough."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def open_service(connection: Connection, *, name: str, packs: tuple[str, ...], place: str, tenant: str = "") -> Service:
    """The service called `name` of the tenant called `tenant` (default: the same name), made when there is none."""
    if connection.dialect.name == "postgresql":
        # Replicas that start together on an empty database must find one service, not make one each.
        connection.execute(text("SELECT pg_advisory_xact_lock(7263)"))
    owner = connection.execute(select(tenants.c.id).where(tenants.c.name == (tenant or name))).scalar()
    if owner is None:
        owner = new_id("ten_")
        connection.execute(insert(tenants).values(id=owner, name=tenant or name))
    found = connection.execute(select(services).where(services.c.tenant == owner, services.c.name == name)).first()
    if found is None:
        identifier = new_id("svc_")
        connection.execute(
            insert(services).values(
                id=identifier, tenant=owner, name=name, packs=",".join(packs), place=place, state="on"
            )
        )
    else:
        identifier = found.id
        connection.execute(
            update(services).where(services.c.id == identifier).values(packs=",".join(packs), place=place)
        )
    return find(connection, identifier)


def find(connection: Connection, service: str) -> Service:
    """One service. Raises `NotFound`."""
    row = connection.execute(select(services).where(services.c.id == service)).first()
    if row is None:
        raise NotFound("no such service")
    return Service(row.id, row.tenant, row.name, tuple(row.packs.split(",")), row.place, row.state)


def add_key(connection: Connection, service: str, at: datetime, key: str | None = None) -> str:
    """Give a service a key and return it; it is shown once and not stored."""
    key = key or "anban-" + secrets.token_urlsafe(32)
    digest = key_digest(key)
    if connection.execute(select(service_keys.c.digest).where(service_keys.c.digest == digest)).first() is None:
        connection.execute(insert(service_keys).values(digest=digest, service=service, made_at=at))
    return key


def revoke_key(connection: Connection, key: str, at: datetime) -> None:
    """Close a key; doors that remember it follow within seconds."""
    connection.execute(update(service_keys).where(service_keys.c.digest == key_digest(key)).values(revoked_at=at))


def service_of(connection: Connection, digest: str) -> Service | None:
    """The service that an unrevoked key opens, by the key's digest."""
    row = connection.execute(
        select(services)
        .join(service_keys, service_keys.c.service == services.c.id)
        .where(service_keys.c.digest == digest, service_keys.c.revoked_at.is_(None))
    ).first()
    if row is None:
        return None
    return Service(row.id, row.tenant, row.name, tuple(row.packs.split(",")), row.place, row.state)


def any_service(connection: Connection) -> bool:
    """Whether there is any service yet: not in a database that was made just now."""
    return connection.execute(select(services.c.id).limit(1)).first() is not None


def has_keys(connection: Connection) -> bool:
    """Whether any key exists: a fresh deployment makes its first one at start."""
    return connection.execute(select(service_keys.c.digest).limit(1)).first() is not None


@performs("kill-switch")
def switch(connection: Connection, service: str, state: str) -> None:
    """Turn a service `on` or `off`; replicas follow within seconds, without a redeploy (draft art 8, final art 9)."""
    connection.execute(update(services).where(services.c.id == service).values(state=state))
