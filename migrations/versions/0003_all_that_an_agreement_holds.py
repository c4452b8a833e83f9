"""All that an agreement holds besides its terms, the templates agreements are made from, and what
assessments by tickets and samples were counted from.

Revises how work passes and what comes back first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    # What is known holds nothing besides its terms, and was made from no template. SQLite cannot
    # add a column without a default, so both databases keep it.
    op.add_column(
        "agreement_version",
        sa.Column("provisions", sa.String(), nullable=False, server_default="{}"),
    )
    op.add_column(
        "estate_revision",
        sa.Column("templates", sa.String(), nullable=False, server_default="[]"),
    )
    op.add_column(
        "estate_revision",
        sa.Column("strict_demarcation", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "tally",
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
        sa.Column("promised", sa.String(), nullable=False),
        sa.Column("points", sa.String(), nullable=False),
        sa.Column("decides", sa.BigInteger(), nullable=False),
        sa.Column("carried", sa.BigInteger(), nullable=False),
        sa.Column("values", sa.String(), nullable=False),
        sa.Column("decided", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "asked",
            "agreement",
            "version",
            "term",
            "service",
            "period_start",
            "revision",
            name="pk_tally",
        ),
    )


def downgrade() -> None:
    op.drop_table("tally")
    op.drop_column("estate_revision", "strict_demarcation")
    op.drop_column("estate_revision", "templates")
    op.drop_column("agreement_version", "provisions")
