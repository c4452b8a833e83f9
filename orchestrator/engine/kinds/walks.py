"""Ways over what a service requires: each gives the value of the whole from those of its leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from orchestrator.engine.kinds.algebras import Reading
from orchestrator.engine.kinds.requirement import Group, Leaf, Requirements
from orchestrator.engine.kinds.restoring import least_time, needed
from orchestrator.engine.kinds.values import Value

Known = Mapping[int, Value]
"""The values of leaves by number; one that is missing says nothing, so nothing can be said."""

Memory = dict[int, Any]
"""What nodes are worth that were come by before, with the same leaves."""

Worth = tuple[Any, bool]
"""The value of the whole, and whether it is known to be reached, if its leaves are worth just what
is known of them and each is called from one place."""

Walk = Callable[[Requirements, int, Known, Reading, Memory], Worth]


def folded(graph: Requirements, top: int, known: Known, reading: Reading, found: Memory) -> Worth:
    """Node by node, each once however many paths lead to it."""
    assert reading.at_least is not None
    for number in graph.beneath(top, found):
        if number in found:
            continue
        node = graph.nodes[number]
        if isinstance(node, Leaf):
            found[number] = known.get(number)
            continue
        calls = graph.calls(number)
        parts = [
            found[part]
            if visits == 1 or found[part] is None
            else reading.visited(found[part], visits)
            for part, visits in calls
        ]
        k = node.k if isinstance(node, Group) else len(parts)
        found[number] = None if None in parts else reading.at_least(k, parts)
    return found[top], True


def pooled(graph: Requirements, top: int, known: Known, reading: Reading, _: Memory) -> Worth:
    """All leaves together, each once: all of them needed, or not where anything is redundant."""
    assert reading.at_least is not None
    beneath = graph.beneath(top)
    leaves = [number for number, _ in graph.leaves(beneath)]
    if any(leaf not in known for leaf in leaves):
        return None, True
    redundant = any(map(graph.is_redundant, beneath))
    k = 1 if redundant else len(leaves)
    return reading.at_least(k, [known[leaf] for leaf in leaves]), True


# --- throughput ----------------------------------------------------------------------------------


def loaded(graph: Requirements, top: int, known: Known, reading: Reading, _: Memory) -> Worth:
    """What carries so many calls per request, summed over all paths, carries the whole.

    A redundant group is carried by what its legs have for themselves; what a leg shares with
    anything else has to carry the most that any leg asks of it, whichever leg is taken.
    """
    beneath = graph.beneath(top)
    if any(leaf not in known for leaf, _ in graph.leaves(beneath)):
        return None, True
    assert reading.sequence is not None
    assert reading.at_least is not None
    paths = _paths(graph, top, beneath)
    groups: dict[int, Any] = {}
    """What each redundant group carries."""
    loads: dict[int, Load] = {}
    """What one call of it asks of itself, and of what its legs share."""

    def carried(load: Load, ways: int) -> Any:
        """What the parts carry to which all paths are these, so many, times those in the load."""
        assert reading.sequence is not None
        return reading.sequence(
            [
                reading.visited(groups[one] if one in groups else known[one], visits)
                for one, (visits, inner) in load.items()
                if inner * ways == paths[one]
            ]
        )

    for number in beneath:
        node = graph.nodes[number]
        if isinstance(node, Group) and graph.is_redundant(number):
            legs = [_times(_load(graph, part, loads), visits) for part, visits in node.calls]
            groups[number] = reading.at_least(node.k, [carried(leg, paths[number]) for leg in legs])
            shared: Load = {number: (Fraction(1), 1)}
            for leg in legs:
                for one, (visits, ways) in leg.items():
                    if ways * paths[number] != paths[one]:
                        most, others = shared.get(one, (Fraction(0), 0))
                        shared[one] = max(most, visits), others + ways
            loads[number] = shared
    return carried(_load(graph, top, loads), 1), True


Load = dict[int, tuple[Fraction, int]]
"""What one call of a node asks of leaves and redundant groups: how many calls, and by how many
paths."""


def _load(graph: Requirements, top: int, loads: Mapping[int, Load]) -> Load:
    """The calls of a node, down to leaves and redundant groups."""
    if top in loads:
        return loads[top]
    found: Load = {}
    calls: Load = {top: (Fraction(1), 1)}
    for number in reversed(graph.beneath(top, loads)):
        visits, ways = calls[number]
        if number in loads or isinstance(graph.nodes[number], Leaf):
            for one, (inner, paths) in loads.get(number, {number: (Fraction(1), 1)}).items():
                before, others = found.get(one, (Fraction(0), 0))
                found[one] = before + visits * inner, others + ways * paths
            continue
        for part, inner in graph.calls(number):
            before, others = calls.get(part, (Fraction(0), 0))
            calls[part] = before + visits * inner, others + ways
    return found


def _times(load: Load, visits: Fraction) -> Load:
    return {one: (calls * visits, ways) for one, (calls, ways) in load.items()}


def _paths(graph: Requirements, top: int, beneath: Sequence[int]) -> dict[int, int]:
    """How many paths lead to each node."""
    paths = dict.fromkeys(beneath, 0)
    paths[top] = 1
    for number in reversed(beneath):
        for part in graph.parts(number):
            paths[part] += paths[number]
    return paths


# --- restoring -----------------------------------------------------------------------------------


def restored(graph: Requirements, top: int, known: Known, _: Reading, _memory: Memory) -> Worth:
    """The time until all that is needed is back, in the order of restoring. Crews are those of the
    covered service."""
    if any(leaf not in known for leaf, _ in graph.leaves(needed(graph, top, {}))):
        return None, True
    return least_time(graph, top, known)


WALKS: Final[dict[str, Walk]] = {
    "folded": folded,
    "pooled": pooled,
    "loaded": loaded,
    "restored": restored,
}
