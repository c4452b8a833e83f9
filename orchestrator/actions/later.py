"""Which periods that were assessed have to be settled again with an earlier one (rule 16)."""

from __future__ import annotations

from datetime import UTC

from sqlalchemy.orm import Session

from orchestrator.engine.booking import widest
from orchestrator.engine.past import reaches
from orchestrator.engine.settle import reach_of
from orchestrator.model.estate import Estate
from orchestrator.model.values import DAWN, AskedPeriod, Span
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
    found = []
    for span, run in runs:
        until = max((end for at, end in changes if at > run.known_at), default=DAWN)
        told = until > DAWN and until > reach_of(estate, span).start
        if told or (run.estate_revision != number and reaches(estate, span, asked)):
            found.append(span)
    return found


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
