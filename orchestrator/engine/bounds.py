"""The floor: the most downtime that kept commitments still allow, exactly.

A linear programme in rational arithmetic (Hailperin 1965, over cells of time): maximise the time
z(C, c) in which the cut C is down in cell c, where a cell holds no more than its length and a
part's downtime no more than its budgets. Cuts are not enumerated: a revised simplex asks each
block of the structure for the cheapest cut under the current prices (a shortest path in its
diagram) and stops when none would gain, which proves the optimum.

Right-hand sides may carry an infinitesimal, so that one more run gives the slope of the optimum
in a direction: the least or greatest shadow price (Bonnans and Shapiro 2000, theorem 4.24: the
directional derivative is the extreme dual over the optimal face).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Generic, Protocol, TypeVar

Row = TypeVar("Row", bound=Hashable)
"""What a budget limits."""

Part = int
"""What may be down, by number."""

Exact = int | Fraction
Cut = frozenset[Part]
Weight = Callable[[Part], Exact]
Block = Callable[[Weight], tuple[Exact, Cut] | None]
"""A piece of the structure that can fail by itself: gives its cheapest cut under given weights."""

ZERO: Final = Fraction(0)


class Blocks(Protocol):
    """Pieces of the structure, and whether one of them stands in for something too complex."""

    @property
    def hard(self) -> bool: ...
    def __iter__(self) -> Iterator[Block]: ...


@dataclass(frozen=True, slots=True)
class Cell(Generic[Row]):
    """Stretches of time alike in all that matters. `uses` names the budgets that a part's
    downtime there draws on; a part without any may be down at no cost."""

    length: Fraction
    blocks: Blocks
    uses: Callable[[Part], Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Column:
    """A cut that is down for some time in a cell, by the cell's index."""

    cell: int
    cut: Cut


@dataclass(frozen=True, slots=True)
class Optimum(Generic[Row]):
    """The greatest downtime, its slope in the direction asked for, and one way to reach it; the
    simplex that found it, where one did."""

    value: Fraction
    slope: Fraction
    witness: Mapping[Column, Fraction]
    prices: Mapping[Row, Fraction]
    simplex: _Simplex[Row] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Direction(Generic[Row]):
    """How fast budgets grow, and cells, by their index."""

    budgets: Mapping[Row, Fraction]
    cells: Mapping[int, Fraction]


def worst(
    cells: Sequence[Cell[Row]],
    budgets: Mapping[Row, Fraction],
    direction: Direction[Row] | None = None,
) -> Optimum[Row]:
    """The greatest downtime over all cells within all budgets, and how fast it grows in a
    direction, from here on. Units are the caller's, of budgets and lengths alike."""
    simplex = _Simplex(cells, budgets, direction or Direction({}, {}))
    while simplex.improve():
        pass
    return simplex.optimum()


def slope(found: Optimum[Row], direction: Direction[Row]) -> Fraction:
    """How fast an optimum that a simplex found grows in a direction, from here on.

    Where the basis that was found stays feasible a little way in that direction it stays optimal,
    and its prices give the answer; only where it does not is the programme solved again.
    """
    simplex = found.simplex
    assert simplex is not None
    growth = {simplex.number[row]: speed for row, speed in direction.budgets.items()}
    growth |= direction.cells
    for inverse, (value, _) in zip(simplex.inverse, simplex.solution, strict=True):
        if not value and sum((inverse[j] * g for j, g in growth.items() if j in inverse), ZERO) < 0:
            return worst(simplex.cells, simplex.budgets, direction).slope
    return sum((simplex.price.get(row, 0) * speed for row, speed in growth.items()), ZERO)


