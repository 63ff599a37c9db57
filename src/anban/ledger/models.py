"""The ledger's tables: entries, the tree's growing edge, the signed checkpoints and the keys that signed them."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, text

from anban.base.db import kept, metadata

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(40), nullable=False),
    # Microseconds since 1970 UTC: cheap to write a thousand times a second, the same in both databases.
    Column("at", BigInteger, nullable=False),
    Column("subject", String(200), nullable=False),
    Column("decision", String(200)),
    Column("body", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("seq", BigInteger),
    Index("ix_ledger_entries_kind", "kind", "at"),
    Index("ix_ledger_entries_subject", "subject", "id"),
    Index("ix_ledger_entries_decision", "decision", sqlite_where=text("decision IS NOT NULL"),
          postgresql_where=text("decision IS NOT NULL")),
    Index("uq_ledger_entries_seq", "seq", unique=True, sqlite_where=text("seq IS NOT NULL"),
          postgresql_where=text("seq IS NOT NULL")),
    Index("ix_ledger_entries_waiting", "id", sqlite_where=text("seq IS NULL"), postgresql_where=text("seq IS NULL")),
    info=kept(retention="evidence-ledger", about="subject", erase="kept"),
)  # fmt: skip

ledger_edge = Table(
    "ledger_edge",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("fence", BigInteger, nullable=False),
    info=kept(retention="evidence-ledger", about=None, erase="none"),
)

ledger_checkpoints = Table(
    "ledger_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
    info=kept(retention="evidence-ledger", about=None, erase="none"),
)

ledger_keys = Table(
    "ledger_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("public", LargeBinary, nullable=False),
    Column("first_size", BigInteger, nullable=False),
    Column("master", Integer, nullable=False),
    info=kept(retention="evidence-ledger", about=None, erase="none"),
)
