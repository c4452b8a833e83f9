"""Whether those beneath work when those above have promised: calendars held against one another.

Availability says how much of its hours is not covered when it is derived; here the times that are
counted on a calendar, such as a resolution time, are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from orchestrator.engine.hours import segments
from orchestrator.engine.intervals import subtract, total
from orchestrator.model.agreements import Term
from orchestrator.model.calendars import ROUND_THE_CLOCK, Calendar
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Snapshot
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import Finding
from orchestrator.model.values import DAWN, DAY, HOUR, Duration, Instant, Span, parse_instant

_COUNTED: Final = frozenset(("within", "lasting"))
"""The carriers of targets whose time is counted on a calendar."""

_YEAR: Final = 365 * DAY
_NO_BEGINNING: Final = parse_instant("2026-01-01T00:00:00Z")
"""Where a year is looked at if nothing of the estate begins at a time."""


def uncontained(
    snapshot: Snapshot,
    contract: Contract,
    beneath: Iterable[Contract],
    known: dict[tuple[str, str], Duration],
) -> Iterator[Finding]:
    """Terms beneath, of a kind and priority that the contract promises too, whose hours leave out
    some of the hours above, within a year of the beginning of the snapshot's epoch. What two
    calendars come to is `known` from one contract to the next."""
    start = snapshot.epoch.start if snapshot.epoch.start > DAWN else _NO_BEGINNING
    version = contract.version
    pairs = (
        (other.version, term, under)
        for other in beneath
        for term in version.terms
        for under in other.version.terms
        if _comparable(term, under, _read_here(contract, other, under.priority))
    )
    for other, term, under in pairs:
        hours = term.hours, under.hours
        if hours not in known:
            known[hours] = missing_time(snapshot.calendars, *hours, start)
        if known[hours]:
            yield Finding(
                "HOURS_NOT_CONTAINED",
                "warning",
                f"{other.agreement}/{under.id} works in {under.hours}, which leaves out "
                f"{known[hours] / HOUR:.6g} h a year of {term.hours}, the hours of "
                f"{version.agreement}/{term.id}",
                (version.agreement, other.agreement),
                f"agreements[{other.agreement}].terms[{under.id}].hours",
            )


def _read_here(contract: Contract, other: Contract, severity: str) -> str:
    """What a priority beneath is called above: as the contract maps its provider's scheme."""
    mappings = contract.provisions.severities
    mapped = next((one for one in mappings if one.party == other.version.provider), None)
    if mapped is None:
        return severity
    return next((pair.ours for pair in mapped.pairs if pair.theirs == severity), "")


def _comparable(term: Term, under: Term, priority: str) -> bool:
    counted = METRICS[term.metric].carrier in _COUNTED
    alike = term.metric == under.metric and term.priority == priority
    return counted and alike and under.hours not in {term.hours, ROUND_THE_CLOCK}


def missing_time(
    calendars: Mapping[str, Calendar], above: str, beneath: str, start: Instant
) -> Duration:
    """How much of the hours above the hours beneath leave out, in the year from an instant."""
    span = Span(start, start + _YEAR)
    return total(subtract(segments(calendars, above, span), segments(calendars, beneath, span)))
