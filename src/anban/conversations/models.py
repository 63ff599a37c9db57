"""Sessions (continuous use), turns (one message and its answer), and mail (what must reach the user besides)."""

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from anban.base.db import kept, metadata, sealed_as

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("left_at", DateTime(timezone=True)),
    Index("ix_sessions_user_last", "user", "last_at"),
    info=kept(retention="usage-record", about="user", erase="words"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("conversation", String(256), nullable=False),
    Column("persona", String(128), nullable=False),
    Column("session", String(40), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("author", String(8), nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False, info=sealed_as("user", "id")),
    Index("ix_turns_user_id", "user", "id"),
    info=kept(retention="interaction-text", about="user", erase="words"),
)

mail = Table(
    "mail",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("conversation", String(256), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("key", String(120), nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False, info=sealed_as("user", "key")),
    Column("state", String(16), nullable=False, default="sent"),
    Column("state_at", DateTime(timezone=True)),
    UniqueConstraint("user", "key"),
    Index("ix_mail_user_id", "user", "id"),
    info=kept(retention="interaction-text", about="user", erase="words"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("window", String(80), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("way", String(8), nullable=False),
    Column("mail", Integer),
    Column("shown_at", DateTime(timezone=True)),
    Column("facts", JSON, nullable=False),
    UniqueConstraint("user", "kind", "window"),
    info=kept(retention="notice-record", about="user", erase="words"),
)
