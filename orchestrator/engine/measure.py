"""Measurement against target: what one term's period comes to, whatever it is measured from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Final

from orchestrator.engine.casebook import Casebook
from orchestrator.engine.cases import Case
from orchestrator.engine.counting import breached, count
from orchestrator.engine.downtime import measured_downtime
from orchestrator.engine.excuses import Refusal
from orchestrator.engine.gauges import gauge_of
from orchestrator.engine.intervals import Intervals, union
from orchestrator.engine.observations import Observations
from orchestrator.engine.slices import Stretch, counted_in
from orchestrator.engine.subjects import Subject, parts_of
from orchestrator.engine.verdicts import (
    AT_RISK,
    BREACHED,
    DISPUTED,
    INSUFFICIENT_DATA,
    MET,
    Moment,
)
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import Assessment, Tally, TermKey, WindowValue
from orchestrator.model.values import FOREVER, Span

__all__ = [
    "AT_RISK",
    "BREACHED",
    "DISPUTED",
    "INSUFFICIENT_DATA",
    "MET",
    "Measured",
    "Measurements",
    "measurable",
]

DOWNTIME: Final = "downtime"
"""The algebra of what is measured by downtime itself, and not by cases."""


@dataclass(frozen=True)
class Measured:
    """One subject measured over one of its periods.

    `stretches` are the downtime that counts, in order; of a term with windows that is missed, in
    those that were, and `kept` is the downtime that counts in the others. Of what is measured by
    cases, `tally` says what was counted, `judged` are the cases of the period and `missed` those
    that miss the target. `compared` is what several sources say of downtime, `refusals` what it
    does not excuse though it was claimed. `breached` goes by the source that decides, even where
    another one disputes it. `over`: nothing more can happen in the period.
    """

    subject: Subject
    assessment: Assessment
    stretches: tuple[Stretch, ...] = ()
    kept: Intervals = ()
    unexplained: bool = False
    redundancy_lost: bool = False
    tally: Tally | None = None
    compared: Tally | None = None
    refusals: tuple[Refusal, ...] = ()
    judged: tuple[Case, ...] = ()
    missed: tuple[Case, ...] = ()
    breached: bool = False
    over: bool = True

    @property
    def heard(self) -> Tally | None:
        """What was counted, or what several sources say."""
        return self.tally or self.compared

    @cached_property
    def counted(self) -> Intervals:
        """The instants that count, in whole or in part."""
        return union((stretch.start, stretch.end) for stretch in self.stretches)

    @cached_property
    def least(self) -> Fraction:
        """The least share by which any of it counts."""
        return min((stretch.counted for stretch in self.stretches), default=Fraction(1))

    @property
    def pays(self) -> bool:
        """Whether the figure may bring a credit: not while it can still change; and not of a term
        with windows that is kept, as its tiers are about what misses a target."""
        return self.breached or (self.over and not self.subject.term.windows)

    @cached_property
    def downtime(self) -> Fraction:
        """How long of it counts, in microseconds."""
        return counted_in(self.stretches)


def measurable(metric: str) -> bool:
    """Whether facts say anything of a kind of commitment."""
    return METRICS[metric].algebra == DOWNTIME or gauge_of(metric) is not None


class Measurements:
    """Guards that each subject and period is measured once."""

    def __init__(self, seen: Observations, moment: Moment | None = None) -> None:
        self.seen = seen
        self.moment = moment or Moment(_end_of_facts(seen))
        self.book = Casebook(seen, self.moment)
        self._measured: dict[tuple[TermKey, Span], Measured] = {}

    def of(self, subject: Subject, period: Span) -> Measured:
        """A subject measured over one of its own periods; of a rolling period, over the worst
        window of a span."""
        key = (subject.key, period)
        if key not in self._measured:
            self._measured[key] = self._by_windows(subject, period)
        return self._measured[key]

    def _by_windows(self, subject: Subject, period: Span) -> Measured:
        parts = [self._measure(part, period) for part in parts_of(subject)]
        return parts[0] if len(parts) == 1 else of_windows(subject, parts)

    def kept(self, seen: Observations, keeps: Callable[[Subject], bool]) -> Measurements:
        """Measurements of other facts that hold what is known of some subjects already, those to
        which the difference is nothing."""
        made = Measurements(seen, self.moment)
        made._measured = {
            key: measured for key, measured in self._measured.items() if keeps(measured.subject)
        }
        return made

    @property
    def known(self) -> Collection[Measured]:
        """All that is measured."""
        return self._measured.values()

    def with_excuses(self, measured: Measured, categories: tuple[str, ...]) -> Assessment:
        """What a term of availability would come to if it excused some categories besides."""
        subject = measured.subject
        excluded = (*(subject.term.exclusions or ()), *categories)
        excusing = replace(subject, term=replace(subject.term, exclusions=excluded))
        return self._by_windows(excusing, measured.assessment.period).assessment

    def _measure(self, subject: Subject, period: Span) -> Measured:
        gauge = gauge_of(subject.term.metric)
        if gauge is None:
            found = measured_downtime(self.seen, subject, period, self.moment)
            return Measured(
                subject,
                found.assessment,
                found.stretches,
                unexplained=found.unexplained,
                redundancy_lost=found.redundancy_lost,
                compared=found.compared,
                refusals=found.refusals,
                breached=found.breached,
            )
        counted = count(self.book, gauge, subject, period)
        return Measured(
            subject,
            counted.assessment,
            tally=counted.tally,
            judged=counted.judged,
            missed=counted.missed,
            breached=breached(counted),
            over=self.moment.over(counted.assessment.period),
        )


_WORST_FIRST: Final = (BREACHED, DISPUTED, AT_RISK, MET, INSUFFICIENT_DATA)


def of_windows(subject: Subject, parts: Sequence[Measured]) -> Measured:
    """A term measured window by window: it is kept if each of them is. Windows without service
    hours in the period say nothing.

    A missed one decides, of several the one that attained the worst, as credits go by that; where
    none is missed, the one that is nearest to it.
    """
    metric = METRICS[subject.term.metric]
    said = [one for one in parts if one.assessment.hours_seconds] or list(parts)

    def rank(one: Measured) -> tuple[bool, int, bool, Fraction]:
        found = one.assessment
        figure = found.attained or Fraction(0)
        if not one.breached:
            figure -= found.target
        towards = figure if metric.higher_is_better else -figure
        return not one.breached, _WORST_FIRST.index(found.status), found.attained is None, towards

    decides = min(said, key=rank)
    counting = [one for one in said if one.breached] or said
    spared = [one for one in said if one not in counting]
    return replace(
        decides,
        subject=subject,
        assessment=replace(
            decides.assessment,
            windows=tuple(_window(one) for one in parts if one in said),
        ),
        stretches=_in_order(stretch for one in counting for stretch in one.stretches),
        kept=union(interval for one in spared for interval in one.counted),
        unexplained=any(one.unexplained for one in counting),
        redundancy_lost=any(one.redundancy_lost for one in counting),
        judged=tuple(case for one in counting for case in one.judged),
        missed=tuple(case for one in counting for case in one.missed),
    )


def _window(one: Measured) -> WindowValue:
    found = one.assessment
    return WindowValue(
        one.subject.term.hours,
        found.target,
        found.attained,
        found.status,
        found.counted_seconds,
        found.hours_seconds,
    )


def _in_order(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    return tuple(sorted(stretches, key=lambda one: (one.start, one.end)))


def _end_of_facts(seen: Observations) -> int:
    """An instant by which all that is reported has happened."""
    facts = seen.facts
    ends = [fact.span.end for fact in facts.outages if fact.span.end < FOREVER]
    ends += [event.at for ticket in facts.tickets for event in ticket.events]
    return max(ends, default=0)
