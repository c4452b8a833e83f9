"""How work passes through the parties, and what is restored after what.

Revises the first tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What is known has no flows and is restored after what it requires. SQLite cannot add a column
    # without a default, so both databases keep it.
    op.add_column("service", sa.Column("flows", sa.String(), nullable=False, server_default="[]"))
    op.add_column("service", sa.Column("recover_after", sa.String(), nullable=True))
    op.add_column(
        "service", sa.Column("crews", sa.BigInteger(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("service", "crews")
    op.drop_column("service", "recover_after")
    op.drop_column("service", "flows")
