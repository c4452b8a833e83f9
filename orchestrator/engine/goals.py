"""What users say of a service whose terms are all kept: green outside, red inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from orchestrator.engine.consistency import watermelon
from orchestrator.engine.gauges import gauge_of
from orchestrator.engine.measure import Measured, Measurements
from orchestrator.engine.subjects import Subject
from orchestrator.model.agreements import Term, Version
from orchestrator.model.contracts import Contract
from orchestrator.model.meetings import Goal
from orchestrator.model.records import Finding
from orchestrator.model.values import Span


def unhappy_users(measurements: Measurements, measured: Sequence[Measured]) -> Iterator[Finding]:
    """The agreements of which every assessment of a period is met while a figure of the users'
    misses the goal the parties have for it. The figure is that of all covered services together,
    over the agreement's own period."""
    statuses: dict[tuple[str, int, Span], list[str]] = {}
    versions: dict[tuple[str, int], Version] = {}
    for one in measured:
        version = one.subject.version
        if version.provisions.goals:
            versions[version.agreement, version.number] = version
            key = (version.agreement, version.number, one.assessment.period)
            statuses.setdefault(key, []).append(one.assessment.status)
    for (agreement, number, period), found in statuses.items():
        version = versions[agreement, number]
        values = {
            goal.metric: value
            for goal in version.provisions.goals
            if (value := _said(measurements, version, goal, period)) is not None
        }
        yield from watermelon(Contract.of(version), found, values)


def _said(
    measurements: Measurements, version: Version, goal: Goal, period: Span
) -> Fraction | None:
    """What users said of a metric in a period; None where they were not asked."""
    if gauge_of(goal.metric) is None:
        return None
    term = version.resolved(Term(f"goal:{goal.metric}", goal.metric, goal.target, "goal"))
    return measurements.of(Subject(version, term, version.covers), period).assessment.attained
