"""How likely some cut with a part is down: the importance of Fussell and Vesely (1975)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from orchestrator.engine import diagram
from orchestrator.engine.diagram import Diagram, Hard, at_least_down
from orchestrator.engine.estimate import NEARLY, Scene, leaf_levels
from orchestrator.engine.problem import Problem
from orchestrator.model.derivations import Number

LIMIT: Final = 2_000
"""The most cuts of one module that are looked at; of one with more, nothing is said."""


def cuts_down(data: Problem, scene: Scene, order: int) -> dict[int, Number]:
    """By group, how likely the rest of some minimal cut with one of its leaves is down, of the cuts
    up to an order: a leaf is down independently of what else its cuts hold."""
    part = data.parts[scene.part]
    found: dict[int, Number] = dict.fromkeys(part.series, Fraction(1))
    levels = leaf_levels(data, scene, NEARLY)
    for module in part.modules:
        if isinstance(module, Hard):
            continue
        cuts, complete = diagram.minimal_cuts(module, order, LIMIT)
        if not complete:
            continue
        rests: dict[int, list[frozenset[int]]] = {}
        for cut in cuts:
            for leaf in cut:
                rests.setdefault(leaf, []).append(cut - {leaf})
        for leaf, others in rests.items():
            found[part.group_of[leaf]] = _any_down(others, levels)
    return found


def _any_down(sets: list[frozenset[int]], levels: Mapping[int, float]) -> Number:
    """How likely all of some set is down."""
    alone = [at_least_down(len(one), sorted(one)) if one else True for one in sets]
    made = diagram.attempt(at_least_down(1, alone))
    if isinstance(made, Diagram):
        return diagram.probability(made, levels.__getitem__, 0.0)
    return sum(_all_down(one, levels) for one in sets)


def _all_down(one: frozenset[int], levels: Mapping[int, float]) -> float:
    product = 1.0
    for leaf in one:
        product *= levels[leaf]
    return product
