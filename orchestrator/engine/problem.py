"""The data of a floor and of an estimate: leaves in groups, structures in terms of groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.engine.components import Bits, bits_from, bits_of, lowest
from orchestrator.engine.diagram import Diagram, Hard
from orchestrator.engine.intervals import Intervals
from orchestrator.engine.promises import Hours, Promise
from orchestrator.engine.structure import Leaf
from orchestrator.engine.underpinning import Ground, Promises, Underpinning
from orchestrator.model.values import Span


@dataclass(frozen=True, slots=True)
class Group:
    """Leaves alike in what is promised of them and in where they stand, part by part.

    In any cut one of them can stand for another, so that together they have exactly the budget of
    one, times their number, and a diagram and a programme need one variable for all of them: the
    `first`. `promises` has an entry for each part, empty where they do not occur.
    """

    leaves: Bits
    promises: tuple[Promises, ...]
    size: int = field(init=False, compare=False)
    first: int = field(init=False, compare=False)
    all_promises: Promises = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # Found once: they are asked for over and over, and a set is as long as its highest number.
        object.__setattr__(self, "size", self.leaves.bit_count())
        object.__setattr__(self, "first", lowest(self.leaves))
        every = dict.fromkeys(promise for part in self.promises for promise in part)
        object.__setattr__(self, "all_promises", tuple(every))


@dataclass(frozen=True, slots=True)
class Part:
    """One ground of an agreement: its groups in series, its modules, and the group that each leaf
    of a module stands for; leaves that stand for none never fail by themselves."""

    ground: Ground
    series: tuple[int, ...]
    modules: tuple[Diagram | Hard, ...]
    group_of: Mapping[int, int]

    @property
    def intervals(self) -> Intervals:
        return self.ground.intervals

    @property
    def groups(self) -> frozenset[int]:
        """All groups that occur in it."""
        return frozenset((*self.series, *self.group_of.values()))


@dataclass(frozen=True, slots=True)
class Problem:
    """All that the figures of one agreement over one period are computed from."""

    period: Span
    window: Intervals
    own: Promise
    promises: Sequence[Promise]
    groups: tuple[Group, ...]
    parts: tuple[Part, ...]
    hours: Hours

    def binds(self, promise: int) -> bool:
        """Whether a promise bounds downtime as the composite counts it."""
        found = self.promises[promise]
        return found.counts and found.counts_all_of(self.own)

    def promises_of(self, part: int) -> list[int]:
        """What is promised of the leaves of a part, in a fixed order."""
        groups = sorted(self.parts[part].groups)
        return list(dict.fromkeys(p for g in groups for p in self.groups[g].promises[part]))

    def leaf(self, number: int) -> Leaf:
        """A leaf by its number, as it is first seen."""
        return next(
            part.ground.leaf(number) for part in self.parts if part.ground.support >> number & 1
        )

    def leaves(self, wanted: Callable[[Group], bool]) -> list[Leaf]:
        """The leaves of the groups that are wanted, as they are in each part."""
        return self.leaves_of(filter(wanted, self.groups))

    def leaves_of(self, groups: Iterable[Group]) -> list[Leaf]:
        """The leaves of some groups, as they are in each part."""
        return [
            part.ground.leaf(number)
            for group in groups
            for part in self.parts
            for number in bits_of(group.leaves & part.ground.support)
        ]


def problem(
    underpinning: Underpinning, own: Promise, grounds: Sequence[Ground], period: Span
) -> Problem:
    """The data of one agreement's figures over one period."""
    groups = _groups(underpinning, grounds)
    return Problem(
        period,
        underpinning.hours.open(own.hours, period),
        own,
        underpinning.promises,
        groups,
        tuple(_part(underpinning, ground, groups) for ground in grounds),
        underpinning.hours,
    )


def _groups(underpinning: Underpinning, grounds: Sequence[Ground]) -> tuple[Group, ...]:
    """Leaves parted by what is promised of them and by where they stand, ground by ground."""
    support = 0
    for ground in grounds:
        support |= ground.support
    classes: list[tuple[Bits, tuple[Promises, ...]]] = [(support, ())]
    for ground in grounds:
        places = underpinning.components.alike(ground.node)
        place_of = {leaf: place for place in places[1:] for leaf in bits_of(place)}
        kind_of = underpinning.promises_of(ground.structure)
        refined = []
        for bits, promises in classes:
            rest = bits & ground.support
            if outside := bits ^ rest:
                refined.append((outside, (*promises, ())))
            while rest:
                leaf = lowest(rest)
                promised = kind_of[leaf]
                here = rest & place_of.get(leaf, places[0]) & ground.kinds[promised]
                refined.append((here, (*promises, promised)))
                rest ^= here
        classes = refined
    found = [Group(bits, promises) for bits, promises in classes]
    return tuple(sorted(found, key=lambda group: group.first))


def _part(underpinning: Underpinning, ground: Ground, groups: Sequence[Group]) -> Part:
    series = ground.node.leaves
    stands_for = {group.first: index for index, group in enumerate(groups)}
    free = bits_from(stands_for) & ~series
    modules = tuple(
        underpinning.module(gates, free) for gates in underpinning.components.modules(ground.node)
    )
    inside = free & ground.support
    return Part(
        ground,
        tuple(index for index, group in enumerate(groups) if group.leaves & series),
        modules,
        {leaf: stands_for[leaf] for leaf in bits_of(inside)},
    )
