"""Exact functions of time: when work that starts at an instant is done, and how much time counts.

A party's hours turn a start into a due instant: constant while it is closed, moving with the start
while it is open, with a leap where what is left no longer fits before the close. Chains of parties
compose, so the longest wait begins where a leap of some stage is carried back to. All of it is on
whole microseconds and exact: no start between two looked at can be worse.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.hours import close_of_day, last_close, open_segments
from orchestrator.engine.intervals import Intervals, clip
from orchestrator.model.calendars import Calendar
from orchestrator.model.values import (
    DAY,
    FOREVER,
    SECOND,
    Duration,
    Instant,
    civil_date,
    midnight,
    zone,
)
from orchestrator.model.values import Span as Stretch

_CENTURIES: Final[Duration] = 200 * 366 * DAY
_LOOKAHEAD: Final[Duration] = 14 * DAY


@dataclass(frozen=True, slots=True)
class Line:
    """A non-decreasing function on the whole microseconds of [starts[0], end), in pieces: from
    `starts[i]` on it is `values[i]`, or moves on from there with its argument where
    `slopes[i]` is 1. The value FOREVER is "never"."""

    starts: tuple[Instant, ...]
    values: tuple[int, ...]
    slopes: tuple[int, ...]
    end: Instant

    @property
    def start(self) -> Instant:
        return self.starts[0]

    @property
    def lowest(self) -> int:
        return self.values[0]

    @property
    def highest(self) -> int:
        """The value at the last microsecond."""
        return self.values[-1] + self.slopes[-1] * (self.end - 1 - self.starts[-1])

    def at(self, instant: Instant) -> int:
        assert self.start <= instant < self.end, "an instant the line does not reach"
        index = bisect.bisect_right(self.starts, instant) - 1
        return self.values[index] + self.slopes[index] * (instant - self.starts[index])

    def pieces(self) -> Iterator[tuple[Instant, Instant, int, int]]:
        """Each piece as (start, end, value at its start, slope)."""
        ends = (*self.starts[1:], self.end)
        return zip(self.starts, ends, self.values, self.slopes, strict=True)


def line(pieces: Iterable[tuple[Instant, int, int]], end: Instant) -> Line:
    """A line of pieces (start, value, slope) in order; a piece that goes on as the one before it
    is one with it."""
    starts: list[Instant] = []
    values: list[int] = []
    slopes: list[int] = []
    for start, value, slope in pieces:
        if starts and slope == slopes[-1] and value == values[-1] + slope * (start - starts[-1]):
            continue
        starts.append(start)
        values.append(value)
        slopes.append(slope)
    return Line(tuple(starts), tuple(values), tuple(slopes), end)


def shifted(start: Instant, end: Instant, by: Duration = 0) -> Line:
    """Round the clock: due so much later."""
    return Line((start,), (start + by,), (1,), end)


# --- lines of calendars --------------------------------------------------------------------------


def due_line(calendar: Calendar | None, duration: Duration, start: Instant, end: Instant) -> Line:
    """The due instant of work of an open time, for every start in [start, end); see
    `hours.Clock.due`."""
    if calendar is None or duration == 0:
        return shifted(start, end, duration)
    opened = _open_until(calendar, duration, start, end)
    counts = [0]
    for since, until in opened:
        counts.append(counts[-1] + until - since)
    return line(_due_pieces(opened, counts, duration, start, end), end)


def _due_pieces(
    opened: list[tuple[Instant, Instant]],
    counts: list[Duration],
    duration: Duration,
    start: Instant,
    end: Instant,
) -> Iterator[tuple[Instant, int, int]]:
    """Pieces of a due line: closed stretches are level, open ones move on and leap wherever what
    is left has just filled a window."""
    ahead = 0
    """The window in which work started now is done."""

    def due(count: Duration) -> int:
        nonlocal ahead
        while ahead < len(opened) and counts[ahead + 1] < count:
            ahead += 1
        return opened[ahead][1] - (counts[ahead + 1] - count) if ahead < len(opened) else FOREVER

    at = start
    for index, (since, until) in enumerate(opened):
        if at >= end:
            return
        if at < since:
            yield at, due(counts[index] + duration), 0
            at = since
        while at < min(until, end):
            value = due(counts[index] + at - since + duration)
            if value == FOREVER:
                yield at, FOREVER, 0
                return
            yield at, value, 1
            # the last start that is done by the close of that window
            at = min(until, at + opened[ahead][1] - value + 1)
    if at < end:
        yield at, FOREVER, 0


def _open_until(
    calendar: Calendar, duration: Duration, start: Instant, end: Instant
) -> list[tuple[Instant, Instant]]:
    """The open stretches from a start on that work begun before an end can need."""
    horizon = min(last_close(calendar), end + _CENTURIES)
    ahead = max(duration, _LOOKAHEAD)
    while True:
        last = max(min(end + ahead, horizon), start + 1)
        opened = list(open_segments(calendar, Stretch(start, last)))
        if last >= horizon or sum(b - max(a, end) for a, b in opened if b > end) >= duration:
            return opened
        ahead *= 4


def business_line(
    calendar: Calendar | None, days: int, timezone: str, start: Instant, end: Instant
) -> Line:
    """The close of the nth service day after the day of receipt; of hours round the clock, every
    civil day of the zone is one."""
    used = calendar or _every_day(timezone)
    where = zone(used.timezone)
    pieces = []
    at = start
    while at < end:
        pieces.append((at, close_of_day(used, at, days), 0))
        day = civil_date(at, where)
        following = midnight(day.fromordinal(day.toordinal() + 1), where)
        at = max(following, at + 1)
    return line(pieces, end)


def _every_day(timezone: str) -> Calendar:
    return Calendar("every-day", timezone, (((0, DAY),),) * 7)


def count_line(calendar: Calendar | None, start: Instant, end: Instant) -> Line:
    """Open time since `start`, for every instant in [start, end)."""
    if calendar is None:
        return shifted(start, end, -start)
    pieces: list[tuple[Instant, int, int]] = [(start, 0, 0)]
    count = 0
    for since, until in open_segments(calendar, Stretch(start, end)):
        pieces.append((since, count, 1))
        count += until - since
        pieces.append((until, count, 0))
    kept = [
        piece
        for piece, after in zip(pieces, [*pieces[1:], (end, 0, 0)], strict=True)
        if piece[0] < after[0]
    ]
    return line(kept, end)


# --- lines composed ------------------------------------------------------------------------------


def then(first: Line, after: Line) -> Line:
    """The second function of the first one's values: the next stage starts when one is done."""
    pieces: list[tuple[Instant, int, int]] = []
    for start, end, value, slope in first.pieces():
        if value >= FOREVER:
            pieces.append((start, FOREVER, 0))
            continue
        index = bisect.bisect_right(after.starts, value) - 1
        if not slope:
            pieces.append((start, _of(after, index, value), 0))
            continue
        at = start
        while at < end:
            here = value + at - start
            pieces.append((at, _of(after, index, here), after.slopes[index]))
            index += 1
            if index == len(after.starts):
                break
            at = start + after.starts[index] - value
    return line(pieces, first.end)


