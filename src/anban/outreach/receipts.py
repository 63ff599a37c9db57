"""Links by which a contact says "I have seen it": each works once, for a while, and only its digest is kept.

A link that is unknown, used or too old looks the same from outside (reliability A6, A10).
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from anban.base.times import aware
from anban.outreach.models import receipts

_BYTES = 32
"""Randomness of a token: 256 bits, so that guessing one is hopeless."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Whom a link was given to, and about which case."""

    case: str
    user: str
    contact: str
    made_at: datetime
    expires_at: datetime


def new_link(connection: Connection, *, case: str, user: str, contact: str, at: datetime, expires_at: datetime) -> str:
    """A fresh token for the end of a link. It is not stored and cannot be had again."""
    token = secrets.token_urlsafe(_BYTES)
    connection.execute(
        insert(receipts).values(
            digest=_digest(token), case=case, user=user, contact=contact, made_at=at, expires_at=expires_at
        )
    )
    return token


def look(connection: Connection, token: str, at: datetime) -> Receipt | None:
    """What this link would confirm, without using it: mail programs open links on their own."""
    row = connection.execute(
        select(receipts).where(
            receipts.c.digest == _digest(token), receipts.c.used_at.is_(None), receipts.c.expires_at > at
        )
    ).one_or_none()
    return None if row is None else _receipt(row)


def use(connection: Connection, token: str, at: datetime) -> Receipt | None:
    """Use the link up. Of two who press it at once, one gets the receipt and the other nothing."""
    row = connection.execute(
        update(receipts)
        .where(receipts.c.digest == _digest(token), receipts.c.used_at.is_(None), receipts.c.expires_at > at)
        .values(used_at=at)
        .returning(receipts)
    ).one_or_none()
    return None if row is None else _receipt(row)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(row.case, row.user, row.contact, aware(row.made_at), aware(row.expires_at))
