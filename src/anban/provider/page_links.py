"""A link to somebody's own page, for an app that has no signed tokens: short, used once, kept only as a digest."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, DateTime, ForeignKey, LargeBinary, String, Table, delete, insert, update

from anban.base.db import kept, metadata
from anban.base.keys import MasterKeys
from anban.provider.staff_sessions import token_digest

page_links = Table(
    "page_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False),
    # The app's name for the person, sealed: they may never have spoken here, and then have no row of theirs.
    Column("sealed", LargeBinary, nullable=False),
    # Which of their pages it leads to.
    Column("page", String(24), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    info=kept(retention="operations", about=None, erase="none"),
)

PAGE_LINK = "page link"
"""What the key is derived for."""


@dataclass(frozen=True, slots=True)
class Led:
    """Where a link leads: the service, its name for the person, which of their pages."""

    service: str
    ref: str
    page: str


def new_page_link(
    connection: Connection, keys: MasterKeys, service: str, ref: str, page: str, at: datetime, lasts: timedelta
) -> str:
    """The token for the end of a link; it is not stored and cannot be had again."""
    token = secrets.token_urlsafe(32)
    digest = token_digest(token)
    key = keys.derived(PAGE_LINK)
    sealed = key.version.to_bytes(4, "big") + key.seal(ref.encode("utf-8", "replace"), _place(digest))
    connection.execute(delete(page_links).where(page_links.c.expires_at <= at))
    connection.execute(
        insert(page_links).values(digest=digest, service=service, sealed=sealed, page=page, expires_at=at + lasts)
    )
    return token


def use_page_link(connection: Connection, keys: MasterKeys, token: str, at: datetime) -> Led | None:
    """Use the link up; None for one that is unknown, used or too old. Of two who press it at once, one is let in."""
    row = connection.execute(
        update(page_links)
        .where(page_links.c.digest == token_digest(token), page_links.c.expires_at > at)
        .values(expires_at=at)
        .returning(page_links)
    ).first()
    if row is None:
        return None
    key = keys.derived(PAGE_LINK, int.from_bytes(row.sealed[:4], "big"))
    return Led(row.service, key.open(row.sealed[4:], _place(row.digest)).decode(), row.page)


def _place(digest: str) -> str:
    return f"page_links|{digest}"
