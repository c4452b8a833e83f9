"""What statements of account are made of, as the database has it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from orchestrator.engine.claimed import lapse_all
from orchestrator.engine.statement import Books
from orchestrator.model.values import FOREVER, Instant
from orchestrator.store.books import entries_known, waiting
from orchestrator.store.claims import load_claims


def books_of(
    session: Session,
    tenant: str,
    at: Instant,
    as_of: Instant | None = None,
    agreements: Collection[str] | None = None,
) -> Books:
    """The books and claims on record now or at a recorded instant, under some agreements or all;
    of the claims those have lapsed that were not made by `at` though they had to."""
    known = FOREVER - 1 if as_of is None else as_of
    return Books(
        entries_known(session, tenant, known, agreements),
        lapse_all(load_claims(session, tenant, as_of, agreements=agreements), at),
        waiting(session, tenant, as_of=known),
    )
