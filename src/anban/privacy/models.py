"""Erasures that were asked for, and holds that the law puts on somebody's records."""

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Index, Integer, String, Table

from anban.base.db import kept, metadata

erasures = Table(
    "erasures",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False),
    Column("user", ForeignKey("users.id"), nullable=False),
    # message, conversation, persona, all or account; `target` names which, and is emptied when it is done.
    Column("scope", String(16), nullable=False),
    Column("target", String(256), nullable=False),
    Column("by", String(16), nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    # asked, held, erasing, erased (gone for everybody) or done (the key is destroyed too).
    Column("state", String(16), nullable=False),
    Column("held", String(80), nullable=False),
    # The first key version that seals nothing of what was erased: all before it are destroyed.
    Column("key_to", Integer),
    Column("counts", JSON, nullable=False),
    Column("erased_at", DateTime(timezone=True)),
    Column("done_at", DateTime(timezone=True)),
    Index("ix_erasures_user_state", "user", "state"),
    info=kept(retention="erasure-record", about="user", erase="kept"),
)

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    # The clause or order that asks for keeping, as a short code; shown to the person.
    Column("clause", String(80), nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    info=kept(retention="erasure-record", about="user", erase="kept"),
)
