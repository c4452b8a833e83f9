"""The derivation of one commitment of any kind but availability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from orchestrator.engine.kinds.algebras import ALGEBRAS, Algebra
from orchestrator.engine.kinds.judging import Judged, customers_calendar, judged, starts_in
from orchestrator.engine.kinds.lines import worst_start
from orchestrator.engine.kinds.points import points_of
from orchestrator.engine.kinds.remarks import nothing_said, remarks
from orchestrator.engine.kinds.resting import Resting, resting
from orchestrator.engine.kinds.timed import Option, trace
from orchestrator.engine.subjects import Subject
from orchestrator.engine.underpinning import Underpinning
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.derivations import (
    NOT_COMPARABLE,
    SHORTFALL,
    UNCOMMITTED,
    UNDERPINNED,
    Basis,
    Derivation,
    Explanation,
    Methods,
    StageTime,
    WorstCase,
)
from orchestrator.model.metrics import METRICS, Target
from orchestrator.model.scopes import part_named, whole_of
from orchestrator.model.values import Span


def derivation(
    underpinning: Underpinning, subject: Subject, periods: Sequence[Span], *, explained: bool
) -> Derivation:
    """What a term rests on, in the worst of some periods, the first of equals.

    Of a flow, a case is worked on by the terms and calendars in force when it starts.
    """
    period, rest, found = min(
        (
            (period, rest, judged(subject, rest)) if rest else (period, None, None)
            for period in periods
            for rest in resting(underpinning, subject, period)
        ),
        key=lambda case: case[2].rank if case[2] else (False, False, Fraction(0)),
    )
    key, term = subject.key, subject.term
    algebra = ALGEBRAS[METRICS[term.metric].algebra]
    if rest is None or found is None or not found.said:
        finding = nothing_said(subject, algebra.lacking)
        return Derivation(
            key,
            term.metric,
            period,
            term.target,
            NOT_COMPARABLE,
            method="none",
            findings=(finding,),
        )
    status = UNDERPINNED if found.kept else _why_not(subject, rest)

    methods = _methods(subject, rest, found)

    def helps(name: str) -> bool:
        return judged(subject, rest, frozenset({name})).short < found.short

    return Derivation(
        key,
        term.metric,
        period,
        term.target,
        status,
        found.floor,
        found.independent,
        covered_share=Fraction(found.independent is not None),
        method=methods.weakest,
        assumptions=tuple(_assumptions(algebra, rest)),
        findings=remarks(subject, rest, found, status, helps),
        explanation=_explanation(subject, rest, found) if explained else None,
        methods=methods,
    )


def _why_not(subject: Subject, rest: Resting) -> str:
    """Whether parts that nobody has committed to would miss the promise by themselves."""
    committed = frozenset(part.name for part in rest.parts if part.committed)
    if len(committed) < len(rest.parts) and not judged(subject, rest, committed).kept:
        return UNCOMMITTED
    return SHORTFALL


def _assumptions(algebra: Algebra, rest: Resting) -> Iterator[str]:
    """What the figures take for granted. How parts behave together matters only to an estimate
    that is composed otherwise than the floor."""
    if any(part.in_windows for part in rest.parts):
        yield "LOOSEST_WINDOW"
    if rest.hidden and algebra.estimate is not algebra.floor:
        yield "HIDDEN_SHARING"
    if rest.redundant and rest.shared and algebra.adds_up:
        yield "ALIKE_AT_EACH_PLACE"
    yield from algebra.assumes
    if rest.redundant:
        yield from algebra.if_redundant


def _methods(subject: Subject, rest: Resting, found: Judged) -> Methods:
    # Business days are counted from any start, whatever the window.
    days = (
        part_named(subject.term.hours)
        and METRICS[subject.term.metric].business_days
        and any(point.business_days for point in points_of(subject.term.target))
    )
    known = rest.exact and not days and not any(part.in_windows for part in rest.parts)

    def named(figure: Target | None, whole: bool) -> str:
        if figure is None:
            return "none"
        return "exact" if known and whole else "bounded"

    return Methods(named(found.floor, found.whole), named(found.independent, found.estimate_whole))


# --- explanation ---------------------------------------------------------------------------------


def _explanation(subject: Subject, rest: Resting, found: Judged) -> Explanation:
    cases = () if found.option is None else tuple(_worst_cases(subject, rest, found.option))
    return Explanation(tuple(_basis(rest)), (), (), (), (), (), True, cases)


def _basis(rest: Resting) -> Iterator[Basis]:
    found = {
        (part.name, c.key.agreement, c.key.version, c.key.term): c.term.target
        for part in rest.parts
        for c in part.commitments
    }
    for (name, agreement, version, term), target in sorted(found.items(), key=lambda one: one[0]):
        yield Basis(name, agreement, version, term, None, target)


def _worst_cases(subject: Subject, rest: Resting, option: Option) -> Iterator[WorstCase]:
    """The longest wait on the customer's clock, and round the clock."""
    hours, starts = whole_of(subject.term.hours), starts_in(subject, rest)
    clocks = {hours: customers_calendar(subject, rest), ROUND_THE_CLOCK: None}
    for hours, calendar in clocks.items():
        worst = worst_start(option.due, calendar, starts)
        stages = tuple(StageTime(*step) for step in trace(option.path, worst.start))
        yield WorstCase(hours, worst.start, worst.due, worst.elapsed, stages)
