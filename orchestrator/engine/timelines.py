"""Intervals of many owners at once, in flat columns: the algebra of `intervals` for a portfolio.

Owners are laid end to end on one line of 64-bit integers, so that whatever holds for the intervals
of one holds for those of all, and no loop runs over owners. On the line everything follows from one
fact. Sort all starts, and sort all ends; then at least k intervals hold exactly in the union of
[start i+k-1, end i), taken over all i for which that is not empty. (The i-th end is the next to
come where i have passed, and then k hold if the (i+k)-th start has passed too.) A union is k = 1;
an intersection, k = 2 of two sets; a difference, an intersection with what the other leaves free.

Instants are whole microseconds and intervals half-open, as everywhere; sums are exact as long as
the sum asked for fits 63 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from orchestrator.engine.intervals import Intervals
from orchestrator.engine.steps import Int64s

Hours = Callable[[Int64s], Int64s]
"""Open time up to each of some instants, never falling, as `Clock.open_before_many`."""

_BITS: Final = 63
_LAST: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Timelines:
    """Intervals of owners by number: of `owner[i]` from `start[i]` to `end[i]`.

    Made by the functions of this module: sorted by owner and start, disjoint and joined within an
    owner, none of them empty.
    """

    owner: Int64s
    start: Int64s
    end: Int64s

    def __len__(self) -> int:
        return len(self.owner)

    def of(self, owner: int) -> Intervals:
        """The intervals of one owner."""
        first, last = np.searchsorted(self.owner, [owner, owner + 1]).tolist()
        return list(
            zip(self.start[first:last].tolist(), self.end[first:last].tolist(), strict=True)
        )

    def rows(self, owners: int) -> Int64s:
        """Where the intervals of each of the first owners begin, and where those of the last end:
        those of owner i are `rows[i]` to `rows[i + 1]`."""
        return np.searchsorted(self.owner, np.arange(owners + 1)).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Owners laid end to end, 2**bits places each: where an instant of an owner lies.

    Where instants are spread too wide for that, their ranks among `codes`, all instants there are,
    stand for them.
    """

    origin: int
    bits: int
    codes: Int64s | None = None

    def at(self, owner: Int64s, instant: Int64s) -> Int64s:
        """The places of instants."""
        offset = self.offset(instant)
        offset += owner << self.bits
        return offset

    def offset(self, instant: Int64s) -> Int64s:
        """How far behind the beginning of its owner an instant lies."""
        if self.codes is None:
            return instant - self.origin
        return np.searchsorted(self.codes, instant).astype(np.int64, copy=False)

    def owner(self, places: Int64s) -> Int64s:
        """Whose the places are."""
        return places >> self.bits

    def instant(self, places: Int64s) -> Int64s:
        """The instants that lie there."""
        offset = places & ((1 << self.bits) - 1)
        return offset + self.origin if self.codes is None else self.codes[offset]

    def back(self, starts: Int64s, ends: Int64s) -> Timelines:
        """Intervals on the line as timelines."""
        return Timelines(self.owner(starts), self.instant(starts), self.instant(ends))


def line_of(owners: int, *instants: Int64s) -> Line:
    """A line that holds so many owners and all of some instants."""
    some = [column for column in instants if column.size]
    low = min((int(column.min()) for column in some), default=0)
    high = max((int(column.max()) for column in some), default=0)
    bits, most = (high - low).bit_length(), _BITS - max(owners - 1, 0).bit_length()
    if bits <= most:
        return Line(low, bits)
    codes = np.unique(np.concatenate([column.reshape(-1) for column in some]))
    assert len(codes) <= 1 << most, "more owners and instants than 64 bits can tell apart"
    return Line(0, (len(codes) - 1).bit_length(), codes)


# --- sets of intervals ---------------------------------------------------------------------------


def timelines(owner: Int64s, start: Int64s, end: Int64s) -> Timelines:
    """The timelines that intervals cover together, given in any order and overlapping or not; what
    is empty or runs backwards is left out. Owners are numbers from 0 on."""
    if not (some := start < end).all():
        owner, start, end = owner[some], start[some], end[some]
    line = line_of(_count(owner), start, end)
    return line.back(*covered(line.at(owner, start), line.at(owner, end)))


