"""the care desk: durable work, staff and rota, outreach, wordings, notes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "local_letters",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("send", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_letters")),
        info={"retention": "operations"},
    )
    op.create_index(op.f("ix_local_letters_send"), "local_letters", ["send"], unique=False)
    op.create_table(
        "work",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("lease_until", sa.Float(precision=53), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("woken", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work")),
        info={"retention": "operations"},
    )
    op.create_index("ix_work_due", "work", ["due_at", "band"], unique=False)
    op.create_table(
        "sign_offs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("profession", sa.String(length=120), nullable=False),
        sa.Column("registration", sa.String(length=120), nullable=False),
        sa.Column("words_digest", sa.String(length=64), nullable=False),
        sa.Column("recorded_by", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["service"],
            ["services.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_offs")),
        info={"retention": "provider-record"},
    )
    op.create_index(op.f("ix_sign_offs_service"), "sign_offs", ["service"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("code_step", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resting_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["service"],
            ["services.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("service", "login", name=op.f("uq_staff_service_login")),
        info={"retention": "provider-record"},
    )
    op.create_table(
        "login_attempts",
        sa.Column("lane", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_login_attempts")),
        info={"retention": "operations"},
    )
    op.create_table(
        "wordings",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("template", sa.String(length=80), nullable=False),
        sa.Column("lang", sa.String(length=4), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("approved_by", sa.String(length=400), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["service"],
            ["services.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wordings")),
        sa.UniqueConstraint(
            "service", "template", "lang", "version", name=op.f("uq_wordings_service_template_lang_version")
        ),
        info={"retention": "provider-record"},
    )
    op.create_table(
        "line_reports",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=True),
        sa.Column("line", sa.String(length=80), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["service"],
            ["services.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_reports")),
        info={"retention": "operations"},
    )
    op.create_table(
        "receipts",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_receipts")),
        info={"retention": "case-record"},
    )
    op.create_index(op.f("ix_receipts_case"), "receipts", ["case"], unique=False)
    op.create_table(
        "shifts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("weekdays", sa.String(length=16), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("until_minute", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("from_day", sa.String(length=10), nullable=False),
        sa.Column("until_day", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(
            ["service"],
            ["services.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        info={"retention": "provider-record"},
    )
    op.create_index(op.f("ix_shifts_service"), "shifts", ["service"], unique=False)
    op.create_table(
        "staff_sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("staff", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_staff_sessions")),
        info={"retention": "operations"},
    )
    op.create_index(op.f("ix_staff_sessions_staff"), "staff_sessions", ["staff"], unique=False)
    op.create_table(
        "case_notes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("case", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case"],
            ["cases.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_notes")),
        info={"retention": "case-record"},
    )
    op.create_index(op.f("ix_case_notes_case"), "case_notes", ["case"], unique=False)
    with op.batch_alter_table("contacts") as contacts:
        contacts.add_column(sa.Column("unsafe", sa.String(length=40), nullable=True))
    op.execute("UPDATE contacts SET unsafe = ''")
    with op.batch_alter_table("contacts") as contacts:
        contacts.alter_column("unsafe", existing_type=sa.String(length=40), nullable=False)
    with op.batch_alter_table("cases") as cases:
        cases.add_column(sa.Column("band", sa.Integer(), nullable=True))
        cases.add_column(sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE cases SET band = 2 * (4 - level), waiting_since = opened_at")
    with op.batch_alter_table("cases") as cases:
        cases.alter_column("band", existing_type=sa.Integer(), nullable=False)
        cases.alter_column("waiting_since", existing_type=sa.DateTime(timezone=True), nullable=False)
        cases.create_index("ix_cases_queue", ["service", "open_key", "band", "waiting_since"])


def downgrade() -> None:
    with op.batch_alter_table("cases") as cases:
        cases.drop_index("ix_cases_queue")
        cases.drop_column("waiting_since")
        cases.drop_column("band")
    with op.batch_alter_table("contacts") as contacts:
        contacts.drop_column("unsafe")
    for name in (
        "case_notes",
        "staff_sessions",
        "login_attempts",
        "shifts",
        "receipts",
        "line_reports",
        "wordings",
        "sign_offs",
        "staff",
        "work",
        "local_letters",
    ):
        op.drop_table(name)
