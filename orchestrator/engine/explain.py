"""Where a figure comes from: bases, witness, shadow prices, importances, cuts. Opt-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Final

from orchestrator.engine import diagram
from orchestrator.engine.components import Components, bits_of
from orchestrator.engine.estimate import Scene, is_small, leaf_levels, unavailability
from orchestrator.engine.floor import Floor, prices
from orchestrator.engine.problem import Problem
from orchestrator.engine.witness import schedule, witness
from orchestrator.model.derivations import (
    Basis,
    Explanation,
    Importance,
    Number,
    ShadowPrice,
    WitnessOutage,
)

__all__ = ["explain", "schedule", "witness"]

CUT_LIMIT: Final = 10_000
"""The most cut sets that are listed; beyond it the list says that it is not complete."""


def explain(
    data: Problem, found: Floor, covered: Sequence[Scene], components: Components, order: int
) -> Explanation:
    """The explanation of one derivation; minimal cuts up to an order."""
    cuts, complete = _cuts(data, max(order, 1))
    return Explanation(
        tuple(_basis(data)),
        tuple(_witness_by_set(data, found)),
        tuple(_shadow_prices(data, found)),
        tuple(_importance(data, covered, components)),
        tuple(cut[0] for cut in cuts if len(cut) == 1),
        tuple(cut for cut in cuts if len(cut) <= order),
        complete,
    )


def _basis(data: Problem) -> Iterator[Basis]:
    found = {
        Basis(leaf.id, c.key.agreement, c.key.version, c.key.term, 1 - c.term.target)
        for leaf in data.leaves_of(data.groups)
        for c in leaf.commitments
        if isinstance(c.term.target, Fraction)
    }
    yield from sorted(found, key=lambda b: (b.leaf, b.agreement, b.version, b.term))


# --- cuts ----------------------------------------------------------------------------------------


def _cuts(data: Problem, order: int) -> tuple[list[tuple[str, ...]], bool]:
    """The minimal cuts up to an order, the small ones first, and whether those are all."""
    found: set[tuple[str, ...]] = set()
    complete = True
    for part in data.parts:
        found.update((part.ground.leaf(i).id,) for i in bits_of(part.ground.node.leaves))
        for module in part.modules:
            cuts, whole = diagram.minimal_cuts(module, order, CUT_LIMIT)
            complete = complete and whole
            found.update(tuple(sorted(part.ground.leaf(i).id for i in cut)) for cut in cuts)
    return sorted(found, key=lambda cut: (len(cut), cut)), complete


# --- the witness ---------------------------------------------------------------------------------


def _witness_by_set(data: Problem, found: Floor) -> Iterator[WitnessOutage]:
    """The witness by what is down, its time shared evenly among leaves that are alike."""
    amounts: dict[tuple[str, ...], Fraction] = {}
    for _, leaves, amount in witness(data, found):
        down = tuple(sorted(leaf.id for leaf in leaves))
        amounts[down] = amounts.get(down, Fraction(0)) + amount
    for down, amount in sorted(amounts.items()):
        yield WitnessOutage(down, amount / found.hours)


# --- prices and importance -----------------------------------------------------------------------


def _shadow_prices(data: Problem, found: Floor) -> list[ShadowPrice]:
    ranges = prices(data, found)
    named = {
        data.leaf(number).id: ranges[index]
        for index, group in enumerate(data.groups)
        for number in bits_of(group.leaves)
    }
    return [ShadowPrice(leaf, low, high) for leaf, (low, high) in sorted(named.items())]


def _importance(
    data: Problem, covered: Sequence[Scene], components: Components
) -> Iterator[Importance]:
    """Averaged over the covered time, by its length."""
    birnbaum: dict[int, Number] = {}
    contribution: dict[int, Number] = {}
    lost: Number = Fraction(0)
    length = sum(scene.length for scene in covered)
    for scene in covered:
        lost += scene.length * unavailability(data, scene, components)
        for group, value in _birnbaum_of(data, scene).items():
            here = value * scene.length
            level = scene.unavailability.get(group, Fraction(0))
            birnbaum[group] = birnbaum.get(group, Fraction(0)) + here
            contribution[group] = contribution.get(group, Fraction(0)) + here * level
    found = {
        data.leaf(number).id: Importance(
            data.leaf(number).id,
            birnbaum[group] / length,
            contribution[group] / lost if lost else Fraction(0),
        )
        for group in birnbaum
        for number in bits_of(data.groups[group].leaves)
    }
    for leaf in sorted(found):
        yield found[leaf]


def _birnbaum_of(data: Problem, scene: Scene) -> Mapping[int, Number]:
    """Birnbaum's importance of a leaf of each group in one scene."""
    if is_small(data, scene):
        return _birnbaum_in(data, scene, Fraction, Fraction(0))
    return _birnbaum_in(data, scene, float, 0.0)


def _birnbaum_in(
    data: Problem,
    scene: Scene,
    number: Callable[[Fraction], diagram.Number],
    zero: diagram.Number,
) -> dict[int, diagram.Number]:
    part = data.parts[scene.part]
    level = {leaf: number(u) for leaf, u in leaf_levels(part, scene).items()}
    up = {group: 1 - number(scene.unavailability[group]) for group in part.series}
    modules = [1 - diagram.probability(m, level.__getitem__, zero) for m in part.modules]
    ups = [up[group] for group in part.series for _ in range(data.groups[group].size)] + modules
    found = {group: _others(ups, up[group]) for group in part.series}
    for module, here in zip(part.modules, modules, strict=True):
        elsewhere = _others(ups, here)
        for leaf, value in diagram.birnbaum(module, level.__getitem__, zero).items():
            found[part.group_of[leaf]] = value * elsewhere
    return found


def _others(values: Sequence[diagram.Number], own: diagram.Number) -> diagram.Number:
    """The product of all but one factor; that one may be zero."""
    left = list(values)
    left.remove(own)
    return prod(left, start=own * 0 + 1)
