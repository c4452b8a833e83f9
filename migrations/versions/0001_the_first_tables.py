"""The first tables.

Revises nothing.
"""

import sqlalchemy as sa
from alembic import op

# Text ordered by its bytes on both databases.
ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agreement_version",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("agreement", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("provider", ID, nullable=False),
        sa.Column("customer", ID, nullable=False),
        sa.Column("covers", sa.String(), nullable=False),
        sa.Column("terms", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("jointly", sa.Boolean(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("fee", sa.String(), nullable=True),
        sa.Column("negotiability", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("acceptances", sa.String(), nullable=False),
        sa.Column("allowances", sa.String(), nullable=False),
        sa.Column("exclusions", sa.String(), nullable=False),
        sa.Column("policies", sa.String(), nullable=False),
        sa.Column("claims", sa.String(), nullable=True),
        sa.Column("caps", sa.String(), nullable=False),
        sa.Column("kept", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "agreement", "number", "recorded_at", name="pk_agreement_version"
        ),
    )
    op.create_index(
        "ix_agreement_version_tenant_id_superseded_at",
        "agreement_version",
        ["tenant_id", "superseded_at"],
    )
    op.create_table(
        "assessment",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("asked", ID, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("agreement", ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("term", ID, nullable=False),
        sa.Column("service", ID, nullable=False),
        sa.Column("period_start", sa.BigInteger(), nullable=False),
        sa.Column("period_end", sa.BigInteger(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("attained", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("counted_seconds", sa.String(), nullable=False),
        sa.Column("excused_seconds", sa.String(), nullable=False),
        sa.Column("unknown_seconds", sa.String(), nullable=False),
        sa.Column("hours_seconds", sa.String(), nullable=False),
        sa.Column("attained_low", sa.String(), nullable=True),
        sa.Column("attained_high", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "asked",
            "agreement",
            "version",
            "term",
            "service",
            "period_start",
            "revision",
            name="pk_assessment",
        ),
    )
    op.create_table(
        "assessment_run",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("asked", ID, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("estate_revision", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "asked", "revision", name="pk_assessment_run"),
    )
    op.create_table(
        "audit",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("idempotency_key", ID, nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name="pk_audit"),
        sa.UniqueConstraint(
            "tenant_id", "idempotency_key", name="uq_audit_tenant_id_idempotency_key"
        ),
    )
    op.create_table(
        "audit_head",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_audit_head"),
    )
    op.create_table(
        "breach",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("asked", ID, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("agreement", ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("term", ID, nullable=False),
        sa.Column("service", ID, nullable=False),
        sa.Column("period_start", sa.BigInteger(), nullable=False),
        sa.Column("period_end", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("responsibility", sa.String(), nullable=False),
        sa.Column("borne_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "asked",
            "agreement",
            "version",
            "term",
            "service",
            "period_start",
            "revision",
            name="pk_breach",
        ),
    )
    op.create_table(
        "calendar",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("weekly", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holidays", sa.String(), nullable=False),
        sa.Column("closures", sa.String(), nullable=False),
        sa.Column("openings", sa.String(), nullable=False),
        sa.Column("kept", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", "valid_from", "recorded_at", name="pk_calendar"),
    )
    op.create_index(
        "ix_calendar_tenant_id_superseded_at", "calendar", ["tenant_id", "superseded_at"]
    )
    op.create_table(
        "credit",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("asked", ID, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("agreement", ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("term", ID, nullable=False),
        sa.Column("service", ID, nullable=False),
        sa.Column("period_start", sa.BigInteger(), nullable=False),
        sa.Column("period_end", sa.BigInteger(), nullable=False),
        sa.Column("debtor", ID, nullable=False),
        sa.Column("creditor", ID, nullable=False),
        sa.Column("money_amount", sa.BigInteger(), nullable=False),
        sa.Column("money_currency", sa.String(), nullable=False),
        sa.Column("percent", sa.String(), nullable=False),
        sa.Column("uncapped_amount", sa.BigInteger(), nullable=False),
        sa.Column("uncapped_currency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "asked",
            "agreement",
            "version",
            "term",
            "service",
            "period_start",
            "revision",
            name="pk_credit",
        ),
    )
    op.create_table(
        "estate_revision",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("home", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("kept", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "revision", name="pk_estate_revision"),
    )
    op.create_table(
        "exposure",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("asked", ID, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("agreement", ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("term", ID, nullable=False),
        sa.Column("service", ID, nullable=False),
        sa.Column("period_start", sa.BigInteger(), nullable=False),
        sa.Column("period_end", sa.BigInteger(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("recovered", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("waterfall", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "asked",
            "agreement",
            "version",
            "term",
            "service",
            "period_start",
            "revision",
            name="pk_exposure",
        ),
    )
    op.create_table(
        "fact",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("kind", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("service", ID, nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "id", "recorded_at", name="pk_fact"),
    )
    op.create_index(
        "ix_fact_tenant_id_service_valid_to", "fact", ["tenant_id", "service", "valid_to"]
    )
    op.create_index("ix_fact_tenant_id_valid_to", "fact", ["tenant_id", "valid_to"])
    op.create_table(
        "finding",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("asked", ID, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("subjects", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "asked", "position", "revision", name="pk_finding"),
    )
    op.create_table(
        "party",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parent", ID, nullable=False),
        sa.Column("kept", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", "valid_from", "recorded_at", name="pk_party"),
    )
    op.create_index("ix_party_tenant_id_superseded_at", "party", ["tenant_id", "superseded_at"])
    op.create_table(
        "service",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", ID, nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("requires", sa.String(), nullable=True),
        sa.Column("kept", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", "valid_from", "recorded_at", name="pk_service"),
    )
    op.create_index("ix_service_tenant_id_superseded_at", "service", ["tenant_id", "superseded_at"])


def downgrade() -> None:
    op.drop_index("ix_service_tenant_id_superseded_at", "service")
    op.drop_table("service")
    op.drop_index("ix_party_tenant_id_superseded_at", "party")
    op.drop_table("party")
    op.drop_table("finding")
    op.drop_index("ix_fact_tenant_id_valid_to", "fact")
    op.drop_index("ix_fact_tenant_id_service_valid_to", "fact")
    op.drop_table("fact")
    op.drop_table("exposure")
    op.drop_table("estate_revision")
    op.drop_table("credit")
    op.drop_index("ix_calendar_tenant_id_superseded_at", "calendar")
    op.drop_table("calendar")
    op.drop_table("breach")
    op.drop_table("audit_head")
    op.drop_table("audit")
    op.drop_table("assessment_run")
    op.drop_table("assessment")
    op.drop_index("ix_agreement_version_tenant_id_superseded_at", "agreement_version")
    op.drop_table("agreement_version")
