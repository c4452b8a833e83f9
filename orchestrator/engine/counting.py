"""Cases of a period counted against a term's targets, source by source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.casebook import Casebook
from orchestrator.engine.cases import (
    ONE,
    ZERO,
    Case,
    Rolling,
    carried,
    judged,
    observations,
    within,
    worst_window,
)
from orchestrator.engine.gauges import Gauge
from orchestrator.engine.promises import least_kept, rounded
from orchestrator.engine.sources import differ
from orchestrator.engine.subjects import Subject
from orchestrator.engine.verdicts import (
    AT_RISK,
    BREACHED,
    DISPUTED,
    INSUFFICIENT_DATA,
    share_used,
    standing,
)
from orchestrator.model.metrics import CARRIERS, METRICS, Lasting, Points, Target, Within
from orchestrator.model.records import Assessment, PointTally, SourceValue, Tally
from orchestrator.model.values import SECOND, Span

_ALL_USED: Final = Fraction(2)


@dataclass(frozen=True, slots=True)
class Counted:
    """A term assessed by its cases. `judged` are those of the period that the deciding source
    gives for the deciding target, `missed` those of them on the wrong side of it."""

    assessment: Assessment
    tally: Tally
    judged: tuple[Case, ...]
    missed: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked: one gauge, one term, one period of it."""

    book: Casebook
    gauge: Gauge
    subject: Subject
    period: Span

    @property
    def higher(self) -> bool:
        return METRICS[self.subject.term.metric].higher_is_better

    @property
    def carrier(self) -> str:
        return METRICS[self.subject.term.metric].carrier

    @property
    def minimum(self) -> int:
        """The fewest observations that say anything."""
        return max(self.subject.term.measurement.minimum_samples, 1)

    def keeps(self, attained: Fraction, level: Fraction) -> bool:
        """Whether a figure, as the agreement states it, is on the right side of a level."""
        if CARRIERS[self.carrier].percent or self.gauge.shares:
            attained = rounded(self.subject.term.measurement, attained)
        return attained >= level if self.higher else attained <= level


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the deciding source says of one target; `kept` is None where it says too little."""

    point: Target
    level: Fraction
    attained: Fraction | None
    tally: PointTally
    kept: bool | None
    used: Fraction
    lost: bool
    cases: tuple[Case, ...]
    all_cases: tuple[Case, ...]


def points_of(target: Target) -> tuple[Target, ...]:
    """Every target that has to be kept."""
    return target.points if isinstance(target, Points) else (target,)


def level_of(point: Target) -> Fraction:
    """The number that what is attained is held against: a ratio, seconds, or a number."""
    match point:
        case Within():
            return point.share
        case Lasting():
            return Fraction(point.duration, SECOND)
        case Fraction():
            return point
    raise AssertionError("a target that no fact is held against")


def count(book: Casebook, gauge: Gauge, subject: Subject, period: Span) -> Counted:
    """A term's assessment in one of its periods; of a rolling period, of its worst window."""
    found = {
        point: _cases(book, gauge, subject, point, period)
        for point in points_of(subject.term.target)
    }
    first = next(iter(found.values()))[0]
    if gauge.otherwise is not None and not within(first, period):
        return count(book, gauge.otherwise, subject, period)
    asked = _Question(book, gauge, subject, period)
    rolling = subject.term.period.rolling if subject.term.period else 0
    if rolling:
        asked = _in_worst_window(asked, found, rolling)
    answers = [_answer(asked, point, cases) for point, (cases, _) in found.items()]
    decides = _deciding(answers)
    answer = answers[decides]
    status = _status(asked, answers)
    values = _values(asked, found[answer.point])
    decided = ""
    contract = _contractual(asked, found[answer.point][1])
    if status != INSUFFICIENT_DATA and differ(values, book.measuring(subject).tolerance):
        decided, status = (status if contract else ""), DISPUTED
    attained = answer.attained if status != DISPUTED or decided else None
    if status == INSUFFICIENT_DATA:
        attained = None
    assessment = Assessment(
        subject.key,
        subject.term.metric,
        asked.period,
        answer.level,
        attained,
        status,
        ZERO,
        ZERO,
        ZERO,
        book.hours(subject, asked.period),
        attained,
        attained,
    )
    tally = Tally(
        subject.key,
        asked.period,
        subject.term.target,
        tuple(one.tally for one in answers),
        decides,
        carried(answer.all_cases, asked.period),
        values if len(values) > 1 else (),
        decided,
    )
    missed = tuple(case for case in answer.cases if _misses(asked, case, answer.level))
    return Counted(assessment, tally, answer.cases, missed)