def _of(function: Line, index: int, argument: int) -> int:
    return function.values[index] + function.slopes[index] * (argument - function.starts[index])


def latest(left: Line, right: Line) -> Line:
    """The later of two at each instant: both have to be done."""
    return line(_chosen(left, right, 1), left.end)


def earliest(left: Line, right: Line) -> Line:
    """The earlier of two at each instant: one of them is enough."""
    return line(_chosen(left, right, -1), left.end)


def _chosen(left: Line, right: Line, sign: int) -> Iterator[tuple[Instant, int, int]]:
    for start, end, one, other in _together(left, right):
        (value, slope), (against, its_slope) = one, other
        if sign * value < sign * against:
            value, slope, against, its_slope = against, its_slope, value, slope
        # where the other one overtakes, if it does
        crossing = start + abs(value - against) if sign * (slope - its_slope) < 0 else end
        if crossing > start:
            yield start, value, slope
        if crossing < end:
            yield crossing, value + slope * (crossing - start), its_slope


Along = tuple[int, int]
"""A value at the start of a piece, and its slope."""


def _together(left: Line, right: Line) -> Iterator[tuple[Instant, Instant, Along, Along]]:
    """Two lines over the same instants, cut wherever one of them is."""
    assert (left.start, left.end) == (right.start, right.end), "lines over different instants"
    cuts = sorted({*left.starts, *right.starts})
    i = j = 0
    for start, end in zip(cuts, [*cuts[1:], left.end], strict=True):
        while i + 1 < len(left.starts) and left.starts[i + 1] <= start:
            i += 1
        while j + 1 < len(right.starts) and right.starts[j + 1] <= start:
            j += 1
        yield (
            start,
            end,
            (_of(left, i, start), left.slopes[i]),
            (_of(right, j, start), right.slopes[j]),
        )


