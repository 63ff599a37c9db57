"""Acknowledgement links that were given out, and what the local channel would have sent."""

from sqlalchemy import Column, DateTime, ForeignKey, Integer, LargeBinary, String, Table

from anban.base.db import kept, metadata

receipts = Table(
    "receipts",
    metadata,
    # Only the link's digest is kept: who reads the database cannot confirm in somebody's name.
    Column("digest", String(64), primary_key=True),
    Column("case", String(40), nullable=False, index=True),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("contact", String(40), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    info=kept(retention="case-record", about="user", erase="kept"),
)

local_letters = Table(
    "local_letters",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # Not unique: a repeat after a crash is one more letter with the same id, and drills count them.
    Column("send", String(200), nullable=False, index=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    # What a demonstration or drill would have sent is gone within days; a real letter is gone the moment it leaves.
    info=kept(retention="operations", about=None, erase="kept"),
)