def breached(counted: Counted) -> bool:
    """Whether the target is missed, by the source that decides."""
    return BREACHED in (counted.assessment.status, counted.tally.decided)


# --- sources -------------------------------------------------------------------------------------

_Found = tuple[tuple[Case, ...], dict[str, tuple[Case, ...]]]
"""The cases that decide, and those of other sources; the deciding source is the first."""


def _cases(book: Casebook, gauge: Gauge, subject: Subject, point: Target, period: Span) -> _Found:
    """The cases of a target by source, the one that decides first.

    A contractual source decides, and what names no source is taken to be of it. Else pooled cases
    are all of one source; or the most trusted decides, or the one that has observed most.
    """
    key = (subject.key, subject.term.hours, point, id(gauge))
    if key not in book.found:
        book.found[key] = gauge.cases(book, subject, point)
    cases = book.found[key]
    source = subject.term.measurement.source
    if not source and gauge.pooled:
        return cases, {"": cases}
    by_source: dict[str, list[Case]] = {source: []} if source else {}
    for case in cases:
        name = case.source or source
        by_source.setdefault(name, []).append(case)
    trust = book.measuring(subject).trust
    order = sorted(
        by_source,
        key=lambda name: (
            name != source,
            trust.index(name) if name in trust else len(trust),
            -observations(judged(within(by_source[name], period))),
            name,
        ),
    )
    grouped = {name: tuple(by_source[name]) for name in order}
    return next(iter(grouped.values()), ()), grouped


def _contractual(asked: _Question, grouped: dict[str, tuple[Case, ...]]) -> bool:
    """Whether the agreement says which source decides."""
    trust = asked.book.measuring(asked.subject).trust
    first = next(iter(grouped), "")
    return bool(asked.subject.term.measurement.source) or first in trust


def _values(asked: _Question, found: _Found) -> tuple[SourceValue, ...]:
    values = []
    for name, cases in found[1].items():
        inside = judged(within(cases, asked.period))
        enough = observations(inside) >= asked.minimum
        hours = asked.book.hours(asked.subject, asked.period)
        value = asked.gauge.total.of(inside, hours) if enough else None
        values.append(SourceValue(name, value, _number(inside)))
    return tuple(values)


# --- one target ----------------------------------------------------------------------------------


def _in_worst_window(asked: _Question, found: dict[Target, _Found], length: int) -> _Question:
    cases = judged(next(iter(found.values()))[0])
    rolling = Rolling(
        asked.period, length, asked.minimum, lambda span: asked.book.hours(asked.subject, span)
    )
    window = worst_window(cases, asked.gauge.total, rolling, higher_is_better=asked.higher)
    return _Question(asked.book, asked.gauge, asked.subject, window)


