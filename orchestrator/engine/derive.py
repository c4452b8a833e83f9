"""Composite commitments: what each service can carry, given what lies beneath it.

Three figures, never one: the `floor` holds over every joint behaviour in which each underpinning
commitment is kept, `independent` if parts fail independently at their committed levels, `beta`
with declared common causes besides. Semantics: docs/semantics.md.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine import findings as note
from orchestrator.engine.estimate import Estimate, common_cause, independent
from orchestrator.engine.explain import explain
from orchestrator.engine.floor import Floor, floor, is_reached
from orchestrator.engine.kinds.derivation import derivation as of_another_kind
from orchestrator.engine.problem import Problem, problem
from orchestrator.engine.promises import periods, promise_of, rounded
from orchestrator.engine.scenes import scenes
from orchestrator.engine.subjects import Subject, parts_of, spans_ending, subjects
from orchestrator.engine.underpinning import Underpinning
from orchestrator.model.agreements import Version
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.derivations import (
    NOT_COMPARABLE,
    SHORTFALL,
    UNCOMMITTED,
    UNDERPINNED,
    Derivation,
    Methods,
    Number,
    WindowOutcome,
)
from orchestrator.model.estate import Estate, Snapshot
from orchestrator.model.metrics import METRICS
from orchestrator.model.values import AskedPeriod, Instant, Span, zone


@dataclass(frozen=True, slots=True)
class Depth:
    """How much to explain: nothing, or bases and prices, and cuts up to an order; and whether
    every figure must be an exact fraction."""

    explain: bool = False
    cuts: int = 0
    exact: bool = False


PLAIN = Depth()


def derive(
    estate: Estate,
    asked: AskedPeriod,
    agreement: str | None = None,
    depth: Depth = PLAIN,
    progress: Callable[[int, int], None] | None = None,
    underpinning: Underpinning | None = None,
) -> tuple[Derivation, ...]:
    """Every derivation for a span, sorted by agreement, term and service.

    Each is for the worst of the agreement's own periods that end inside the span asked for, or
    for the span itself where none does; it names the period. `progress` hears (done, of all).
    """
    underpinning = underpinning or Underpinning(estate)
    wanted = [
        subject
        for versions in estate.agreements.values()
        for version in versions
        if agreement is None or version.agreement == agreement
        for subject in promises_to_check(estate, version, asked)
    ]
    found = []
    for number, subject in enumerate(wanted):
        found.append(derivation_of(underpinning, subject, asked, depth))
        if progress is not None:
            progress(number + 1, len(wanted))
    return tuple(
        sorted(found, key=lambda d: (d.key.agreement, d.key.term, d.key.service, d.key.version))
    )


def promises_to_check(estate: Estate, version: Version, asked: AskedPeriod) -> Iterator[Subject]:
    """What a version promises about composites: every term of an SLA, and those of each OLA or UC
    on the whole of a service with dependencies that a home organisation provides. A commitment at
    the edge, with nothing beneath, is none."""
    span = asked.span(zone(version.timezone)) & version.effective
    if span is None or not version.binds:
        return
    snapshot = estate.at(span.start)
    if snapshot.kind_of(version) == "SLA":
        yield from subjects(version)
    elif not snapshot.home or snapshot.entity(version.provider) in snapshot.home:
        for subject in subjects(version):
            if _is_composite(snapshot, subject):
                yield subject


def _is_composite(snapshot: Snapshot, subject: Subject) -> bool:
    return any(
        cover.scope == "whole" and snapshot.services[cover.service].requires is not None
        for cover in subject.covers
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """The floor of one period with its data, before anything is said about them; None where the
    period has no service hours."""

    data: Problem
    floor: Floor | None

    @property
    def rank(self) -> tuple[bool, Fraction]:
        """Worst first; periods without service hours last."""
        return self.floor is None, self.floor.share if self.floor else Fraction(0)


def figures(underpinning: Underpinning, subject: Subject, period: Span) -> Figures:
    """The floor of a subject over one period."""
    grounds = underpinning.ground(subject.version, subject.covers, period)
    data = problem(underpinning, promise_of(subject.version, subject.term), grounds, period)
    return Figures(data, floor(data) if data.window else None)


def worst_figures(underpinning: Underpinning, subject: Subject, asked: AskedPeriod) -> Figures:
    """The figures of the subject's own period with the lowest floor, the first of equals."""
    return min(all_figures(underpinning, subject, asked), key=lambda one: one.rank)


def all_figures(
    underpinning: Underpinning, subject: Subject, asked: AskedPeriod
) -> Iterator[Figures]:
    """The figures of all of the subject's own periods, in their order."""
    for span in _own_periods(subject, asked):
        for window in _windows(underpinning, subject, span):
            yield figures(underpinning, subject, window)


def _own_periods(subject: Subject, asked: AskedPeriod) -> Sequence[Span]:
    """The subject's periods that end inside the span asked for; where none does, the span."""
    held = asked.span(zone(subject.version.timezone)) & subject.version.effective
    assert held is not None
    return spans_ending(subject, asked) or [held]


