"""Availability measured: the downtime that counted in one term's period, and what it comes to."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.excuses import Refusal
from orchestrator.engine.intervals import Intervals, clip, intersect, total, union
from orchestrator.engine.observations import Observations, sources
from orchestrator.engine.promises import least_kept, policies_of, rounded, shortest_counted
from orchestrator.engine.slices import Slices, Stretch, counted_in, cut, slices
from orchestrator.engine.sources import Choice, Sources, differ
from orchestrator.engine.subjects import Subject
from orchestrator.engine.verdicts import (
    BREACHED,
    DISPUTED,
    INSUFFICIENT_DATA,
    Moment,
    share_used,
    standing,
)
from orchestrator.model.agreements import Measurement, promised
from orchestrator.model.metrics import Target
from orchestrator.model.records import Assessment, PointTally, SourceValue, Tally
from orchestrator.model.values import MINUTE, SECOND, Duration, Instant, Span

ZERO: Final = Fraction(0)


@dataclass(frozen=True)
class Downtime:
    """A term of availability assessed. `stretches` are those that count, in order. `compared` is
    what several sources say, where another one than the deciding was heard; `breached` goes by the
    one that decides. `refusals` are claims that are not excused, whatever became of that time."""

    assessment: Assessment
    stretches: tuple[Stretch, ...]
    unexplained: bool
    redundancy_lost: bool
    breached: bool
    compared: Tally | None = None
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class _Tally:
    """What counted within some hours, in microseconds, and the hours it is a share of."""

    stretches: list[Stretch]
    down: Fraction
    excused: Fraction
    hours: Fraction
    attained: Fraction | None


def measured_downtime(
    seen: Observations, subject: Subject, period: Span, moment: Moment
) -> Downtime:
    """The downtime of a term's period; of a rolling period, of its worst window in a span."""
    term = subject.term
    gaps_count = policies_of(term).data_gaps == "counts_as_down"
    measuring = moment.measuring(subject)
    voices = sources(seen, subject, measuring, _hull(subject, period))
    found = _found(seen, subject, period, voices.decides, moment, gaps_count=gaps_count)
    hours = seen.underpinning.hours.open(term.hours, period)
    assert term.period is not None
    if term.period.rolling:
        period = _worst_window(found, subject, period, hours, term.period.rolling)
        hours = clip(hours, period.start, period.end)
    tally = other = _tally(found, subject, hours)
    if seen.facts.unknown:
        opposite = _found(seen, subject, period, voices.decides, moment, gaps_count=not gaps_count)
        other = _tally(opposite, subject, hours)
    status = decided = _status(subject, tally, moment, period)
    attained = tally.attained
    values = _values(seen, subject, period, voices, tally, hours, moment)
    bounds = [tally.attained] if other is tally else [tally.attained, other.attained]
    if status != INSUFFICIENT_DATA and differ(values, measuring.tolerance):
        status = DISPUTED
        if not voices.agreed:
            decided, attained = "", None
            bounds += [value.attained for value in values]
    known = [one for one in bounds if one is not None]
    assessment = Assessment(
        subject.key,
        term.metric,
        period,
        promised(term),
        attained,
        status,
        tally.down / SECOND,
        tally.excused / SECOND,
        abs(tally.down - other.down) / SECOND if other is not tally else ZERO,
        tally.hours / SECOND,
        min(known, default=None),
        max(known, default=None),
    )
    return Downtime(
        assessment,
        tuple(tally.stretches),
        bool(intersect(found.unexplained, hours)),
        any(stretch.verdict.redundancy_lost for stretch in tally.stretches),
        decided == BREACHED,
        _compared(assessment, term.target, voices, values, decided),
        found.refusals,
    )


def _values(
    seen: Observations,
    subject: Subject,
    period: Span,
    voices: Sources,
    decides: _Tally,
    hours: Intervals,
    moment: Moment,
) -> tuple[SourceValue, ...]:
    """What each source says was attained, the one that decides first; none where there is but
    one."""
    if not voices.others:
        return ()
    gaps_count = policies_of(subject.term).data_gaps == "counts_as_down"
    told = {voices.name: decides.attained} if voices.agreed else {}
    for name, choice in voices.others.items():
        found = _found(seen, subject, period, choice, moment, gaps_count=gaps_count)
        told[name] = _tally(found, subject, hours).attained
    return tuple(
        SourceValue(name, value, voices.heard.get(name, 0)) for name, value in told.items()
    )


def _compared(
    assessment: Assessment,
    target: Target,
    voices: Sources,
    values: tuple[SourceValue, ...],
    decided: str,
) -> Tally | None:
    """The values of several sources, to be shown with what is assessed by them."""
    if len(values) < 2:
        return None
    outages = voices.heard.get(voices.name, 0) if voices.agreed else sum(voices.heard.values())
    return Tally(
        assessment.key,
        assessment.period,
        target,
        (PointTally(target, assessment.attained, outages),),
        values=values,
        decided=decided if assessment.status == DISPUTED else "",
    )


