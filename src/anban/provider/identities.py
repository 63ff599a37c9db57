"""Which of our staff is this, whom the operator's own log-in provider vouches for?"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, insert, select

from anban.base.errors import Forbidden
from anban.base.ids import new_id
from anban.base.keys import MasterKeys
from anban.base.times import aware
from anban.provider.access import end_of_access
from anban.provider.access_models import oidc_tries, staff_identities
from anban.provider.desk_models import staff
from anban.provider.passwords import Hashed
from anban.provider.roles import StaffRole, usual_tier
from anban.provider.staff import Staff, add_staff, find_staff, set_role
from anban.provider.staff_keys import end_keys
from anban.provider.staff_sessions import end_all, token_digest

TRIES = "oidc tries"
"""What the key of log-ins under way is derived for."""

NO_PASSWORD = Hashed("!")
"""Nobody's password: whoever came by way of the provider comes in by no other."""


@dataclass(frozen=True, slots=True)
class Try:
    """A log-in under way at the provider: what has to come back, and where to go then."""

    nonce: str
    verifier: str
    back: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """Who came in; whether they are new here, and whether their role is another than before."""

    staff: Staff
    new: bool
    changed: bool


def keep_try(connection: Connection, keys: MasterKeys, state: str, tried: Try, at: datetime, lasts: timedelta) -> None:
    """Remember a log-in that was begun, under the digest of its state; those that came to nothing are forgotten."""
    digest, key = token_digest(state), keys.derived(TRIES)
    sealed = key.version.to_bytes(4, "big") + key.seal(tried.verifier.encode(), _place(digest))
    connection.execute(delete(oidc_tries).where(oidc_tries.c.expires_at <= at))
    connection.execute(
        insert(oidc_tries).values(
            digest=digest, nonce=tried.nonce, sealed=sealed, back=tried.back, made_at=at, expires_at=at + lasts
        )
    )


def take_try(connection: Connection, keys: MasterKeys, state: str, at: datetime) -> Try | None:
    """The log-in that this state belongs to, once; None for any other."""
    row = connection.execute(
        delete(oidc_tries).where(oidc_tries.c.digest == token_digest(state)).returning(oidc_tries)
    ).first()
    if row is None or aware(row.expires_at) <= at:
        return None
    key = keys.derived(TRIES, int.from_bytes(row.sealed[:4], "big"))
    return Try(row.nonce, key.open(row.sealed[4:], _place(row.digest)).decode(), row.back)


def arrive(
    connection: Connection,
    keys: MasterKeys,
    service: str,
    issuer: str,
    subject: str,
    login: str,
    name: str,
    role: StaffRole,
    at: datetime,
    rulebook: str,
) -> Arrived:
    """Whoever the provider calls `subject`, in the role that it tells now; somebody new gets an account of their own.

    An account that was made here is never taken over because it has the same name. A changed role ends all that was
    open under the old one. Raises `Forbidden` for somebody who is switched off here.
    """
    known = connection.execute(
        select(staff_identities.c.staff)
        .join(staff, staff.c.id == staff_identities.c.staff)
        .where(
            staff_identities.c.issuer == issuer,
            staff_identities.c.subject == _digest(subject),
            staff.c.service == service,
        )
    ).scalar()
    if known is None:
        return Arrived(_met(connection, keys, service, issuer, subject, login, name, role, at), new=True, changed=False)
    found = find_staff(connection, keys, known)
    if found is None or found.state != "active":
        raise Forbidden("this account is switched off", code="off")
    if found.role == role:
        return Arrived(found, new=False, changed=False)
    set_role(connection, found.id, role)
    end_all(connection, found.id, at)
    end_keys(connection, found.id, at)
    end_of_access(connection, keys, found.id, at, rulebook)
    after = find_staff(connection, keys, found.id)
    assert after is not None
    return Arrived(after, new=False, changed=True)


def _met(
    connection: Connection,
    keys: MasterKeys,
    service: str,
    issuer: str,
    subject: str,
    login: str,
    name: str,
    role: StaffRole,
    at: datetime,
) -> Staff:
    plain = re.sub(r"[^\w.@+-]", "", login)[:40] or "staff"
    called = plain if "@" in plain else f"{plain}@{(urlsplit(issuer).hostname or 'oidc')[:30]}"
    taken = select(staff.c.id).where(staff.c.service == service, staff.c.login == called)
    if connection.execute(taken).first() is not None:
        called = f"{called}-{secrets.token_hex(3)}"
    shown = re.sub(r"[\x00-\x1f\x7f-\x9f]", "", name).strip()[:80] or called
    added, _ = add_staff(
        connection, keys, service=service, login=called, name=shown, role=role, tier=usual_tier(role),
        password=NO_PASSWORD, at=at,
    )  # fmt: skip
    connection.execute(
        insert(staff_identities).values(
            id=new_id("sid_"), staff=added.id, issuer=issuer[:200], subject=_digest(subject), made_at=at
        )
    )
    return added


def _digest(subject: str) -> str:
    return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()


def _place(digest: str) -> str:
    return f"oidc_tries|{digest}"
