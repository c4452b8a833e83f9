"""What is known where a diagram is too large: bounds that always hold, then Monte Carlo.

What the diagrams of the other modules say stays exact; only modules that are too hard are bounded
or sampled, and their ends carried through the rest, which is monotone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

import numpy as np

from orchestrator.engine import network as networks
from orchestrator.engine.compile import Nodes
from orchestrator.engine.flat import stitched
from orchestrator.engine.formula import Formula
from orchestrator.engine.network import Module, Network
from orchestrator.engine.rueger import most_of
from orchestrator.engine.sampling import Estimated, interval, sampled
from orchestrator.engine.sweeps import Floats, values

Method = Literal["exact", "bounded", "sampled"]
METHODS: Final[tuple[Method, ...]] = ("exact", "bounded", "sampled")
"""How a figure was found, the best first. `bounded`: it lies between `low` and `high` for certain;
`sampled`: it does with at least 99 % confidence."""

Exact = int | Fraction

DOUBT: Final = 0.01
"""How likely a sampled figure may lie outside its interval, at most."""
SAMPLES: Final = 1 << 20
_TIGHT: Final = 1e-9
"""Bounds that lie no further apart than this share of them need no sampling."""
_SPLIT: Final = 10
"""So many of the inputs used most often are conditioned on, for the bounds, at most."""
_HELD: Final = 1 << 24
"""Values held at a time for that, 8 bytes each: fewer inputs of what is very large."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A probability of being down: the value given, and between what it is known to lie. Where it
    is only bounded the value is the cautious end, `high`."""

    value: Fraction | float
    low: Fraction | float
    high: Fraction | float
    method: Method = "exact"


def exactly(value: Fraction | float) -> Figure:
    """A figure that is what it is."""
    return Figure(value, value, value)


def worst(methods: Sequence[Method]) -> Method:
    """The method of a figure that is made of others."""
    return max(methods, key=METHODS.index, default="exact")


@dataclass(frozen=True, slots=True, eq=False)
class Hard:
    """A structure some of whose modules are too complex for a diagram: those have no nodes."""

    leaves: tuple[int, ...]
    modules: tuple[Module, ...]
    nodes: tuple[Nodes | None, ...]

    @property
    def relevant(self) -> frozenset[int]:
        """The leaves that may lie in some minimal cut."""
        return frozenset(self.leaves)


def figure(
    hard: Hard,
    down: Callable[[int], tuple[float, float]],
    *,
    seed: int = 1,
    samples: int = SAMPLES,
    doubt: float = DOUBT,
) -> Figure:
    """P(down) of a hard structure of independent leaves, each known to within two ends (equal,
    where it is known). With `samples` 0 the bounds alone; they hold for certain."""
    ends = [down(leaf) for leaf in hard.leaves]
    low, high = _bounded(hard, ends)
    if not samples or high - low <= _TIGHT * high:
        return Figure(high, low, high, "bounded")
    guess, least, most = _sampled(hard, ends, seed, samples, doubt)
    least, most = max(low, least), min(high, most)
    return Figure(min(max(guess, least), most), least, most, "sampled")


# --- bounds of independent leaves ----------------------------------------------------------------


def _bounded(hard: Hard, ends: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Bounds module by module: exact ones at both ends of what they read."""
    low = [one for one, _ in ends]
    high = [one for _, one in ends]
    for module, nodes in zip(hard.modules, hard.nodes, strict=True):
        here = [[side[i] for i in module.inputs] for side in (low, high)]
        if nodes is None:
            pair = bounds(module.network, np.array(here[0]), np.array(here[1]))
        else:
            pair = _value(module, nodes, here[0]), _value(module, nodes, here[1])
        low.append(pair[0])
        high.append(pair[1])
    return low[-1], high[-1]


def _value(module: Module, nodes: Nodes, chance: Sequence[float]) -> float:
    """P(down) of one module by itself."""
    inputs = tuple(range(len(chance)))
    alone = stitched(inputs, [Module(module.network, inputs)], [nodes])
    return float(values(alone, np.array(chance))[alone.top])


