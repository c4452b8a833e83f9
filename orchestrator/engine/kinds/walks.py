"""Ways over what a service requires: each gives the value of the whole from those of its leaves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import comb, prod
from typing import Any, Final

from orchestrator.engine.kinds.algebras import Reading
from orchestrator.engine.kinds.requirement import Group, Leaf, Requirements, Whole
from orchestrator.engine.kinds.values import UNBOUNDED, Value
from orchestrator.errors import refuse

Known = Mapping[int, Value]
"""The values of leaves by number; one that is missing says nothing, so nothing can be said."""

Memory = dict[int, Any]
"""What nodes are worth that were come by before, with the same leaves."""

Walk = Callable[[Requirements, int, Known, Reading, Memory], Any]

SELECTIONS: Final = 512
"""So many ways to choose which redundant parts to restore are compared with few crews."""


def folded(graph: Requirements, top: int, known: Known, reading: Reading, found: Memory) -> Any:
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
    return found[top]


def pooled(graph: Requirements, top: int, known: Known, reading: Reading, _: Memory) -> Any:
    """All leaves together, each once: all of them needed, or not where anything is redundant."""
    assert reading.at_least is not None
    beneath = graph.beneath(top)
    leaves = [number for number, _ in graph.leaves(beneath)]
    if any(leaf not in known for leaf in leaves):
        return None
    redundant = any(map(graph.is_redundant, beneath)) and len(leaves) > 1
    return reading.at_least(1 if redundant else len(leaves), [known[leaf] for leaf in leaves])


# --- throughput ----------------------------------------------------------------------------------


def loaded(graph: Requirements, top: int, known: Known, reading: Reading, _: Memory) -> Any:
    """What carries so many calls per request, summed over all paths, carries the whole.

    A redundant group is carried by what its legs have for themselves; what a leg shares with
    anything else has to carry the most that any leg asks of it, whichever leg is taken.
    """
    beneath = graph.beneath(top)
    if any(leaf not in known for leaf, _ in graph.leaves(beneath)):
        return None
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
    return carried(_load(graph, top, loads), 1)


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

Legs = Mapping[int, tuple[int, ...]]
"""The legs of redundant groups that are restored; of a group not named, those back first."""


def restored(graph: Requirements, top: int, known: Known, _: Reading, _memory: Memory) -> Any:
    """The time until all that is needed is back, in the order of restoring.

    With crews enough the critical path; with one crew the sum of all work, with c the bound of
    Graham 1969, CP + (W - CP) / c, which no list of tasks in any order exceeds. Of redundant parts
    those are restored that give the shortest time. Crews are those of the covered service.
    """
    if any(leaf not in known for leaf, _ in graph.leaves(needed(graph, top, {}))):
        return None
    crews = crews_of(graph, top)
    if not crews:
        return _critical(graph, top, known, {})
    return min(
        _with_crews(graph, top, known, legs, crews) for legs in _selections(graph, top, known)
    )


def crews_of(graph: Requirements, top: int) -> int:
    """How many parts of a service may be restored at once; 0 for as many as there are."""
    node = graph.nodes[top]
    return graph.snapshot.services[node.service].crews if isinstance(node, Whole) else 0


def _with_crews(graph: Requirements, top: int, known: Known, legs: Legs, crews: int) -> Fraction:
    longest = _critical(graph, top, known, legs)
    work = sum(
        (_time(known[leaf]) for leaf, _ in graph.leaves(needed(graph, top, legs))), Fraction(0)
    )
    return min(UNBOUNDED, longest + (work - longest) / crews)


def _time(value: Value) -> Fraction:
    assert isinstance(value, Fraction)
    return value


def _selections(graph: Requirements, top: int, known: Known) -> Iterator[Legs]:
    groups = [number for number in needed(graph, top, {}) if graph.is_redundant(number)]
    ways = prod(comb(len(graph.parts(g)), _k(graph, g)) for g in groups)
    if ways > SELECTIONS:
        done = _done(graph, top, known, {})

        def back_first(part: int) -> tuple[Fraction, int]:
            return done[(part, True) if (part, True) in done else (part, False)], part

        yield {g: tuple(sorted(graph.parts(g), key=back_first)[: _k(graph, g)]) for g in groups}
        return
    choices = [itertools.combinations(graph.parts(g), _k(graph, g)) for g in groups]
    for chosen in itertools.product(*choices):
        yield dict(zip(groups, chosen, strict=True))


def _k(graph: Requirements, number: int) -> int:
    node = graph.nodes[number]
    assert isinstance(node, Group)
    return node.k


def _restoring(graph: Requirements, number: int, legs: Legs) -> tuple[int, ...]:
    """The nodes that are restored for a node, and before it."""
    node = graph.nodes[number]
    parts = legs.get(number, graph.parts(number))
    if isinstance(node, Whole) and node.after is not None:
        return (*parts, *map(graph.service, node.after))
    return parts


def needed(graph: Requirements, top: int, legs: Legs) -> list[int]:
    """All nodes that are restored for one."""
    seen, stack = {top}, [top]
    while stack:
        fresh = [one for one in _restoring(graph, stack.pop(), legs) if one not in seen]
        seen.update(fresh)
        stack.extend(fresh)
    return sorted(seen)


State = tuple[int, bool]
"""A node, and whether all that it requires has to be back too, or itself alone."""


def _critical(graph: Requirements, top: int, known: Known, legs: Legs) -> Fraction:
    return _done(graph, top, known, legs)[top, True]


def _done(graph: Requirements, top: int, known: Known, legs: Legs) -> dict[State, Fraction]:
    """When each node is back; without recursion, as chains may be long."""
    found: dict[State, Fraction] = {}
    begun: set[State] = set()
    stack: list[State] = [(top, True), (top, False)]
    while stack:
        state = stack[-1]
        before = _awaited(graph, state, legs)
        missing = [one for one in before if one not in found]
        if state in found or not missing:
            stack.pop()
            if state not in found:
                found[state] = _back(graph, state, known, legs, found)
        elif state in begun:
            raise refuse(
                "CYCLE",
                "services wait for one another to be restored",
                "break the cycle in `recoverAfter`",
            )
        else:
            begun.add(state)
            stack.extend(missing)
    return found


def _awaited(graph: Requirements, state: State, legs: Legs) -> list[State]:
    number, entirely = state
    node = graph.nodes[number]
    match node:
        case Leaf():
            return []
        case Group():
            return [(part, entirely) for part in legs.get(number, graph.parts(number))]
        case Whole():
            found = [] if node.own is None else [(node.own, False)]
            if node.requires is not None and (entirely or node.after is None):
                found.append((node.requires, entirely))
            if entirely:
                found.append((number, False))
            elif node.after is not None:
                found += [(graph.service(one), False) for one in node.after]
            return found


def _back(
    graph: Requirements, state: State, known: Known, legs: Legs, found: Mapping[State, Fraction]
) -> Fraction:
    number, entirely = state
    node = graph.nodes[number]
    match node:
        case Leaf():
            return _time(known[number])
        case Group():
            parts = sorted(found[part, entirely] for part in legs.get(number, graph.parts(number)))
            return parts[-1] if number in legs else parts[node.k - 1]
        case Whole():
            if entirely:
                alone = found[number, False]
                return alone if node.requires is None else max(alone, found[node.requires, True])
            own = Fraction(0) if node.own is None else found[node.own, False]
            if node.after is not None:
                before = [found[graph.service(one), False] for one in node.after]
            else:
                before = [] if node.requires is None else [found[node.requires, False]]
            return min(UNBOUNDED, own + max(before, default=Fraction(0)))


WALKS: Final[dict[str, Walk]] = {
    "folded": folded,
    "pooled": pooled,
    "loaded": loaded,
    "restored": restored,
}
