"""How many rows lie behind a page: one statement each, and only when `totalCount` asks for it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.store.mapper import TABLES
from orchestrator.store.read import Run
from orchestrator.store.tables import RunRow, table_of


def count_results(
    session: Session, run: Run, cls: type, agreements: Collection[str] | None = None
) -> int:
    """How many results of a kind a run booked, of these agreements or of all."""
    table = table_of(TABLES[cls])
    query = select(func.count()).where(
        table.c.tenant_id == run.tenant,
        table.c.asked == run.asked,
        table.c.recorded_at <= run.recorded_at,
        table.c.superseded_at > run.recorded_at,
    )
    if agreements is not None:
        query = query.where(table.c.agreement.in_(sorted(agreements)))
    return session.execute(query).scalar_one()


def count_runs(session: Session, tenant: str) -> int:
    """How many periods have been assessed."""
    asked = table_of(RunRow).c.asked
    query = select(func.count(asked.distinct())).where(table_of(RunRow).c.tenant_id == tenant)
    return session.execute(query).scalar_one()
