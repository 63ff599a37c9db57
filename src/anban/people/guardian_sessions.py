"""How a bound guardian comes in: a link to their own address, used once, and then a session of a few hours."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from anban.base.keys import MasterKeys
from anban.base.times import aware
from anban.law.rulebook import Rulebook
from anban.people.claims import address_digest, bound_with, claimant_of
from anban.people.family_models import guardian_sessions, guardians
from anban.people.letters import Way, put_letter
from anban.people.models import users
from anban.people.users import find


@dataclass(frozen=True, slots=True)
class Inside:
    """A guardian who is logged in: who they are, and whose guardian."""

    guardian: str
    user: str
    service: str
    until: datetime


def ask_link(connection: Connection, keys: MasterKeys, service: str, way: Way, at: datetime, rules: Rulebook) -> int:
    """Somebody wants to log in from this address: each guardian bound under it gets a link at their own address.

    How many letters were written; whoever asks is told the same in every case. Asking again at once writes none.
    """
    written = 0
    for each in bound_with(connection, service, address_digest(keys, way)):
        if _asked_lately(connection, each.id, at, rules):
            continue
        ref = connection.execute(select(users.c.ref).where(users.c.id == each.user)).scalar_one()
        user = find(connection, keys, service, ref)
        assert user is not None
        lasts = rules.lasting("guardian-link-minutes")
        who = claimant_of(keys, user, each)
        put_letter(
            connection, keys, user=user.id, service=service, template="family.link", about=each.id,
            ways=[who.code_to, who.claims_from], slots={"called": who.calls},
            path=f"/guardian/enter/{new_link(connection, each.id, at, lasts)}", at=at, until=at + lasts,
        )  # fmt: skip
        written += 1
    return written


def new_link(connection: Connection, guardian: str, at: datetime, lasts: timedelta) -> str:
    """A fresh token for the end of a link; it begins one session and is not stored."""
    return _token(connection, guardian, "link", at, lasts)


def enter(connection: Connection, token: str, at: datetime, rules: Rulebook) -> str | None:
    """Use the link up: the token of a session for the guardian's cookie. None for a link that opens nothing."""
    used = connection.execute(
        update(guardian_sessions)
        .where(
            guardian_sessions.c.digest == _digest(token),
            guardian_sessions.c.kind == "link",
            guardian_sessions.c.ended_at.is_(None),
            guardian_sessions.c.expires_at > at,
        )
        .values(ended_at=at)
        .returning(guardian_sessions.c.guardian)
    ).first()
    if used is None or not _is_bound(connection, used.guardian):
        return None
    return _token(connection, used.guardian, "session", at, rules.lasting("guardian-session-hours"))


def guardian_inside(connection: Connection, token: str, at: datetime) -> Inside | None:
    """Whose session this is; None once it has ended, and at once when the guardian is bound no longer."""
    row = connection.execute(
        select(guardian_sessions.c.guardian, guardian_sessions.c.expires_at, guardians.c.user, guardians.c.service)
        .join(guardians, guardians.c.id == guardian_sessions.c.guardian)
        .where(
            guardian_sessions.c.digest == _digest(token),
            guardian_sessions.c.kind == "session",
            guardian_sessions.c.ended_at.is_(None),
            guardian_sessions.c.expires_at > at,
            guardians.c.state == "bound",
        )
    ).first()
    return None if row is None else Inside(row.guardian, row.user, row.service, aware(row.expires_at))


def leave(connection: Connection, token: str, at: datetime) -> None:
    """End one session."""
    connection.execute(
        update(guardian_sessions).where(guardian_sessions.c.digest == _digest(token)).values(ended_at=at)
    )


def end_sessions(connection: Connection, guardian: str, at: datetime) -> None:
    """End every link and session of a guardian."""
    connection.execute(
        update(guardian_sessions)
        .where(guardian_sessions.c.guardian == guardian, guardian_sessions.c.ended_at.is_(None))
        .values(ended_at=at)
    )


def _is_bound(connection: Connection, guardian: str) -> bool:
    found = select(guardians.c.id).where(guardians.c.id == guardian, guardians.c.state == "bound")
    return connection.execute(found).first() is not None


def _asked_lately(connection: Connection, guardian: str, at: datetime, rules: Rulebook) -> bool:
    since = at - rules.lasting("guardian-link-wait-seconds")
    found = select(guardian_sessions.c.digest).where(
        guardian_sessions.c.guardian == guardian,
        guardian_sessions.c.kind == "link",
        guardian_sessions.c.made_at > since,
    )
    return connection.execute(found.limit(1)).first() is not None


def _token(
    connection: Connection, guardian: str, kind: Literal["link", "session"], at: datetime, lasts: timedelta
) -> str:
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(guardian_sessions).values(
            digest=_digest(token), guardian=guardian, kind=kind, made_at=at, expires_at=at + lasts
        )
    )
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
