"""Leaves and gates: what structures are made of, as numbers and bit sets.

A node is a conjunction of leaves (single components) and gates (redundant groups). Series structure
is a set union, so that a service with thousands of components in series costs a few machine words;
only redundancy needs more (`engine.diagram`). Leaves and gates are components, not occurrences:
what is shared counts once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.diagram import Formula, at_least_down

Bits = int
"""A set of leaf or gate numbers as the bits of an integer."""


@dataclass(frozen=True, slots=True)
class Node:
    """A conjunction: up while all its leaves and all its gates are up."""

    leaves: Bits = 0
    gates: Bits = 0

    def __or__(self, other: Node) -> Node:
        return Node(self.leaves | other.leaves, self.gates | other.gates)


@dataclass(frozen=True, slots=True)
class Gate:
    """A redundant group: up while at least `k` of its parts are up, k less than their number.

    With `same` its parts are no redundancy but budgets that one and the same component draws on:
    it is down only as far as each of them allows.
    """

    k: int
    parts: tuple[Node, ...]
    beta: Fraction | None = None
    same: bool = False

    @property
    def cut(self) -> int:
        """So many parts down bring it down."""
        return len(self.parts) - self.k + 1


EMPTY = Node()


def bits_of(bits: Bits) -> Iterator[int]:
    """The numbers in a bit set, ascending."""
    if bits.bit_count() * 16 > bits.bit_length():
        text = bin(bits)[:1:-1]
        position = text.find("1")
        while position >= 0:
            yield position
            position = text.find("1", position + 1)
        return
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def lowest(bits: Bits) -> int:
    """The lowest number in a bit set that holds one."""
    return (bits & -bits).bit_length() - 1


_FEW: Final = 32
"""Up to so many numbers are set one after the other; more at once, as each step copies the set."""


def bits_from(numbers: Collection[int]) -> Bits:
    """The bit set of some numbers."""
    if len(numbers) <= _FEW:
        bits = 0
        for number in numbers:
            bits |= 1 << number
        return bits
    flags = bytearray(max(numbers) // 8 + 1)
    for number in numbers:
        flags[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(flags, "little")


WIDE: Final = 256
"""A gate over more leaves than this is asked whether some of them have a part in it; the others are
looked up by leaf."""

FEW: Final = 16
"""Leaves that are fewer than one to so many gates are looked up one after the other; of more, each
gate is asked for them."""

_NODES: Final = 256
"""Of so many nodes is the set of gates beneath remembered, those asked about the latest."""

Name = tuple[str, str]
"""A leaf's id, and the agreement that sees it differently from all others, if one does."""


