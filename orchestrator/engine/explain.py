"""Where a figure comes from: bases, witness, shadow prices, importances, cuts. Opt-in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Final

from orchestrator.engine import diagram
from orchestrator.engine.components import Components, bits_of
from orchestrator.engine.diagram import Diagram, Hard
from orchestrator.engine.estimate import is_small, unavailability
from orchestrator.engine.floor import Floor, prices
from orchestrator.engine.fussell import cuts_down
from orchestrator.engine.prime import split
from orchestrator.engine.problem import Part, Problem
from orchestrator.engine.renegotiate import renegotiations
from orchestrator.engine.scenes import EXACT, NEARLY, Arithmetic, Scene, leaf_levels
from orchestrator.engine.subjects import Subject
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
    subject: Subject,
    data: Problem,
    found: Floor,
    covered: Sequence[Scene],
    components: Components,
    order: int,
    *,
    exact: bool = False,
) -> Explanation:
    """The explanation of one derivation; minimal cuts up to an order, and the figures that need
    them where some were asked for. With `exact` every figure is a fraction."""
    cuts, complete = _cuts(data, max(order, 1))
    ranges = prices(data, found)
    return Explanation(
        tuple(_basis(data)),
        tuple(_witness_by_set(data, found)),
        tuple(_shadow_prices(data, ranges)),
        tuple(_importance(data, covered, components, order, exact)),
        tuple(cut[0] for cut in cuts if len(cut) == 1),
        tuple(cut for cut in cuts if len(cut) <= order),
        complete,
        renegotiate=tuple(renegotiations(subject, data, found, ranges)),
    )


def _basis(data: Problem) -> Iterator[Basis]:
    found = {
        Basis(
            leaf.id,
            c.key.agreement,
            c.key.version,
            c.key.term,
            1 - term.target,
            hours=term.hours if c.term.windows else "",
        )
        for leaf in data.leaves_of(data.groups)
        for c in leaf.commitments
        for term in split(c.term)
        if isinstance(term.target, Fraction)
    }
    yield from sorted(found, key=lambda b: (b.leaf, b.agreement, b.version, b.term, b.hours))


# --- cuts ----------------------------------------------------------------------------------------


def _cuts(data: Problem, order: int) -> tuple[list[tuple[str, ...]], bool]:
    """The minimal cuts up to an order, the small ones first, and whether those are all."""
    found: set[tuple[str, ...]] = set()
    complete = True
    for part in data.parts:
        found.update((part.ground.leaf(i).id,) for i in bits_of(part.ground.node.leaves))
        for module in part.modules:
            if isinstance(module, Hard):
                complete = False
                continue
            cuts, whole = diagram.minimal_cuts(module, order, CUT_LIMIT)
            named = itertools.chain.from_iterable(_members(data, part, cut) for cut in cuts)
            found.update(itertools.islice(named, CUT_LIMIT))
            complete = complete and whole and next(named, None) is None
    return sorted(found, key=lambda cut: (len(cut), cut)), complete


def _members(data: Problem, part: Part, cut: frozenset[int]) -> Iterator[tuple[str, ...]]:
    """A cut of groups as cuts of leaves: any leaf of a group can stand for the others."""
    groups = [data.groups[part.group_of[leaf]] for leaf in sorted(cut)]
    names = [[part.ground.leaf(i).id for i in bits_of(group.leaves)] for group in groups]
    return (tuple(sorted(leaves)) for leaves in itertools.product(*names))


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


def _shadow_prices(
    data: Problem, ranges: Mapping[int, tuple[Fraction, Fraction]]
) -> list[ShadowPrice]:
    named = {
        data.leaf(number).id: ranges[index]
        for index, group in enumerate(data.groups)
        for number in bits_of(group.leaves)
    }
    return [ShadowPrice(leaf, low, high) for leaf, (low, high) in sorted(named.items())]


@dataclass(slots=True)
class _Weight:
    """What the importance of a group is made of, over scenes, by their lengths."""

    birnbaum: Number = Fraction(0)
    contribution: Number = Fraction(0)
    """B * u."""
    lost_while_down: Number = Fraction(0)
    lost_while_up: Number = Fraction(0)
    in_cuts: Number | None = Fraction(0)
    """None where the cuts are too many."""


def _importance(
    data: Problem, covered: Sequence[Scene], components: Components, order: int, exact: bool
) -> Iterator[Importance]:
    """Averaged over the covered time, by its length; nothing where a module is too complex."""
    if any(isinstance(m, Hard) for scene in covered for m in data.parts[scene.part].modules):
        return
    weights: dict[int, _Weight] = {}
    lost: Number = Fraction(0)
    length = sum(scene.length for scene in covered)
    for scene in covered:
        down = unavailability(data, scene, components, exact=exact)
        lost += scene.length * down
        cuts = cuts_down(data, scene, order, exact=exact) if order else {}
        for group, value in _birnbaum_of(data, scene, exact).items():
            one = weights.setdefault(group, _Weight())
            level = scene.unavailability.get(group, Fraction(0))
            one.birnbaum += scene.length * value
            one.contribution += scene.length * value * level
            # Multilinear: linear in each leaf's level alone.
            one.lost_while_down += scene.length * (down + value * (1 - level))
            one.lost_while_up += scene.length * (down - value * level)
            chance = cuts.get(group, Fraction(0))
            if chance is None or one.in_cuts is None:
                one.in_cuts = None
            else:
                one.in_cuts += scene.length * level * chance
    found = {}
    for group, one in weights.items():
        for number in bits_of(data.groups[group].leaves):
            leaf = data.leaf(number).id
            found[leaf] = Importance(
                leaf,
                one.birnbaum / length,
                one.contribution / lost if lost else Fraction(0),
                one.lost_while_down / lost if lost else None,
                lost / one.lost_while_up if one.lost_while_up > 0 else None,
                min(one.in_cuts / lost, Fraction(1))
                if order and lost and one.in_cuts is not None
                else None,
            )
    for leaf in sorted(found):
        yield found[leaf]


def _birnbaum_of(data: Problem, scene: Scene, exact: bool) -> Mapping[int, Number]:
    """Birnbaum's importance of a leaf of each group in one scene."""
    if exact or is_small(data, scene):
        return _birnbaum_in(data, scene, EXACT)
    return _birnbaum_in(data, scene, NEARLY)


