"""What estimates are made of: the covered time in scenes, levels of leaves, P(down) of a module."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Generic

from orchestrator.engine import diagram
from orchestrator.engine.cells import Stretch, cells
from orchestrator.engine.components import Components, Gate, bits_of
from orchestrator.engine.diagram import Diagram, Hard
from orchestrator.engine.fallback import Figure, exactly, figure
from orchestrator.engine.intervals import intersect
from orchestrator.engine.problem import Problem


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


def gates_of(data: Problem, components: Components) -> Iterator[Gate]:
    """All redundant groups that some part of a problem stands on, nested ones included."""
    bits = 0
    for part in data.parts:
        bits |= components.beneath(part.ground.node)
    return (components.gates[gate] for gate in bits_of(bits))


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


def chance_of(
    module: Diagram | Hard,
    low: Mapping[int, diagram.Number],
    high: Mapping[int, diagram.Number],
    doubt: float,
    exact: Arithmetic[diagram.Number],
) -> Figure:
    """P(down) of a module whose leaves are each between two levels, the same if they are known."""
    if isinstance(module, Hard):
        return figure(module, lambda leaf: (float(low[leaf]), float(high[leaf])), doubt=doubt)
    most = diagram.probability(module, high.__getitem__, exact.zero)
    if low is high:
        return exactly(most)
    return Figure(most, diagram.probability(module, low.__getitem__, exact.zero), most, "sampled")
