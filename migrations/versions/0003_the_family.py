"""the family: age, consents, guardians, limits, usage, personas."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "personas",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("relation", sa.String(length=24), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("scenario", sa.String(length=40), nullable=False),
        sa.Column("aims", sa.JSON(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sector", sa.String(length=24), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("reviewed_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["service"],
            ["services.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personas")),
        sa.UniqueConstraint("service", "ref", name=op.f("uq_personas_service_ref")),
        info={"retention": "provider-record"},
    )
    op.create_table(
        "age_evidence",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("band", sa.String(length=24), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_age_evidence")),
        info={"retention": "account-record"},
    )
    op.create_index(op.f("ix_age_evidence_user"), "age_evidence", ["user"], unique=False)
    op.create_table(
        "blocked_personas",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("persona", sa.String(length=128), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_personas")),
        info={"retention": "account-record"},
    )
    op.create_index(op.f("ix_blocked_personas_user"), "blocked_personas", ["user"], unique=False)
    op.create_table(
        "consents",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("guardian", sa.String(length=40), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        info={"retention": "consent-record"},
    )
    op.create_index(op.f("ix_consents_user"), "consents", ["user"], unique=False)
    op.create_table(
        "exemptions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemptions")),
        info={"retention": "usage-record"},
    )
    op.create_index(op.f("ix_exemptions_user"), "exemptions", ["user"], unique=False)
    op.create_table(
        "guardians",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=True),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("held", sa.String(length=16), nullable=False),
        sa.Column("claimant", sa.String(length=64), nullable=False),
        sa.Column("second", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=True),
        sa.Column("evidence", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardians")),
        info={"retention": "account-record"},
    )
    op.create_index(op.f("ix_guardians_claimant"), "guardians", ["claimant"], unique=False)
    op.create_index(op.f("ix_guardians_second"), "guardians", ["second"], unique=False)
    op.create_index(op.f("ix_guardians_user"), "guardians", ["user"], unique=False)
    op.create_table(
        "home_marks",
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_home_marks")),
        info={"retention": "case-record"},
    )
    op.create_table(
        "limits",
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("user", "by", name=op.f("pk_limits")),
        info={"retention": "account-record"},
    )
    op.create_table(
        "safety_cards",
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_safety_cards")),
        info={"retention": "interaction-text"},
    )
    op.create_table(
        "spending",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("request", sa.String(length=120), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spending")),
        sa.UniqueConstraint("user", "request", name=op.f("uq_spending_user_request")),
        info={"retention": "usage-record"},
    )
    op.create_index(op.f("ix_spending_user"), "spending", ["user"], unique=False)
    op.create_table(
        "usage_days",
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("persona", sa.String(length=128), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("user", "day", "persona", name=op.f("pk_usage_days")),
        info={"retention": "usage-record"},
    )
    op.create_table(
        "guardian_sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("guardian", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["guardian"],
            ["guardians.id"],
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_guardian_sessions")),
        info={"retention": "operations"},
    )
    op.create_index(op.f("ix_guardian_sessions_guardian"), "guardian_sessions", ["guardian"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_invitations")),
        info={"retention": "account-record"},
    )
    op.create_index(op.f("ix_invitations_contact"), "invitations", ["contact"], unique=False)
    op.create_index(op.f("ix_invitations_user"), "invitations", ["user"], unique=False)
    op.create_table(
        "family_letters",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_letters")),
        info={"retention": "operations"},
    )
    op.create_index(op.f("ix_family_letters_user"), "family_letters", ["user"], unique=False)
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("mode_ground", sa.String(length=16), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("users") as users:
        users.drop_column("mode_ground")
    for name in (
        "family_letters",
        "invitations",
        "guardian_sessions",
        "usage_days",
        "spending",
        "safety_cards",
        "limits",
        "home_marks",
        "guardians",
        "exemptions",
        "consents",
        "blocked_personas",
        "age_evidence",
        "personas",
    ):
        op.drop_table(name)
