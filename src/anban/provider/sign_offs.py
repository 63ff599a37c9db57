"""Which professional has put their name to the words that people in danger hear?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from anban.base.errors import BadInput, Conflict, Misconfigured, NotFound
from anban.base.ids import new_id
from anban.base.times import aware
from anban.provider.desk_models import sign_offs
from anban.words.templates import Words


@dataclass(frozen=True, slots=True)
class SignOff:
    """A named professional's signature under all words spoken to people, by their digest at that time."""

    id: str
    name: str
    profession: str
    registration: str
    words_digest: str
    recorded_by: str
    at: datetime
    withdrawn_at: datetime | None


def sign(
    connection: Connection,
    words: Words,
    *,
    service: str,
    name: str,
    profession: str,
    registration: str,
    digest: str,
    by: str,
    at: datetime,
) -> SignOff:
    """Record that a professional signed the words with this digest.

    `digest` is that of the words they read. Raises `Conflict` when the words have changed since, `BadInput` for a
    missing name, profession or registration.
    """
    given = {"name": name.strip(), "profession": profession.strip(), "registration": registration.strip()}
    for field, value in given.items():
        if not value:
            raise BadInput(f"{field} is missing: a sign-off names a person", field=field)
    if digest != words.digest():
        raise Conflict("the words have changed since they were read; read and sign them again", field="digest")
    identifier = new_id("sgn_")
    connection.execute(
        insert(sign_offs).values(id=identifier, service=service, words_digest=digest, recorded_by=by, at=at, **given)
    )
    return _find(connection, service, identifier)


def withdraw(connection: Connection, service: str, identifier: str, at: datetime) -> SignOff:
    """The professional takes their name back. Raises `NotFound`."""
    _find(connection, service, identifier)
    connection.execute(
        update(sign_offs)
        .where(sign_offs.c.id == identifier, sign_offs.c.withdrawn_at.is_(None))
        .values(withdrawn_at=at)
    )
    return _find(connection, service, identifier)


def signed(connection: Connection, service: str, words_digest: str) -> SignOff | None:
    """The sign-off under exactly these words, if one stands: a change of words makes an earlier one stale."""
    row = connection.execute(
        select(sign_offs)
        .where(
            sign_offs.c.service == service,
            sign_offs.c.words_digest == words_digest,
            sign_offs.c.withdrawn_at.is_(None),
        )
        .order_by(sign_offs.c.at.desc())
        .limit(1)
    ).first()
    return None if row is None else _sign_off(row)


def sign_offs_of(connection: Connection, service: str) -> tuple[SignOff, ...]:
    """Every sign-off, the newest first, also stale and withdrawn ones."""
    rows = connection.execute(select(sign_offs).where(sign_offs.c.service == service).order_by(sign_offs.c.at.desc()))
    return tuple(_sign_off(row) for row in rows)


def require_sign_off(connection: Connection, service: str, words: Words) -> None:
    """Raise `Misconfigured` unless a named professional signed the words as they are now (product section 5)."""
    if signed(connection, service, words.digest()) is None:
        before = (
            "signed earlier, but the words have changed since" if sign_offs_of(connection, service) else "not signed"
        )
        raise Misconfigured(
            f"ANBAN_ENFORCE needs a professional's sign-off under the words as they are now ({before}). "
            "Start without ANBAN_ENFORCE, have the words read, record it at /desk/words or with `anban words sign`, "
            "then start again",
            field="ANBAN_ENFORCE",
        )


def _find(connection: Connection, service: str, identifier: str) -> SignOff:
    row = connection.execute(
        select(sign_offs).where(sign_offs.c.id == identifier, sign_offs.c.service == service)
    ).first()
    if row is None:
        raise NotFound("no such sign-off")
    return _sign_off(row)


def _sign_off(row: Row[Any]) -> SignOff:
    return SignOff(
        row.id,
        row.name,
        row.profession,
        row.registration,
        row.words_digest,
        row.recorded_by,
        aware(row.at),
        aware(row.withdrawn_at) if row.withdrawn_at else None,
    )