def never_later(left: Line, right: Line) -> bool:
    """Whether the left one is at no instant later than the right one."""
    for start, end, (one, slope), (other, its_slope) in _together(left, right):
        last = end - 1 - start
        if one > other or one + slope * last > other + its_slope * last:
            return False
    return True


# --- the worst start -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Worst:
    """The longest wait: its start (the first whole second of those that attain it, if one does),
    when it is over, and how long it is on the clock it was asked on."""

    start: Instant
    due: Instant
    elapsed: Duration


def worst_start(due: Line, calendar: Calendar | None, starts: Intervals | None = None) -> Worst:
    """The start with the most elapsed time until due, counted in the calendar's hours; `elapsed` is
    FOREVER where work is never done. Of the starts in some time alone, where that is given; 0
    where there are none."""
    if due.highest >= FOREVER:
        start = next(a for a, _, value, _ in due.pieces() if value >= FOREVER)
        return Worst(_whole_second(start, due.end), FOREVER, FOREVER)
    count = count_line(calendar, due.start, due.highest + 1)
    before = line(
        ((a, value, slope) for a, _, value, slope in count.pieces() if a < due.end), due.end
    )
    after = then(due, count)
    most, found = -1, due.start
    for start, end, (value, slope), (counted, its_slope) in _clipped(after, before, starts):
        rate = slope - its_slope
        elapsed = value - counted + (end - 1 - start if rate > 0 else 0)
        first = end - 1 if rate > 0 else start
        if not rate:
            first = _whole_second(start, end)
        whole = first % SECOND == 0
        if elapsed > most or (elapsed == most and whole and found % SECOND):
            most, found = elapsed, first
    return Worst(found, due.at(found), max(most, 0))


def _clipped(
    left: Line, right: Line, within: Intervals | None
) -> Iterator[tuple[Instant, Instant, Along, Along]]:
    """Two lines over the same instants, as far as those lie in some time."""
    for start, end, (value, slope), (other, its_slope) in _together(left, right):
        for a, b in [(start, end)] if within is None else clip(within, start, end):
            past = a - start
            yield a, b, (value + slope * past, slope), (other + its_slope * past, its_slope)


def _whole_second(start: Instant, end: Instant) -> Instant:
    """The first whole second of a stretch; its start where there is none."""
    whole = -(-start // SECOND) * SECOND
    return whole if whole < end else start


def business_days_needed(
    due: Line, calendar: Calendar | None, timezone: str, most: int = 4096
) -> int | None:
    """The least number of service days by whose close it is always done; None above `most`."""
    low, high = 0, 1
    while not never_later(due, business_line(calendar, high, timezone, due.start, due.end)):
        if high >= most:
            return None
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        kept = business_line(calendar, middle, timezone, due.start, due.end)
        low, high = (low, middle) if never_later(due, kept) else (middle, high)
    return high