def united(*sets: Timelines) -> Timelines:
    """The instants in any of some sets, by owner."""
    return at_least(1, sets)


def intersected(left: Timelines, right: Timelines) -> Timelines:
    """The instants in both sets, by owner."""
    return at_least(2, (left, right))


def subtracted(left: Timelines, right: Timelines) -> Timelines:
    """The instants in the left set alone, by owner."""
    line = _line_of(left, right)
    (starts, ends), taken = _on(line, left), _on(line, right)
    free = np.concatenate(([-1], taken[1])), np.concatenate((taken[0], [_LAST]))
    return line.back(*reached(_merged(starts, free[0]), _merged(ends, free[1]), 2))


def at_least(k: int, sets: Sequence[Timelines]) -> Timelines:
    """The instants in at least `k` of some sets, by owner, k being one or more."""
    assert k > 0, "at least none of them is all of time"
    line = _line_of(*sets)
    placed = [_on(line, one) for one in sets]
    starts, ends = (_merged(*(pair[side] for pair in placed)) for side in (0, 1))
    return line.back(*reached(starts, ends, k))


def clipped(lines: Timelines, since: Int64s | int, until: Int64s | int) -> Timelines:
    """The instants of a stretch: one for all, or one for each owner by number."""
    since, until = (
        np.asarray(side)[lines.owner] if np.ndim(side) else np.asarray(side, np.int64)
        for side in (since, until)
    )
    start, end = np.maximum(lines.start, since), np.minimum(lines.end, until)
    kept = start < end
    return Timelines(lines.owner[kept], start[kept], end[kept])


def regrouped(lines: Timelines, group: Int64s, cut: Int64s) -> Timelines:
    """When groups of owners were down: group g while at least `cut[g]` of its owners are.
    `group[i]` is the group that owner i belongs to; one below zero has none."""
    of = group[lines.owner]
    kept = of >= 0
    of, start, end = of[kept], lines.start[kept], lines.end[kept]
    line = line_of(len(cut), start, end)
    starts, ends = np.sort(line.at(of, start)), np.sort(line.at(of, end))
    return line.back(*reached(starts, ends, np.repeat(cut, np.bincount(of, minlength=len(cut)))))


def depths(owner: Int64s, start: Int64s, end: Int64s) -> tuple[Timelines, Int64s]:
    """Intervals, given in any order, cut wherever one begins or ends: the stretches in which any
    holds, and how many hold in each. Stretches abut where their number changes."""
    some = start < end
    owner, start, end = owner[some], start[some], end[some]
    line = line_of(_count(owner), start, end)
    starts, ends = np.sort(line.at(owner, start)), np.sort(line.at(owner, end))
    marks = np.unique(np.concatenate((starts, ends)))
    depth = np.searchsorted(starts, marks, "right") - np.searchsorted(ends, marks, "right")
    # Where an owner's last interval ends nothing holds, so no stretch reaches into the next owner.
    inside = np.flatnonzero(depth)
    return line.back(marks[inside], marks[inside + 1]), depth[inside].astype(np.int64)


# --- sums ----------------------------------------------------------------------------------------


def totals(lines: Timelines, owners: int, borders: Int64s, hours: Hours | None = None) -> Int64s:
    """How much time lies between one border and the next, by owner (rows) and period (columns).

    `borders` ascend: one row for all owners, or one for each. With `hours` only open time counts.
    """
    ends = np.broadcast_to(borders, (owners, borders.shape[-1]))
    line = line_of(owners, lines.start, lines.end, borders)
    asked = line.at(np.arange(owners, dtype=np.int64)[:, None], ends)
    return _between(*_on(line, lines), line, asked, ends, hours)


