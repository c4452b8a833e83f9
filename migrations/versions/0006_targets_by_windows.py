"""What each window of a term came to in an assessment.

Revises claims for credits.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was assessed so far was measured by the term's own target alone.
    op.add_column(
        "assessment", sa.Column("windows", sa.String(), nullable=False, server_default="[]")
    )


def downgrade() -> None:
    op.drop_column("assessment", "windows")
