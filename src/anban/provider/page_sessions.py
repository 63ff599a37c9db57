"""Whose own page does this browser show? A session of a person outside, begun by a token of the app and used up."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from anban.base.keys import MasterKeys
from anban.provider.access_models import page_sessions
from anban.provider.staff_sessions import token_digest

PAGE_SESSION = "page session"
"""What the key is derived for."""


def begin_page(connection: Connection, keys: MasterKeys, service: str, ref: str, at: datetime, lasts: timedelta) -> str:
    """A session for the person whom the app calls `ref`; its token, which is not stored."""
    token = secrets.token_urlsafe(32)
    digest = token_digest(token)
    key = keys.derived(PAGE_SESSION)
    sealed = key.version.to_bytes(4, "big") + key.seal(ref.encode(), _place(digest))
    connection.execute(delete(page_sessions).where(page_sessions.c.expires_at < at - lasts))
    connection.execute(
        insert(page_sessions).values(
            digest=digest, service=service, sealed=sealed, made_at=at, expires_at=at + lasts,
        )
    )  # fmt: skip
    return token


def person_of_page(connection: Connection, keys: MasterKeys, token: str, at: datetime) -> tuple[str, str] | None:
    """The service and the app's name for the person whose session this is, while it lasts."""
    row = connection.execute(
        select(page_sessions).where(
            page_sessions.c.digest == token_digest(token),
            page_sessions.c.ended_at.is_(None),
            page_sessions.c.expires_at > at,
        )
    ).first()
    if row is None:
        return None
    key = keys.derived(PAGE_SESSION, int.from_bytes(row.sealed[:4], "big"))
    return row.service, key.open(row.sealed[4:], _place(row.digest)).decode()


def end_page(connection: Connection, token: str, at: datetime) -> None:
    """End one session."""
    mine = page_sessions.c.digest == token_digest(token), page_sessions.c.ended_at.is_(None)
    connection.execute(update(page_sessions).where(*mine).values(ended_at=at))


def _place(digest: str) -> str:
    return f"page_sessions|{digest}"