class Components:
    """Leaves and gates by number, the same in every epoch and for every organisation.

    Guards that a name or a group has one number for good, so that equal numbers are the same
    component at any time, and that a gate comes after the gates it is made of.
    """

    def __init__(self) -> None:
        self.gates: list[Gate] = []
        self._leaves: dict[Name, int] = {}
        self._gates: dict[Gate, int] = {}
        self._support: list[Bits] = []
        self._inner: list[Bits] = []
        self._above: dict[int, list[int]] = {}
        self._wide: list[int] = []
        self._looked_at = 0
        self._among: dict[Bits, frozenset[int]] = {}

    @property
    def leaf_count(self) -> int:
        return len(self._leaves)

    def leaf(self, name: Name) -> int:
        """The number of a leaf."""
        return self._leaves.setdefault(name, len(self._leaves))

    def group(self, k: int, parts: Sequence[Node], beta: Fraction | None) -> Node:
        """At least `k` of some parts: a gate, or a plain conjunction where all are needed.

        What enough of the parts share brings the group down by itself, so it stands in series; a
        part with nothing else in it holds as long as that does. (Not where a common cause is
        declared, which is a share of what the parts are as a whole.)
        """
        if k == len(parts):
            return conjunction(parts)
        if beta is not None:
            return self._gate(Gate(k, _ordered(parts), beta))
        cut = len(parts) - k + 1
        common = in_at_least(cut, parts)
        alone = (Node(one.leaves & ~common.leaves, one.gates & ~common.gates) for one in parts)
        rest = [one for one in alone if one != EMPTY]
        if len(rest) < cut:
            return common
        return common | self._gate(Gate(len(rest) - cut + 1, _ordered(rest)))

    def same(self, parts: Sequence[Node]) -> Node:
        """One component under several budgets."""
        return parts[0] if len(parts) == 1 else self._gate(Gate(1, _ordered(parts), same=True))

    def _gate(self, gate: Gate) -> Node:
        number = self._gates.setdefault(gate, len(self.gates))
        if number == len(self.gates):
            together = conjunction(gate.parts)
            self.gates.append(gate)
            self._support.append(self.support(together))
            self._inner.append(self.beneath(together) | 1 << number)
        return Node(gates=1 << number)

    def support(self, node: Node) -> Bits:
        """Every leaf a node depends on."""
        bits = node.leaves
        for gate in bits_of(node.gates):
            bits |= self._support[gate]
        return bits

    def support_of(self, gate: int) -> Bits:
        """Every leaf a gate depends on."""
        return self._support[gate]

    def beneath(self, node: Node) -> Bits:
        """Every gate a node depends on."""
        bits = 0
        for gate in bits_of(node.gates):
            bits |= self._inner[gate]
        return bits

    def alike(self, node: Node) -> list[Bits]:
        """The leaves a node depends on, in classes that stand in the same places: in series, or in
        the same legs of the same groups. In any cut one of a class can stand for another."""
        series = node.leaves
        rest = self.support(node) & ~series
        places = {
            part.leaves & rest
            for gate in bits_of(self.beneath(node))
            for part in self.gates[gate].parts
        }
        classes = [series, rest]
        class_of = dict.fromkeys(bits_of(rest), 1)
        for place in sorted(places):
            inside: dict[int, Bits] = {}
            for leaf in bits_of(place):
                inside[class_of[leaf]] = inside.get(class_of[leaf], 0) | 1 << leaf
            for number, part in inside.items():
                if part != classes[number]:
                    classes[number] ^= part
                    class_of.update(dict.fromkeys(bits_of(part), len(classes)))
                    classes.append(part)
        return [bits for bits in classes if bits]

    def modules(self, node: Node) -> tuple[Bits, ...]:
        """The node's gates in groups that share no leaf with one another or with its own leaves
        in series: given those are up, the groups are independent of each other."""
        groups: list[tuple[Bits, Bits]] = []
        seen = 0
        for gate in bits_of(node.gates):
            gates, support = 1 << gate, self._support[gate] & ~node.leaves
            if support & seen:
                apart = []
                for others, theirs in groups:
                    if theirs & support:
                        gates, support = gates | others, support | theirs
                    else:
                        apart.append((others, theirs))
                groups = apart
            if support:
                groups.append((gates, support))
                seen |= support
        return tuple(sorted(gates for gates, _ in groups))

    def touched(self, node: Node, leaves: Bits) -> list[int]:
        """The gates beneath a node that some leaves have a part in, each after those inside it."""
        if not node.gates:
            return []
        if (among := self._among.get(node.gates)) is None:
            if len(self._among) == _NODES:
                self._among.clear()
            among = self._among[node.gates] = frozenset(bits_of(self.beneath(node)))
        support = self._support
        if leaves.bit_count() * FEW > len(among):
            return sorted(gate for gate in among if support[gate] & leaves)
        self._look_up()
        found: set[int] = set()
        for leaf in bits_of(leaves):
            found.update(self._above.get(leaf, ()))
        found.update(gate for gate in self._wide if support[gate] & leaves)
        return sorted(found & among)

    def fails(self, node: Node, down: Bits) -> bool:
        """Whether a node is down while exactly those leaves are."""
        if node.leaves & down:
            return True
        found = 0
        for number in self.touched(node, down):
            gate = self.gates[number]
            lost = sum(1 for part in gate.parts if part.leaves & down or part.gates & found)
            if lost >= gate.cut:
                found |= 1 << number
        return bool(node.gates & found)

    def formula(self, node: Node, free: Bits, down: Bits = 0) -> Formula | bool:
        """When a node is down, in the leaves that are free; of the others those in `down` have
        failed and the rest are up."""
        known: dict[int, Formula | bool] = {}

        def of(node: Node) -> Formula | bool:
            if node.leaves & down:
                return True
            return at_least_down(
                1, [*bits_of(node.leaves & free), *(known[gate] for gate in bits_of(node.gates))]
            )

        for number in bits_of(self.beneath(node)):
            gate = self.gates[number]
            known[number] = at_least_down(gate.cut, [of(part) for part in gate.parts])
        return of(node)

    def _look_up(self) -> None:
        """Note which gates depend on each leaf, of those that were made since this was done last;
        most estates are only ever derived, which does not ask for it."""
        for number in range(self._looked_at, len(self.gates)):
            if self._support[number].bit_count() > WIDE:
                self._wide.append(number)
                continue
            for leaf in bits_of(self._support[number]):
                self._above.setdefault(leaf, []).append(number)
        self._looked_at = len(self.gates)


def _ordered(parts: Sequence[Node]) -> tuple[Node, ...]:
    """Parts in one order whatever way they were written, those without gates first."""
    return tuple(sorted(parts, key=lambda node: (node.gates, node.leaves)))


def in_at_least(many: int, nodes: Sequence[Node]) -> Node:
    """The leaves and gates that so many of some nodes have in them."""
    counts = [EMPTY] * many
    for node in nodes:
        for i in range(many - 1, 0, -1):
            before = counts[i - 1]
            counts[i] |= Node(node.leaves & before.leaves, node.gates & before.gates)
        counts[0] |= node
    return counts[-1]


def conjunction(nodes: Iterable[Node]) -> Node:
    """All of some nodes."""
    leaves = gates = 0
    for node in nodes:
        leaves, gates = leaves | node.leaves, gates | node.gates
    return Node(leaves, gates)
