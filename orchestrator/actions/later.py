"""Which periods that were assessed have to be settled again with another one (rule 16)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC

from sqlalchemy.orm import Session

from orchestrator.engine.bearing import Bearing, History, TermName
from orchestrator.engine.booking import widest
from orchestrator.engine.late import touching
from orchestrator.engine.past import reaches
from orchestrator.engine.settle import reach_of
from orchestrator.model.estate import Estate
from orchestrator.model.records import Fact
from orchestrator.model.values import DAWN, AskedPeriod, Instant, Span
from orchestrator.store.read import Run, booked_periods, every_run, fact_changes

Assessed = tuple[AskedPeriod, Run]
"""A span with the last booking for it."""


def overtaken(
    session: Session,
    tenant: str,
    estate: Estate,
    asked: AskedPeriod,
    before: Run | None,
    after: Run,
) -> list[AskedPeriod]:
    """The spans that end after one asked about begins, and were last booked without knowing of
    something that bears on both: a fact of the one that reaches into the other, or that rules over
    periods look back at; or a change of the estate, where such rules do, or time is shared. In the
    order of time.

    `before` and `after` are the bookings of the span asked about before it was assessed and now.
    What `before` knew of was followed then, and is not looked at again.
    """
    booked = [(AskedPeriod.parse(one.asked), one) for one in every_run(session, tenant)]
    others = [one for one in booked if one[0] != asked]
    runs = _bearing_on(asked, others)
    if not runs:
        return []
    changed, hull = after != before, widest(estate, asked)
    window = Span(reach_of(estate, asked).start, hull.end) if changed else hull
    found = _unaware(session, tenant, estate, window, before, runs)
    if changed:
        found += [
            (span, run)
            for span, run in runs
            if (span, run) not in found
            and run.estate_revision != after.estate_revision
            and (_shared(span, asked) or reaches(estate, span, asked))
        ]
    # What is settled again is followed likewise, so that its next booking may be relied upon.
    for span, run in found:
        left = [one for one in _bearing_on(span, others) if one not in found]
        found += _unaware(session, tenant, estate, widest(estate, span), run, left)
    return [span for span, _ in sorted(found, key=_order)]


def _bearing_on(asked: AskedPeriod, runs: Iterable[Assessed]) -> list[Assessed]:
    """The bookings of spans that end after one begins: what happened in it may bear on them."""
    start = asked.span(UTC).start
    return sorted((one for one in runs if one[0].span(UTC).end > start), key=_order)


def _shared(one: AskedPeriod, other: AskedPeriod) -> bool:
    return one.span(UTC).meets(other.span(UTC))


def _order(one: Assessed) -> tuple[Span, str]:
    return one[0].span(UTC), one[1].asked


def _unaware(
    session: Session,
    tenant: str,
    estate: Estate,
    window: Span,
    known: Run | None,
    runs: Sequence[Assessed],
) -> list[Assessed]:
    """The bookings that depend on a fact of a window which neither they nor that of the window
    know."""
    if not runs:
        return []
    since = DAWN if known is None else known.known_at
    oldest = max(since, min(run.known_at for _, run in runs))
    changes = fact_changes(session, tenant, window, oldest)
    touched = _touched(estate, [one.fact for one in changes])
    if not touched.agreements:
        return []

    bearing = Bearing(touched, _histories(session, tenant, touched))
    found = []
    for span, run in runs:
        end = widest(estate, span).end
        news = [
            one.until for one in changes if one.at > max(since, run.known_at) and one.since < end
        ]
        if news and bearing.bears(max(news), span):
            found.append((span, run))
    return found


def _histories(session: Session, tenant: str, estate: Estate) -> dict[TermName, History]:
    found: dict[TermName, dict[Instant, tuple[Instant, bool]]] = {}
    for agreement, term, service, start, end, quiet in booked_periods(
        session, tenant, estate.agreements
    ):
        history = found.setdefault((agreement, term, service), {})
        _, known = history.get(end, (start, True))
        history[end] = start, quiet and known
    return dict(found)


def _touched(estate: Estate, facts: Sequence[Fact]) -> Estate:
    """An estate with the agreements alone that are measured otherwise because of some facts."""
    services = touching(estate, facts) if facts else frozenset()
    agreements = {
        id: versions
        for id, versions in estate.agreements.items()
        if any(cover.service in services for one in versions for cover in one.covers)
    }
    return replace(estate, agreements=agreements)
