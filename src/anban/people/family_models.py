"""What is known about age and family: evidence of age, consents, guardians who are bound, limits, a safety card."""

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from anban.base.db import kept, metadata, sealed_as

age_evidence = Table(
    "age_evidence",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    # stated, verified, chat, device, guardian or appeal; the proof itself is never kept.
    Column("kind", String(16), nullable=False),
    Column("band", String(24), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("source", String(80), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    info=kept(retention="account-record", about="user", erase="facts", protects="minor"),
)

consents = Table(
    "consents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    # agreement, use, under-14-data, sharing or training: one line each, never bundled.
    Column("purpose", String(24), nullable=False),
    Column("version", String(40), nullable=False),
    Column("by", String(16), nullable=False),
    Column("guardian", String(40)),
    Column("given_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("withdrawn_at", DateTime(timezone=True)),
    info=kept(retention="consent-record", about="user", erase="kept"),
)

guardians = Table(
    "guardians",
    metadata,
    Column("id", String(40), primary_key=True),
    # Empty for a claim on somebody we do not know: it runs its course like any other, and binds nobody.
    Column("user", ForeignKey("users.id"), index=True),
    Column("service", String(40), nullable=False),
    # claimed, waiting, bound, refused, revoked or expired.
    Column("state", String(16), nullable=False),
    # Why it waits for the desk instead of for time: home or child; empty for all others. Shown to nobody else.
    Column("held", String(16), nullable=False),
    # Keyed digests of the claimant's two addresses, so that one claimant's many claims can be counted.
    Column("claimant", String(64), nullable=False, index=True),
    Column("second", String(64), nullable=False, index=True),
    Column("contact", String(40)),
    Column("evidence", String(40), nullable=False),
    Column("code", String(64), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("waits_until", DateTime(timezone=True)),
    Column("bound_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("key_version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False, info=sealed_as("id")),
    info=kept(retention="account-record", about="user", erase="facts", protects="minor"),
)

guardian_sessions = Table(
    "guardian_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("guardian", ForeignKey("guardians.id"), nullable=False, index=True),
    # A link is used once to begin a session; a session is used until it ends.
    Column("kind", String(8), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    info=kept(retention="operations", about=None, erase="with-parent"),
)

limits = Table(
    "limits",
    metadata,
    Column("user", ForeignKey("users.id"), primary_key=True),
    # Who set them: guardian or self. A guardian's can only tighten what the rules allow.
    Column("by", String(16), primary_key=True),
    Column("chosen", JSON, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    info=kept(retention="account-record", about="user", erase="facts", protects="minor"),
)

blocked_personas = Table(
    "blocked_personas",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    Column("persona", String(128), nullable=False),
    Column("by", String(16), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    info=kept(retention="account-record", about="user", erase="facts", protects="minor"),
)

home_marks = Table(
    "home_marks",
    metadata,
    # That a child or the desk said "unsafe at home"; nobody but the desk ever sees it.
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("by", String(16), nullable=False),
    Column("reason", String(120), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    info=kept(retention="case-record", about="user", erase="facts", protects="minor"),
)

safety_cards = Table(
    "safety_cards",
    metadata,
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("key_version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False, info=sealed_as("user")),
    Column("at", DateTime(timezone=True), nullable=False),
    info=kept(retention="interaction-text", about="user", erase="words"),
)

spending = Table(
    "spending",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    Column("at", DateTime(timezone=True), nullable=False),
    # In the smallest unit of the currency (fen, cents); `request` is the app's own id: asking twice counts once.
    Column("amount", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("request", String(120), nullable=False),
    Column("answer", String(40), nullable=False),
    UniqueConstraint("user", "request"),
    info=kept(retention="usage-record", about="user", erase="words", protects="count"),
)

invitations = Table(
    "invitations",
    metadata,
    # A contact is asked by a link: it accepts for a while, and takes back for as long as the contact stands.
    Column("digest", String(64), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    Column("contact", String(40), nullable=False, index=True),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("answer", String(16), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    info=kept(retention="account-record", about="user", erase="facts", protects="minor"),
)

family_letters = Table(
    "family_letters",
    metadata,
    # What goes out to guardians and contacts. Addresses, codes and links are wiped once it is out or too late.
    Column("id", String(40), primary_key=True),
    Column("user", String(40), nullable=False, index=True),
    Column("service", String(40), nullable=False),
    Column("template", String(40), nullable=False),
    Column("about", String(40), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
    # waiting, sent or given-up.
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sealed", LargeBinary),
    info=kept(retention="operations", about="user", erase="facts"),
)
