"""What is promised, held against what lies beneath it in one epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.hours import calendar_of, segments
from orchestrator.engine.intervals import Intervals
from orchestrator.engine.kinds.algebras import ALGEBRAS
from orchestrator.engine.kinds.lines import business_days_needed, worst_start
from orchestrator.engine.kinds.points import points_of
from orchestrator.engine.kinds.resting import NO_PARTS, Answer, Resting
from orchestrator.engine.kinds.timed import Found, Option
from orchestrator.engine.kinds.values import Value, no_worse, shortfall, target_of, value_of
from orchestrator.engine.subjects import Subject
from orchestrator.model.calendars import Calendar
from orchestrator.model.metrics import METRICS, Metric, Target, Within
from orchestrator.model.scopes import part_named, whole_of
from orchestrator.model.values import FOREVER, SECOND


@dataclass(frozen=True, slots=True)
class Judged:
    """Figures against what is promised.

    `short` is by how much the floor misses it, in its own unit; `likely` tells that the estimate
    keeps it, `said` is false where nothing can be said. Of a flow, `option` is the choice of points
    behind the floor, and `cut_short` tells that there were too many to look at them all. `whole`
    and `estimate_whole` are false where a figure may be better than the one that was found.
    """

    said: bool
    kept: bool
    short: Fraction
    floor: Target | None = None
    independent: Target | None = None
    option: Option | None = None
    whole: bool = True
    likely: bool = False
    estimate_whole: bool = True
    cut_short: bool = False

    @property
    def rank(self) -> tuple[bool, bool, Fraction]:
        """Worst first."""
        return self.said, self.kept, -self.short


NOTHING_SAID: Final = Judged(False, False, Fraction(0))


def judged(subject: Subject, rest: Resting, made_perfect: frozenset[str] = NO_PARTS) -> Judged:
    """The figures of a subject in one epoch; of one in which some parts are perfect the floor."""
    floor, whole = rest.figure(True, made_perfect)
    estimate, estimate_whole = (None, True) if made_perfect else rest.figure(False, NO_PARTS)
    if floor is None:
        return NOTHING_SAID
    held = _in_time if isinstance(floor, Found | tuple) else _at_once
    found = held(subject, rest, floor, estimate)
    cut_short = any(isinstance(one, Found) and not one.whole for one in (floor, estimate))
    return replace(found, whole=whole, estimate_whole=estimate_whole, cut_short=cut_short)


def _at_once(subject: Subject, _: Resting, floor: Answer, estimate: Answer) -> Judged:
    """A single value against what is promised."""
    assert floor is not None
    assert not isinstance(floor, Found)
    metric = METRICS[subject.term.metric]
    # compared as it is composed: what a metric is kept beside does not matter here
    promised = ALGEBRAS[metric.algebra].joined(value_of(subject.term.target), None)
    expected = None
    if estimate is not None:
        assert not isinstance(estimate, Found)
        expected = target_of(metric, estimate)
    return Judged(
        True,
        no_worse(metric, floor, promised),
        max(Fraction(0), shortfall(metric, floor, promised)),
        target_of(metric, floor),
        expected,
        likely=estimate is not None and _keeps(metric, estimate, promised),
    )


def _keeps(metric: Metric, answer: Answer, promised: Value) -> bool:
    return (
        answer is not None and not isinstance(answer, Found) and no_worse(metric, answer, promised)
    )


# --- times and shares ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reach:
    """A share of the cases within a time, in the unit of what is promised."""

    time: int
    share: Fraction
    option: Option | None = None


class _Clock:
    """Measures choices on the customer's clock, each once."""

    def __init__(self, calendar: Calendar | None, timezone: str, starts: Intervals | None) -> None:
        self.calendar = calendar
        self.starts = starts
        self.timezone = timezone
        self._known: dict[tuple[int, bool], int] = {}

    def reaches(self, answer: Answer, days: bool) -> Iterator[Reach]:
        """What an answer says within times, in microseconds or in business days."""
        if isinstance(answer, Found):
            for option in answer.options:
                time = self._time(option, days)
                if time < FOREVER:
                    yield Reach(time, option.share, option)
        elif isinstance(answer, tuple) and not days:
            for time, share in answer:
                yield Reach(time, share)

    def _time(self, option: Option, days: bool) -> int:
        key = (id(option), days)
        if key not in self._known:
            if days:
                needed = business_days_needed(option.due, self.calendar, self.timezone)
                self._known[key] = FOREVER if needed is None else needed
            else:
                self._known[key] = worst_start(option.due, self.calendar, self.starts).elapsed
        return self._known[key]


def customers_calendar(subject: Subject, rest: Resting) -> Calendar | None:
    """The hours that the promise is counted in; None for round the clock."""
    calendars = ALGEBRAS[METRICS[subject.term.metric].algebra].calendars
    hours = whole_of(subject.term.hours)
    return calendar_of(rest.snapshot.calendars, hours) if calendars else None


def starts_in(subject: Subject, rest: Resting) -> Intervals | None:
    """When a case that the promise is about starts: in its window, if it has one; None: anytime."""
    hours = subject.term.hours
    if part_named(hours) is None:
        return None
    return segments(rest.snapshot.calendars, hours, rest.span)


def _in_time(subject: Subject, rest: Resting, floor: Answer, estimate: Answer) -> Judged:
    """Every promised point; the worst of them stands for all."""
    clock = _Clock(
        customers_calendar(subject, rest), subject.version.timezone, starts_in(subject, rest)
    )
    found = []
    for point in points_of(subject.term.target):
        known = list(clock.reaches(floor, point.business_days > 0))
        expected = list(clock.reaches(estimate, point.business_days > 0))
        best, likely = chosen(known, point), chosen(expected, point)
        within = _share_within(best, point)
        found.append(
            Judged(
                True,
                within >= point.share,
                max(Fraction(0), point.share - within),
                _target(point, best),
                _target(point, likely),
                best.option if best else None,
                likely=_share_within(likely, point) >= point.share,
            )
        )
    return min(found, key=lambda one: one.rank)


def _share_within(reach: Reach | None, point: Within) -> Fraction:
    return reach.share if reach and reach.time <= _limit(point) else Fraction(0)


def _limit(point: Within) -> int:
    return point.business_days or point.duration


def chosen(known: Sequence[Reach], point: Within) -> Reach | None:
    """The largest share within the promised time; if nothing is, the promised share in the least
    time; otherwise the largest share."""
    within = [one for one in known if one.time <= _limit(point)]
    enough = [one for one in known if one.share >= point.share]
    if not within and enough:
        return min(enough, key=lambda one: (one.time, -one.share))
    return max(within or known, key=lambda one: (one.share, -one.time), default=None)


def _target(point: Within, reach: Reach | None) -> Within | None:
    """A reach as a target; times through calendars in whole seconds, to the safe side, as a wait
    may come as near to one as it likes without lasting so long."""
    if reach is None:
        return None
    if point.business_days:
        return Within(reach.share, business_days=reach.time)
    time = reach.time
    if reach.option is not None and len(reach.option.due.starts) > 1:
        time = -(-time // SECOND) * SECOND
        if reach.time <= point.duration:
            time = min(time, point.duration)
    return Within(reach.share, time)
