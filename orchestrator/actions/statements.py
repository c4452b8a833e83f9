"""What statements of account are made of, as the database has it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from orchestrator.engine.booking import widest
from orchestrator.engine.claimed import lapse_all
from orchestrator.engine.statement import Books, asked_of_verdict
from orchestrator.model.estate import Estate
from orchestrator.model.values import FOREVER, AskedPeriod, Instant
from orchestrator.store.books import entries_known, waiting
from orchestrator.store.claims import load_claims
from orchestrator.store.read import ends_assessed


def books_of(
    session: Session,
    tenant: str,
    estate: Estate,
    asked: AskedPeriod,
    at: Instant,
    as_of: Instant | None = None,
    agreements: Collection[str] | None = None,
) -> Books:
    """What is on record now or at a recorded instant, under some agreements or all, for statements
    of a span; of the claims those have lapsed that were not made by `at` though they had to."""
    known = FOREVER - 1 if as_of is None else as_of
    ids = estate.agreements if agreements is None else agreements
    # A billing period that ends within may have begun before, and terms ended in it since.
    reach = widest(estate, asked_of_verdict(estate, asked))
    return Books(
        entries_known(session, tenant, known, agreements),
        lapse_all(load_claims(session, tenant, as_of, agreements=agreements), at),
        waiting(session, tenant, as_of=known),
        ends_assessed(session, tenant, reach, ids, known),
    )
