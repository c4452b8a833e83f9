"""The clocks of many tickets at once, in columns: the rules of `tickets`, for one calendar.

What stops a clock is kept by ticket and start, like a sparse matrix by rows. Sums by ticket are
differences of one running sum: it may pass 64 bits and wrap, and the differences stay exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from orchestrator.engine.clock import Clock
from orchestrator.engine.steps import Bools, Int64s
from orchestrator.engine.ticket_history import history_of
from orchestrator.engine.ticket_pauses import Clocks, pauses_of
from orchestrator.engine.tickets import target_of
from orchestrator.model.clocking import ClockRules
from orchestrator.model.records import Ticket
from orchestrator.model.values import FOREVER, Duration, Instant

_KEY_BITS: Final = 62


@dataclass(frozen=True, slots=True, eq=False)
class Stops:
    """Stretches that stop clocks: of the ticket at `index`, from `starts` to `ends`.

    Made by `unite`: sorted by index and start, disjoint within a ticket, none of them empty.
    `firm` is where a stretch would end if nothing were in it that begins later than it does.
    """

    index: Int64s
    starts: Int64s
    ends: Int64s
    firm: Int64s


def unite(index: Int64s, starts: Int64s, ends: Int64s) -> Stops:
    """Pauses in any order, overlapping or not, as the stretches that they cover together."""
    if not (some := starts < ends).all():
        index, starts, ends = index[some], starts[some], ends[some]
    if not _in_order(index, starts):
        order, index, starts = _sorted(index, starts)
        ends = ends[order]
    same = index[1:] == index[:-1]
    if not (same & (starts[1:] <= ends[:-1])).any():
        return Stops(index, starts, ends, ends)
    reach = _running_maximum(index, ends)
    fresh = np.concatenate(([True], ~(same & (starts[1:] <= reach[:-1]))))
    first = np.flatnonzero(fresh)
    last = np.concatenate((first[1:], [len(index)])) - 1
    return Stops(index[first], starts[first], reach[last], reach[_at_once(index, starts, first)])


def _at_once(index: Int64s, starts: Int64s, first: Int64s) -> Int64s:
    """The last of those that begin with each of the first."""
    begins_alone = (index[1:] != index[:-1]) | (starts[1:] > starts[:-1])
    if begins_alone.all():
        return first
    ends = np.flatnonzero(np.concatenate((begins_alone, [True])))
    return ends[np.searchsorted(ends, first)]


def _in_order(index: Int64s, starts: Int64s) -> bool:
    later, same = index[1:] > index[:-1], index[1:] == index[:-1]
    return bool((later | (same & (starts[1:] >= starts[:-1]))).all())


def _sorted(index: Int64s, starts: Int64s) -> tuple[Int64s, Int64s, Int64s]:
    """What sorts by index, then start, and the two of them sorted."""
    # One sort of one number is several times faster than one of two; the number holds as much of
    # the start as there is room for, and what that leaves out of order is seen and sorted anew.
    low = starts.min()
    index_bits = int(index.max()).bit_length()
    start_bits = int(starts.max() - low).bit_length()
    spare = max(index_bits + start_bits - _KEY_BITS, 0)
    order = np.argsort((index << (start_bits - spare)) | ((starts - low) >> spare))
    found = index[order], starts[order]
    if spare and not _in_order(*found):
        order = np.lexsort((starts, index))
        found = index[order], starts[order]
    return order, *found


def _running_maximum(index: Int64s, values: Int64s) -> Int64s:
    """The greatest value so far within each index, by doubling the stretch looked back on."""
    reach, step = values.copy(), 1
    while step < len(index) and (near := index[step:] == index[:-step]).any():
        reach[step:] = np.where(near, np.maximum(reach[step:], reach[:-step]), reach[step:])
        step *= 2
    return reach


NO_STOPS: Final = unite(*(np.zeros(0, np.int64) for _ in range(3)))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Clocks in columns: when each began, when it is read (as it stopped, or now), its target.

    No pause begins before its clock. `gaps` are the stretches in which a ticket was resolved before
    it was reopened: they stop its clock whatever has been consumed, and are disjoint from its
    pauses.
    """

    begun: Int64s
    at: Int64s
    targets: Int64s
    pauses: Stops
    gaps: Stops = NO_STOPS


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What the clocks of a batch show: `consumed`, `due` and `breached` (FOREVER: not)."""

    consumed: Int64s
    due: Int64s
    breached: Int64s


def consumed_many(clock: Clock, begun: Int64s, at: Int64s, stops: Stops) -> Int64s:
    """Service time from beginning to reading, less all that stops it, whatever the target."""
    found = clock.elapsed_many(begun, at)
    counted = _clipped(clock, begun, at, stops)
    return found - _sums(counted.last - counted.first, counted.rows)


def read_many(clock: Clock, batch: Batch) -> Shown:
    """What every clock of a batch shows, as `read_clocks` would have it."""
    stops = _joined(batch)
    counted = _clipped(clock, batch.begun, batch.at, stops.stops)
    base = clock.open_before_many(batch.begun)
    row = counted.index
    length = counted.last - counted.first

    # As long as the target is not reached every stop counts, so what had been consumed where a
    # stop begins is what was open less the stops before it.
    open_before = counted.first - base[row]
    used = open_before - _before(length, counted.rows, row)
    target = batch.targets
    moved = _sums(np.where(used < target[row], length, 0), counted.rows)
    due = clock.due_many(batch.begun, _capped(target, moved))

    # No pause may begin after the target instant; one that begins at it lasts by itself.
    forced = stops.forced[counted.kept]
    stopped = np.where(forced | (counted.starts < due[row]), length, 0)
    if len(edge := np.flatnonzero(~forced & (counted.starts == due[row]))):
        firm = np.minimum(stops.stops.firm[counted.kept[edge]], batch.at[row[edge]])
        stopped[edge] = clock.open_before_many(firm) - counted.first[edge]
    consumed = clock.elapsed_many(batch.begun, batch.at) - _sums(stopped, counted.rows)
    breached = np.full(consumed.shape, FOREVER, np.int64)
    if (broken := consumed > target).any():
        used = open_before - _before(stopped, counted.rows, row)
        over = _sums(np.where(used <= target[row], stopped, 0), counted.rows)
        breached[broken] = clock.due_many(batch.begun[broken], (target + 1 + over)[broken])
    return Shown(consumed, due, breached)


def _capped(target: Int64s, moved: Int64s) -> Int64s:
    """A target that is never due stays so."""
    return np.minimum(target, FOREVER - moved) + moved


@dataclass(frozen=True, slots=True, eq=False)
class _Joined:
    """Pauses and gaps in one order; `forced` tells the gaps."""

    stops: Stops
    forced: Bools


def _joined(batch: Batch) -> _Joined:
    pauses, gaps = batch.pauses, batch.gaps
    if not len(gaps.index):
        return _Joined(pauses, np.zeros(len(pauses.index), np.bool_))
    index = np.concatenate((pauses.index, gaps.index))
    starts = np.concatenate((pauses.starts, gaps.starts))
    ends = np.concatenate((pauses.ends, gaps.ends))
    firm = np.concatenate((pauses.firm, gaps.ends))
    forced = np.arange(len(index)) >= len(pauses.index)
    order, index, starts = _sorted(index, starts)
    return _Joined(Stops(index, starts, ends[order], firm[order]), forced[order])


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """The stops that meet their clocks, as counts of open time: from `first` to `last`. Those of
    the ticket at i are `rows[i]` to `rows[i + 1]`; `kept` are their places among all stops."""

    kept: Int64s
    index: Int64s
    starts: Int64s
    first: Int64s
    last: Int64s
    rows: Int64s


def _clipped(clock: Clock, begun: Int64s, at: Int64s, stops: Stops) -> _Counted:
    starts = np.maximum(stops.starts, begun[stops.index])
    ends = np.minimum(stops.ends, at[stops.index])
    kept = np.flatnonzero(starts < ends)
    index, starts, ends = stops.index[kept], starts[kept], ends[kept]
    first, last = clock.open_before_many(starts), clock.open_before_many(ends)
    rows = np.concatenate(([0], np.cumsum(np.bincount(index, minlength=len(begun)))))
    return _Counted(kept, index, starts, first, last, rows)


def _sums(values: Int64s, rows: Int64s) -> Int64s:
    """The sum of each row."""
    running = np.concatenate(([0], np.cumsum(values)))
    found: Int64s = running[rows[1:]] - running[rows[:-1]]
    return found


def _before(values: Int64s, rows: Int64s, index: Int64s) -> Int64s:
    """The sum of what comes before each value in its row."""
    running = np.concatenate(([0], np.cumsum(values)))
    found: Int64s = running[:-1] - running[rows[:-1]][index]
    return found


# From tickets to columns


@dataclass(slots=True)
class _Columns:
    """A batch in the making: a row for each clock, and one for each thing that stops one."""

    ids: list[tuple[str, int]] = field(default_factory=list)
    clocks: list[tuple[Instant, Instant, Duration]] = field(default_factory=list)
    pauses: list[tuple[int, Instant, Instant]] = field(default_factory=list)
    gaps: list[tuple[int, Instant, Instant]] = field(default_factory=list)

    def batch(self) -> Batch:
        begun, at, targets = _columns(self.clocks)
        return Batch(begun, at, targets, unite(*_columns(self.pauses)), unite(*_columns(self.gaps)))


def _columns(rows: Sequence[tuple[int, int, int]]) -> tuple[Int64s, Int64s, Int64s]:
    one, two, three = np.array(rows, np.int64).reshape(-1, 3).T.copy()
    return one, two, three


def batches_of(
    tickets: Iterable[Ticket], rules: ClockRules, clocks: Clocks, now: Instant
) -> tuple[dict[str, tuple[list[tuple[str, int]], Batch]], list[Ticket]]:
    """The clocks of tickets as columns, by the calendar they run on, each with the ids of its
    tickets and the numbers of their clocks; and the tickets whose priority changed, whose clocks
    may run on several calendars and are read one by one."""
    found: dict[str, _Columns] = {}
    apart = []
    for ticket in tickets:
        if now < ticket.opened:
            continue
        history = history_of(ticket, rules, now)
        if len(history.priorities) > 1:
            apart.append(ticket)
            continue
        goal = rules.goal(ticket.priority)
        pauses, _ = pauses_of(history.waits, rules, clocks)
        for number, run in enumerate(history.runs):
            into = found.setdefault(goal.hours, _Columns())
            row = len(into.ids)
            target = target_of(goal, clocks[goal.hours], run.begun, rules.timezone)
            into.ids.append((ticket.id, number))
            into.clocks.append((run.begun, min(run.stopped, now), target))
            into.pauses += [(row, max(pause.start, run.begun), pause.end) for pause in pauses]
            into.gaps += [(row, start, end) for start, end in run.gaps]
    return {hours: (columns.ids, columns.batch()) for hours, columns in found.items()}, apart
