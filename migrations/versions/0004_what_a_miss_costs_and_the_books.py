"""Caps for a year, rates, what limits leave of a credit, rewards, and the ledger.

Revises all that an agreement holds.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def added() -> dict[str, list[sa.Column[Any]]]:
    """Columns of tables that are there. What is known has the defaults; SQLite cannot add a column
    without one, so both databases keep them."""
    return {
        "agreement_version": [
            sa.Column("annual_caps", sa.String(), nullable=False, server_default="[]"),
            sa.Column("minimum_credit", sa.String(), nullable=True),
        ],
        "estate_revision": [
            sa.Column("rates", sa.String(), nullable=False, server_default="[]"),
        ],
        "breach": [
            sa.Column("breach_class", sa.String(), nullable=False, server_default=""),
        ],
        "credit": [
            sa.Column("scheme", sa.String(), nullable=False, server_default="tiers"),
            sa.Column("points", sa.String(), nullable=False, server_default="0/1"),
            sa.Column("repeated", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("stages", sa.String(), nullable=False, server_default="[]"),
        ],
    }


TERM = ("agreement", "version", "term", "service", "period_start")
ENTRY = (*TERM, "period_end", "kind")


def whole(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def ids(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, ID, nullable=False) for name in names]


def texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def keyed() -> list[sa.Column[Any]]:
    return [
        *ids("agreement"),
        *whole("version"),
        *ids("term", "service"),
        *whole("period_start", "period_end"),
        *ids("kind"),
    ]


def upgrade() -> None:
    for table, columns in added().items():
        for column in columns:
            op.add_column(table, column)
    op.create_table(
        "reward",
        *ids("tenant_id"),
        *whole("recorded_at", "superseded_at"),
        *ids("asked"),
        *whole("revision"),
        *keyed(),
        *ids("debtor", "creditor"),
        *whole("money_amount"),
        *texts("money_currency", "percent"),
        *whole("earned_start", "earned_end"),
        sa.PrimaryKeyConstraint("tenant_id", "asked", *TERM, "kind", "revision", name="pk_reward"),
    )
    op.create_table(
        "ledger_entry",
        *ids("tenant_id"),
        *whole("recorded_at"),
        *keyed(),
        *whole("revision", "reverses", "due", "approval"),
        *texts("content"),
        sa.PrimaryKeyConstraint("tenant_id", *ENTRY, "revision", name="pk_ledger_entry"),
    )
    op.create_index("ix_ledger_entry_tenant_id_due", "ledger_entry", ["tenant_id", "due"])
    op.create_table(
        "ledger_line",
        *ids("tenant_id"),
        *whole("recorded_at"),
        *keyed(),
        *whole("revision", "position"),
        *ids("party", "account"),
        *whole("amount"),
        *ids("currency"),
        sa.PrimaryKeyConstraint("tenant_id", *ENTRY, "revision", "position", name="pk_ledger_line"),
    )
    op.create_index(
        "ix_ledger_line_tenant_id_party_agreement_account_currency",
        "ledger_line",
        ["tenant_id", "party", "agreement", "account", "currency"],
    )
    op.create_table(
        "ledger_approval",
        *ids("tenant_id"),
        *whole("recorded_at", "number"),
        *texts("by", "reason", "granted"),
        sa.PrimaryKeyConstraint("tenant_id", "number", name="pk_ledger_approval"),
    )
    op.create_table(
        "ledger_closing",
        *ids("tenant_id"),
        *whole("recorded_at", "until"),
        *texts("by"),
        sa.PrimaryKeyConstraint("tenant_id", "recorded_at", name="pk_ledger_closing"),
    )
    op.create_table(
        "ledger_restatement",
        *ids("tenant_id"),
        *whole("recorded_at", "superseded_at"),
        *keyed(),
        *whole("due"),
        sa.Column("booked", sa.String(), nullable=True),
        sa.Column("wanted", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", *ENTRY, "recorded_at", name="pk_ledger_restatement"),
    )
    op.create_index(
        "ix_ledger_restatement_tenant_id_superseded_at",
        "ledger_restatement",
        ["tenant_id", "superseded_at"],
    )


def downgrade() -> None:
    for table in (
        "ledger_restatement",
        "ledger_closing",
        "ledger_approval",
        "ledger_line",
        "ledger_entry",
        "reward",
    ):
        op.drop_table(table)
    for table, columns in added().items():
        for column in columns:
            op.drop_column(table, column.name)
