"""The deadlines of a whole estate, over its versions and its facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from orchestrator.engine.deadlines import deadlines
from orchestrator.model.agreements import Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate
from orchestrator.model.records import Assessment, Maintenance
from orchestrator.model.schedule import Deadline
from orchestrator.model.values import DAWN, Instant, Span, format_instant


def agenda(
    estate: Estate,
    span: Span,
    *,
    agreement: str | None = None,
    maintenance: Sequence[Maintenance] = (),
    assessments: Iterable[Assessment] = (),
) -> tuple[Deadline, ...]:
    """Everything that falls due in a finite span under the agreements that are then in force, or
    under one of them, sorted by time.

    `assessments` tell what was breached, and may be claimed for; `maintenance` is what is planned.
    Where one version gives way to the next, nothing expires.
    """
    breached: dict[tuple[str, int], list[tuple[str, Span]]] = {}
    for one in assessments:
        if one.status == "BREACHED":
            key = one.key.agreement, one.key.version
            breached.setdefault(key, []).append((one.key.term, one.period))
    found: set[Deadline] = set()
    for id, versions in estate.agreements.items():
        if agreement is not None and id != agreement:
            continue
        goes_on = {one.effective.start for one in versions if one.binds}
        for version in versions:
            if version.binds:
                due = deadlines(
                    Contract.of(version),
                    span,
                    _calendars(estate, version),
                    breaches=breached.get((id, version.number), ()),
                    maintenance=maintenance,
                )
                found.update(one for one in due if not _gives_way(one, version, goes_on))
    return tuple(sorted(found))


def _calendars(estate: Estate, version: Version) -> Mapping[str, Calendar]:
    return estate.at(max(version.effective.start, DAWN)).calendars


def _gives_way(one: Deadline, version: Version, goes_on: set[Instant]) -> bool:
    """Whether a deadline is that of an end at which another version of the agreement begins."""
    end = version.effective.end
    if end in goes_on and one.kind == "expiry":
        return one.at == end
    return end in goes_on and one.kind == "notice" and one.subject == format_instant(end)
