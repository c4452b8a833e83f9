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
from typing import Final, Generic

from orchestrator.engine import diagram
from orchestrator.engine.cells import Stretch, cells
from orchestrator.engine.components import Bits, Components, Gate, Node, bits_of
from orchestrator.engine.diagram import Diagram, Formula, at_least_down
from orchestrator.engine.intervals import intersect, total
from orchestrator.engine.problem import Problem
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

    def down(scene: Scene) -> Number:
        if exact or is_small(data, scene):
            return _exactly(data, scene, _modules(data, scene, components, True, EXACT))
        return _nearly(data, scene, _modules(data, scene, components, True, NEARLY))

    return _averaged(data, found, down)


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
    dependent = any(gate.same for gate in _gates(data, components))
    part = data.parts[scene.part]
    if exact or is_small(data, scene):
        if dependent:
            return _exactly(data, scene, _modules(data, scene, components, False, EXACT))
        levels = leaf_levels(data, scene, EXACT)
        return _exactly(data, scene, [_down(module, levels, EXACT) for module in part.modules])
    if dependent:
        return _nearly(data, scene, _modules(data, scene, components, False, NEARLY))
    floats = leaf_levels(data, scene, NEARLY)
    return _nearly(data, scene, [_down(module, floats, NEARLY) for module in part.modules])


def is_small(data: Problem, scene: Scene) -> bool:
    """Whether a scene is computed in fractions."""
    return sum(data.groups[group].size for group in scene.unavailability) <= EXACT_LEAVES


@dataclass(frozen=True, slots=True)
class Arithmetic(Generic[diagram.Number]):
    """Numbers to compute with. `any_of` is P(down) of so many independent parts in series."""

    number: Callable[[Fraction], diagram.Number]
    any_of: Callable[[Fraction, int], diagram.Number]
    zero: diagram.Number


def _any_of_exactly(level: Fraction, many: int) -> Fraction:
    return 1 - (1 - level) ** many


def _any_of_nearly(level: Fraction, many: int) -> float:
    return -math.expm1(many * math.log1p(-float(level))) if level < 1 else 1.0


EXACT: Final = Arithmetic(Fraction, _any_of_exactly, Fraction(0))
NEARLY: Final = Arithmetic(float, _any_of_nearly, 0.0)


def leaf_levels(
    data: Problem, scene: Scene, exact: Arithmetic[diagram.Number]
) -> dict[int, diagram.Number]:
    """P(down) of what each leaf of the modules' diagrams stands for; groups that do not matter
    never fail."""
    part = data.parts[scene.part]
    return {
        leaf: exact.any_of(scene.unavailability.get(group, Fraction(0)), data.groups[group].size)
        for leaf, group in part.group_of.items()
    }


def _down(
    module: Diagram, levels: Mapping[int, diagram.Number], exact: Arithmetic[diagram.Number]
) -> diagram.Number:
    return diagram.probability(module, levels.__getitem__, exact.zero)


def _series(data: Problem, scene: Scene) -> list[tuple[int, Fraction]]:
    """The groups in series, as (how many, unavailability of each)."""
    series = data.parts[scene.part].series
    return [(data.groups[group].size, scene.unavailability[group]) for group in series]


def _exactly(data: Problem, scene: Scene, modules: Iterable[Fraction]) -> Fraction:
    """Unavailability of the series and independent modules together."""
    up = Fraction(1)
    for many, down in (*_series(data, scene), *((1, down) for down in modules)):
        up *= (1 - down) ** many
    return 1 - up


def _nearly(data: Problem, scene: Scene, modules: Sequence[float]) -> float:
    """The same in floats, without losing what is small."""
    series = _series(data, scene)
    if any(down >= 1 for _, down in series) or any(down >= 1 for down in modules):
        return 1.0
    exponents = [many * math.log1p(-float(down)) for many, down in series]
    return -math.expm1(math.fsum([*exponents, *(math.log1p(-down) for down in modules)]))


# --- common causes -------------------------------------------------------------------------------


def _modules(
    data: Problem,
    scene: Scene,
    components: Components,
    declared: bool,
    exact: Arithmetic[diagram.Number],
) -> list[diagram.Number]:
    """P(down) of each module, where common causes are leaves of their own.

    A group with a beta also fails as a whole: u_cc = beta * min u_i, and each leg keeps its
    marginal u_i: it fails by itself with u_i', where 1 - u_i = (1 - u_cc)(1 - u_i'). A leg that is
    itself a structure is thinned by an independent chance of healing, u_i'/u_i, which keeps its
    marginal and what it shares with others. A component under several budgets fails within the
    least of those that are shared, and then by so much that it keeps to its own.
    """
    part, zero = data.parts[scene.part], exact.zero
    level = leaf_levels(data, scene, exact)
    free: Bits = sum(1 << leaf for leaf in level)
    gates: dict[int, Formula | bool] = {}
    unused = itertools.count(components.leaf_count)

    def chance(formula: Formula | bool) -> diagram.Number:
        return diagram.probability(diagram.build(formula), lambda i: level.get(i, zero), zero)

    def cause(probability: diagram.Number) -> Formula:
        level[fresh := next(unused)] = probability
        return fresh

    def down(node: Node) -> Formula | bool:
        found: list[Formula | bool] = [*bits_of(node.leaves & free)]
        return at_least_down(1, [*found, *(gates[gate] for gate in bits_of(node.gates))])

    def thinned(beta: Fraction, legs: Sequence[Formula | bool]) -> list[Formula | bool]:
        marginals = [chance(leg) for leg in legs]
        common = exact.number(beta) * min(marginals)
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
