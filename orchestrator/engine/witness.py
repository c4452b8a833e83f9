"""The witness of a floor: joint outages that reach it while every commitment is kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction

from orchestrator.engine.components import bits_of
from orchestrator.engine.floor import Floor, down_together
from orchestrator.engine.intervals import Intervals, clip, subtract, total, union
from orchestrator.engine.problem import Problem
from orchestrator.engine.structure import Leaf
from orchestrator.model.values import Duration, Instant

Outages = list[tuple[tuple[Leaf, ...], tuple[Instant, Instant]]]
"""Leaves that are down together, and when."""


def witness(data: Problem, found: Floor) -> Iterator[tuple[int, tuple[Leaf, ...], Fraction]]:
    """In a cell (by its index), leaves that are down together, for how long."""
    for column, amount in down_together(data, found).items():
        ground = data.parts[found.programme.part_of[column.cell]].ground
        groups = [list(bits_of(data.groups[group].leaves)) for group in sorted(column.cut)]
        # The leaves of a group are down in turn, each for the same time, side by side with those
        # of the other groups.
        turns = sorted({Fraction(i, len(group)) for group in groups for i in range(len(group))})
        for begin, end in itertools.pairwise([*turns, Fraction(1)]):
            leaves = (group[int(begin * len(group))] for group in groups)
            yield column.cell, tuple(map(ground.leaf, leaves)), amount * (end - begin)


def schedule(data: Problem, found: Floor) -> Outages:
    """The witness laid out in time, as outages that could be replayed as facts.

    Each cell is filled cut after cut, in whole microseconds rounded down, so that no budget is
    exceeded: less than a microsecond is lost for each outage. A rolling budget of b in every
    window of L is spent in the same phase of every L (b at both ends of a span a little longer),
    which reaches the bound q*b + min(b, r) as long as the parts that roll share one L and do not
    together need more of a phase than r; beyond that the floor is a bound that no schedule
    reaches, and what does not fit is left out.
    """
    outages: Outages = []
    rolling: list[tuple[int, tuple[Leaf, ...], Fraction, Duration, Instant]] = []
    calendar: list[tuple[int, tuple[Leaf, ...], Fraction, Duration, Instant]] = []
    for cell, leaves, amount in witness(data, found):
        length, origin = _rolls(data, leaves)
        (rolling if length else calendar).append((cell, leaves, amount, length, origin))
    free = [stretch.intervals for stretch in found.programme.stretches]
    for cell, leaves, amount, length, origin in [*rolling, *calendar]:
        taken = (
            _in_phase(free[cell], int(amount), length, origin)
            if length
            else _first(free[cell], int(amount))
        )
        free[cell] = subtract(free[cell], taken)
        outages += [(leaves, interval) for interval in taken]
    return outages


def _rolls(data: Problem, leaves: Sequence[Leaf]) -> tuple[Duration, Instant]:
    """The rolling length that bounds some of the leaves, and from when it is counted; 0 where none
    does."""
    for leaf in leaves:
        for commitment in leaf.commitments:
            period = commitment.term.period
            if period is not None and period.rolling:
                held = commitment.version.effective & data.period
                return period.rolling, (held or data.period).start
    return 0, 0


def _first(free: Intervals, amount: Duration) -> Intervals:
    """The first free time of an amount."""
    taken = []
    for start, end in free:
        if amount <= 0:
            break
        taken.append((start, min(end, start + amount)))
        amount -= end - start
    return taken


def _in_phase(free: Intervals, amount: Duration, length: Duration, origin: Instant) -> Intervals:
    """Free time of an amount, phase by phase: what is taken in one cycle is taken in all."""
    if not free:
        return []
    cycles = range((free[0][0] - origin) // length, (free[-1][1] - origin - 1) // length + 1)
    starts = {cycle: origin + cycle * length for cycle in cycles}
    inside = {
        cycle: [(a - start, b - start) for a, b in clip(free, start, start + length)]
        for cycle, start in starts.items()
    }
    marks = sorted({end for found in inside.values() for interval in found for end in interval})
    taken: list[tuple[Instant, Instant]] = []
    for low, high in itertools.pairwise(marks):
        open_in = [cycle for cycle in cycles if total(clip(inside[cycle], low, high))]
        if not open_in:
            continue
        width = min(high - low, amount // len(open_in))
        taken += [(starts[cycle] + low, starts[cycle] + low + width) for cycle in open_in]
        amount -= width * len(open_in)
        if width < high - low:
            break
    return union(taken)
