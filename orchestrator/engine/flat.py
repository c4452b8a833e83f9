"""A diagram as flat arrays: modules stitched together, evaluated rank by rank.

Every quantity a diagram is evaluated with lies in one column of values: those of the leaves, of
"up", of "down", then of the nodes. A node reads three of them: that of its variable, which is a
leaf or the root of a module, and those it leads to if that is down or up. Nodes of one rank read
only what lies before the rank, so that a rank is evaluated at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from orchestrator.engine.compile import Indices, Nodes
from orchestrator.engine.network import Module


@dataclass(frozen=True, slots=True, eq=False)
class Diagram:
    """The function "the whole is down" of leaves that are down or not; monotone, reduced, ordered
    within each module.

    `leaves` numbers the leaf of each variable. Places in the column of values: variable v is v, UP
    is `up`, DOWN is `up + 1`, node i is `up + 2 + i`. `ranks` are the nodes at which the ranks end,
    `top` is the place of the whole.
    """

    leaves: tuple[int, ...]
    variable: Indices
    if_down: Indices
    if_up: Indices
    ranks: tuple[int, ...]
    top: int
    _nodes: list[tuple[tuple[int, int, int], ...]] = field(default_factory=list, repr=False)

    @property
    def up(self) -> int:
        """The place of "up"; that of "down" is the next, and then come the nodes."""
        return len(self.leaves)

    @property
    def size(self) -> int:
        """How many nodes there are, those of each module once."""
        return len(self.variable)

    @property
    def relevant(self) -> frozenset[int]:
        """The leaves that lie in some minimal cut."""
        read = np.unique(self.variable)
        return frozenset(self.leaves[place] for place in read[read < self.up].tolist())

    @property
    def triples(self) -> list[tuple[int, int, int]]:
        """The nodes, as the places they read."""
        return list(
            zip(self.variable.tolist(), self.if_down.tolist(), self.if_up.tolist(), strict=True)
        )

    @property
    def root(self) -> int:
        """The number of the whole in `nodes`."""
        return len(self.nodes) + 1 if self.size else self.top - self.up

    @property
    def nodes(self) -> tuple[tuple[int, int, int], ...]:
        """The diagram without modules: `(variable, if_down, if_up)`, every node after those it
        leads to, the root last; 0 is up, 1 is down, and node i is number i + 2. Each node that asks
        about a module becomes a copy of it, so this may be much longer than `size`; it is written
        out when first asked for."""
        if not self._nodes:
            self._nodes.append(tuple(_without_modules(self)))
        return self._nodes[0]


def constant(down: bool) -> Diagram:
    """What is always down, or always up."""
    none = np.zeros(0, dtype=np.intp)
    return Diagram((), none, none, none, (), 1 if down else 0)


def stitched(leaves: tuple[int, ...], modules: Sequence[Module], nodes: Sequence[Nodes]) -> Diagram:
    """The diagram of modules, each after those it reads, the last being the whole."""
    many = len(leaves)
    used = _used(many, modules, nodes)
    variables: list[Indices] = []
    downs: list[Indices] = []
    ups: list[Indices] = []
    ranks: list[Indices] = []
    start: dict[int, int] = {}
    root_rank: dict[int, int] = {}
    total = 0
    for index in used:
        one = nodes[index]
        inputs = np.array(modules[index].inputs, dtype=np.intp)
        variable = inputs[one.variable]
        variables.append(variable)
        for column, found in ((one.if_down, downs), (one.if_up, ups)):
            found.append(np.where(column < 2, column, column + total))
        # Nodes of one variable stand in a row and do not read each other.
        firsts = np.flatnonzero(np.diff(variable, prepend=-1))
        rank, of_run = -1, []
        for asked in variable[firsts].tolist():
            rank = max(rank, root_rank.get(asked, -1)) + 1
            of_run.append(rank)
        lengths = np.diff(firsts, append=len(variable))
        ranks.append(np.repeat(np.array(of_run, dtype=np.intp), lengths))
        root_rank[many + index] = rank
        start[many + index] = total
        total += len(variable)
    rank_of = np.concatenate(ranks)
    order = np.argsort(rank_of, kind="stable")
    place = np.empty(total + 2, dtype=np.intp)
    place[:2] = many, many + 1
    place[order + 2] = np.arange(many + 2, many + 2 + total)
    reads = np.arange(many + len(modules), dtype=np.intp)
    for number, first in start.items():
        length = len(nodes[number - many].variable)
        reads[number] = place[first + length + 1]
    ends = np.cumsum(np.bincount(rank_of))
    return Diagram(
        leaves,
        reads[np.concatenate(variables)[order]],
        place[np.concatenate(downs)[order]],
        place[np.concatenate(ups)[order]],
        tuple(ends.tolist()),
        int(reads[many + used[-1]]),
    )


def _used(many: int, modules: Sequence[Module], nodes: Sequence[Nodes]) -> list[int]:
    """The modules that matter: some node of a module that matters asks about them."""
    found = {len(modules) - 1}
    for index in reversed(range(len(modules))):
        if index in found:
            for variable in np.unique(nodes[index].variable).tolist():
                number = modules[index].inputs[variable]
                if number >= many:
                    found.add(number - many)
    return sorted(found)


def _without_modules(diagram: Diagram) -> list[tuple[int, int, int]]:
    up, triples = diagram.up, diagram.triples
    made: list[tuple[int, int, int]] = []
    known: dict[tuple[int, int, int], int] = {}
    # A node is copied once for each pair of ends that its module leads to from where it is asked.
    stack = [(diagram.top, 1, 0)]
    while stack:
        place, down, rest = stack[-1]
        if stack[-1] in known:
            stack.pop()
            continue
        if place in {up, up + 1}:
            known[stack.pop()] = down if place == up + 1 else rest
            continue
        variable, if_down, if_up = triples[place - up - 2]
        after = ((if_down, down, rest), (if_up, down, rest))
        wanted = [one for one in after if one not in known]
        if wanted:
            stack.extend(wanted)
            continue
        here = known[after[0]], known[after[1]]
        if variable < up:
            made.append((variable, *here))
            known[stack.pop()] = len(made) + 1
        elif (variable, *here) in known:
            known[stack.pop()] = known[variable, *here]
        else:
            stack.append((variable, *here))
    return made
