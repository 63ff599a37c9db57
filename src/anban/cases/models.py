"""A case and its events, and who holds a person's conversations."""

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from anban.base.db import kept, metadata, sealed_as

cases = Table(
    "cases",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False, index=True),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("level", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    # Set while the case is open and empty afterwards: the unique key is what makes "one open crisis per person" true.
    Column("open_key", String(80), unique=True),
    # Where it stands in the queue: lower is sooner (`cases/queue.py`), then who has waited longer.
    Column("band", Integer, nullable=False),
    Column("waiting_since", DateTime(timezone=True), nullable=False),
    Index("ix_cases_queue", "service", "open_key", "band", "waiting_since"),
    info=kept(retention="case-record", about="user", erase="kept"),
)

case_events = Table(
    "case_events",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False, index=True),
    Column("key", String(120), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("facts", JSON, nullable=False),
    UniqueConstraint("case", "key"),
    info=kept(retention="case-record", about=None, erase="with-parent"),
)

takeovers = Table(
    "takeovers",
    metadata,
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("holder", String(80)),
    Column("fence", Integer, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    info=kept(retention="case-record", about="user", erase="kept"),
)

case_notes = Table(
    "case_notes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False, index=True),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("author", String(80), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False, info=sealed_as("user", "id")),
    info=kept(retention="case-record", about="user", erase="kept"),
)
