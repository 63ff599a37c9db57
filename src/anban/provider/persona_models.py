"""The characters of a service: what they are to people, what they aim at, who reviewed them."""

from sqlalchemy import JSON, Column, DateTime, ForeignKey, String, Table, Text, UniqueConstraint

from anban.base.db import kept, metadata

personas = Table(
    "personas",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False),
    Column("ref", String(128), nullable=False),
    Column("name", String(120), nullable=False),
    # friend, mentor, companion, partner, kin, other-intimate, tool …: set by review, not by the card's own claim.
    Column("relation", String(24), nullable=False),
    Column("topics", JSON, nullable=False),
    Column("scenario", String(40), nullable=False),
    Column("aims", JSON, nullable=False),
    Column("card", Text, nullable=False),
    Column("findings", JSON, nullable=False),
    # draft, review, released, refused or retired.
    Column("state", String(16), nullable=False),
    Column("sector", String(24), nullable=False),
    Column("made_by", String(40), nullable=False),
    Column("reviewed_by", String(40), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    UniqueConstraint("service", "ref"),
    info=kept(retention="provider-record", about=None, erase="none"),
)
