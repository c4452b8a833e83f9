"""Decision diagrams: exact answers about redundant, shared structure.

A diagram is the function "the module is down" over leaves that are down or not, built by oxidd
(reduced, ordered) and kept as a flat tuple of nodes, bottom up. It is monotone: a leaf that fails
never repairs the whole. Rauzy 1993.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from orchestrator.errors import refuse

if TYPE_CHECKING:
    from oxidd.bdd import BDDFunction, BDDManager

UP: Final = 0
DOWN: Final = 1
"""The ends of a diagram; node i is number i + 2."""

Exact = int | Fraction
Number = TypeVar("Number", Fraction, float)


@dataclass(frozen=True, slots=True, eq=False)
class AtLeastDown:
    """A gate of a formula: down while at least `k` of its parts are. Equal only to itself."""

    k: int
    parts: tuple[Formula, ...]


Formula = int | AtLeastDown
"""A leaf by its number, or a gate. Never a bool, although Python takes one for a number."""


@dataclass(frozen=True, slots=True)
class Diagram:
    """Nodes `(variable, if_down, if_up)`, every node after those it leads to; `leaves` numbers the
    leaf of each variable."""

    leaves: tuple[int, ...]
    nodes: tuple[tuple[int, int, int], ...]
    root: int

    @property
    def relevant(self) -> frozenset[int]:
        """The leaves that lie in some minimal cut."""
        return frozenset(self.leaves[variable] for variable, _, _ in self.nodes)


def at_least_down(k: int, parts: Sequence[Formula | bool]) -> Formula | bool:
    """A gate of parts some of which are known to be down or up."""
    k -= sum(part is True for part in parts)
    unknown = tuple(part for part in parts if not isinstance(part, bool))
    if k <= 0:
        return True
    if k > len(unknown):
        return False
    return unknown[0] if len(unknown) == k == 1 else AtLeastDown(k, unknown)


# --- building ------------------------------------------------------------------------------------

_LOCK: Final = threading.Lock()
_NODES: Final = 1 << 22


@cache
def _manager() -> BDDManager:
    # One for the process: every manager owns threads, and many would exhaust them. Imported here
    # because most estates have no redundancy and need not load it.
    from oxidd.bdd import BDDManager  # noqa: PLC0415

    return BDDManager(_NODES, 1 << 20, 1)


def build(formula: Formula | bool) -> Diagram:
    """The diagram of a formula; variables in the order of a depth-first walk, from the other end
    where that leads to a diagram too large to hold."""
    if isinstance(formula, bool):
        return Diagram((), (), DOWN if formula else UP)
    parts = _inside_out(formula)
    leaves = tuple(part for part in parts if isinstance(part, int))
    if isinstance(formula, int) or (formula.k == 1 and len(parts) == len(leaves) + 1):
        return _any_of(leaves)
    from oxidd.util import DDMemoryError  # noqa: PLC0415 - as in `_manager`

    for order in (leaves, leaves[::-1]):
        with _LOCK, contextlib.suppress(DDMemoryError):
            return _compiled(formula, parts, order)
    raise refuse(
        "TOO_COMPLEX",
        f"the redundancy of {len(leaves):,} parts cannot be computed exactly: its decision diagram "
        f"has more than {_NODES:,} nodes",
        "agree on a commitment for a group of them, which makes the group one part",
    )


def _compiled(formula: Formula, parts: Sequence[Formula], leaves: tuple[int, ...]) -> Diagram:
    """The diagram of a formula, given inside out, with its variables in one order."""
    manager = _manager()
    if (missing := len(leaves) - manager.num_vars()) > 0:
        manager.add_vars(missing)
    known: dict[Formula, BDDFunction] = {
        leaf: manager.var(variable) for variable, leaf in enumerate(leaves)
    }
    for part in parts:
        if isinstance(part, AtLeastDown):
            known[part] = _threshold(part.k, [known[inner] for inner in part.parts], manager)
    return _flatten(leaves, known[formula])


def _any_of(leaves: tuple[int, ...]) -> Diagram:
    """The diagram of leaves in series, each of which brings the module down."""
    nodes: list[tuple[int, int, int]] = []
    number = UP
    for variable in reversed(range(len(leaves))):
        nodes.append((variable, DOWN, number))
        number = len(nodes) + 1
    return Diagram(leaves, tuple(nodes), number)


def _inside_out(formula: Formula) -> list[Formula]:
    """A formula's leaves and gates, each once and after all that it is made of."""
    found: dict[Formula, None] = {}
    stack = [(formula, False)]
    while stack:
        part, opened = stack.pop()
        if part in found:
            continue
        if opened or isinstance(part, int):
            found[part] = None
        else:
            stack.append((part, True))
            stack.extend((inner, False) for inner in reversed(part.parts))
    return list(found)


def _threshold(k: int, parts: Sequence[BDDFunction], manager: BDDManager) -> BDDFunction:
    """At least `k` of the parts, by counting up to k part by part."""
    counts = [manager.true()] + [manager.false()] * k
    for part in parts:
        for i in range(k, 0, -1):
            counts[i] = counts[i] | (part & counts[i - 1])
    return counts[k]


