"""Claims for the credits that those outside owe.

Revises what a miss costs, and the books.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "claim",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("agreement", ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("term", ID, nullable=False),
        sa.Column("service", ID, nullable=False),
        sa.Column("period_start", sa.BigInteger(), nullable=False),
        sa.Column("period_end", sa.BigInteger(), nullable=False),
        sa.Column("claimant", ID, nullable=False),
        sa.Column("respondent", ID, nullable=False),
        sa.Column("money_amount", sa.BigInteger(), nullable=False),
        sa.Column("money_currency", sa.String(), nullable=False),
        sa.Column("drafted", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("accepted", sa.String(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("history", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "agreement",
            "version",
            "term",
            "service",
            "period_start",
            "recorded_at",
            name="pk_claim",
        ),
    )
    op.create_index(
        "ix_claim_tenant_id_superseded_at", "claim", ["tenant_id", "superseded_at"], unique=False
    )


def downgrade() -> None:
    op.drop_table("claim")
