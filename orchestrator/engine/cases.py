"""Cases: tickets, samples and incidents as rows that a target is held against.

Whatever a kind of commitment is measured from becomes cases: each has the instant that puts it
into a period, a value and a weight. What they come to together is a row of the table `TOTALS`.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from typing import Any, Final

from orchestrator.engine.slices import Stretch
from orchestrator.model.records import Ticket
from orchestrator.model.values import Duration, Instant, Span

ZERO: Final = Fraction(0)
ONE: Final = Fraction(1)


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `at` is the instant that puts it into a period (FOREVER: none yet), `begun` when
    it began. `value` is what it counts as: 1 or 0 where a share is promised, else in the unit of
    the metric; None while that is open. `used` is then the share of its target that is used up.

    `weight` is how many observations it stands for. `clock` and `stretches` are what it was found
    from, for whoever traces it.
    """

    id: str
    at: Instant
    value: Fraction | None
    begun: Instant = 0
    weight: Fraction = ONE
    source: str = ""
    used: Fraction = ZERO
    clock: Any = field(default=None, compare=False)
    ticket: Ticket | None = field(default=None, compare=False)
    stretches: tuple[Stretch, ...] = field(default=(), compare=False)


Cases = Sequence[Case]


def observations(cases: Cases) -> Fraction:
    """How many observations cases stand for."""
    return sum((case.weight for case in cases), ZERO)


def mean(cases: Cases, _hours: Fraction) -> Fraction | None:
    """The mean value, each case by its weight."""
    weight = observations(cases)
    return sum((_value(case) * case.weight for case in cases), ZERO) / weight if weight else None


def least(cases: Cases, _hours: Fraction) -> Fraction | None:
    return min(map(_value, cases), default=None)


def most(cases: Cases, _hours: Fraction) -> Fraction | None:
    return max(map(_value, cases), default=None)


def hours_for_each(cases: Cases, hours: Fraction) -> Fraction | None:
    """The mean time between failures: service time by the number of failures."""
    return hours / len(cases) if cases else None


def _value(case: Case) -> Fraction:
    assert case.value is not None, "an open case is not judged"
    return case.value


@dataclass(frozen=True, slots=True)
class Total:
    """What judged cases come to, with the service hours of their period: a row of the table.

    `single`: one case on the wrong side of the target is enough to miss it, and of two this is the
    worse. `running`: the mean of any stretch follows from running sums.
    """

    of: Callable[[Cases, Fraction], Fraction | None]
    single: Callable[[Fraction, Fraction], Fraction] | None = None
    running: bool = False


TOTALS: Final[dict[str, Total]] = {
    "mean": Total(mean, running=True),
    "least": Total(least, single=min),
    "most": Total(most, single=max),
    "hours_for_each": Total(hours_for_each),
}


def judged(cases: Cases) -> list[Case]:
    """The cases that are not open any more."""
    return [case for case in cases if case.value is not None]


def within(cases: Cases, period: Span) -> list[Case]:
    """The cases that count in a period, of cases sorted by `at`."""
    low = bisect.bisect_left(cases, period.start, key=lambda case: case.at)
    high = bisect.bisect_left(cases, period.end, key=lambda case: case.at)
    return list(cases[low:high])


def carried(cases: Cases, period: Span) -> int:
    """How many began before the end of a period and are open, or count in a later one."""
    return sum(
        case.begun < period.end and (case.value is None or case.at >= period.end) for case in cases
    )


# --- rolling periods -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rolling:
    """Windows of a `length` inside a span; those with less than `minimum` observations are not
    looked at. `hours` are the service hours of a span, in seconds."""

    span: Span
    length: Duration
    minimum: int
    hours: Callable[[Span], Fraction]


def worst_window(cases: Cases, total: Total, rolling: Rolling, *, higher_is_better: bool) -> Span:
    """The window whose cases come to the worst; the latest of equals, and the last of all where no
    window has enough. `cases` are judged and sorted by `at`.

    What a window holds changes only where one of its ends meets a case, so one of those is the
    worst.
    """
    span, length = rolling.span, rolling.length
    last = span.end - length
    if last <= span.start:
        return span
    inside = within(cases, span)
    starts = {span.start, last}
    for case in inside:
        starts.update((case.at, case.at + 1, case.at - length + 1))
    sign = 1 if higher_is_better else -1
    worst: tuple[Fraction, int] | None = None
    value = _windows(inside, total, rolling)
    for start in sorted(start for start in starts if span.start <= start <= last):
        attained = value(start)
        if attained is not None and (worst is None or (sign * attained, -start) < worst):
            worst = (sign * attained, -start)
    start = last if worst is None else -worst[1]
    return Span(start, start + length)


_Windows = Callable[[Instant], Fraction | None]
"""What a window comes to, by where it starts; None where it holds too little."""


def _windows(cases: Cases, total: Total, rolling: Rolling) -> _Windows:
    at = [case.at for case in cases]
    weights = [ZERO, *accumulate(case.weight for case in cases)]
    of: _Stretch | None = None
    if total.running:
        of = _by_sums(cases, weights)
    elif total.single is not None:
        of = _by_worst([_value(case) for case in cases], total.single)

    def value(start: Instant) -> Fraction | None:
        low = bisect.bisect_left(at, start)
        high = bisect.bisect_left(at, start + rolling.length)
        weight = weights[high] - weights[low]
        if not weight or weight < rolling.minimum:
            return None
        if of is not None:
            return of(low, high)
        return total.of(cases[low:high], rolling.hours(Span(start, start + rolling.length)))

    return value


_Stretch = Callable[[int, int], Fraction | None]
"""What the cases from one place up to another come to."""


def _by_sums(cases: Cases, weights: Sequence[Fraction]) -> _Stretch:
    """Weighted means, from running sums."""
    values = [ZERO, *accumulate(case.weight * _value(case) for case in cases)]
    return lambda low, high: (values[high] - values[low]) / (weights[high] - weights[low])


def _by_worst(
    values: Sequence[Fraction], worse: Callable[[Fraction, Fraction], Fraction]
) -> _Stretch:
    """The worst of any stretch, from that of all stretches as long as a power of two."""
    tables = [list(values)]
    while len(tables[-1]) > 1 << (len(tables) - 1):
        step, last = 1 << (len(tables) - 1), tables[-1]
        tables.append([worse(one, two) for one, two in zip(last, last[step:], strict=False)])

    def of(low: int, high: int) -> Fraction:
        size = (high - low).bit_length() - 1
        return worse(tables[size][low], tables[size][high - (1 << size)])

    return of