def _birnbaum_in(
    data: Problem, scene: Scene, exact: Arithmetic[diagram.Number]
) -> dict[int, diagram.Number]:
    part, groups = data.parts[scene.part], data.groups
    level = leaf_levels(data, scene, exact)
    up = {
        group: 1 - exact.number(scene.unavailability.get(group, Fraction(0)))
        for group in part.groups
    }
    diagrams = [module for module in part.modules if isinstance(module, Diagram)]
    modules = [1 - diagram.probability(m, level.__getitem__, exact.zero) for m in diagrams]
    ups = [up[group] ** groups[group].size for group in part.series] + modules
    everything = prod(ups, start=exact.zero + 1)
    found = {
        group: _without(everything, ups, up[group] ** groups[group].size)
        * up[group] ** (groups[group].size - 1)
        for group in part.series
    }
    for module, here in zip(diagrams, modules, strict=True):
        elsewhere = _without(everything, ups, here)
        for leaf, value in diagram.birnbaum(module, level.__getitem__, exact.zero).items():
            group = part.group_of[leaf]
            # The others of its group must be up for a leaf to matter.
            found[group] = value * elsewhere * up[group] ** (groups[group].size - 1)
    return found


def _without(
    everything: diagram.Number, factors: Sequence[diagram.Number], one: diagram.Number
) -> diagram.Number:
    """A product without one of its factors, which may be zero."""
    if one:
        return everything / one
    left = list(factors)
    left.remove(one)
    return prod(left, start=one + 1)
