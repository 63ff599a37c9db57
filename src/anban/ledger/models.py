"""The ledger's tables: entries, logs, the growing edge, checkpoints, the keys that signed them, what witnesses hold."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, text

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

ledger_logs = Table(
    "ledger_logs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("origin", String(160), nullable=False, unique=True),
    # The calendar month (UTC) of a log; empty for one from before there were months.
    Column("month", String(7), nullable=False),
    # Entries in the logs before this one: the place of its first entry.
    Column("first", BigInteger, nullable=False),
    # Its entries in the end; NULL while it grows.
    Column("size", BigInteger),
    Column("ends", Boolean, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("checked_at", BigInteger, nullable=False),
    Column("damage", String(80), nullable=False),
    info=kept(retention="evidence-ledger", about=None, erase="none"),
)

# `size` counts within the newest log, as a checkpoint's note does.
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
    # Entries signed over all logs; the note says how many of its own log.
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

ledger_witnessed = Table(
    "ledger_witnessed",
    metadata,
    Column("witness", String(40), primary_key=True),
    Column("log", Integer, primary_key=True, autoincrement=False),
    # What the witness took last, within the log; the edge there, to prove what comes next; the note as it came back.
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("tried_at", BigInteger, nullable=False),
    Column("failing_since", BigInteger),
    Column("code", String(64), nullable=False),
    # The state that the ledger itself tells of: nothing yet, kept, away or contradicted.
    Column("told", String(16), nullable=False),
    info=kept(retention="evidence-ledger", about=None, erase="none"),
)