def _flatten(leaves: tuple[int, ...], root: BDDFunction) -> Diagram:
    numbers: dict[BDDFunction, int] = {}
    nodes: list[tuple[int, int, int]] = []

    def known(function: BDDFunction) -> int | None:
        if not function.satisfiable():
            return UP
        if function.valid():
            return DOWN
        return numbers.get(function)

    stack = [root]
    while stack:
        function = stack[-1]
        if known(function) is not None:
            stack.pop()
            continue
        parts, variable = function.cofactors(), function.node_var()
        assert parts is not None
        assert variable is not None
        if_down, if_up = known(parts[0]), known(parts[1])
        if if_down is None or if_up is None:
            stack.extend(part for part in parts if known(part) is None)
            continue
        stack.pop()
        nodes.append((variable, if_down, if_up))
        numbers[function] = len(nodes) + 1
    number = known(root)
    assert number is not None
    return Diagram(leaves, tuple(nodes), number)


# --- asking --------------------------------------------------------------------------------------


def is_down(diagram: Diagram, down: AbstractSet[int]) -> bool:
    """Whether the module is down while exactly those leaves are."""
    return _is_down_from(diagram, diagram.root, down)


def _is_down_from(diagram: Diagram, number: int, down: AbstractSet[int]) -> bool:
    while number > DOWN:
        variable, if_down, if_up = diagram.nodes[number - 2]
        number = if_down if diagram.leaves[variable] in down else if_up
    return number == DOWN


def probability(diagram: Diagram, down: Callable[[int], Number], zero: Number) -> Number:
    """P(down) where leaves fail independently, each with its own probability."""
    return _upwards(diagram, [down(leaf) for leaf in diagram.leaves], zero)[diagram.root]


def _upwards(diagram: Diagram, chance: Sequence[Number], zero: Number) -> list[Number]:
    """P(down) at every node, by number."""
    values = [zero, zero + 1]
    for variable, if_down, if_up in diagram.nodes:
        values.append(values[if_up] + chance[variable] * (values[if_down] - values[if_up]))
    return values


def birnbaum(diagram: Diagram, down: Callable[[int], Number], zero: Number) -> dict[int, Number]:
    """Birnbaum's importance of every leaf, P(down | leaf down) - P(down | leaf up), from one
    forward and one reverse pass."""
    chance = [down(leaf) for leaf in diagram.leaves]
    values = _upwards(diagram, chance, zero)
    reach = [zero] * len(values)
    reach[diagram.root] = zero + 1
    found = dict.fromkeys(diagram.leaves, zero)
    for number in range(len(diagram.nodes) + 1, DOWN, -1):
        variable, if_down, if_up = diagram.nodes[number - 2]
        p, here = chance[variable], reach[number]
        reach[if_down] += here * p
        reach[if_up] += here * (1 - p)
        found[diagram.leaves[variable]] += here * (values[if_down] - values[if_up])
    return found


def cheapest_cut(
    diagram: Diagram, weight: Callable[[int], Exact]
) -> tuple[Exact, frozenset[int]] | None:
    """A cut of the least total weight, as a shortest path to "down", and minimal as a set; None
    where the module cannot fail. Weights are not negative."""
    weights = [weight(leaf) for leaf in diagram.leaves]
    infinite = sum(weights) + 1
    cost: list[Exact] = [infinite, 0]
    for variable, if_down, if_up in diagram.nodes:
        cost.append(min(cost[if_up], cost[if_down] + weights[variable]))
    if cost[diagram.root] >= infinite:
        return None
    cut, number = set(), diagram.root
    while number > DOWN:
        variable, if_down, if_up = diagram.nodes[number - 2]
        if cost[if_up] <= cost[if_down] + weights[variable]:
            number = if_up
        else:
            cut.add(diagram.leaves[variable])
            number = if_down
    for leaf in sorted(cut):
        if is_down(diagram, cut - {leaf}):
            cut.remove(leaf)
    return cost[diagram.root], frozenset(cut)


def minimal_cuts(diagram: Diagram, order: int, limit: int) -> tuple[list[frozenset[int]], bool]:
    """The minimal cuts of at most `order` leaves, and whether those are all that were asked for
    (false once more than `limit` sets were met on the way)."""
    found: list[set[frozenset[int]]] = [set(), {frozenset()}]
    complete = True
    for variable, if_down, if_up in diagram.nodes:
        # A cut of the one side is none of the whole if it brings down the other side as well.
        here = found[if_up] | {
            cut | {diagram.leaves[variable]}
            for cut in found[if_down]
            if len(cut) < order and not _is_down_from(diagram, if_up, cut)
        }
        if len(here) > limit:
            complete, here = False, set(sorted(here, key=_by_size)[:limit])
        found.append(here)
    return sorted(found[diagram.root], key=_by_size), complete


def _by_size(cut: frozenset[int]) -> tuple[int, list[int]]:
    return len(cut), sorted(cut)
