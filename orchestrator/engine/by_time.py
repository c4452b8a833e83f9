"""Things that have spans, found by when they are: what shares an instant with a stretch of time,
at the cost of what is found and not of all there is."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

from orchestrator.model.values import Instant, Span

Thing = TypeVar("Thing")


class ByTime(Generic[Thing]):
    """Some things, in the order given; guards that they are looked up by their spans.

    Sorted by start, with the latest end so far beside each, what may reach into a stretch is one
    run of them. Within it only what is over before the stretch is looked at in vain.
    """

    def __init__(self, things: Sequence[Thing], span: Callable[[Thing], Span]) -> None:
        self._things = things
        spans = [span(thing) for thing in things]
        self._order = sorted(range(len(spans)), key=lambda place: spans[place].start)
        self._starts = [spans[place].start for place in self._order]
        self._ends = [spans[place].end for place in self._order]
        self._reach = list(accumulate(self._ends, max))

    def sharing(self, start: Instant, end: Instant) -> list[Thing]:
        """Those that share an instant with a stretch, in the order given."""
        last = bisect.bisect_left(self._starts, end)
        first = bisect.bisect_right(self._reach, start, 0, last)
        found = [i for i in range(first, last) if self._ends[i] > start]
        return [self._things[place] for place in sorted(map(self._order.__getitem__, found))]