def _windows(underpinning: Underpinning, subject: Subject, span: Span) -> Sequence[Span]:
    """The spans to look at for one own period: itself, unless it is rolling.

    Of a rolling one, windows of its length inside the span. What lies beneath changes where an end
    of the window meets the border of an epoch, of a period or of hours: every such window is looked
    at, and one between each two, in which all periods that it meets have room for their budgets.
    The latest comes first: of equals it is the one that ends with the span.
    """
    period = subject.term.period
    length = period.rolling if period is not None else 0
    if not length or span.length <= length:
        return [span]
    borders: set[Instant] = set()
    hours = {subject.term.hours}
    for ground in underpinning.ground(subject.version, subject.covers, span):
        borders.update(edge for interval in ground.intervals for edge in interval)
        for number in {number for promises in ground.kinds for number in promises}:
            promise = underpinning.promises[number]
            hours.add(promise.hours)
            borders.update(edge for p in periods(promise, span) for edge in (p.start, p.end))
    for name in hours - {ROUND_THE_CLOCK}:
        borders.update(edge for one in underpinning.hours.open(name, span) for edge in one)
    last = span.end - length
    starts = {span.start, last, *borders, *(border - length for border in borders)}
    met = sorted(start for start in starts if span.start <= start <= last)
    between = [(one + other) // 2 for one, other in itertools.pairwise(met)]
    return [Span(start, start + length) for start in sorted({*met, *between}, reverse=True)]


def derivation_of(
    underpinning: Underpinning, subject: Subject, asked: AskedPeriod, depth: Depth = PLAIN
) -> Derivation:
    """The derivation of one promise; of one with windows, of the worst of them."""
    term = subject.term
    if term.windows:
        spans = _own_periods(subject, asked)
        made = [
            (part.term.hours, derivation_of(underpinning, part, asked, depth))
            for part in parts_of(subject)
            if any(underpinning.hours.open(part.term.hours, span) for span in spans)
        ]
        if made:
            return _of_windows(made)
        term = replace(term, windows=())
        subject = replace(subject, term=term)
    if METRICS[term.metric].algebra != underpinning.metric_algebra:
        periods = _own_periods(subject, asked)
        explained = depth.explain or depth.cuts > 0
        return of_another_kind(underpinning, subject, periods, explained=explained)
    found = worst_figures(underpinning, subject, asked)
    return concluded(underpinning, subject, found, depth)


_WORST_FIRST: Final = (UNCOMMITTED, SHORTFALL, UNDERPINNED, NOT_COMPARABLE)


def _of_windows(made: Sequence[tuple[str, Derivation]]) -> Derivation:
    """A term with windows is as good as the worst of them, the first of equals; what is to be
    noticed of any is to be noticed of the term."""
    worst = min(
        (one for _, one in made),
        key=lambda one: (_WORST_FIRST.index(one.status), one.headroom or 0),
    )
    others = [one for _, one in made if one is not worst]
    return replace(
        worst,
        assumptions=tuple(dict.fromkeys(a for one in (worst, *others) for a in one.assumptions)),
        findings=tuple(dict.fromkeys(f for one in (worst, *others) for f in one.findings)),
        windows=tuple(WindowOutcome(hours, one.outcome) for hours, one in made),
    )


def concluded(
    underpinning: Underpinning, subject: Subject, found: Figures, depth: Depth = PLAIN
) -> Derivation:
    """What follows from the figures of the worst period."""
    if found.floor is not None:
        return _compared(underpinning, subject, found.data, found.floor, depth)
    key, term, period = subject.key, subject.term, found.data.period
    return Derivation(
        key,
        term.metric,
        period,
        term.target,
        NOT_COMPARABLE,
        method="none",
        findings=(note.no_hours(key, period),),
    )


def _compared(
    underpinning: Underpinning, subject: Subject, data: Problem, found: Floor, depth: Depth
) -> Derivation:
    """What is promised, against its figures."""
    key, term = subject.key, subject.term
    assert isinstance(term.target, Fraction)
    covered = scenes(data)
    components = underpinning.components
    estimate = independent(data, covered, components, exact=depth.exact)
    beta = common_cause(data, covered, components, exact=depth.exact)
    status = SHORTFALL
    if fails_uncommitted(underpinning, data):
        status = UNCOMMITTED
    elif rounded(term.measurement, found.share) >= term.target:
        status = UNDERPINNED
    methods = _methods(is_reached(data, found), estimate, beta)
    return Derivation(
        key,
        term.metric,
        data.period,
        term.target,
        status,
        found.share,
        estimate.availability,
        None if beta is None else beta.availability,
        estimate.covered_share,
        methods.weakest,
        assumptions=note.assumptions(data),
        findings=note.findings(key, data, found, estimate.availability, status),
        explanation=explain(
            subject, data, found, covered, components, depth.cuts, exact=depth.exact
        )
        if depth.explain or depth.cuts
        else None,
        methods=methods,
        independent_interval=_interval(estimate),
        beta_interval=None if beta is None else _interval(beta),
    )


def _methods(reached: bool, estimate: Estimate, beta: Estimate | None) -> Methods:
    def of(one: Estimate | None) -> str:
        return "none" if one is None or one.availability is None else one.method

    return Methods("exact" if reached else "bounded", of(estimate), of(beta))


def _interval(estimate: Estimate) -> tuple[Number, Number] | None:
    """What a figure that is not exact lies between."""
    if estimate.method == "exact" or estimate.low is None or estimate.high is None:
        return None
    return estimate.low, estimate.high


def fails_uncommitted(underpinning: Underpinning, data: Problem) -> bool:
    """Whether what nobody has committed to can fail the whole by itself."""
    for part in data.parts:
        nothing = 0
        for promises, leaves in part.ground.kinds.items():
            if not any(data.promises[promise].counts for promise in promises):
                nothing |= leaves
        if underpinning.components.fails(part.ground.node, nothing):
            return True
    return False
