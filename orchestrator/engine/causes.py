"""What the legs of a group with a declared common cause have of their own, and whether a cause
that takes it makes the group worse.

A cause may take only what no other leg and nothing outside the group also stands on: the dependence
of what is shared is there already, in the structure itself, and a component has one level for all
who use it. What belongs to one leg alone is seen by the rest only through the group, so however
it is coupled, every component keeps its level.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.engine.components import (
    EMPTY,
    Bits,
    Components,
    Gate,
    Node,
    bits_of,
    in_at_least,
)
from orchestrator.engine.diagram import Number


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg of a group: what belongs to it alone, and the rest of it."""

    own: Node
    rest: Node


@dataclass(frozen=True, slots=True)
class Parted:
    """A group with a common cause: what enough of its legs share, which brings it down by itself,
    and what is left of each leg, so many of which do it together."""

    common: Node
    cut: int
    legs: tuple[Leg, ...]


def parted(components: Components, node: Node, free: Bits) -> dict[int, Parted]:
    """The gates beneath a node that declare a common cause, by number. Leaves that are not free
    never fail, or it does not matter."""
    beneath = components.beneath(node)
    gates = {number: components.gates[number] for number in bits_of(beneath)}
    found = {number: _without_common(gate, free) for number, gate in gates.items()}
    parts = {number: legs for number, (_, legs) in found.items()}
    places = [(number, part) for number, legs in parts.items() for part in legs]
    many = in_at_least(2, [node, *(part for _, part in places)])
    several = Node(many.leaves & free, many.gates)

    def is_apart(number: int) -> bool:
        """Whether all that a gate is made of occurs beneath it alone."""
        inner, support = components.beneath(Node(gates=1 << number)), components.support_of(number)
        inside = Node(support & free, inner ^ 1 << number)
        if _both(inside, several) == EMPTY:
            return True
        outside = [node, *(part for above, part in places if not inner >> above & 1)]
        return all(_both(inside, part) == EMPTY for part in outside)

    def leg(part: Node) -> Leg:
        apart = (gate for gate in bits_of(part.gates & ~several.gates) if is_apart(gate))
        own = Node(part.leaves & ~several.leaves, sum(1 << gate for gate in apart))
        return Leg(own, _but(part, own))

    return {
        number: Parted(parts[number][0], found[number][0], tuple(map(leg, parts[number][1:])))
        for number, gate in gates.items()
        if gate.beta is not None
    }


def _without_common(gate: Gate, free: Bits) -> tuple[int, Sequence[Node]]:
    """How many parts down bring a gate down, and its parts; where it has a common cause, first what
    enough of them share, then what is left of them."""
    if gate.beta is None:
        return gate.cut, gate.parts
    common = in_at_least(gate.cut, gate.parts)
    alone = [_but(Node(part.leaves & free, part.gates), common) for part in gate.parts]
    legs = [one for one in alone if one != EMPTY]
    if gate.cut != len(legs):
        return gate.cut, [common, *legs]
    # All have to be down: one that is whenever another is need not be asked.
    least = [
        one
        for i, one in enumerate(legs)
        if not any(
            _both(one, other) == other and (one != other or j < i)
            for j, other in enumerate(legs)
            if j != i
        )
    ]
    return len(least), [common, *least]


def _but(one: Node, other: Node) -> Node:
    return Node(one.leaves & ~other.leaves, one.gates & ~other.gates)


def _both(one: Node, other: Node) -> Node:
    return Node(one.leaves & other.leaves, one.gates & other.gates)


def lasting(marginal: Number, common: Number) -> Number:
    """P(down by itself) of a part that is down with `marginal`, and with `common` by the cause:
    1 - u_i = (1 - u_cc)(1 - u_i')."""
    return 1 - (1 - marginal) / (1 - common) if common < 1 else common


def at_least(many: int, chances: Iterable[Number], zero: Number) -> Number:
    """P(at least so many of some independent parts are down)."""
    if many <= 0:
        return zero + 1
    exactly = [zero + 1] + [zero] * (many - 1)
    reached = zero
    for one in chances:
        reached += exactly[-1] * one
        for count in range(many - 1, 0, -1):
            exactly[count] = exactly[count] * (1 - one) + exactly[count - 1] * one
        exactly[0] *= 1 - one
    return reached


def coupled(many: int, chances: Sequence[Number], common: Number, zero: Number) -> Number:
    """The same of parts that also fail together of one cause, each as often as before."""
    if many > len(chances):
        return zero
    alone = at_least(many, [lasting(one, common) for one in chances], zero)
    return common + (1 - common) * alone if many > 0 else zero + 1


def is_worse(many: int, chances: Sequence[Number], common: Number, zero: Number) -> bool:
    """Whether a cause makes it likelier that at least so many are down. Where few have to be and
    they often are, it does not: failures that come together leave more time without any."""
    return coupled(many, chances, common, zero) > at_least(many, chances, zero)


def worst_case(many: int, chances: Sequence[Number], common: Number, zero: Number) -> Number:
    """P(at least so many are down) with the cause or without it, whichever is greater."""
    return max(coupled(many, chances, common, zero), at_least(many, chances, zero))


def more(chance: Number, before: Number) -> Number:
    """The chance of a further event that makes up for what is missing from one chance to a greater
    one."""
    return (chance - before) / (1 - before) if before < chance else chance - chance
