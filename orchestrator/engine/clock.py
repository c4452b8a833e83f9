"""Clocks that count service hours: a calendar compiled once over a horizon, then asked at will.

One instant is answered by a binary search over plain integers; many at once by tables of equal
steps (`steps`), in constant time each. Both are exact and say the same.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from orchestrator.engine.schedule import (
    CENTURIES,
    YEAR,
    calendar_of,
    holiday_source,
    last_close,
    segments_of,
)
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.model.calendars import Calendar
from orchestrator.model.values import FOREVER, Duration, Instant, Span, format_instant

if TYPE_CHECKING:
    from orchestrator.engine.steps import Int64s, Steps


@dataclass(frozen=True)
class Clock:
    """Open time counted over a horizon: C(t), the open microseconds from its start to t.

    Made by `clock`. Every instant asked about must lie in the horizon, its end included; a due
    instant may lie past it. The stretch at index 0 is empty, so that every instant has one that
    starts at it or before.
    """

    calendar: Calendar | None
    """None for round the clock."""
    span: Span
    starts: tuple[Instant, ...] = field(repr=False)
    ends: tuple[Instant, ...] = field(repr=False)
    counts: tuple[Duration, ...] = field(repr=False)
    """C at each end."""

    @property
    def source(self) -> str:
        """Where its public holidays come from, as `holidays 0.109`; empty if it has none."""
        return holiday_source(self.calendar, self.span)

    def open_before(self, instant: Instant) -> Duration:
        """C(t)."""
        assert self.span.start <= instant <= self.span.end, "an instant outside the horizon"
        index = bisect.bisect_right(self.starts, instant) - 1
        return self.counts[index] - max(self.ends[index] - instant, 0)

    def elapsed(self, start: Instant, end: Instant) -> Duration:
        """Open time from start to end: C(end) - C(start), and so additive."""
        count = self.open_before(end) - self.open_before(start)
        if end < start:
            raise _backwards(start, end)
        return count

    def due(self, start: Instant, target: Duration) -> Instant:
        """The earliest instant by which the target has elapsed; FOREVER if it never does.

        It is the close of a window rather than the opening of the next, where the target is
        reached at the close; a target of nothing is due at once. FOREVER stands also for an
        instant more than 200 years past the horizon.
        """
        assert target >= 0, "a target below zero"
        count = self.open_before(start) + target
        if target == 0:
            return start
        index = bisect.bisect_left(self.counts, count)
        if index < len(self.counts):
            return self.ends[index] - (self.counts[index] - count)
        return _due_after(self.calendar, self.span.end, count - self.counts[-1])

    def open_before_many(self, instants: Int64s) -> Int64s:
        """`open_before` of many instants at once, in an array of their shape."""
        self._assert_within(instants)
        return self._steps.open_before(instants)

    def elapsed_many(self, starts: Int64s, ends: Int64s) -> Int64s:
        """`elapsed` of many pairs at once; the two have one shape."""
        self._assert_within(starts, ends)
        if (backwards := ends < starts).any():
            first = int(backwards.argmax())
            raise _backwards(int(starts.flat[first]), int(ends.flat[first]))
        return self._steps.elapsed(starts, ends)

    def due_many(self, starts: Int64s, targets: Int64s) -> Int64s:
        """`due` of many at once; the two have one shape."""
        self._assert_within(starts)
        assert not targets.size or targets.min() >= 0, "a target below zero"
        # What overflows would have to be so far off that it is never due.
        assert not targets.size or targets.max() <= FOREVER, "a target without end"
        counts = self._steps.open_before(starts) + targets
        due = self._steps.reached(counts)
        late = counts > self.counts[-1]
        if late.any():
            due[late] = self._due_after_many(counts[late] - self.counts[-1])
        none = targets == 0
        due[none] = starts[none]
        return due

    def _due_after_many(self, left: Int64s) -> Int64s:
        """`_due_after` of many: year after year past the horizon until nothing is left."""
        from orchestrator.engine.steps import none_reached, reach  # noqa: PLC0415

        due, todo, start = none_reached(left), left > 0, self.span.end
        last = min(last_close(self.calendar), start + CENTURIES)
        while start < last:
            todo &= left <= last - start
            if not todo.any():
                break
            span = Span(start, min(start + YEAR, last))
            reach(segments_of(self.calendar, span), left, todo, due)
            start = span.end
        return due

    def _assert_within(self, *columns: Int64s) -> None:
        for instants in columns:
            if instants.size:
                assert self.span.start <= instants.min(), "an instant outside the horizon"
                assert instants.max() <= self.span.end, "an instant outside the horizon"

    @cached_property
    def _steps(self) -> Steps:
        # Imported here: a command that times a few tickets should not wait for numpy.
        from orchestrator.engine.steps import compile_steps  # noqa: PLC0415

        return compile_steps(self.span, self.starts, self.ends, self.counts)


def clock(calendars: Mapping[str, Calendar], hours: str, span: Span) -> Clock:
    """The clock that `hours` names over a finite horizon, compiled once."""
    return _clock(calendar_of(calendars, hours), span)


@lru_cache(maxsize=128)
def _clock(calendar: Calendar | None, span: Span) -> Clock:
    starts, ends, counts = [span.start], [span.start], [0]
    for start, end in segments_of(calendar, span):
        starts.append(start)
        ends.append(end)
        counts.append(counts[-1] + end - start)
    return Clock(calendar, span, tuple(starts), tuple(ends), tuple(counts))


def _due_after(calendar: Calendar | None, start: Instant, left: Duration) -> Instant:
    """Where `left`, which is above zero, has elapsed since start; FOREVER if it never does.

    Hours so sparse that it would take centuries count as never, so that the search has an end.
    """
    last = min(last_close(calendar), start + CENTURIES)
    while start < last and left <= last - start:
        span = Span(start, min(start + YEAR, last))
        for opened, closed in segments_of(calendar, span):
            if left <= closed - opened:
                return opened + left
            left -= closed - opened
        start = span.end
    return FOREVER


def _backwards(start: Instant, end: Instant) -> OrchestratorError:
    return refuse(
        "END_BEFORE_START",
        f"{format_instant(end)} is before {format_instant(start)}",
        "a clock never runs backwards: give the earlier instant first",
    )
