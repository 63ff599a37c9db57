"""Finding a person, and meeting one for the first time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from anban.base.ids import new_id
from anban.base.keys import MasterKeys
from anban.base.times import aware
from anban.people.models import User, user_keys, users

USER_INSERT = insert(users)
KEY_INSERT = insert(user_keys)
QUIET = update(users).where(users.c.id == bindparam("user_id")).values(quiet_until=bindparam("until"))

_FOUND = (
    select(users, user_keys.c.version, user_keys.c.master, user_keys.c.wrapped, user_keys.c.suite)
    .join(user_keys, user_keys.c.user == users.c.id)
    .where(users.c.service == bindparam("of_service"), users.c.ref == bindparam("of_ref"))
    .order_by(user_keys.c.version.desc())
)


def find(connection: Connection, keys: MasterKeys, service: str, ref: str) -> User | None:
    """The user that `service` calls `ref`, with their key open, or None."""
    rows = connection.execute(_FOUND, {"of_service": service, "of_ref": ref}).all()
    if not rows:
        return None
    newest, *before = (keys.unwrap(row.wrapped, row.id, row.version, row.master, row.suite) for row in rows)
    row = rows[0]
    return User(
        row.id,
        service,
        ref,
        replace(newest, before=tuple(before)) if before else newest,
        aware(row.first_seen),
        row.birth_year,
        row.age_band,
        row.mode,
        row.mode_ground,
        row.time_zone,
        aware(row.quiet_until) if row.quiet_until else None,
    )


def find_by_id(connection: Connection, keys: MasterKeys, identifier: str) -> User | None:
    """The user with our own id, with their key open, or None."""
    named = service_and_ref(connection, identifier)
    return None if named is None else find(connection, keys, *named)


def new_user(keys: MasterKeys, service: str, ref: str, at: datetime) -> tuple[User, dict[str, Any], dict[str, Any]]:
    """A person never met before, and the two rows that make them known (for `USER_INSERT` and `KEY_INSERT`)."""
    identifier = new_id("usr_")
    key, stored = keys.new_key(identifier, 1)
    person = {
        "id": identifier, "service": service, "ref": ref, "first_seen": at,
        "birth_year": None, "age_band": None, "mode": None, "mode_ground": None, "time_zone": None, "quiet_until": None,
    }  # fmt: skip
    sealed = {"user": identifier, "version": 1, **stored}
    return User(identifier, service, ref, key, at), person, sealed


def meet(connection: Connection, keys: MasterKeys, service: str, ref: str, at: datetime) -> User:
    """Find or make the user, safe against another replica doing the same at this moment."""
    found = find(connection, keys, service, ref)
    if found is not None:
        return found
    user, person, sealed = new_user(keys, service, ref, at)
    try:
        with connection.begin_nested():
            connection.execute(USER_INSERT, person)
            connection.execute(KEY_INSERT, sealed)
    except IntegrityError:
        found = find(connection, keys, service, ref)
        if found is None:
            raise
        return found
    return user


def change(connection: Connection, user: User, facts: Mapping[str, Any]) -> User:
    """Set stated facts about a person (birth_year, age_band, mode, time_zone)."""
    if facts:
        connection.execute(update(users).where(users.c.id == user.id).values(**facts))
    return replace(user, **facts)


def service_and_ref(connection: Connection, identifier: str) -> tuple[str, str] | None:
    """Which service a user of ours belongs to, and what it calls them."""
    row = connection.execute(select(users.c.service, users.c.ref).where(users.c.id == identifier)).first()
    return None if row is None else (row.service, row.ref)
