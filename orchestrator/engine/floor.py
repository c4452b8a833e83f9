"""The floor of one agreement over one period: `engine.bounds` over `engine.programme`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.bounds import Direction, Optimum, slope, worst
from orchestrator.engine.intervals import total
from orchestrator.engine.problem import Problem
from orchestrator.engine.programme import Programme, Row, programme
from orchestrator.engine.reliefs import choices
from orchestrator.model.calendars import ROUND_THE_CLOCK

ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Floor:
    """The worst counted downtime and the time it is a share of, in microseconds, with the
    programme that attains it."""

    downtime: Fraction
    hours: Fraction
    optimum: Optimum[Row]
    programme: Programme

    @property
    def share(self) -> Fraction:
        """The floor itself."""
        return 1 - self.downtime / self.hours if self.downtime < self.hours else ZERO


def floor(data: Problem) -> Floor:
    """The worst over every way of taking the reliefs that the composite excuses."""
    bind = {p for group in data.groups for p in group.all_promises if data.binds(p)}
    ways = choices(data.own, (data.promises[p] for p in bind), data.period, data.hours)
    return min((_solved(data, programme(data, way)) for way in ways), key=lambda one: one.share)


def _solved(data: Problem, found: Programme) -> Floor:
    optimum = worst(found.cells, found.budgets)
    downtime = max(optimum.value - found.choice.excused, ZERO)
    return Floor(downtime, total(data.window) - found.choice.lost, optimum, found)


def is_reached(data: Problem, found: Floor) -> bool:
    """Whether some behaviour is known to reach the floor, and nothing lower: not where several
    rolling budgets, or one in several cells or in hours, may not fit together in time, nor where
    the period shrinks by excused time that the witness does not spend."""
    rolling = [
        (group, data.promises[promise])
        for group in data.groups
        for promise in group.all_promises
        if data.binds(promise) and data.promises[promise].period.rolling
    ]
    alone = len(found.programme.cells) == 1 and all(
        group.size == 1 and promise.hours == ROUND_THE_CLOCK for group, promise in rolling
    )
    return not found.programme.choice.lost and (not rolling or (len(rolling) == 1 and alone))


def prices(data: Problem, found: Floor) -> dict[int, tuple[Fraction, Fraction]]:
    """By group, the least and the greatest downtime of the composite per unit of a leaf's budget.

    A commitment's budgets in several periods grow together, in proportion; of several commitments
    on one leaf the one that matters most counts. A budget of nothing cannot shrink: its greatest
    price is its least.
    """
    result = dict.fromkeys(range(len(data.groups)), (ZERO, ZERO))
    for group, more in _directions(found.programme):
        less = {row: -speed for row, speed in more.items()}
        shrinks = all(found.programme.budgets[row] for row in more)
        now = sum((found.optimum.prices.get(row, ZERO) * more[row] for row in more), ZERO)
        # More budget never shortens the worst case, nor lengthens it by more than itself (what
        # it adds could be taken out again): a price found at either end cannot go beyond.
        low = slope(found.optimum, Direction(more, {})) if now else ZERO
        if not shrinks:
            high = low
        elif now < 1:
            high = -slope(found.optimum, Direction(less, {}))
        else:
            high = now
        known = result[group]
        result[group] = (max(known[0], low), max(known[1], high))
    return result


def _directions(found: Programme) -> Iterator[tuple[int, dict[Row, Fraction]]]:
    """Each group with a direction for each of its commitments: a unit of budget more, over its
    periods."""
    rows: dict[tuple[int, int], list[Row]] = {}
    for row in found.budgets:
        rows.setdefault((row.group, row.promise), []).append(row)
    for (group, _), alike in rows.items():
        # The two rows of one period limit the same budget.
        in_all = sum({row.period: found.growth[row] for row in alike}.values(), ZERO)
        if in_all:
            yield group, {row: found.growth[row] / in_all for row in alike}
