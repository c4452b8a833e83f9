"""Fault trees evaluated: with the same diagrams that estates are computed with.

Rauzy 1993 for the probability; importances from one reverse pass (Birnbaum 1969).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from orchestrator.engine import diagram
from orchestrator.engine.diagram import Diagram, Formula, Hard, at_least_down
from orchestrator.engine.fallback import figure
from orchestrator.engine.fussell import LIMIT as FUSSELL_LIMIT
from orchestrator.engine.fussell import rests_down
from orchestrator.model.faulttrees import Evaluation, EventImportance, FaultTree, Number

CUT_LIMIT: Final = 10_000
"""The most cut sets that are listed; beyond it the list says that it is not complete."""
_EXACT_WORK: Final = 20_000
"""Up to so many nodes times events the figures are computed in fractions and rounded once."""


def formula(tree: FaultTree) -> Formula | bool:
    """When the top event occurs, in the numbers of the basic events; true or false where constants
    decide it."""
    known: list[Formula | bool] = list(range(len(tree.events)))
    for gate in tree.gates:
        known.append(at_least_down(gate.k, [known[part] for part in gate.parts]))
    return known[tree.top]


def chance(formula: Formula | bool, levels: Sequence[Fraction]) -> Fraction:
    """P(down) of independent parts, by number; exact unless that is too much work."""
    made = diagram.build(formula)
    if _is_small(made):
        return diagram.probability(made, levels.__getitem__, Fraction(0))
    return Fraction(diagram.probability(made, lambda i: float(levels[i]), 0.0))


def _is_small(made: Diagram) -> bool:
    return made.size * len(made.leaves) <= _EXACT_WORK


def evaluate(
    tree: FaultTree, *, importance: bool = False, cuts: int = 0, exact: bool = False
) -> Evaluation:
    """The probability of the top event, of independent basic events; if asked for, the importance
    of each event and the minimal cuts of up to `cuts` events. Exact fractions where asked for.

    Where the decision diagram is too large to hold, the probability is bounded or sampled
    (`engine.fallback`), without importances and cuts; with `exact` such a tree is refused
    (TOO_COMPLEX).
    """
    made, top = diagram.attempt(formula(tree)), tree.name_of(tree.top)
    if isinstance(made, Hard):
        if exact:
            raise diagram.too_complex()
        floats = [float(one) for one in tree.probabilities]
        found = figure(made, lambda event: (floats[event], floats[event]))
        return Evaluation(tree.name, top, found.value, found.low, found.high, found.method)
    sets, complete = diagram.minimal_cuts(made, cuts, CUT_LIMIT) if cuts else ([], True)
    in_fractions = exact or _is_small(made)
    whole, weights = _evaluated(tree, made, importance, in_fractions)
    if importance and cuts and complete and len(sets) <= FUSSELL_LIMIT:
        weights = tuple(_with_cuts(tree, weights, whole, sets, in_fractions))
    return Evaluation(
        tree.name,
        top,
        whole,
        whole,
        whole,
        "exact",
        weights if importance else None,
        tuple(tuple(sorted(tree.events[event] for event in cut)) for cut in sets) if cuts else None,
        complete,
    )


def _with_cuts(
    tree: FaultTree,
    weights: Sequence[EventImportance],
    whole: Number,
    sets: Iterable[frozenset[int]],
    exact: bool,
) -> Iterator[EventImportance]:
    """The importance of Fussell and Vesely with the others."""
    rests = rests_down(sets, tree.probabilities.__getitem__, exact=exact)
    by_name = {tree.events[event]: chance for event, chance in rests.items()}
    for one in weights:
        inside = one.probability * by_name.get(one.event, Fraction(0))
        yield replace(one, fussell_vesely=min(inside / whole, Fraction(1)) if whole else None)


def _evaluated(
    tree: FaultTree, made: Diagram, importance: bool, in_fractions: bool
) -> tuple[Number, tuple[EventImportance, ...]]:
    if in_fractions:
        return _figures(tree, made, importance, tree.probabilities.__getitem__, Fraction(0))
    floats = [float(one) for one in tree.probabilities]
    return _figures(tree, made, importance, floats.__getitem__, 0.0)


def _figures(
    tree: FaultTree,
    made: Diagram,
    importance: bool,
    chance: Callable[[int], diagram.Number],
    zero: diagram.Number,
) -> tuple[Number, tuple[EventImportance, ...]]:
    whole = diagram.probability(made, chance, zero)
    if not importance:
        return whole, ()
    weights = diagram.birnbaum(made, chance, zero)

    def rows() -> Iterator[EventImportance]:
        for event, name in sorted(enumerate(tree.events), key=lambda one: one[1]):
            p, birnbaum = chance(event), weights.get(event, zero)
            # What is left without the event is a difference, which rounding may take below zero.
            without = max(whole - p * birnbaum, zero)
            yield EventImportance(
                name,
                p,
                birnbaum,
                birnbaum * p / whole if whole else zero,
                (whole + (1 - p) * birnbaum) / whole if whole else None,
                whole / without if without else None,
            )

    return whole, tuple(rows())
