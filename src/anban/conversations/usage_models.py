"""How long somebody talked, day by day in their own time zone, and what they were spared from counting."""

from sqlalchemy import JSON, Column, DateTime, Float, ForeignKey, String, Table

from anban.base.db import kept, metadata

usage_days = Table(
    "usage_days",
    metadata,
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("persona", String(128), primary_key=True),
    Column("seconds", Float, nullable=False),
    # Seconds in each hour of that day, 24 of them.
    Column("hours", JSON, nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    info=kept(retention="usage-record", about="user", erase="words", protects="count"),
)

exemptions = Table(
    "exemptions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    Column("kind", String(24), nullable=False),
    Column("by", String(16), nullable=False),
    Column("reason", String(120), nullable=False),
    Column("from_at", DateTime(timezone=True), nullable=False),
    Column("until_at", DateTime(timezone=True), nullable=False),
    info=kept(retention="usage-record", about="user", erase="words"),
)