class _Simplex(Generic[Row]):
    """Revised simplex over sparse rational rows; guards that basis, inverse and solution agree.

    Rows are the cells, then the budgets. The basis starts with the slacks, which is feasible as
    no right-hand side is negative. Ties in the ratio test are broken lexicographically, so that no
    basis returns and the run ends. Nearly all numbers are whole once the right-hand sides are
    brought to one denominator, and are kept as integers, which are many times faster.
    """

    def __init__(
        self,
        cells: Sequence[Cell[Row]],
        budgets: Mapping[Row, Fraction],
        direction: Direction[Row],
    ) -> None:
        self.cells = cells
        self.budgets = budgets
        self.number = {row: len(cells) + i for i, row in enumerate(budgets)}
        values = [*(cell.length for cell in cells), *budgets.values()]
        slopes = [direction.cells.get(index, ZERO) for index in range(len(cells))]
        slopes += [direction.budgets.get(row, ZERO) for row in budgets]
        self.unit = math.lcm(*(value.denominator for value in (*values, *slopes)))
        self.solution: list[tuple[Exact, Exact]] = [
            (int(value * self.unit), int(slope * self.unit))
            for value, slope in zip(values, slopes, strict=True)
        ]
        self.inverse: list[dict[int, Exact]] = [{i: 1} for i in range(len(values))]
        self.basis: list[Column | None] = [None] * len(values)
        self.price: dict[int, Exact] = {}
        self._drawn: list[dict[Part, tuple[int, ...]]] = [{} for _ in cells]

    def improve(self) -> bool:
        """One pivot on the column that gains most; false where none gains."""
        slack = min(self.price, key=lambda row: (self.price[row], row), default=None)
        if slack is not None and self.price[slack] < 0:
            self._enter(None, [slack], -self.price[slack])
            return True
        best: Column | None = None
        best_gain: Exact = 0
        for index, cell in enumerate(self.cells):
            limit = 1 - self.price.get(index, 0)
            if limit <= best_gain:
                continue
            weight = self._weight(index)
            for block in cell.blocks:
                cheapest = block(weight)
                if cheapest is not None and limit - cheapest[0] > best_gain:
                    best_gain, best = limit - cheapest[0], Column(index, cheapest[1])
        if best is None:
            return False
        limited = [row for part in best.cut for row in self._rows(best.cell, part)]
        self._enter(best, [best.cell, *limited], best_gain)
        return True

    def _rows(self, cell: int, part: Part) -> tuple[int, ...]:
        """The rows that a part's downtime in a cell draws on, by number."""
        known = self._drawn[cell]
        if part not in known:
            known[part] = tuple(self.number[row] for row in self.cells[cell].uses(part))
        return known[part]

    def _weight(self, cell: int) -> Weight:
        price = self.price

        def weight(part: Part) -> Exact:
            return sum(price.get(row, 0) for row in self._rows(cell, part))

        return weight

    def _enter(self, column: Column | None, touched: Sequence[int], gain: Exact) -> None:
        """Bring a column (None: a slack), which draws once on each touched row, into the basis."""
        move = {}
        for i, inverse in enumerate(self.inverse):
            value = sum(inverse[j] for j in touched if j in inverse)
            if value:
                move[i] = value
        leaving = self._leaving(move)
        pivot = move[leaving]
        row = {j: _ratio(value, pivot) for j, value in self.inverse[leaving].items()}
        value, slope = (_ratio(one, pivot) for one in self.solution[leaving])
        for i, factor in move.items():
            if i == leaving:
                continue
            old = self.solution[i]
            self.solution[i] = (old[0] - factor * value, old[1] - factor * slope)
            _subtract(self.inverse[i], row, factor)
        self.inverse[leaving], self.solution[leaving] = row, (value, slope)
        self.basis[leaving] = column
        _subtract(self.price, row, -gain)

    def _leaving(self, move: Mapping[int, Exact]) -> int:
        """The row that first reaches zero, by value, then slope, then lexicographically."""
        candidates = [i for i, value in move.items() if value > 0]
        ratio = {i: [_ratio(one, move[i]) for one in self.solution[i]] for i in candidates}
        least = min(ratio.values())
        candidates = [i for i in candidates if ratio[i] == least]
        position = 0
        while len(candidates) > 1:
            entries = {i: _ratio(self.inverse[i].get(position, 0), move[i]) for i in candidates}
            smallest = min(entries.values())
            candidates = [i for i in candidates if entries[i] == smallest]
            position += 1
        return candidates[0]

    def optimum(self) -> Optimum[Row]:
        witness: dict[Column, Fraction] = {}
        value = slope = ZERO
        for column, amount in zip(self.basis, self.solution, strict=True):
            if column is not None:
                here = Fraction(amount[0]) / self.unit
                value, slope = value + here, slope + Fraction(amount[1]) / self.unit
                if here:
                    witness[column] = witness.get(column, ZERO) + here
        prices = {
            row: Fraction(self.price[number])
            for row, number in self.number.items()
            if self.price.get(number)
        }
        return Optimum(value, slope, witness, prices, self)


def _ratio(value: Exact, by: Exact) -> Exact:
    """A quotient, as an integer where it is whole."""
    if by == 1:
        return value
    found = Fraction(value) / by
    return found.numerator if found.denominator == 1 else found


def _subtract(target: dict[int, Exact], row: Mapping[int, Exact], factor: Exact) -> None:
    """target -= factor * row, keeping only what is not zero."""
    for j, value in row.items():
        new = target.get(j, 0) - factor * value
        if new:
            target[j] = new if isinstance(new, int) or new.denominator > 1 else new.numerator
        else:
            target.pop(j, None)


def series_block(parts: Sequence[Part]) -> Block:
    """Parts each of which is a cut by itself."""

    def cheapest(weight: Weight) -> tuple[Exact, Cut] | None:
        best: Part | None = None
        least: Exact = 0
        for part in parts:
            here = weight(part)
            if best is None or here < least:
                best, least = part, here
                if not least:
                    break
        return None if best is None else (least, frozenset((best,)))

    return cheapest
