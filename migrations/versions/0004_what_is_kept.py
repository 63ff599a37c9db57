"""what is kept: logs by month, what witnesses hold."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_keys",
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("suite", sa.String(length=24), nullable=False),
        sa.Column("master", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "version", name=op.f("pk_kept_keys")),
        info={"retention": "user-key"},
    )
    op.create_index(op.f("ix_kept_keys_master"), "kept_keys", ["master"], unique=False)
    op.create_table(
        "master_keys",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rewrapped", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroy_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_master_keys")),
        info={"retention": "user-key"},
    )
    op.create_table(
        "network_log",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("route", sa.String(length=120), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=64), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_log")),
        info={"retention": "network-log"},
    )
    op.create_index(op.f("ix_network_log_at"), "network_log", ["at"], unique=False)
    keep_the_ledger()
    _erasures()
    _access()
    _copies()


def keep_the_ledger() -> None:
    """A log each month, and what witnesses hold of each."""
    ledger_logs = op.create_table(
        "ledger_logs",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=160), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("ends", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("damage", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ledger_logs")),
        sa.UniqueConstraint("origin", name=op.f("uq_ledger_logs_origin")),
        info={"retention": "evidence-ledger"},
    )
    op.create_table(
        "ledger_witnessed",
        sa.Column("witness", sa.String(length=40), nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("told", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("witness", "log", name=op.f("pk_ledger_witnessed")),
        info={"retention": "evidence-ledger"},
    )
    _adopt_the_ledger(ledger_logs)


def _adopt_the_ledger(ledger_logs: sa.Table) -> None:
    """The ledger so far is the first log, under the name that its checkpoints carry; the next entry ends it."""
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT note, at FROM ledger_checkpoints ORDER BY size DESC LIMIT 1")).first()
    if found is not None:
        origin = bytes(found.note).partition(b"\n")[0].decode()
        connection.execute(
            ledger_logs.insert().values(
                number=0, origin=origin, month="", first=0, size=None, ends=False,
                opened_at=found.at, checked_at=found.at, damage="",
            )
        )  # fmt: skip


def _erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=256), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("held", sa.String(length=80), nullable=False),
        sa.Column("key_to", sa.Integer(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["service"], ["services.id"], name=op.f("fk_erasures_service_services")),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_erasures_user_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        info={"retention": "erasure-record"},
    )
    op.create_index("ix_erasures_user_state", "erasures", ["user", "state"], unique=False)
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("clause", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_legal_holds_user_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
        info={"retention": "erasure-record"},
    )
    op.create_index(op.f("ix_legal_holds_user"), "legal_holds", ["user"], unique=False)


def _copies() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "copies",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("lang", sa.String(length=4), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.String(length=80), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=True),
        sa.Column("link", sa.String(length=64), nullable=True),
        sa.Column("link_until", moment, nullable=True),
        sa.Column("expires_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["user"], ["users.id"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copies")),
        sa.UniqueConstraint("link", name=op.f("uq_copies_link")),
        info={"retention": "interaction-text"},
    )
    op.create_index(op.f("ix_copies_user"), "copies", ["user"], unique=False)


def _access() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "staff_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_keys_digest")),
        info={"retention": "operations"},
    )
    op.create_index(op.f("ix_staff_keys_staff"), "staff_keys", ["staff"], unique=False)
    op.create_table(
        "access_grants",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("case", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["service"], ["services.id"]),
        sa.ForeignKeyConstraint(["user"], ["users.id"]),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"]),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grants")),
        info={"retention": "case-record"},
    )
    op.create_index(op.f("ix_access_grants_service"), "access_grants", ["service"], unique=False)
    op.create_index(op.f("ix_access_grants_user"), "access_grants", ["user"], unique=False)
    op.create_index("ix_access_grants_state_expires_at", "access_grants", ["state", "expires_at"], unique=False)
    op.create_table(
        "page_sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["service"], ["services.id"]),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_page_sessions")),
        info={"retention": "operations"},
    )
    op.create_table(
        "used_tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_tokens")),
        info={"retention": "operations"},
    )
    op.create_index(op.f("ix_used_tokens_expires_at"), "used_tokens", ["expires_at"], unique=False)
    op.create_table(
        "oidc_tries",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("back", sa.String(length=200), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_oidc_tries")),
        info={"retention": "operations"},
    )
    op.create_table(
        "staff_identities",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_staff_identities_issuer_subject")),
        info={"retention": "provider-record"},
    )
    op.create_index(op.f("ix_staff_identities_staff"), "staff_identities", ["staff"], unique=False)
    _turned_tokens(moment)


def _turned_tokens(moment: sa.DateTime) -> None:
    for column in (
        sa.Column("token", sa.String(length=64), nullable=True),
        sa.Column("before", sa.String(length=64), nullable=True),
        sa.Column("turned_at", moment, nullable=True),
    ):
        op.add_column("staff_sessions", column)
    op.create_index(op.f("ix_staff_sessions_token"), "staff_sessions", ["token"], unique=False)
    op.create_index(op.f("ix_staff_sessions_before"), "staff_sessions", ["before"], unique=False)
    op.execute(sa.text("UPDATE staff_sessions SET token = digest, turned_at = made_at"))
    op.create_table(
        "page_links",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("page", sa.String(length=24), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["service"], ["services.id"]),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_page_links")),
        info={"retention": "operations"},
    )
    op.create_index(op.f("ix_page_links_expires_at"), "page_links", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_page_links_expires_at"), table_name="page_links")
    op.drop_table("page_links")
    for name in ("token", "before"):
        op.drop_index(op.f(f"ix_staff_sessions_{name}"), table_name="staff_sessions")
    for name in ("token", "before", "turned_at"):
        op.drop_column("staff_sessions", name)
    for name in (
        "staff_identities",
        "oidc_tries",
        "used_tokens",
        "page_sessions",
        "access_grants",
        "staff_keys",
        "network_log",
        "legal_holds",
        "erasures",
        "copies",
        "ledger_witnessed",
        "ledger_logs",
        "master_keys",
        "kept_keys",
    ):
        op.drop_table(name)
