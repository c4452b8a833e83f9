"""The floor of one agreement over one period: `engine.bounds` over `engine.programme`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.bounds import Column, Direction, Optimum, slope, worst
from orchestrator.engine.intervals import total
from orchestrator.engine.onecell import OneCell, pieces, solve
from orchestrator.engine.onecell import price_ranges as group_price_ranges
from orchestrator.engine.onecell import prices as group_prices
from orchestrator.engine.problem import Problem
from orchestrator.engine.programme import Programme, Row, programme
from orchestrator.engine.reliefs import choices
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.scopes import part_named

ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Floor:
    """The worst counted downtime and the time it is a share of, in microseconds, with the
    programme that attains it; `cell` is how it was found where there is but one."""

    downtime: Fraction
    hours: Fraction
    optimum: Optimum[Row]
    programme: Programme
    cell: OneCell | None = None

    @property
    def exact(self) -> bool:
        """Whether it is the optimum, and not a bound where a gate is too complex."""
        if self.cell is not None:
            return self.cell.exact
        return not any(cell.blocks.hard for cell in self.programme.cells)

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
    cell = _cell(data, found) if len(found.cells) == 1 else None
    optimum = worst(found.cells, found.budgets) if cell is None else _optimum(data, found, cell)
    downtime = max(optimum.value - found.choice.excused, ZERO)
    return Floor(downtime, total(data.window) - found.choice.lost, optimum, found, cell)


def _capacity(found: Programme, group: int) -> Fraction | None:
    """How long a group may be down in the only cell."""
    return min((found.budgets[row] for row in found.cells[0].uses(group)), default=None)


def _cell(data: Problem, found: Programme) -> OneCell | None:
    """The only cell's redundant groups; None where they could not be solved this way."""
    part = data.parts[found.part_of[0]]
    return solve(
        part.ground.structure.components,
        part.ground.node.gates,
        part.group_of,
        {group: _capacity(found, group) for group in part.groups},
    )


def _optimum(data: Problem, found: Programme, cell: OneCell) -> Optimum[Row]:
    """What stands in series and the groups of the only cell together, with no witness yet."""
    length = found.cells[0].length
    series = {group: _capacity(found, group) for group in data.parts[found.part_of[0]].series}
    capacities = [*series.values(), cell.value]
    known = [one for one in capacities if one is not None]
    value = sum(known, ZERO) if len(known) == len(capacities) else length
    if value >= length:
        return Optimum(length, ZERO, {}, {})
    priced = dict.fromkeys(series, Fraction(1)) | group_prices(cell)
    rows: dict[Row, Fraction] = {}
    for group, price in priced.items():
        row = min(found.cells[0].uses(group), key=found.budgets.__getitem__)
        rows[row] = price
    return Optimum(value, ZERO, {}, rows)


def down_together(data: Problem, found: Floor) -> Mapping[Column, Fraction]:
    """A way to reach the floor: groups that are down together in a cell, for how long."""
    if found.cell is None:
        return found.optimum.witness
    left = length = found.programme.cells[0].length
    series = sorted(data.parts[found.programme.part_of[0]].series)
    limits = [(group, _capacity(found.programme, group)) for group in series]
    alone = ((frozenset((g,)), length if c is None else c) for g, c in limits)
    witness: dict[Column, Fraction] = {}
    for cut, most in itertools.chain(alone, pieces(found.cell, length)):
        here = min(left, most)
        if here:
            column = Column(0, cut)
            witness[column] = witness.get(column, ZERO) + here
            left -= here
    return witness


def is_reached(data: Problem, found: Floor) -> bool:
    """Whether some behaviour is known to reach the floor, and nothing lower: not where several
    rolling budgets, or one in several cells or in hours, may not fit together in time, nor where
    the period shrinks by excused time that the witness does not spend, nor where what a term with
    windows excuses is one quantity for all of them."""
    binding = [
        (group, data.promises[promise])
        for group in data.groups
        for promise in group.all_promises
        if data.binds(promise)
    ]
    if any(one.allowances and part_named(one.hours) for _, one in (*binding, (None, data.own))):
        return False
    rolling = [(group, promise) for group, promise in binding if promise.period.rolling]
    alone = len(found.programme.cells) == 1 and all(
        group.size == 1 and promise.hours == ROUND_THE_CLOCK for group, promise in rolling
    )
    if not found.exact:
        return False
    return not found.programme.choice.lost and (not rolling or (len(rolling) == 1 and alone))


def prices(data: Problem, found: Floor) -> dict[int, tuple[Fraction, Fraction]]:
    """By group, the least and the greatest downtime of the composite per unit of a leaf's budget.

    A commitment's budgets in several periods grow together, in proportion; of several commitments
    on one leaf the one that matters most counts. A budget of nothing cannot shrink: its greatest
    price is its least.
    """
    if found.cell is not None:
        ranges = _ranges(data, found, found.cell)
        if ranges is not None:
            return ranges
        found = replace(found, optimum=worst(found.programme.cells, found.programme.budgets))
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


def _ranges(
    data: Problem, found: Floor, cell: OneCell
) -> dict[int, tuple[Fraction, Fraction]] | None:
    """The same in the only cell; None where it could not be found this way."""
    programme = found.programme
    part, length = data.parts[programme.part_of[0]], programme.cells[0].length
    series = {group: _capacity(programme, group) for group in part.series}
    capacities = [*series.values(), cell.value]
    known = [one for one in capacities if one is not None]
    whole = sum(known, ZERO)
    result = dict.fromkeys(range(len(data.groups)), (ZERO, ZERO))
    if len(known) < len(capacities) or whole > length:
        return result
    slopes = group_price_ranges(cell)
    if slopes is None:
        return None
    for group, (low, high) in {**dict.fromkeys(series, (Fraction(1),) * 2), **slopes}.items():
        rows = programme.cells[0].uses(group)
        if not rows:
            continue
        least = min(programme.budgets[row] for row in rows)
        tied = [row for row in rows if programme.budgets[row] == least and programme.growth[row]]
        # Rows of one promise grow together; those of another would still limit what grows.
        alone = len({row.promise for row in rows if programme.budgets[row] == least}) == 1
        up = low if tied and alone and whole < length else ZERO
        result[group] = (up, high if tied and least else up)
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
