"""Reading which facts are withdrawn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.model.records import Withdrawal
from orchestrator.model.values import FOREVER, Instant
from orchestrator.store.mapper import read_withdrawal, withdrawn
from orchestrator.store.read import among, known
from orchestrator.store.tables import FactRow, table_of

_FACT: Final = table_of(FactRow)


def standing_facts(
    session: Session, tenant: str, kind: str, ids: Collection[str]
) -> dict[str, tuple[str, bool]]:
    """Of some facts of a kind those that were ever recorded, by id: the service that each is
    about, and whether it is withdrawn."""
    rows = session.execute(
        select(_FACT.c.id, _FACT.c.service, withdrawn(_FACT)).where(
            *known(_FACT, tenant, FOREVER - 1),
            _FACT.c.kind == kind,
            among(session, _FACT.c.id, ids),
        )
    )
    return {id: (service, bool(gone)) for id, service, gone in rows}


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A fact that is withdrawn, since when, and by whom and why."""

    kind: str
    id: str
    service: str
    at: Instant
    withdrawal: Withdrawal


def withdrawals(
    session: Session, tenant: str, as_of: Instant | None = None
) -> tuple[Withdrawn, ...]:
    """The facts that are withdrawn now, or were at a recorded instant, the last one first."""
    columns = _FACT.c.kind, _FACT.c.id, _FACT.c.service, _FACT.c.recorded_at, _FACT.c.content
    rows = session.execute(
        select(*columns)
        .where(*known(_FACT, tenant, FOREVER - 1 if as_of is None else as_of), withdrawn(_FACT))
        .order_by(_FACT.c.recorded_at.desc(), _FACT.c.kind, _FACT.c.id)
    )
    return tuple(
        Withdrawn(kind, id, service, at, read_withdrawal(content))
        for kind, id, service, at, content in rows
    )
