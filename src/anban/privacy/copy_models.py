"""Copies of everything about one person: how far each is, where its sealed file lies, and the link that fetches it."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, String, Table

from anban.base.db import kept, metadata

copies = Table(
    "copies",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    # asked, writing, ready, fetched or over.
    Column("state", String(16), nullable=False),
    # Who asked: the person on their own page (self), or the service in their name (service).
    Column("by", String(16), nullable=False),
    Column("lang", String(4), nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    # Parts written so far and altogether; a copy reads every part of a conversation twice.
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    # Bytes of the archive as it is handed over.
    Column("size", BigInteger, nullable=False),
    Column("file", String(80), nullable=False),
    # The version of the person's key that sealed the file.
    Column("key_version", Integer),
    Column("link", String(64), unique=True),
    Column("link_until", DateTime(timezone=True)),
    # When the file goes, whether it was fetched or not.
    Column("expires_at", DateTime(timezone=True)),
    info=kept(retention="interaction-text", about="user", erase="words"),
)
