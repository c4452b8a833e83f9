"""Decision diagrams: exact answers about redundant, shared structure.

A diagram is the function "the module is down" over leaves that are down or not. It is monotone: a
leaf that fails never repairs the whole. A formula is simplified and cut into modules (`network`),
each compiled by itself (`compile`), and evaluated in one piece (`flat`, `sweeps`). Rauzy 1993;
Dutuit and Rauzy 1996.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from math import lcm
from typing import Any, Final, TypeVar

import numpy as np

from orchestrator.engine import network, sweeps
from orchestrator.engine.compile import BUDGETS, Budgets, Nodes, compiled
from orchestrator.engine.fallback import Hard
from orchestrator.engine.flat import Diagram, constant, stitched
from orchestrator.engine.formula import AtLeastDown, Formula, at_least_down
from orchestrator.engine.sweeps import probabilities
from orchestrator.errors import OrchestratorError, refuse

__all__ = [
    "AtLeastDown",
    "Diagram",
    "Formula",
    "Hard",
    "at_least_down",
    "attempt",
    "birnbaum",
    "build",
    "cheapest_cut",
    "is_down",
    "minimal_cuts",
    "probabilities",
    "probability",
    "too_complex",
    "try_build",
]

Exact = int | Fraction
Number = TypeVar("Number", Fraction, float)
Weight = TypeVar("Weight", Exact, float)

_SWEPT: Final = 100
"""From so many nodes on, sweeps over arrays are faster than one node after the other."""


# --- building ------------------------------------------------------------------------------------


_LESS: Final = 2
"""Once a module has turned out too hard, the others get only so many of the budgets."""


def attempt(formula: Formula | bool, budgets: Budgets = BUDGETS) -> Diagram | Hard:
    """The diagram of a formula; or, where in every order of the variables that was tried some
    module leads to one too large for its budget of nodes, what could be done of it."""
    if isinstance(formula, bool):
        return constant(formula)
    leaves, whole = network.interned(formula)
    if not isinstance(whole, bool):
        whole = network.simplified(whole)
    if isinstance(whole, bool):
        return constant(whole)
    modules = network.modules(whole)
    made: dict[int, Nodes] = {}
    # What is too hard is mostly the largest: that is found out first.
    for index in sorted(range(len(modules)), key=lambda i: -len(modules[i].network.gates)):
        nodes = compiled(modules[index].network, budgets)
        if nodes is None:
            budgets = budgets[:_LESS]
        else:
            made[index] = nodes
    if len(made) == len(modules):
        return stitched(leaves, modules, [made[i] for i in range(len(modules))])
    return Hard(leaves, modules, tuple(made.get(i) for i in range(len(modules))))


def try_build(formula: Formula | bool) -> Diagram | None:
    """The diagram of a formula; None where it is too complex for the budget."""
    found = attempt(formula)
    return found if isinstance(found, Diagram) else None


def build(formula: Formula | bool) -> Diagram:
    """The diagram of a formula; what is too complex for the budget is refused (TOO_COMPLEX)."""
    found = attempt(formula)
    if isinstance(found, Diagram):
        return found
    raise too_complex()


def too_complex() -> OrchestratorError:
    """The refusal of what cannot be computed exactly."""
    return refuse(
        "TOO_COMPLEX",
        "this redundancy cannot be computed exactly: in every order that was tried its decision "
        f"diagram has more than {BUDGETS[-1][0]:,} nodes",
        "agree on a commitment for a group of its parts, which makes the group one part",
    )


# --- asking --------------------------------------------------------------------------------------


def is_down(diagram: Diagram, down: AbstractSet[int]) -> bool:
    """Whether the module is down while exactly those leaves are."""
    return _is_down_from(diagram, diagram.top, down)


def _is_down_from(diagram: Diagram, place: int, down: AbstractSet[int]) -> bool:
    up = diagram.up
    known: dict[int, bool] = {up: False, up + 1: True}
    # What is being found out, and how far the way through it has come; a module before its reader.
    stack = [(place, place)]
    while stack:
        asked, at = stack.pop()
        if at in known:
            known[asked] = known[at]
            continue
        variable = int(diagram.variable[at - up - 2])
        if variable < up:
            state = diagram.leaves[variable] in down
        elif variable in known:
            state = known[variable]
        else:
            stack += [(asked, at), (variable, variable)]
            continue
        after = diagram.if_down if state else diagram.if_up
        stack.append((asked, int(after[at - up - 2])))
    return known[place]


def probability(diagram: Diagram, down: Callable[[int], Number], zero: Number) -> Number:
    """P(down) where leaves fail independently, each with its own probability."""
    chance = [down(leaf) for leaf in diagram.leaves]
    if _is_swept(diagram, zero):
        column = sweeps.values(diagram, np.array(chance, dtype=np.float64))
        return type(zero)(column[diagram.top])
    return _upwards(diagram, chance, zero)[diagram.top]


def _is_swept(diagram: Diagram, zero: object) -> bool:
    return isinstance(zero, float) and diagram.size >= _SWEPT


def _upwards(diagram: Diagram, chance: Sequence[Number], zero: Number) -> list[Number]:
    """P(down) at every place."""
    values = list(chance)
    values += [zero, zero + 1]
    for variable, if_down, if_up in diagram.triples:
        low = values[if_up]
        values.append(low + values[variable] * (values[if_down] - low))
    return values


def birnbaum(diagram: Diagram, down: Callable[[int], Number], zero: Number) -> dict[int, Number]:
    """Birnbaum's importance of every leaf, P(down | leaf down) - P(down | leaf up), from one
    forward and one reverse pass."""
    chance = [down(leaf) for leaf in diagram.leaves]
    if _is_swept(diagram, zero):
        found = sweeps.importances(diagram, np.array(chance, dtype=np.float64))
        return dict(zip(diagram.leaves, found.tolist(), strict=True))
    values = _upwards(diagram, chance, zero)
    reach = [zero] * len(values)
    reach[diagram.top] = zero + 1
    place = len(values)
    for variable, if_down, if_up in reversed(diagram.triples):
        place -= 1
        p, here = values[variable], reach[place]
        reach[if_down] += here * p
        reach[if_up] += here * (1 - p)
        reach[variable] += here * (values[if_down] - values[if_up])
    return dict(zip(diagram.leaves, reach, strict=False))


def cheapest_cut(
    diagram: Diagram, weight: Callable[[int], Weight]
) -> tuple[Weight, frozenset[int]] | None:
    """A cut of the least total weight, as a shortest path to "down", and minimal as a set; None
    where the module cannot fail. Weights are not negative."""
    weights = [weight(leaf) for leaf in diagram.leaves]
    cost = _costs(diagram, weights)
    if cost[diagram.top] >= cost[diagram.up]:
        return None
    cut: set[int] = set()
    stack = [diagram.top]
    total: Any = 0
    while stack:
        place = stack.pop()
        while place > diagram.up + 1:
            node = place - diagram.up - 2
            variable, if_down = int(diagram.variable[node]), int(diagram.if_down[node])
            place = int(diagram.if_up[node])
            if cost[place] <= cost[if_down] + cost[variable]:
                continue
            place = if_down
            if variable < diagram.up:
                cut.add(diagram.leaves[variable])
                total += weights[variable]
            else:
                stack.append(variable)
    for leaf in sorted(cut):
        if is_down(diagram, cut - {leaf}):
            cut.remove(leaf)
    return total, frozenset(cut)


_LARGEST: Final = 1 << 61
"""Whole numbers up to here are added up without overflow."""


def _costs(diagram: Diagram, weights: Sequence[Any]) -> Any:
    """The least weight of a cut at every place, in units of its own: fractions as whole multiples
    of what they have in common, where those are not too large. "Up" costs more than everything."""
    infinite = sum(weights) + 1
    if diagram.size >= _SWEPT:
        if isinstance(infinite, float):
            floats = np.array(weights, dtype=np.float64)
            return sweeps.cheapest(diagram, floats, infinite)
        unit = lcm(*(one.denominator for one in weights))
        if infinite * unit < _LARGEST:
            whole = np.array([int(one * unit) for one in weights], dtype=np.int64)
            return sweeps.cheapest(diagram, whole, int(infinite * unit))
    cost = [*weights, infinite, 0]
    for variable, if_down, if_up in diagram.triples:
        cost.append(min(cost[if_up], cost[if_down] + cost[variable]))
    return cost


def minimal_cuts(diagram: Diagram, order: int, limit: int) -> tuple[list[frozenset[int]], bool]:
    """The minimal cuts of at most `order` leaves, and whether those are all that were asked for
    (false once more than `limit` sets were met on the way)."""
    nothing: list[frozenset[int]] = []
    found = [[frozenset({leaf})] for leaf in diagram.leaves]
    found += [nothing, [frozenset()]]
    complete = True
    for variable, if_down, if_up in diagram.triples:
        here = dict.fromkeys(found[if_up])
        for cut in found[if_down]:
            # A cut of the one side is none of the whole if it brings down the other side as well.
            room = order - len(cut)
            if room <= 0 or _is_down_from(diagram, if_up, cut):
                continue
            here.update((cut | way, None) for way in found[variable] if len(way) <= room)
            if len(here) > limit:
                complete = False
                break
        found.append(sorted(here, key=_by_size)[:limit])
    return sorted(found[diagram.top], key=_by_size), complete


def _by_size(cut: frozenset[int]) -> tuple[int, list[int]]:
    return len(cut), sorted(cut)
