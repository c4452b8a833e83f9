"""What a commitment allows, in time: its hours, its periods, and how long it may be down in each.

A `Promise` is all of a commitment that its arithmetic depends on; commitments alike in that are
one promise, however many agreements make it, so that a thousand contracts cost as much as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.hours import open_segments
from orchestrator.engine.intervals import Intervals, clip, intersect, subtract, total, union
from orchestrator.model.agreements import (
    Allowance,
    Measurement,
    Policies,
    Term,
    Version,
    promised,
    underpins,
)
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.estate import Estate
from orchestrator.model.scopes import part_named
from orchestrator.model.values import MINUTE, Duration, Period, Span, zone

MAINTENANCE: Final = "maintenance"


@dataclass(frozen=True, slots=True)
class Promise:
    """A ratio kept over every period, within hours, while effective.

    `least` is the least attained ratio that keeps the target once it is rounded. `counts` is false
    for best efforts and goals, which enter the independent figure alone. `minimum` is the length
    below which an outage does not count. `shrinks`: excused time leaves the period.
    """

    target: Fraction
    least: Fraction
    counts: bool
    hours: str
    period: Period
    timezone: str
    effective: Span
    allowances: tuple[Allowance, ...] = ()
    exclusions: tuple[str, ...] = ()
    minimum: Duration = 0
    whole_minutes: bool = False
    shrinks: bool = False
    point: str = "service"
    weighting: str = "none"

    @property
    def unavailability(self) -> Fraction:
        """The committed level."""
        return 1 - self.target

    @property
    def budget(self) -> Fraction:
        """The share of the hours that may be down."""
        return 1 - self.least

    def counts_all_of(self, other: Promise) -> bool:
        """Whether it counts every second of an outage that the other one counts."""
        return self.minimum <= other.minimum and other.whole_minutes >= self.whole_minutes


def promise_of(version: Version, term: Term) -> Promise:
    """The promise that a resolved term makes, or a part of it in which one target holds."""
    assert term.period is not None
    assert not term.windows, "several promises"
    measurement = term.measurement
    return Promise(
        promised(term),
        least_kept(measurement, promised(term)),
        underpins(version, term),
        term.hours,
        term.period,
        version.timezone,
        version.effective,
        term.allowances or (),
        tuple(sorted(term.exclusions or ())),
        shortest_counted(measurement),
        measurement.whole_minutes,
        policies_of(term).excluded_time == "leaves_period",
        measurement.point,
        measurement.weighting,
    )


def policies_of(term: Term) -> Policies:
    """The policies of a resolved term."""
    assert term.policies is not None
    return term.policies


def shortest_counted(measurement: Measurement) -> Duration:
    """An outage shorter than this does not count."""
    return max(measurement.minimum_outage, MINUTE if measurement.whole_minutes else 0)


# --- rounding ------------------------------------------------------------------------------------


def rounded(measurement: Measurement, attained: Fraction) -> Fraction:
    """The attained ratio as the agreement states it: its percentage to so many places."""
    if measurement.rounding_places < 0:
        return attained
    step = _step(measurement)
    whole, rest = divmod(attained, step)
    return (whole + _rounds_up(measurement.rounding_mode, whole, rest / step)) * step


def _rounds_up(mode: str, whole: int, rest: Fraction) -> bool:
    match mode:
        case "half_up":
            return rest >= Fraction(1, 2)
        case "half_even":
            return rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1)
        case _:
            return False


def least_kept(measurement: Measurement, target: Fraction) -> Fraction:
    """The least attained ratio that is rounded to the target or above."""
    if measurement.rounding_places < 0:
        return target
    step = _step(measurement)
    stated = -(-target // step) * step
    # Half to even: from an odd number half a step is not quite enough, yet anything more is.
    return stated if measurement.rounding_mode == "down" else stated - step / 2


def _step(measurement: Measurement) -> Fraction:
    return Fraction(1, 100 * 10**measurement.rounding_places)


# --- hours and budgets ---------------------------------------------------------------------------


class Hours:
    """Open hours by calendar and span, over an estate whose calendars may change; remembered."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._known: dict[tuple[str, Span], Intervals] = {}

    def open(self, hours: str, span: Span) -> Intervals:
        """The instants of a finite span within the hours, or the part of them that is named."""
        if hours in {ROUND_THE_CLOCK, ""}:
            return [(span.start, span.end)]
        key = (hours, span)
        part = part_named(hours)
        if key not in self._known and part is not None:
            left = self.open(part.hours, span)
            for other in part.outside:
                left = subtract(left, self.open(other, span))
            self._known[key] = intersect(left, self.open(part.within, span))
        elif key not in self._known:
            self._known[key] = union(
                segment
                for dated in self.estate.calendars[hours]
                if (held := dated.span & span)
                for segment in open_segments(dated.value, held)
            )
        return self._known[key]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a promise may be down in one of its periods, in microseconds; `growth` is how fast that
    grows with the share that may be down."""

    span: Span
    length: Fraction
    growth: Fraction


def periods(promise: Promise, hull: Span) -> Iterator[Span]:
    """The promise's periods that share an instant with a finite span, clipped to when it holds.

    A rolling promise has one: the span itself.
    """
    held = promise.effective & hull
    if held is None:
        return
    if promise.period.rolling:
        yield held
        return
    for span in promise.period.over(held, zone(promise.timezone)):
        part = span & promise.effective
        assert part is not None
        yield part


def budgets(promise: Promise, hull: Span, hours: Hours) -> list[Budget]:
    """Every period's budget, the whole of it: all may be spent inside the span asked about."""
    if promise.period.rolling:
        return [_rolling(promise, span, hours) for span in periods(promise, hull)]
    found = []
    for span in periods(promise, hull):
        held = Fraction(total(hours.open(promise.hours, span)))
        found.append(Budget(span, promise.budget * held, held))
    return found


def _rolling(promise: Promise, span: Span, hours: Hours) -> Budget:
    """The most downtime in a span of which every window of the rolling length keeps the promise:
    with span = q*L + r and b the budget of the busiest window, q*b + min(b, r)."""
    window = promise.period.rolling
    reach = Span(span.start - window, span.end + window) & promise.effective
    assert reach is not None
    most = busiest(hours.open(promise.hours, reach), window)
    whole, rest = divmod(span.length, window)
    budget = promise.budget * most
    growth = Fraction(whole + (budget < rest)) * most
    return Budget(span, whole * budget + min(budget, Fraction(rest)), growth)


def busiest(open_hours: Intervals, window: Duration) -> Duration:
    """The most open time in any stretch of a length: one starts at some opening or ends at some
    closing."""
    starts = {start for start, _ in open_hours} | {end - window for _, end in open_hours}
    return max((total(clip(open_hours, start, start + window)) for start in starts), default=0)
