"""How long it takes to restore what a service requires, in the order of restoring.

With crews enough that is the critical path; with one crew the sum of all work; with c crews the
bound of Graham 1969, CP + (W - CP) / c, which no list of tasks in any order exceeds. Of redundant
parts those are restored that give the least: a selection, sought by branch and bound.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.kinds.chances import ZERO
from orchestrator.engine.kinds.requirement import Group, Leaf, Requirements, Whole
from orchestrator.engine.kinds.values import UNBOUNDED, Value
from orchestrator.errors import refuse

Known = Mapping[int, Value]

Legs = Mapping[int, tuple[int, ...]]
"""The legs of redundant groups that are restored; of a group not named, those back first."""

STEPS: Final = 20_000
"""So many nodes are looked at to find the selection that takes least; what is found by then holds,
and need not be the least."""


def crews_of(graph: Requirements, top: int) -> int:
    """How many parts of a service may be restored at once; 0 for as many as there are."""
    node = graph.nodes[top]
    return graph.snapshot.services[node.service].crews if isinstance(node, Whole) else 0


def least_time(graph: Requirements, top: int, known: Known) -> tuple[Fraction, bool]:
    """The time, in microseconds, until all that is needed is back, by the selection that takes
    least; and whether some order of work takes that long for every selection."""
    quickest = critical(graph, top, known, {})
    crews = crews_of(graph, top)
    if not crews:
        return quickest, True
    search = _Search(graph, top, known, crews)
    found, proven = search.best()
    if found == quickest:
        return found, True
    return found, proven and crews == 1 and not search.waits_apart()


# --- what is restored, and when it is back -------------------------------------------------------


def needed(graph: Requirements, top: int, legs: Legs) -> list[int]:
    """All nodes that are restored for one."""
    seen, stack = {top}, [top]
    while stack:
        number = stack.pop()
        fresh = [one for one in _restoring(graph, number, legs.get(number)) if one not in seen]
        seen.update(fresh)
        stack.extend(fresh)
    return sorted(seen)


def _restoring(graph: Requirements, number: int, legs: tuple[int, ...] | None) -> tuple[int, ...]:
    """The nodes that are restored for a node, and before it."""
    node = graph.nodes[number]
    parts = graph.parts(number) if legs is None else legs
    if isinstance(node, Whole) and node.after is not None:
        return (*parts, *map(graph.service, node.after))
    return parts


def _time(value: Value) -> Fraction:
    assert isinstance(value, Fraction)
    return value


State = tuple[int, bool]
"""A node, and whether all that it requires has to be back too, or itself alone."""


def critical(graph: Requirements, top: int, known: Known, legs: Legs) -> Fraction:
    """When all of a node is back, were there crews enough; without recursion, as chains may be
    long."""
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
    return found[top, True]


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
            own = ZERO if node.own is None else found[node.own, False]
            if node.after is not None:
                before = [found[graph.service(one), False] for one in node.after]
            else:
                before = [] if node.requires is None else [found[node.requires, False]]
            return min(UNBOUNDED, own + max(before, default=ZERO))


# --- the selection that takes least --------------------------------------------------------------

Ruled = Mapping[int, tuple[frozenset[int], frozenset[int]]]
"""Of redundant groups the legs, by place, that are restored for certain, and that are not."""


UNRULED: Final = (frozenset[int](), frozenset[int]())


@dataclass(frozen=True, slots=True)
class Bounded:
    """A selection that fits what is ruled, and the least time that any such one can take."""

    least: Fraction
    legs: Legs
    undecided: tuple[int, int] | None
    """A group that is needed for certain, and the place of a leg of it that is not ruled on."""


class _Search:
    """Branch and bound over the legs of redundant groups; guards that no selection is passed over
    but for its bound or for want of steps."""

    def __init__(self, graph: Requirements, top: int, known: Known, crews: int) -> None:
        self.graph, self.top, self.known, self.crews = graph, top, known, crews
        self.nodes = needed(graph, top, {})
        self.steps = STEPS

    def best(self) -> tuple[Fraction, bool]:
        """The least time that was found, and whether no selection takes less."""
        best: Fraction | None = None
        stack: list[Ruled] = [{}]
        while stack:
            if best is not None and self.steps <= 0:
                return best, False
            ruled = stack.pop()
            bounded = self._bounded(ruled)
            if best is not None and bounded.least >= best:
                continue
            found = self._taken(bounded.legs)
            best = found if best is None else min(best, found)
            if bounded.least < best and bounded.undecided is not None:
                group, leg = bounded.undecided
                taken, left = ruled.get(group, (frozenset(), frozenset()))
                # the leg that the bound is made of is tried first
                stack.append({**ruled, group: (taken, left | {leg})})
                stack.append({**ruled, group: (taken | {leg}, left)})
        assert best is not None
        return best, True

    def waits_apart(self) -> bool:
        """Whether something waits for a service that is restored before what it requires: all of
        that is counted as work, although nothing may wait for it."""
        graph = self.graph
        return any(
            isinstance(node, Whole) and node.after is not None and node.requires is not None
            for waiting in map(graph.nodes.__getitem__, self.nodes)
            if isinstance(waiting, Whole) and waiting.after is not None
            for node in (graph.nodes[graph.service(one)] for one in waiting.after)
        )

    def _taken(self, legs: Legs) -> Fraction:
        """How long a selection takes."""
        restored = needed(self.graph, self.top, legs)
        work = sum((_time(self.known[one]) for one, _ in self.graph.leaves(restored)), ZERO)
        return self._in_all(work, legs)

    def _in_all(self, work: Fraction, legs: Legs) -> Fraction:
        longest = ZERO
        if self.crews > 1:
            longest = critical(self.graph, self.top, self.known, legs)
            self.steps -= len(self.nodes)
        return min(UNBOUNDED, longest + (work - longest) / self.crews)

    def _bounded(self, ruled: Ruled) -> Bounded:
        """What is needed for certain is counted whole. Of all else each node counts for each of
        those that may need it in equal parts, so that no selection is charged for a part twice."""
        self.steps -= len(self.nodes)
        certain, undecided = self._certain(ruled)
        costs = self._costs(certain, ruled)
        legs = {
            group: self._legs(group, self._cheapest(group, ruled, costs))
            for group in filter(self.graph.is_redundant, self.nodes)
        }
        work = sum((_time(self.known[leaf]) for leaf, _ in self.graph.leaves(certain)), ZERO)
        work += sum((costs.get(leg, ZERO) for group in undecided for leg in legs[group]), ZERO)
        decided = {
            group: legs[group] for group in certain if group in legs and group not in undecided
        }
        return Bounded(self._in_all(work, decided), legs, self._next(undecided, ruled, costs))

    def _next(
        self, undecided: Sequence[int], ruled: Ruled, costs: Mapping[int, Fraction]
    ) -> tuple[int, int] | None:
        for group in undecided:
            taken, _ = ruled.get(group, UNRULED)
            for place in self._cheapest(group, ruled, costs):
                if place not in taken:
                    return group, place
        return None

    def _certain(self, ruled: Ruled) -> tuple[list[int], list[int]]:
        """The nodes that every selection restores; the groups among them with legs to choose."""
        seen, stack, undecided = {self.top}, [self.top], []
        while stack:
            number = stack.pop()
            legs: tuple[int, ...] | None = None
            if self.graph.is_redundant(number):
                k, many = self._k(number), len(self.graph.parts(number))
                taken, left = ruled.get(number, UNRULED)
                if many - len(left) > k:
                    legs = self._legs(number, taken)
                    if len(taken) < k:
                        undecided.append(number)
                else:
                    legs = self._legs(number, [one for one in range(many) if one not in left])
            fresh = [one for one in _restoring(self.graph, number, legs) if one not in seen]
            seen.update(fresh)
            stack.extend(fresh)
        return sorted(seen), sorted(undecided)

    def _costs(self, certain: Collection[int], ruled: Ruled) -> dict[int, Fraction]:
        """What each node costs at least to each of those that may need it, besides what is needed
        for certain."""
        needing: dict[int, int] = {}
        for number in self.nodes:
            for part in _restoring(self.graph, number, None):
                needing[part] = needing.get(part, 0) + 1
        costs: dict[int, Fraction] = dict.fromkeys(certain, ZERO)
        for number in self._after_parts(certain):
            node = self.graph.nodes[number]
            if isinstance(node, Leaf):
                cost = _time(self.known[number])
            else:
                legs = None
                if self.graph.is_redundant(number):
                    legs = self._legs(number, self._cheapest(number, ruled, costs))
                # of services that wait for one another in a circle the last one is left out
                parts = _restoring(self.graph, number, legs)
                cost = sum((costs.get(one, ZERO) for one in parts), ZERO)
            costs[number] = cost / needing[number]
        return costs

    def _after_parts(self, certain: Collection[int]) -> Iterator[int]:
        """The nodes that are not needed for certain, each after what is restored for it."""
        done, begun = set(certain), set(certain)
        for first in self.nodes:
            stack = [first]
            while stack:
                number = stack[-1]
                if number not in begun:
                    begun.add(number)
                    following = _restoring(self.graph, number, None)
                    stack.extend(one for one in following if one not in begun)
                    continue
                stack.pop()
                if number not in done:
                    done.add(number)
                    yield number

    def _cheapest(self, group: int, ruled: Ruled, costs: Mapping[int, Fraction]) -> list[int]:
        """The places of the legs that are ruled on, and of those that cost least."""
        taken, left = ruled.get(group, UNRULED)
        parts = self.graph.parts(group)
        others = sorted(
            (one for one in range(len(parts)) if one not in taken and one not in left),
            key=lambda one: (costs.get(parts[one], ZERO), parts[one]),
        )
        return [*sorted(taken), *others][: self._k(group)]

    def _legs(self, group: int, places: Iterable[int]) -> tuple[int, ...]:
        parts = self.graph.parts(group)
        return tuple(parts[place] for place in sorted(places))

    def _k(self, group: int) -> int:
        node = self.graph.nodes[group]
        assert isinstance(node, Group)
        return node.k