def bounds(network: Network, low: Floats, high: Floats) -> tuple[float, float]:
    """Bounds of P(down) of a network of independent inputs, each between two ends.

    Gates of independent inputs are associated (Esary and Proschan 1963): all parts of a gate are
    down at least with the product of their probabilities, and at most with the least of them; some
    part is down at least with the greatest of them, and all are up at least with the product. The
    inputs used most often are conditioned on first, all their states side by side, which takes most
    of the association away.
    """
    uses = np.zeros(network.inputs)
    for _, parts in network.gates:
        for part in parts:
            if part < network.inputs:
                uses[part] += 1
    room = (_HELD // (network.inputs + len(network.gates))).bit_length() - 1
    many = max(0, min(_SPLIT, room))
    split = [i for i in np.argsort(-uses, kind="stable")[:many].tolist() if uses[i] > 1]
    states = (np.arange(1 << len(split))[None, :] >> np.arange(len(split))[:, None]) & 1
    # The function is monotone: with all inputs at their lower ends it is at its own.
    found = []
    for side, ends in ((0, low), (1, high)):
        column = np.repeat(ends[:, None], states.shape[1], axis=1)
        weight = np.prod(np.where(states == 1, ends[split, None], 1 - ends[split, None]), axis=0)
        column[split] = states
        found.append(float(weight @ _one_pass(network, column, side)))
    return min(found), min(1.0, max(found))


def _one_pass(network: Network, chance: Floats, side: int) -> Floats:
    """The lower (0) or upper (1) bound of every scenario."""
    column: list[Floats] = list(chance)
    for k, parts in network.gates:
        here = np.array([column[part] for part in parts])
        column.append((_at_least, _at_most)[side](k, here))
    return column[network.root]


def _at_least(k: int, parts: Floats) -> Floats:
    """The k parts most often down are all down; of one part alone that is certain."""
    found: Floats = np.prod(np.sort(parts, axis=0)[len(parts) - k :], axis=0)
    return found


def _at_most(k: int, parts: Floats) -> Floats:
    """Were the n - k + 1 parts that are least often down all up, fewer than k would be down; nor
    can more be down than under any dependence (`engine.rueger`)."""
    many = len(parts)
    ranked = np.sort(parts, axis=0)
    with np.errstate(divide="ignore"):
        up = np.sum(np.log1p(-ranked[: many - k + 1]), axis=0)
    associated = -np.expm1(up)
    sums = np.cumsum(ranked, axis=0)
    most: Floats = np.minimum(associated, 1.0)
    for r in range(k):
        most = np.minimum(most, sums[many - r - 1] / (k - r))
    return most


# --- samples -------------------------------------------------------------------------------------


def _sampled(
    hard: Hard, ends: Sequence[tuple[float, float]], seed: int, samples: int, doubt: float
) -> tuple[float, float, float]:
    """The estimate and its ends: hard modules that lie in no other are sampled, each with its
    share of the doubt, and carried through what lies above them."""
    sought = _outermost(hard)
    sides = [[end[0] for end in ends], [(a + b) / 2 for a, b in ends], [end[1] for end in ends]]
    for index, (module, nodes) in enumerate(zip(hard.modules, hard.nodes, strict=True)):
        if nodes is not None:
            made = [_value(module, nodes, [side[i] for i in module.inputs]) for side in sides]
        elif index in sought:
            made = _found_by_chance(hard, index, sides, seed + index, samples, doubt / len(sought))
        else:
            made = [0.0, 0.0, 0.0]
        for side, value in zip(sides, made, strict=True):
            side.append(value)
    return sides[1][-1], sides[0][-1], sides[2][-1]


def _outermost(hard: Hard) -> frozenset[int]:
    """The hard modules that lie in no other hard module."""
    leaves = len(hard.leaves)
    inside: set[int] = set()
    for index in reversed(range(len(hard.modules))):
        if hard.nodes[index] is None or index in inside:
            inside.update(i - leaves for i in hard.modules[index].inputs if i >= leaves)
    return frozenset(
        index for index, nodes in enumerate(hard.nodes) if nodes is None and index not in inside
    )


def _found_by_chance(
    hard: Hard,
    index: int,
    sides: Sequence[Sequence[float]],
    seed: int,
    samples: int,
    doubt: float,
) -> list[float]:
    """One hard module, with the hard ones inside it, sampled at the ends of what it reads."""
    network, inputs = _together(hard, index)
    made: list[Estimated] = []
    for side in sides:
        chance = [side[i] for i in inputs]
        known = next((m for m, s in zip(made, sides, strict=False) if s == side), None)
        made.append(known or sampled(network, chance, seed, samples))
    low, high = interval(made[0], doubt)[0], interval(made[-1], doubt)[1]
    return [low, made[1].share, high]


def _together(hard: Hard, index: int) -> tuple[Network, tuple[int, ...]]:
    """A hard module and the hard modules it reads as one network, and what its inputs are."""
    leaves = len(hard.leaves)
    wanted, stack = {index}, [index]
    while stack:
        for number in hard.modules[stack.pop()].inputs:
            inner = number - leaves
            if inner >= 0 and hard.nodes[inner] is None and inner not in wanted:
                wanted.add(inner)
                stack.append(inner)
    inputs = {
        number: i
        for i, number in enumerate(
            number
            for one in sorted(wanted)
            for number in hard.modules[one].inputs
            if number - leaves not in wanted
        )
    }
    gates: list[networks.Part] = []
    place = dict(inputs)
    for one in sorted(wanted):
        module, first = hard.modules[one], len(inputs) + len(gates)
        numbers = [place[i] for i in module.inputs]
        numbers += range(first, first + len(module.network.gates))
        gates += [(k, tuple(numbers[part] for part in parts)) for k, parts in module.network.gates]
        place[leaves + one] = numbers[module.network.root]
    return Network(len(inputs), tuple(gates), place[leaves + index]), tuple(inputs)


# --- bounds under any dependence -----------------------------------------------------------------


def marginal_bound(structure: Formula | bool | Hard, u: Mapping[int, Exact]) -> Exact:
    """The most that a structure can be down if its leaves are down with probability (or share of
    time) `u`, whatever depends on whatever: an upper bound by one pass over the gates, exact in
    fractions. Some of the parts: their sum, at most 1 (Boole); all of them: the least; at least k:
    Rueger 1978, each of the parts at its own bound."""
    if isinstance(structure, bool):
        return int(structure)
    if isinstance(structure, Hard):
        leaves, modules = structure.leaves, structure.modules
    else:
        leaves, whole = networks.interned(structure)
        if not isinstance(whole, bool):
            whole = networks.simplified(whole)
        if isinstance(whole, bool):
            return int(whole)
        modules = networks.modules(whole)
    found = [u[leaf] for leaf in leaves]
    for module in modules:
        column = [found[i] for i in module.inputs]
        for k, parts in module.network.gates:
            column.append(_at_once(k, [column[part] for part in parts]))
        found.append(column[module.network.root])
    return found[-1]


def _at_once(k: int, shares: Sequence[Exact]) -> Exact:
    most = most_of(k, [Fraction(share) for share in shares])
    assert most is not None
    return min(Fraction(1), most)
