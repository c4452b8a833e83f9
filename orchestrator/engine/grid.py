"""Amounts that a solver found in floats, read as whole multiples of a step.

At a corner of a packing programme every amount is made of capacities, added and taken from one
another, divided by a small whole number. So all of them lie on a grid: what the capacities have in
common, over that number. Once rounded to it, amounts can be held against the capacities exactly,
many at a time: floats add whole numbers without error up to 2^53.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PARTS: Final = (1, 2, 3, 4, 6, 12, 60)
"""What the step may be divided by."""
_EXACT: Final = float(1 << 53)


@dataclass(frozen=True, slots=True)
class Grid:
    """Capacities as whole multiples of the greatest step that divides them all."""

    step: Fraction
    capacities: Floats


def grid(capacities: Sequence[Fraction]) -> Grid:
    """The grid of some capacities; those that are too many steps are infinite there."""
    unit = math.lcm(*(one.denominator for one in capacities))
    whole = [one.numerator * (unit // one.denominator) for one in capacities]
    step = math.gcd(*whole) or 1
    return Grid(Fraction(step, unit), np.array([float(one // step) for one in whole]))


def whole_amounts(
    grid: Grid, matrix: Any, amounts: Floats, tight: NDArray[np.bool_]
) -> tuple[Floats, Fraction] | None:
    """Amounts, given as multiples of the grid's step, as whole multiples of a step that is returned
    with them: such that what they draw on, by the rows of a matrix of ones, is within the
    capacities and uses up those that are tight. None where they lie on no such grid.
    """
    for parts in _PARTS:
        capacities = grid.capacities * parts
        if capacities.max(initial=0.0) >= _EXACT:
            return None
        whole = np.rint(amounts * parts)
        drawn = matrix @ whole
        if (
            (whole >= 0).all()
            and (drawn <= capacities).all()
            and (drawn[tight] == capacities[tight]).all()
        ):
            return whole, grid.step / parts
    return None