def _answer(asked: _Question, point: Target, cases: tuple[Case, ...]) -> _Answer:
    inside = within(cases, asked.period)
    ended = judged(inside)
    level, hours = level_of(point), asked.book.hours(asked.subject, asked.period)
    enough = observations(ended) >= asked.minimum
    attained = asked.gauge.total.of(ended, hours)
    kept = asked.keeps(attained, level) if enough and attained is not None else None
    if not ended and asked.gauge.eventless and not asked.subject.term.measurement.minimum_samples:
        kept = True
    missed = sum(case.weight for case in ended if _misses(asked, case, level))
    number = _number(ended)
    countable = asked.gauge.shares or asked.gauge.total.single is not None
    allowed = _allowed(asked, level, number) if countable else None
    tally = PointTally(
        point,
        attained,
        number,
        int(missed) if countable else None,
        allowed,
    )
    open_cases = [case for case in inside if case.value is None]
    used = _used(asked, attained, level, missed, allowed)
    if _forecast_misses(asked, ended, open_cases, level):
        used = max(used, _ALL_USED)
    final = asked.gauge.total.single is not None or (asked.gauge.shares and level == ONE)
    lost = kept is False and final
    return _Answer(point, level, attained, tally, kept, used, lost, tuple(ended), cases)


def _misses(asked: _Question, case: Case, level: Fraction) -> bool:
    if case.value is None:
        return False
    if asked.gauge.shares:
        return not case.value
    return asked.gauge.total.single is not None and not asked.keeps(case.value, level)


def _number(cases: Sequence[Case]) -> int:
    """Observations, where each case stands for a whole number of them; else cases."""
    weight = observations(cases)
    whole = all(case.weight.denominator == 1 for case in cases)
    return int(weight) if whole else len(cases)


def _allowed(asked: _Question, level: Fraction, number: int) -> int:
    """Misses that keep the target: n - ceil(q n), by the share as it is rounded."""
    if not asked.gauge.shares:
        return 0
    least = min(ONE, least_kept(asked.subject.term.measurement, level))
    return number - math.ceil(least * number)


def _used(
    asked: _Question,
    attained: Fraction | None,
    level: Fraction,
    missed: Fraction | int,
    allowed: int | None,
) -> Fraction:
    """The share of what a target allows that is used; 0 where it allows nothing to be used up."""
    if attained is None:
        return ZERO
    if allowed is not None:
        return share_used(Fraction(missed), allowed)
    match asked.carrier:
        case "ratio":
            return share_used(1 - attained, 1 - level)
        case "fault":
            return share_used(attained, level)
    return ZERO


def _forecast_misses(
    asked: _Question, ended: Sequence[Case], still_open: Sequence[Case], level: Fraction
) -> bool:
    """Whether the target would be missed if every open case that is due in the period, and has used
    more than the share at risk of its time, were missed too. Cases that stand still are due at no
    instant, and left out."""
    at_risk = asked.book.measuring(asked.subject).at_risk
    likely = [case for case in still_open if case.used > at_risk]
    if not likely or not asked.gauge.shares:
        return False
    weight = observations(ended) + observations(likely)
    return sum((case.weight for case in ended if case.value), ZERO) < level * weight


# --- all of them ---------------------------------------------------------------------------------


def _deciding(answers: Sequence[_Answer]) -> int:
    """The first target that is missed, or else the one that is nearest to it."""

    def rank(place: int) -> tuple[int, Fraction]:
        one = answers[place]
        order = {False: 0, None: 1, True: 2}[one.kept]
        return order, ZERO if one.kept is False else -one.used

    return min(range(len(answers)), key=rank)


def _status(asked: _Question, answers: Sequence[_Answer]) -> str:
    """Every target has to be kept."""
    if any(one.kept is None for one in answers) and not any(one.kept is False for one in answers):
        return _unknown_so_far(asked, answers)
    return standing(
        kept=all(one.kept for one in answers),
        lost=any(one.lost for one in answers),
        used=max(one.used for one in answers),
        over=asked.book.moment.over(asked.period),
        at_risk=asked.book.measuring(asked.subject).at_risk,
    )


def _unknown_so_far(asked: _Question, answers: Sequence[_Answer]) -> str:
    """Too little is known, unless what is open is on its way to be missed."""
    at_risk = any(one.used >= _ALL_USED for one in answers)
    if at_risk and not asked.book.moment.over(asked.period):
        return AT_RISK
    return INSUFFICIENT_DATA