def _status(subject: Subject, tally: _Tally, moment: Moment, period: Span) -> str:
    """What is still to come counts as up, so what is missed by then is lost."""
    term = subject.term
    if tally.attained is None:
        return INSUFFICIENT_DATA
    kept = rounded(term.measurement, tally.attained) >= promised(term)
    if over := moment.over(period):
        used = ZERO
    else:
        allowed = (1 - least_kept(term.measurement, promised(term))) * tally.hours
        used = share_used(tally.down, allowed)
    return standing(
        kept=kept,
        lost=not kept,
        used=used,
        over=over,
        at_risk=moment.measuring(subject).at_risk,
    )


def _found(
    seen: Observations,
    subject: Subject,
    period: Span,
    choice: Choice,
    moment: Moment,
    *,
    gaps_count: bool,
) -> Slices:
    """The slices of a period, and about it, by some sources, as far as they have happened: what
    goes on at the moment of asking may end right then."""
    hull = _hull(subject, period)
    found = slices(seen, subject, hull, choice, gaps_count=gaps_count)
    if moment.as_of is None or moment.as_of >= hull.end:
        return found
    happened = [(hull.start, moment.as_of)] if moment.as_of > hull.start else []
    return replace(
        found,
        stretches=tuple(cut(found.stretches, happened)),
        unexplained=intersect(found.unexplained, happened),
    )


def _hull(subject: Subject, period: Span) -> Span:
    """A period and what is about it: an outage across its border has its whole length."""
    margin = shortest_counted(subject.term.measurement)
    return Span(period.start - margin, period.end + margin)


def _tally(found: Slices, subject: Subject, hours: Intervals) -> _Tally:
    stretches = counting(found, subject.term.measurement, hours)
    excused = ZERO
    for stretch in cut(_excused(found), hours):
        excused += stretch.length * (1 - stretch.verdict.counted)
    left = Fraction(total(hours))
    if policies_of(subject.term).excluded_time == "leaves_period":
        left -= excused
    down = counted_in(stretches)
    return _Tally(stretches, down, excused, left, 1 - down / left if left > 0 else None)


def _excused(found: Slices) -> list[Stretch]:
    return [stretch for stretch in found.stretches if stretch.verdict.counted != 1]


def counting(found: Slices, measurement: Measurement, hours: Intervals) -> list[Stretch]:
    """The slices that count within the hours, outages too short for the term left out. An outage
    is as long as the service was down, whether all of that counts or not."""
    counted = [stretch for stretch in found.stretches if stretch.verdict.counted]
    if measurement.minimum_outage:
        outages = union((stretch.start, stretch.end) for stretch in found.stretches)
        long = [(a, b) for a, b in outages if b - a >= measurement.minimum_outage]
        counted = cut(counted, long)
    counted = cut(counted, hours)
    if measurement.whole_minutes:
        outages = union((stretch.start, stretch.end) for stretch in counted)
        whole = [(a, b - (b - a) % MINUTE) for a, b in outages if b - a >= MINUTE]
        counted = cut(counted, whole)
    return counted


# --- rolling periods -----------------------------------------------------------------------------


def _worst_window(
    found: Slices, subject: Subject, span: Span, hours: Intervals, length: Duration
) -> Span:
    """The window of a length, inside a span, with the lowest attainment; the latest of equals.

    Attainment changes its slope only where an end of the window meets an end of a slice or of the
    hours, so one of those windows is the worst.
    """
    last = span.end - length
    if last <= span.start:
        return span
    tally = _tally(found, subject, hours)
    down = _Running((s.start, s.end, s.counted) for s in tally.stretches)
    opened = _Running((start, end, Fraction(1)) for start, end in hours)
    gone = _Running(())
    if policies_of(subject.term).excluded_time == "leaves_period":
        excused = cut(_excused(found), hours)
        gone = _Running((s.start, s.end, 1 - s.verdict.counted) for s in excused)
    marks = {span.start, last}
    for mark in (*down.marks, *opened.marks, *gone.marks):
        marks.update((mark, mark - length))
    worst, best = last, Fraction(2)
    for start in sorted(mark for mark in marks if span.start <= mark <= last):
        end = start + length
        left = opened.between(start, end) - gone.between(start, end)
        attained = 1 - down.between(start, end) / left if left > 0 else Fraction(2)
        if attained <= best:
            worst, best = start, attained
    return Span(worst, worst + length)


class _Running:
    """A quantity that grows at a constant rate on each of some disjoint stretches."""

    def __init__(self, stretches: Iterable[tuple[Instant, Instant, Fraction]]) -> None:
        self.marks: list[Instant] = []
        self._values: list[Fraction] = []
        self._rates: list[Fraction] = []
        value = ZERO
        for start, end, rate in stretches:
            self.marks += (start, end)
            self._rates += (rate, ZERO)
            self._values += (value, value + (end - start) * rate)
            value = self._values[-1]

    def between(self, start: Instant, end: Instant) -> Fraction:
        """By how much it grows."""
        return self._at(end) - self._at(start)

    def _at(self, instant: Instant) -> Fraction:
        index = bisect.bisect_right(self.marks, instant) - 1
        if index < 0:
            return ZERO
        return self._values[index] + (instant - self.marks[index]) * self._rates[index]
