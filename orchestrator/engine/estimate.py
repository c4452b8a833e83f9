"""The independent figure, and the one with declared common causes.

Parts fail independently, each exactly at its committed level: exact under sharing, by factoring
out what stands in series and evaluating the diagrams of the modules that remain (Dutuit and Rauzy
1996). Computed on the unavailability side, where digits are not lost.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine import diagram
from orchestrator.engine.cells import Stretch, cells
from orchestrator.engine.components import Components, Gate, Node, bits_of
from orchestrator.engine.diagram import Formula, at_least_down
from orchestrator.engine.intervals import intersect, total
from orchestrator.engine.problem import Part, Problem
from orchestrator.model.derivations import Number

EXACT_LEAVES: Final = 64
"""Up to so many leaves the figure is computed in fractions and rounded once."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Availability over the covered part of the window; None where nothing is covered."""

    availability: Number | None
    covered_share: Fraction


@dataclass(frozen=True, slots=True)
class Scene:
    """Covered time in which the same levels hold: of a part, and of each group that matters."""

    part: int
    length: int
    unavailability: Mapping[int, Fraction]


def scenes(data: Problem) -> list[Scene]:
    """The covered time: stretches in which every leaf that matters has some promise."""
    found: Counter[tuple[int, tuple[tuple[int, Fraction], ...]]] = Counter()
    for index, part in enumerate(data.parts):
        relevant = {part.group_of[leaf] for module in part.modules for leaf in module.relevant}
        matter = sorted(relevant | set(part.series))
        promises = {number: data.promises[number] for number in data.promises_of(index)}
        window = intersect(data.window, part.intervals)
        for stretch in cells(window, promises, data.period, data.hours, {}):
            levels = [(group, _level(data, index, group, stretch)) for group in matter]
            known = tuple((group, level) for group, level in levels if level is not None)
            if len(known) == len(levels):
                found[index, known] += stretch.length
    return [Scene(part, length, dict(levels)) for (part, levels), length in found.items()]


def _level(data: Problem, part: int, group: int, stretch: Stretch) -> Fraction | None:
    """The least unavailability promised in a stretch, goals and best efforts included."""
    promises = data.groups[group].promises[part]
    levels = (data.promises[p].unavailability for p in promises if p in stretch.labels)
    return min(levels, default=None)


def independent(
    data: Problem, found: Sequence[Scene], components: Components, *, exact: bool = False
) -> Estimate:
    """The independent figure over all scenes."""
    return _averaged(
        data, found, lambda scene: unavailability(data, scene, components, exact=exact)
    )


def common_cause(
    data: Problem, found: Sequence[Scene], components: Components, *, exact: bool = False
) -> Estimate | None:
    """The figure with the common-cause share declared on redundant groups; None without one."""
    if all(gate.beta is None for gate in _gates(data, components)):
        return None
    return _averaged(
        data,
        found,
        lambda scene: _dependent(data, scene, components, declared=True, exact=exact),
    )


def _gates(data: Problem, components: Components) -> Iterator[Gate]:
    bits = 0
    for part in data.parts:
        bits |= components.beneath(part.ground.node)
    return (components.gates[gate] for gate in bits_of(bits))


def _averaged(data: Problem, found: Sequence[Scene], down: Callable[[Scene], Number]) -> Estimate:
    covered = sum(scene.length for scene in found)
    if not covered:
        return Estimate(None, Fraction(0))
    lost = sum(scene.length * down(scene) for scene in found)
    return Estimate(1 - lost / covered, Fraction(covered, total(data.window)))


def unavailability(
    data: Problem, scene: Scene, components: Components, *, exact: bool = False
) -> Number:
    """P(down) in one scene, of independent leaves."""
    if any(gate.same for gate in _gates(data, components)):
        return _dependent(data, scene, components, declared=False, exact=exact)
    part = data.parts[scene.part]
    if exact or is_small(data, scene):
        down = module_unavailability(part, scene, Fraction, Fraction(0))
        return _exactly(_with_series(data, scene, down))
    floats = module_unavailability(part, scene, float, 0.0)
    return _nearly(_with_series(data, scene, floats))


def is_small(data: Problem, scene: Scene) -> bool:
    """Whether a scene is computed in fractions."""
    return sum(data.groups[group].size for group in scene.unavailability) <= EXACT_LEAVES


def module_unavailability(
    part: Part, scene: Scene, number: Callable[[Fraction], diagram.Number], zero: diagram.Number
) -> list[diagram.Number]:
    """P(down) of each module of a part."""
    level = leaf_levels(part, scene)
    return [
        diagram.probability(module, lambda leaf: number(level[leaf]), zero)
        for module in part.modules
    ]


