"""Open time as tables of equal steps, for arrays of instants: each look-up costs the same.

A binary search over the openings of a year misses the cache and the branch predictor at every
halving. Here the horizon is cut into steps of a power of two microseconds, fine enough that each
holds one stretch of open time at most; the step of an instant is then a shift, and what lies open
before it is three look-ups and a clamp. The inverse is the same over counts in place of instants.
Where hours are too ragged for that within a bounded table, the crowded steps alone are searched.

Arrays are worked through in blocks that stay in the cache. Everything is exact 64-bit integers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from orchestrator.engine.zones import EARLIEST, LATEST
from orchestrator.model.values import FOREVER, Duration, Instant, Span

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

BLOCK: Final = 1 << 13
"""Elements worked on at a time: four columns of them fit a level 1 or 2 cache."""

_LEAST_STEPS: Final = 1 << 12
_STEPS_A_PAIR: Final = 64
_MOST_STEPS: Final = 1 << 20
"""The most steps a table has: so many, and so many for each gap, up to a limit in memory."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A line of integers cut into steps of 2**shift, and which of them hold too much."""

    origin: int
    shift: int
    size: int
    crowded: Bools | None

    def index(self, at: Int64s, out: Int64s) -> None:
        np.subtract(at, self.origin, out=out)
        np.right_shift(out, self.shift, out=out)


def _grid(origin: int, length: int, ones: Int64s, others: Int64s) -> Grid:
    """The coarsest grid over [origin, origin + length] in which no pair shares a step.

    If that takes too many steps, the finest that does not, with the shared steps named.
    """
    limit = min(_LEAST_STEPS + _STEPS_A_PAIR * len(ones), _MOST_STEPS)
    shift = max(length.bit_length(), 1)
    while True:
        size = (length >> shift) + 1
        here = (ones - origin) >> shift
        shared = here == (others - origin) >> shift
        if not shared.any():
            return Grid(origin, shift, size, None)
        if shift == 0 or (length >> (shift - 1)) + 1 > limit:
            crowded = np.zeros(size, np.bool_)
            crowded[here[shared]] = True
            return Grid(origin, shift, size, crowded)
        shift -= 1


@dataclass(frozen=True, eq=False)
class Steps:
    """C(t) and its inverse over one horizon; made by `compile_steps`."""

    starts: Int64s
    ends: Int64s
    counts: Int64s
    grid: Grid
    first: Int64s
    last: Int64s
    base: Int64s
    """By step of time: C(t) = base + t clamped to [first, last], the open part of the step."""
    inverse: Grid
    bound: Int64s
    below: Int64s
    above: Int64s
    """By step of counts: the instant at which count c is reached is c + below up to the bound,
    and c + above past it."""

    def open_before(self, instants: Int64s) -> Int64s:
        """C(t) of instants within the horizon."""
        return _in_blocks(self._open_before, instants)

    def elapsed(self, starts: Int64s, ends: Int64s) -> Int64s:
        """C(end) - C(start)."""
        return _in_blocks(self._elapsed, ends, starts)

    def reached(self, counts: Int64s) -> Int64s:
        """The earliest instant at which C(t) is the count, which is above zero.

        A count beyond the horizon's gives an instant without a meaning.
        """
        return _in_blocks(self._reached, counts)

    def _open_before(self, at: Int64s, out: Int64s, one: Int64s, two: Int64s) -> None:
        self.grid.index(at, one)
        # `clip` spares a copy that the default mode makes; no index is outside.
        self.first.take(one, out=out, mode="clip")
        np.maximum(out, at, out=out)
        self.last.take(one, out=two, mode="clip")
        np.minimum(out, two, out=out)
        self.base.take(one, out=two, mode="clip")
        np.add(out, two, out=out)
        if self.grid.crowded is not None:
            rest = np.flatnonzero(self.grid.crowded.take(one))
            asked = at[rest]
            k = np.searchsorted(self.starts, asked, side="right") - 1
            out[rest] = self.counts[k] - np.maximum(self.ends[k] - asked, 0)

    def _elapsed(self, ends: Int64s, starts: Int64s, out: Int64s, one: Int64s, two: Int64s) -> None:
        before = np.empty_like(out)
        self._open_before(starts, before, one, two)
        self._open_before(ends, out, one, two)
        np.subtract(out, before, out=out)

    def _reached(self, counts: Int64s, out: Int64s, one: Int64s, two: Int64s) -> None:
        self.inverse.index(counts, one)
        self.bound.take(one, out=two, mode="clip")
        past = counts > two
        self.below.take(one, out=out, mode="clip")
        self.above.take(one, out=two, mode="clip")
        np.copyto(out, two, where=past)
        np.add(out, counts, out=out)
        if self.inverse.crowded is not None:
            rest = np.flatnonzero(self.inverse.crowded.take(one, mode="clip"))
            asked = counts[rest]
            k = np.minimum(np.searchsorted(self.counts, asked), len(self.counts) - 1)
            out[rest] = asked + (self.ends - self.counts)[k]


