"""Facts found by when they were recorded: what has come since something was read.

Revises windows of an assessment.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_fact_tenant_id_recorded_at", "fact", ["tenant_id", "recorded_at"])


def downgrade() -> None:
    op.drop_index("ix_fact_tenant_id_recorded_at", "fact")
