"""Modules in which declared common causes are leaves of their own, for the figure `beta`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from orchestrator.engine import diagram
from orchestrator.engine.causes import Parted, is_worse, lasting, more, parted, worst_case
from orchestrator.engine.components import Bits, Components, Gate, Node, bits_from, bits_of
from orchestrator.engine.diagram import Formula, at_least_down
from orchestrator.engine.fallback import Figure
from orchestrator.engine.problem import Problem
from orchestrator.engine.scenes import Arithmetic, Scene, chance_of, gates_of, leaf_levels

_Leg = tuple[Formula | bool, Formula | bool]
"""When what a leg has of its own is down, and when the rest of it is."""


class Causes:
    """Modules in which common causes are leaves of their own.

    A common cause takes what two or more legs have of their own (`engine.causes`):
    u_cc = beta * min u_i, over those legs, and what is each leg's own keeps its marginal u_i: it
    fails by itself with u_i', where 1 - u_i = (1 - u_cc)(1 - u_i'), by an independent chance of
    healing, u_i'/u_i. Where all legs have to fail that makes the group worse whatever else fails.
    Where fewer do, it may make it better; there only legs that are wholly their own take part, and
    for each number of other legs that are down the worse of the two counts.

    A component under several budgets fails within the least of those that are shared, and then by
    so much that it keeps to its own.

    Guards that every leaf has a level before it is used. `low` and `high` are one and the same as
    long as everything is exact; they part with the first marginal that is only bounded or sampled.
    """

    def __init__(
        self,
        data: Problem,
        scene: Scene,
        components: Components,
        declared: bool,
        doubt: float,
        exact: Arithmetic[Any],
    ) -> None:
        self.part, self.components = data.parts[scene.part], components
        self.declared, self.exact = declared, exact
        self.low: dict[int, Any] = leaf_levels(data, scene, exact)
        self.high = self.low
        self.free: Bits = sum(1 << leaf for leaf in self.low)
        relevant = {leaf for module in self.part.modules for leaf in module.relevant}
        self.relevant: Bits = bits_from(relevant)
        self.gates: dict[int, Formula | bool] = {}
        self.unused = itertools.count(components.leaf_count)
        # Every marginal may have to be sampled.
        self.doubt = doubt / (1 + sum(1 + len(gate.parts) for gate in gates_of(data, components)))

    def modules(self) -> list[Figure]:
        """P(down) of each module."""
        node = self.part.ground.node
        groups = parted(self.components, node, self.relevant) if self.declared else {}
        for index in bits_of(self.components.beneath(node)):
            gate = self.components.gates[index]
            if index in groups and gate.beta:
                self.gates[index] = self.with_cause(gate.beta, groups[index])
                continue
            legs = [self.down(leg) for leg in gate.parts]
            if gate.same:
                self.gates[index] = self.carried(gate) if False not in legs else False
            else:
                self.gates[index] = at_least_down(gate.cut, legs)
        modules = self.components.modules(node)
        return [self.chance(self.down(Node(gates=module))) for module in modules]

    def chance(self, formula: Formula | bool) -> Figure:
        return chance_of(diagram.attempt(formula), self.low, self.high, self.doubt, self.exact)

    def cause(self, low: Any, high: Any) -> Formula:
        """A leaf of its own, with its level."""
        fresh = next(self.unused)
        if low != high and self.low is self.high:
            self.high = dict(self.low)
        self.low[fresh], self.high[fresh] = low, high
        return fresh

    def down(self, node: Node) -> Formula | bool:
        found: list[Formula | bool] = [*bits_of(node.leaves & self.free)]
        return at_least_down(1, [*found, *(self.gates[gate] for gate in bits_of(node.gates))])

    def with_cause(self, beta: Fraction, group: Parted) -> Formula | bool:
        """A group that may fail of one cause."""
        cut = group.cut
        legs = [(self.down(leg.own), self.down(leg.rest)) for leg in group.legs]
        legs = [leg for leg in legs if any(one is not False for one in leg)]
        if cut >= len(legs):
            whole = at_least_down(cut, self.thinned(beta, legs))
        else:
            whole = self.worse(cut, beta, legs)
        return at_least_down(1, [self.down(group.common), whole])

    def common(self, beta: Fraction, marginals: Sequence[Figure]) -> tuple[Any, Any]:
        """u_cc, at its least and at its most."""
        share: Any = self.exact.number(beta)
        return share * min(one.low for one in marginals), share * min(one.high for one in marginals)

    def thinned(self, beta: Fraction, legs: Sequence[_Leg]) -> list[Formula | bool]:
        """Legs that fail of one cause as far as they are their own."""
        if sum(own is not False for own, _ in legs) < 2:
            return [at_least_down(1, leg) for leg in legs]
        marginals = [self.chance(own) for own, _ in legs if own is not False]
        common = self.common(beta, marginals)
        shared, waiting = self.cause(*common), iter(marginals)
        made = []
        for own, rest in legs:
            if own is False:
                made.append(rest)
                continue
            marginal = next(waiting)
            # The most is left to fail alone where the leg fails most and the common cause least.
            least = self.lasting(marginal.low, marginal.high, common[1])
            most = self.lasting(marginal.high, marginal.low, common[0])
            alone = self.cause(max(least, self.exact.zero), min(most, self.exact.zero + 1))
            made.append(at_least_down(1, [shared, at_least_down(2, [own, alone]), rest]))
        return made

    def worse(self, cut: int, beta: Fraction, legs: Sequence[_Leg]) -> Formula | bool:
        """A group of which fewer than all legs have to fail."""
        own = [leg for leg in legs if leg[1] is False]
        others = [at_least_down(1, leg) for leg in legs if leg[1] is not False]
        plain = at_least_down(cut, [*(leg for leg, _ in own), *others])
        if len(own) < 2:
            return plain
        marginals = [self.chance(leg) for leg, _ in own]
        common = self.common(beta, marginals)
        lows, highs = [one.low for one in marginals], [one.high for one in marginals]
        counts = range(cut - min(len(others), cut - 1), cut + 1)
        counted = {many: is_worse(many, highs, common[1], self.exact.zero) for many in counts}
        if not any(counted.values()):
            return plain
        thinned = self.thinned(beta, own)
        if all(counted.values()):
            return at_least_down(cut, [*thinned, *others])
        chain = [at_least_down(cut, thinned if counted[cut] else [leg for leg, _ in own])]
        before = self.ends(cut, lows, highs, common)
        for down in range(1, len(counts)):
            here = self.ends(cut - down, lows, highs, common)
            least, most = more(here[0], before[1]), more(here[1], before[0])
            chain.append(at_least_down(2, [at_least_down(down, others), self.cause(least, most)]))
            before = here
        return at_least_down(1, [*chain, at_least_down(cut, others)])

    def ends(self, many: int, lows: Any, highs: Any, common: tuple[Any, Any]) -> tuple[Any, Any]:
        """The worse of P(at least so many are down) with the cause and without it."""
        low = worst_case(many, lows, common[0], self.exact.zero)
        return low, worst_case(many, highs, common[1], self.exact.zero)

    def lasting(self, marginal: Any, over: Any, common: Any) -> Any:
        """u_i'/u_i, the marginal above the line and below it each at an end of its own."""
        return lasting(marginal, common) / over if over else self.exact.zero

    def carried(self, gate: Gate) -> Formula | bool:
        """The shared budget with the least level, thinned to the least level of all."""
        found: dict[int, Any] = {i: self.low[i] for leg in gate.parts for i in bits_of(leg.leaves)}
        shared = [leaf for leaf in found if self.part.ground.leaf(leaf).joint]
        carrier = min(shared, key=lambda leaf: (found[leaf], leaf))
        least, most = min(found.values()), found[carrier]
        lasting = least / most if most else self.exact.zero
        return at_least_down(2, [carrier, self.cause(lasting, lasting)])
