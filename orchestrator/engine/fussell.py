"""How likely some cut with a part is down: the importance of Fussell and Vesely (1975)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from orchestrator.engine import diagram
from orchestrator.engine.diagram import Diagram, Hard, at_least_down
from orchestrator.engine.problem import Problem
from orchestrator.engine.scenes import EXACT, NEARLY, Scene, leaf_levels
from orchestrator.model.derivations import Number

LIMIT: Final = 2_000
"""The most cuts of one module that are looked at; of one with more, nothing is said."""


def cuts_down(
    data: Problem, scene: Scene, order: int, *, exact: bool = False
) -> dict[int, Number | None]:
    """By group, how likely the rest of some minimal cut with one of its leaves is down, of the cuts
    up to an order: a leaf is down independently of what else its cuts hold. None where the cuts are
    too many."""
    part = data.parts[scene.part]
    found: dict[int, Number | None] = dict.fromkeys(part.series, Fraction(1))
    levels: Mapping[int, Number] = leaf_levels(data, scene, NEARLY)
    if exact:
        levels = leaf_levels(data, scene, EXACT)
    for module in part.modules:
        if isinstance(module, Hard):
            continue
        cuts, complete = diagram.minimal_cuts(module, order, LIMIT)
        if not complete:
            found |= dict.fromkeys(part.group_of[leaf] for leaf in module.leaves)
            continue
        for leaf, chance in rests_down(cuts, levels.__getitem__, exact=exact).items():
            found[part.group_of[leaf]] = chance
    return found


def rests_down(
    cuts: Iterable[frozenset[int]], levels: Callable[[int], Number], *, exact: bool = False
) -> dict[int, Number]:
    """By leaf, how likely the rest of some of the cuts with it is down; in fractions where `exact`
    and all levels are."""
    rests: dict[int, list[frozenset[int]]] = {}
    for cut in cuts:
        for leaf in cut:
            rests.setdefault(leaf, []).append(cut - {leaf})
    return {leaf: _any_down(others, levels, exact) for leaf, others in rests.items()}


def _any_down(
    sets: Sequence[frozenset[int]], levels: Callable[[int], Number], exact: bool
) -> Number:
    """How likely all of some set is down."""
    alone = [at_least_down(len(one), sorted(one)) if one else True for one in sets]
    made = diagram.attempt(at_least_down(1, alone))
    if isinstance(made, Diagram):
        if exact:
            return diagram.probability(made, lambda leaf: Fraction(levels(leaf)), Fraction(0))
        return diagram.probability(made, lambda leaf: float(levels(leaf)), 0.0)
    return sum(math.prod(map(levels, one)) for one in sets)
