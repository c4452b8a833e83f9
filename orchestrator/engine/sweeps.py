"""Diagrams evaluated rank by rank in floats, many nodes at a time.

All on the side of unavailability, where nothing is subtracted from one: a node's value is
up + p (down - up) with down >= up, a sum of what is not negative, so that 1e-12 keeps its digits.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from orchestrator.engine.flat import Diagram

Floats = NDArray[np.float64]

_HELD: Final = 1 << 24
"""So many values are held at a time, 8 bytes each."""


def values(diagram: Diagram, chance: Floats) -> Floats:
    """P(down) at every place; `chance` has a row for each leaf of `diagram.leaves`, and a column
    for each scenario if it has columns."""
    up = diagram.up
    column = np.empty((up + 2 + diagram.size, *chance.shape[1:]))
    column[:up], column[up], column[up + 1] = chance, 0.0, 1.0
    for first, end in pairwise((0, *diagram.ranks)):
        high, low = column[diagram.if_down[first:end]], column[diagram.if_up[first:end]]
        high -= low
        high *= column[diagram.variable[first:end]]
        high += low
        column[up + 2 + first : up + 2 + end] = high
    return column


def probabilities(diagram: Diagram, matrix: Floats) -> Floats:
    """P(down) in each of many scenarios: rows are the leaves of `diagram.leaves`, columns the
    scenarios, in which leaves fail independently with those probabilities."""
    step = max(1, _HELD // (diagram.up + 2 + diagram.size))
    found = [
        values(diagram, np.ascontiguousarray(matrix[:, first : first + step]))[diagram.top]
        for first in range(0, matrix.shape[1], step)
    ]
    return np.concatenate(found) if found else np.zeros(0)


def importances(diagram: Diagram, chance: Floats) -> Floats:
    """Birnbaum's importance of every leaf of `diagram.leaves`: the derivative of P(down), by one
    sweep up and one back down, through modules as well (the chain rule)."""
    up, column = diagram.up, values(diagram, chance)
    reach = np.zeros(len(column))
    reach[diagram.top] = 1.0
    for first, end in reversed(list(pairwise((0, *diagram.ranks)))):
        asked, high, low = (
            diagram.variable[first:end],
            diagram.if_down[first:end],
            diagram.if_up[first:end],
        )
        here, p = reach[up + 2 + first : up + 2 + end], column[asked]
        np.add.at(reach, high, here * p)
        np.add.at(reach, low, here * (1.0 - p))
        np.add.at(reach, asked, here * (column[high] - column[low]))
    return reach[:up]


def cheapest(diagram: Diagram, weights: NDArray[Any], infinite: float) -> NDArray[Any]:
    """The least weight of a cut at every place, for integer or float weights of the leaves."""
    up = diagram.up
    column = np.empty(up + 2 + diagram.size, dtype=weights.dtype)
    column[:up], column[up], column[up + 1] = weights, infinite, 0
    for first, end in pairwise((0, *diagram.ranks)):
        through = column[diagram.if_down[first:end]] + column[diagram.variable[first:end]]
        np.minimum(through, column[diagram.if_up[first:end]], out=through)
        column[up + 2 + first : up + 2 + end] = through
    return column