def _between(
    starts: Int64s, ends: Int64s, line: Line, asked: Int64s, borders: Int64s, hours: Hours | None
) -> Int64s:
    """The time before each border, differenced. `asked` are the places of `borders`."""
    counted = hours or (lambda instants: instants)
    if hours is None and line.codes is None:
        # Of one owner, and so as far apart on the line as they are in time.
        lengths = ends - starts
    else:
        lengths = counted(line.instant(ends)) - counted(line.instant(starts))
    running = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=running[1:])
    passed = np.searchsorted(ends, asked.reshape(-1)).reshape(asked.shape)
    found: Int64s = running[passed]
    # The next interval may have begun: of the same owner and before the border.
    if len(starts):
        following = np.minimum(passed, len(starts) - 1)
        begun = (passed < len(starts)) & (starts[following] < asked)
        since = counted(line.instant(starts[following[begun]]))
        until = counted(borders[begun])
        found[begun] += until - since
    return np.diff(found, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Attainment:
    """By owner (rows) and period (columns), in microseconds: service hours, time down, and time
    down that counts. What was attained is 1 - counted / hours."""

    hours: Int64s
    down: Int64s
    counted: Int64s


def attainment(
    outages: tuple[Int64s, Int64s, Int64s],
    exclusions: tuple[Int64s, Int64s, Int64s],
    owners: int,
    borders: Int64s,
    hours: Hours | None = None,
) -> Attainment:
    """What owners attained in each period, by outages less exclusions.

    Both are columns of owner, start and end, in any order and overlapping or not; a microsecond
    counts once. `borders` ascend, one row for all owners or one for each; `hours` is the service
    hours of all.
    """
    line = line_of(owners, outages[1], outages[2], exclusions[1], exclusions[2], borders)
    down, excused = (
        covered(line.at(owner[some], start[some]), line.at(owner[some], end[some]))
        for owner, start, end in (outages, exclusions)
        for some in (_some(start, end),)
    )
    either = reached(_merged(down[0], excused[0]), _merged(down[1], excused[1]), 1)
    ends = np.broadcast_to(borders, (owners, borders.shape[-1]))
    asked = line.at(np.arange(owners, dtype=np.int64)[:, None], ends)
    in_down, in_excused, in_either = (
        _between(*one, line, asked, ends, hours) for one in (down, excused, either)
    )
    opened = np.diff(ends if hours is None else hours(np.ascontiguousarray(ends)), axis=1)
    return Attainment(opened, in_down, in_either - in_excused)


# --- on the line ---------------------------------------------------------------------------------


def covered(starts: Int64s, ends: Int64s) -> tuple[Int64s, Int64s]:
    """What intervals on a line, in any order, cover together. Sorts its columns in place."""
    starts.sort()
    ends.sort()
    return reached(starts, ends, 1)


def reached(starts: Int64s, ends: Int64s, k: int | Int64s) -> tuple[Int64s, Int64s]:
    """Where at least `k` of some intervals hold: one k for all, or one by the place of each end.
    Both columns ascend, each by itself, and no interval is empty."""
    if isinstance(k, np.ndarray):
        later = np.arange(len(ends)) + (k - 1)
        kept = later < len(starts)
        starts, ends = starts[later[kept]], ends[kept]
    else:
        starts, ends = starts[k - 1 :], ends[: max(len(ends) - k + 1, 0)]
    if not (kept := starts < ends).all():
        starts, ends = starts[kept], ends[kept]
    if not len(starts):
        return starts, ends
    gaps = ends[:-1] < starts[1:]
    if gaps.all():
        return starts, ends
    return starts[np.concatenate(([True], gaps))], ends[np.concatenate((gaps, [True]))]


def ranges(first: Int64s, length: Int64s) -> Int64s:
    """The indices of slices one after the other: `first[i]` and on, `length[i]` of them."""
    before = np.cumsum(length) - length
    found = np.repeat(first - before, length)
    found += np.arange(len(found))
    return found


def _on(line: Line, lines: Timelines) -> tuple[Int64s, Int64s]:
    return line.at(lines.owner, lines.start), line.at(lines.owner, lines.end)


def _line_of(*sets: Timelines) -> Line:
    owners = max((_count(one.owner) for one in sets), default=0)
    return line_of(owners, *(column for one in sets for column in (one.start, one.end)))


def _merged(*columns: Int64s) -> Int64s:
    """Sorted columns as one; to merge what is in order is what a stable sort is good at."""
    found = np.concatenate((np.zeros(0, np.int64), *columns))
    if len(columns) > 1:
        found.sort(kind="stable")
    return found


def _some(start: Int64s, end: Int64s) -> slice | Int64s:
    kept = start < end
    return slice(None) if kept.all() else np.flatnonzero(kept)


def _count(owner: Int64s) -> int:
    return int(owner.max()) + 1 if owner.size else 0
