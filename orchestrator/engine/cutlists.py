"""The minimal cuts of one gate listed, where they are few; as bit sets, many at a time."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from orchestrator.engine.collapse import Collapsed, Cut, Item

_WIDTH: Final = 64
"""Bits of a word: a gate of more parts is not listed."""
_PRODUCT: Final = 20_000
"""Sets that are looked at on the way for one gate."""
_BLOCK: Final = 512

Sets = NDArray[np.uint64]


def gates_of(found: Collapsed, gate: int) -> list[int]:
    """A gate with those it is made of, each after those that it is made of itself."""
    seen, stack = {gate}, [gate]
    while stack:
        for leg in found.gates[stack.pop()].legs:
            inner = {-1 - item for item in leg if item < 0} - seen
            seen |= inner
            stack.extend(inner)
    return sorted(seen)


def cuts(found: Collapsed, gate: int, limit: int) -> list[Cut] | None:
    """The minimal cuts of a gate; None where they are more than a limit, or too many sets would
    have to be looked at to tell."""
    inside = gates_of(found, gate)
    shared: Counter[int] = Counter(
        item for one in inside for leg in found.gates[one].legs for item in leg
    )
    numbers: dict[Item, int] = {}
    shapes = []
    for at, one in enumerate(inside):
        legs = [sorted(leg, key=lambda item: (shared[item], item)) for leg in found.gates[one].legs]
        for item in itertools.chain.from_iterable(legs):
            if item >= 0:
                numbers.setdefault(item, len(numbers) - at)
        numbered = (tuple(numbers[item] for item in leg) for leg in legs)
        shapes.append((found.gates[one].down, tuple(numbered)))
        numbers[-1 - one] = -1 - at
    parts = [item for item in numbers if item >= 0]
    if len(parts) > _WIDTH:
        return None
    made = _listed(tuple(shapes), limit)
    return None if made is None else [frozenset(parts[bit] for bit in cut) for cut in made]


Shape = tuple[int, tuple[tuple[int, ...], ...]]
"""A gate with its parts numbered as they come, and those before it as -1, -2, ..."""


@lru_cache(maxsize=4096)
def _listed(shapes: tuple[Shape, ...], limit: int) -> list[tuple[int, ...]] | None:
    """The minimal cuts of the last gate; remembered, as gates of one shape are many."""
    known: dict[int, Sets] = {}
    for at, (down, legs) in enumerate(shapes):
        for item in itertools.chain.from_iterable(legs):
            if item >= 0:
                known[item] = np.array([1 << item], np.uint64)
        made = _cuts_of(down, legs, known)
        if made is None:
            return None
        known[-1 - at] = made
    last = known[-len(shapes)]
    if len(last) > limit:
        return None
    return [
        tuple(bit for bit in range(cut.bit_length()) if cut >> bit & 1) for cut in last.tolist()
    ]


def _cuts_of(
    down: int, legs: tuple[tuple[int, ...], ...], known: Mapping[int, Sets]
) -> Sets | None:
    sets_of = [minimal(np.concatenate([known[item] for item in leg])) for leg in legs]
    chosen = list(itertools.combinations(sets_of, down))
    if sum(math.prod(map(len, some)) for some in chosen) > _PRODUCT:
        return None
    made: list[Any] = []
    for some in chosen:
        sets = some[0]
        for leg in some[1:]:
            sets = minimal((sets[:, None] | leg[None, :]).ravel())
        made.append(sets)
    return minimal(np.concatenate(made))


def minimal(sets: Sets) -> Sets:
    """Bit sets without those that hold another one, the smallest first."""
    sets = np.unique(sets)
    sets = sets[np.argsort(np.bitwise_count(sets), kind="stable")]
    kept = sets[:0]
    for start in range(0, len(sets), _BLOCK):
        block = sets[start : start + _BLOCK]
        # What holds a smaller one of an earlier block goes first, then of the same one.
        block = block[~_holds(block, kept)]
        inside = (block[:, None] & block[None, :]) == block[None, :]
        np.fill_diagonal(inside, val=False)
        kept = np.concatenate([kept, block[~inside.any(axis=1)]])
    return kept


def _holds(sets: Sets, others: Sets) -> NDArray[np.bool_]:
    """Which sets hold one of the others."""
    if not len(others):
        return np.zeros(len(sets), np.bool_)
    found: NDArray[np.bool_] = ((sets[:, None] & others[None, :]) == others[None, :]).any(axis=1)
    return found
