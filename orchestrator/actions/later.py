"""Which periods that were assessed have to be settled again with an earlier one (rule 16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

from sqlalchemy.orm import Session

from orchestrator.engine.booking import widest
from orchestrator.engine.late import touching
from orchestrator.engine.past import reaches
from orchestrator.engine.settle import reach_of
from orchestrator.model.estate import Estate
from orchestrator.model.records import Fact
from orchestrator.model.values import AskedPeriod, Span
from orchestrator.store.read import Run, every_run, fact_changes, period_key


def overtaken(
    session: Session, tenant: str, estate: Estate, number: int, asked: AskedPeriod
) -> list[AskedPeriod]:
    """The spans that end after one asked about and that were assessed before something was known
    which bears on both: facts that reach into them, or that rules over periods look back at.

    `number` is the revision of the estate. In the order of time.
    """
    runs = _ending_later(session, tenant, asked)
    if not runs:
        return []
    common = Span(reach_of(estate, asked).start, widest(estate, asked).end)
    changes = fact_changes(session, tenant, common, min(run.known_at for _, run in runs))
    touched = _touched(estate, [one.fact for one in changes])
    found = []
    for span, run in runs:
        until = [one.until for one in changes if one.at > run.known_at]
        told = until and touched.agreements and max(until) > reach_of(touched, span).start
        if told or (run.estate_revision != number and reaches(estate, span, asked)):
            found.append(span)
    return found


def _touched(estate: Estate, facts: Sequence[Fact]) -> Estate:
    """An estate with the agreements alone that are measured otherwise because of some facts."""
    services = touching(estate, facts) if facts else frozenset()
    agreements = {
        id: versions
        for id, versions in estate.agreements.items()
        if any(cover.service in services for one in versions for cover in one.covers)
    }
    return replace(estate, agreements=agreements)


def _ending_later(
    session: Session, tenant: str, asked: AskedPeriod
) -> list[tuple[AskedPeriod, Run]]:
    ours, end = period_key(asked), asked.span(UTC).end
    spans = [
        (AskedPeriod.parse(run.asked), run)
        for run in every_run(session, tenant)
        if run.asked != ours
    ]
    later = [pair for pair in spans if pair[0].span(UTC).end > end]
    return sorted(later, key=lambda pair: (pair[0].span(UTC), pair[1].asked))
