"""The data of a floor and of an estimate: leaves in groups, structures in terms of groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.engine.components import Bits, bits_of
from orchestrator.engine.diagram import Diagram
from orchestrator.engine.intervals import Intervals
from orchestrator.engine.promises import Hours, Promise
from orchestrator.engine.structure import Leaf
from orchestrator.engine.underpinning import Ground, Promises, Underpinning
from orchestrator.model.values import Span


@dataclass(frozen=True, slots=True)
class Group:
    """Leaves alike in what is promised of them and in where they stand, part by part.

    Alike leaves in series have together exactly the budget of one, times their number, so a
    programme needs one variable for all of them. A leaf that stands in a redundant module is a
    group of its own. `promises` has an entry for each part, empty where they do not occur.
    """

    leaves: Bits
    promises: tuple[Promises, ...]

    @property
    def size(self) -> int:
        return self.leaves.bit_count()

    @property
    def all_promises(self) -> Promises:
        return tuple(dict.fromkeys(promise for part in self.promises for promise in part))


@dataclass(frozen=True, slots=True)
class Part:
    """One ground of an agreement: its groups in series, its modules, and the group of each leaf
    that stands in a module."""

    ground: Ground
    series: tuple[int, ...]
    modules: tuple[Diagram, ...]
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
    single = _in_modules(grounds)
    groups = _groups(grounds, single)
    number_of = {
        leaf: index for index, group in enumerate(groups) for leaf in bits_of(group.leaves & single)
    }
    return Problem(
        period,
        underpinning.hours.open(own.hours, period),
        own,
        underpinning.promises,
        groups,
        tuple(_part(underpinning, ground, groups, number_of) for ground in grounds),
        underpinning.hours,
    )


def _in_modules(grounds: Sequence[Ground]) -> Bits:
    """The leaves that somewhere stand behind redundancy and not in series."""
    bits = 0
    for ground in grounds:
        bits |= ground.support & ~ground.node.leaves
    return bits


def _groups(grounds: Sequence[Ground], single: Bits) -> tuple[Group, ...]:
    """Leaves parted by what is promised of them and by where they stand, ground by ground."""
    everything = 0
    for ground in grounds:
        everything |= ground.support
    classes: list[tuple[Bits, tuple[Promises, ...]]] = [(everything, ())]
    for ground in grounds:
        refined: list[tuple[Bits, tuple[Promises, ...]]] = []
        for bits, promises in classes:
            for kind, alike in ground.kinds.items():
                if bits & alike:
                    refined.append((bits & alike, (*promises, kind)))
            if rest := bits & ~ground.support:
                refined.append((rest, (*promises, ())))
        classes = refined
    found = []
    for bits, promises in classes:
        found += [Group(alike, promises) for alike in _standing_alike(bits & ~single, grounds)]
        found += [Group(1 << leaf, promises) for leaf in bits_of(bits & single)]
    return tuple(sorted(found, key=lambda group: group.leaves & -group.leaves))


def _standing_alike(bits: Bits, grounds: Sequence[Ground]) -> list[Bits]:
    classes = [bits] if bits else []
    for ground in grounds:
        series = ground.node.leaves
        classes = [part for one in classes for part in (one & series, one & ~series) if part]
    return classes


def _part(
    underpinning: Underpinning,
    ground: Ground,
    groups: Sequence[Group],
    number_of: Mapping[int, int],
) -> Part:
    series = ground.node.leaves
    modules = tuple(
        underpinning.diagram(gates, series)
        for gates in underpinning.components.modules(ground.node)
    )
    return Part(
        ground,
        tuple(index for index, group in enumerate(groups) if group.leaves & series),
        modules,
        {leaf: number_of[leaf] for module in modules for leaf in module.leaves},
    )
