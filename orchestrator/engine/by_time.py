"""Things that have spans, found by when they are: what shares an instant with a stretch of time,
at the cost of what is found and not of all there is."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Final, Generic, TypeVar

from orchestrator.engine.components import Bits
from orchestrator.engine.intervals import Intervals
from orchestrator.model.values import Instant, Span

Thing = TypeVar("Thing")

PIECES: Final = 512
"""Into so many pieces is time cut at most, to know what was about when."""

STRETCHES: Final = 1024
"""Of so many stretches is remembered what was about, those asked about the latest."""


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
        found = [self._order[i] for i in range(first, last) if self._ends[i] > start]
        return [self._things[place] for place in sorted(found)] if found else []


class Near:
    """Which numbered things had intervals about when: a superset, found without a look at any.

    Time is cut where intervals begin, so that all of its pieces hold about as many.
    """

    def __init__(self, spans: Iterable[tuple[Instant, Instant]]) -> None:
        starts = sorted({start for start, _ in spans})
        self._cuts = starts[:: len(starts) // PIECES + 1]
        self._down: list[Bits] = [0] * (len(self._cuts) + 1)
        self._known: dict[tuple[int, int], Bits] = {}

    def add(self, number: int, intervals: Intervals) -> None:
        """Note intervals of a thing."""
        bit, places = 1 << number, set[int]()
        for start, end in intervals:
            places.update(self._places(start, end))
        for place in places:
            self._down[place] |= bit
        self._known.clear()

    @cached_property
    def ever(self) -> Bits:
        """Everything that had any, once all are noted."""
        bits = 0
        for down in self._down:
            bits |= down
        return bits

    def during(self, start: Instant, end: Instant) -> Bits:
        """Everything that had one in a stretch, and others."""
        places = self._places(start, end)
        key = places.start, places.stop
        if (bits := self._known.get(key)) is None:
            bits = 0
            for place in places:
                bits |= self._down[place]
            if len(self._known) == STRETCHES:
                self._known.clear()
            self._known[key] = bits
        return bits

    def _places(self, start: Instant, end: Instant) -> range:
        return range(
            bisect.bisect_right(self._cuts, start), bisect.bisect_left(self._cuts, end) + 1
        )