def compile_steps(
    span: Span,
    starts: Sequence[Instant],
    ends: Sequence[Instant],
    counts: Sequence[Duration],
) -> Steps:
    """The tables of a clock's stretches; those at index 0 are empty and at the horizon's start."""
    assert span.start >= EARLIEST, "a horizon that 64 bits cannot count"
    assert span.end <= LATEST, "a horizon that 64 bits cannot count"
    opened, closed, counted = (np.array(column, np.int64) for column in (starts, ends, counts))
    forward, inverse = _forward(span, opened, closed, counted), _inverse(closed, counted)
    return Steps(opened, closed, counted, *forward, *inverse)


def _forward(
    span: Span, starts: Int64s, ends: Int64s, counts: Int64s
) -> tuple[Grid, Int64s, Int64s, Int64s]:
    # Two stretches meet one step only if the last open microsecond of the one and the first of
    # the next lie in it.
    grid = _grid(span.start, span.length, ends[1:-1] - 1, starts[2:])
    at = span.start + (np.arange(grid.size, dtype=np.int64) << grid.shift)
    # The first stretch that ends after the step's start, as far as it lies in the step.
    k = np.minimum(np.searchsorted(ends, at, side="right"), len(ends) - 1)
    step_end = at + (1 << grid.shift)
    first = np.clip(starts[k], at, step_end)
    last = np.maximum(np.clip(ends[k], at, step_end), first)
    before = np.searchsorted(starts, at, side="right") - 1
    return grid, first, last, counts[before] - np.maximum(ends[before] - at, 0) - first


def _inverse(ends: Int64s, counts: Int64s) -> tuple[Grid, Int64s, Int64s, Int64s]:
    grid = _grid(0, int(counts[-1]), counts[1:-1], counts[2:])
    offsets = ends - counts
    at = np.arange(grid.size, dtype=np.int64) << grid.shift
    # A count belongs to the stretch in which it is reached, its close included; none to the empty
    # stretch at index 0.
    final = len(counts) - 1
    k = np.clip(np.searchsorted(counts, at), min(1, final), final)
    return grid, counts[k], offsets[k], offsets[np.minimum(k + 1, final)]


def _in_blocks(work: Callable[..., None], *columns: Int64s) -> Int64s:
    """What `work` makes of columns of one shape, block by block: it is given a block of each, the
    block to fill, and two to use as it likes."""
    flat = [np.ascontiguousarray(column, np.int64).reshape(-1) for column in columns]
    found = np.empty(flat[0].shape, np.int64)
    one, two = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    for start in range(0, found.size, BLOCK):
        out = found[start : start + BLOCK]
        blocks = [column[start : start + BLOCK] for column in flat]
        work(*blocks, out, one[: out.size], two[: out.size])
    return found.reshape(columns[0].shape)


# Past a horizon


def none_reached(like: Int64s) -> Int64s:
    """FOREVER for each."""
    return np.full(like.shape, FOREVER, np.int64)


def reach(
    stretches: Sequence[tuple[Instant, Instant]], left: Int64s, todo: Bools, due: Int64s
) -> None:
    """Where what is left of each that is still to do runs out within the stretches, if it does.

    Changes its arrays: `due` where it was found, `todo` there too, `left` where it was not.
    """
    if not stretches:
        return
    starts, ends = np.array(stretches, np.int64).T
    counts = np.cumsum(ends - starts)
    found = np.flatnonzero(todo & (left <= counts[-1]))
    k = np.searchsorted(counts, left[found])
    due[found] = ends[k] - (counts[k] - left[found])
    todo[found] = False
    left[todo] -= counts[-1]
