"""What opens something: personal keys, access by two people, one's own page, log-ins elsewhere, tokens already used."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from anban.base.db import kept, metadata

staff_keys = Table(
    "staff_keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("staff", ForeignKey("staff.id"), nullable=False, index=True),
    Column("label", String(80), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    info=kept(retention="operations", about=None, erase="none"),
)

access_grants = Table(
    "access_grants",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False, index=True),
    Column("case", String(40), nullable=False),
    # Whose words would be read.
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    Column("asked_by", ForeignKey("staff.id"), nullable=False),
    Column("reason", String(24), nullable=False),
    # Why, in the asker's own words: for whoever decides, and for nobody else.
    Column("sealed", LargeBinary, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    # Until approved: when nobody has answered by then. Afterwards: when reading ends.
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("decided_by", ForeignKey("staff.id")),
    Column("decided_at", DateTime(timezone=True)),
    Column("state", String(16), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Index("ix_access_grants_state_expires_at", "state", "expires_at"),
    info=kept(retention="case-record", about="user", erase="kept"),
)

page_sessions = Table(
    "page_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    info=kept(retention="operations", about=None, erase="none"),
)

used_tokens = Table(
    "used_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    info=kept(retention="operations", about=None, erase="none"),
)

oidc_tries = Table(
    "oidc_tries",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("nonce", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("back", String(200), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    info=kept(retention="operations", about=None, erase="none"),
)

staff_identities = Table(
    "staff_identities",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("staff", ForeignKey("staff.id"), nullable=False, index=True),
    Column("issuer", String(200), nullable=False),
    # A digest of the provider's own name for somebody.
    Column("subject", String(64), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("issuer", "subject"),
    info=kept(retention="provider-record", about=None, erase="none"),
)