def leaf_levels(part: Part, scene: Scene) -> dict[int, Fraction]:
    """The level of each leaf of the modules; leaves that do not matter never fail."""
    return {
        leaf: scene.unavailability.get(group, Fraction(0)) for leaf, group in part.group_of.items()
    }


def _with_series(data: Problem, scene: Scene, down: Iterable[Number]) -> list[tuple[int, Number]]:
    """Independent parts in series, as (how many, unavailability of each)."""
    series = data.parts[scene.part].series
    found = [(data.groups[group].size, scene.unavailability[group]) for group in series]
    return [*found, *((1, one) for one in down)]


def _exactly(parts: Iterable[tuple[int, Number]]) -> Number:
    """Unavailability of independent parts in series."""
    up: Number = Fraction(1)
    for many, down in parts:
        up *= (1 - down) ** many
    return 1 - up


def _nearly(parts: Sequence[tuple[int, Number]]) -> float:
    """The same in floats, without losing what is small."""
    if any(down >= 1 for _, down in parts):
        return 1.0
    return -math.expm1(sum(many * math.log1p(-float(down)) for many, down in parts))


# --- common causes -------------------------------------------------------------------------------


def _dependent(
    data: Problem, scene: Scene, components: Components, *, declared: bool, exact: bool
) -> Number:
    """P(down) where some parts do not fail independently; with `declared` also as groups say."""
    part = data.parts[scene.part]
    if exact or is_small(data, scene):
        down = _modules(part, scene, components, declared, Fraction, Fraction(0))
        return _exactly(_with_series(data, scene, down))
    floats = _modules(part, scene, components, declared, float, 0.0)
    return _nearly(_with_series(data, scene, floats))


def _modules(
    part: Part,
    scene: Scene,
    components: Components,
    declared: bool,
    number: Callable[[Fraction], diagram.Number],
    zero: diagram.Number,
) -> list[diagram.Number]:
    """P(down) of each module, where common causes are leaves of their own.

    A group with a beta also fails as a whole: u_cc = beta * min u_i, and each leg keeps its
    marginal u_i: it fails by itself with u_i', where 1 - u_i = (1 - u_cc)(1 - u_i'). A leg that is
    itself a structure is thinned by an independent chance of healing, u_i'/u_i, which keeps its
    marginal and what it shares with others. A component under several budgets fails within the
    least of those that are shared, and then by so much that it keeps to its own.
    """
    level = {leaf: number(u) for leaf, u in leaf_levels(part, scene).items()}
    gates: dict[int, Formula | bool] = {}
    unused = itertools.count(components.leaf_count)

    def chance(formula: Formula | bool) -> diagram.Number:
        return diagram.probability(diagram.build(formula), lambda i: level.get(i, zero), zero)

    def cause(probability: diagram.Number) -> Formula:
        level[fresh := next(unused)] = probability
        return fresh

    def down(node: Node) -> Formula | bool:
        found: list[Formula | bool] = [*bits_of(node.leaves & ~part.ground.node.leaves)]
        return at_least_down(1, [*found, *(gates[gate] for gate in bits_of(node.gates))])

    def thinned(beta: Fraction, legs: Sequence[Formula | bool]) -> list[Formula | bool]:
        marginals = [chance(leg) for leg in legs]
        common = number(beta) * min(marginals)
        shared = cause(common)
        made = []
        for leg, marginal in zip(legs, marginals, strict=True):
            alone = 1 - (1 - marginal) / (1 - common) if common < 1 else zero + 1
            lasting = cause(alone / marginal if marginal else zero)
            made.append(at_least_down(1, [shared, at_least_down(2, [leg, lasting])]))
        return made

    def carried(gate: Gate) -> Formula | bool:
        """The shared budget with the least level, thinned to the least level of all."""
        found = {leaf: chance(leaf) for leg in gate.parts for leaf in bits_of(leg.leaves)}
        shared = [leaf for leaf in found if part.ground.leaf(leaf).joint]
        carrier = min(shared, key=lambda leaf: (found[leaf], leaf))
        least, most = min(found.values()), found[carrier]
        return at_least_down(2, [carrier, cause(least / most if most else zero)])

    for index in bits_of(components.beneath(part.ground.node)):
        gate = components.gates[index]
        legs: Sequence[Formula | bool] = [down(leg) for leg in gate.parts]
        if gate.same:
            gates[index] = carried(gate) if False not in legs else False
            continue
        if declared and gate.beta is not None:
            legs = thinned(gate.beta, legs)
        gates[index] = at_least_down(gate.cut, legs)
    return [chance(down(Node(gates=module))) for module in components.modules(part.ground.node)]
