"""What agreements rest on over a period: structures, epoch by epoch, ready to compute with.

Epochs in which an agreement rests on the same thing are joined, so that a change elsewhere in the
estate costs nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.engine import diagram
from orchestrator.engine.components import Bits, Components, Node, bits_from
from orchestrator.engine.diagram import Diagram, Hard
from orchestrator.engine.intervals import Intervals, union
from orchestrator.engine.kinds.requirement import Requirements
from orchestrator.engine.prime import split
from orchestrator.engine.promises import Hours, Promise, promise_of
from orchestrator.engine.structure import Commitment, Leaf, Structure
from orchestrator.model.agreements import Cover, Version
from orchestrator.model.estate import Estate, Snapshot
from orchestrator.model.metrics import METRICS
from orchestrator.model.values import Instant, Span

Promises = tuple[int, ...]
"""All that is promised of a leaf, by number; nothing for an uncommitted one."""


@dataclass(slots=True)
class _Kinds:
    """What is promised of the leaves of a structure, and the leaves by that; as far as known."""

    of: dict[int, Promises] = field(default_factory=dict)
    leaves: dict[Promises, Bits] = field(default_factory=dict)


class Underpinning:
    """Structures and promises of an estate, computed once each and remembered.

    Guards that every question about an estate sees the same components, promises and diagrams.
    """

    def __init__(self, estate: Estate, metric: str = "availability") -> None:
        self.estate = estate
        self.metric = metric
        self.metric_algebra = METRICS[metric].algebra
        self.hours = Hours(estate)
        self.components = Components()
        self.promises: list[Promise] = []
        self._numbers: dict[Promise, int] = {}
        self._made: dict[tuple[str, int, str], Promises] = {}
        self._structures: dict[tuple[Instant, str, bool], Structure] = {}
        self._requirements: dict[tuple[Instant, str], Requirements] = {}
        self._kinds: dict[int, _Kinds] = {}
        self._diagrams: dict[tuple[Bits, Bits], Diagram | Hard] = {}

    def structure(self, snapshot: Snapshot, party: str, *, traced: bool = False) -> Structure:
        """What a party's organisation rests on in one epoch."""
        organisation = snapshot.entity(party)
        key = (snapshot.epoch.start, organisation, traced)
        if key not in self._structures:
            self._structures[key] = Structure(
                self.components, snapshot, organisation, self.metric, traced=traced
            )
        return self._structures[key]

    def requirements(self, snapshot: Snapshot, party: str) -> Requirements:
        """What a party's organisation requires in one epoch, as a graph that other kinds of
        commitment than availability are taken over."""
        key = (snapshot.epoch.start, snapshot.entity(party))
        if key not in self._requirements:
            self._requirements[key] = Requirements(self.structure(snapshot, party))
        return self._requirements[key]

    def promise(self, commitment: Commitment) -> int:
        """The number of what a commitment without windows promises."""
        (number,) = self.promises_by(commitment)
        return number

    def promises_by(self, commitment: Commitment) -> Promises:
        """The numbers of what a commitment promises, in each of its windows."""
        key = commitment.key
        # Whatever service it is made for, a term promises the same.
        term = key.agreement, key.version, key.term
        if term not in self._made:
            parts = split(commitment.term)
            made = (self._number(promise_of(commitment.version, part)) for part in parts)
            self._made[term] = tuple(made)
        return self._made[term]

    def _number(self, promise: Promise) -> int:
        number = self._numbers.setdefault(promise, len(self.promises))
        if number == len(self.promises):
            self.promises.append(promise)
        return number

    def kinds(self, structure: Structure) -> Mapping[Promises, Bits]:
        """The leaves of a structure by what is promised of them."""
        return self._kinds_of(structure).leaves

    def promises_of(self, structure: Structure) -> Mapping[int, Promises]:
        """What is promised of each leaf of a structure."""
        return self._kinds_of(structure).of

    def _kinds_of(self, structure: Structure) -> _Kinds:
        found = self._kinds.setdefault(id(structure), _Kinds())
        fresh: dict[Promises, list[int]] = {}
        for number, leaf in itertools.islice(structure.leaves.items(), len(found.of), None):
            made = itertools.chain.from_iterable(map(self.promises_by, leaf.commitments))
            promises = tuple(dict.fromkeys(made))
            found.of[number] = promises
            fresh.setdefault(promises, []).append(number)
        for promises, numbers in fresh.items():
            found.leaves[promises] = found.leaves.get(promises, 0) | bits_from(numbers)
        return found

    def module(self, gates: Bits, free: Bits) -> Diagram | Hard:
        """When a module of gates is down, in the leaves that are free; the others are up. `Hard`
        where that is too complex for the budget, which is found out once."""
        node = Node(gates=gates)
        key = (gates, free & self.components.support(node))
        if key not in self._diagrams:
            self._diagrams[key] = diagram.attempt(self.components.formula(node, free))
        return self._diagrams[key]

    def diagram(self, gates: Bits, free: Bits) -> Diagram:
        """The same, but what is too complex is refused (TOO_COMPLEX)."""
        found = self.module(gates, free)
        if isinstance(found, Hard):
            raise diagram.too_complex()
        return found

    def ground(self, version: Version, covers: Sequence[Cover], period: Span) -> list[Ground]:
        """What an agreement rests on, in the order of time."""
        found: list[Ground] = []
        for span, snapshot in self.estate.during(period):
            structure = self.structure(snapshot, version.provider)
            node = structure.below(version, covers)
            support = self.components.support(node)
            kinds = {
                promises: bits & support
                for promises, bits in self.kinds(structure).items()
                if bits & support
            }
            same = next((one for one in found if one.node == node and one.kinds == kinds), None)
            if same is None:
                found.append(Ground(structure, node, support, kinds, [(span.start, span.end)]))
            else:
                same.intervals = union([*same.intervals, (span.start, span.end)])
        return found


@dataclass
class Ground:
    """A structure that an agreement rests on, its leaves by what is promised of them, and when."""

    structure: Structure
    node: Node
    support: Bits
    kinds: Mapping[Promises, Bits]
    intervals: Intervals

    def leaf(self, number: int) -> Leaf:
        return self.structure.leaves[number]
