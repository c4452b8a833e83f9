"""Orders of the variables to try: how large a diagram becomes depends on little else.

No order is best everywhere, so several are offered, the ones that do well most often first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from orchestrator.engine.network import Network

Order = tuple[int, ...]


def orders(network: Network) -> Iterator[Order]:
    """Orders of a network's inputs, each once."""
    found: set[Order] = set()
    for row in ORDERS:
        order = row(network)
        if order not in found:
            found.add(order)
            yield order


def _walk(network: Network, rank: Callable[[int], object] | None = None) -> Order:
    """Inputs as a depth-first walk meets them, parts of a gate by rank."""
    found: dict[int, None] = {}
    seen: set[int] = set()
    stack = [network.root]
    while stack:
        number = stack.pop()
        if number < network.inputs:
            found[number] = None
        elif number not in seen:
            seen.add(number)
            parts = network.gates[number - network.inputs][1]
            ranked = parts if rank is None else sorted(parts, key=rank)  # type: ignore[arg-type]
            stack.extend(reversed(ranked))
    return tuple(found)


def _sizes(network: Network) -> list[int]:
    """How many inputs a part has beneath it, counted with repetition."""
    sizes = [1] * network.inputs
    for _, parts in network.gates:
        sizes.append(sum(sizes[part] for part in parts))
    return sizes


def _uses(network: Network) -> list[int]:
    uses = [0] * (network.inputs + len(network.gates))
    for _, parts in network.gates:
        for part in parts:
            uses[part] += 1
    return uses


def _depth_first(network: Network) -> Order:
    return _walk(network)


def _small_first(network: Network) -> Order:
    return _walk(network, _sizes(network).__getitem__)


def _shared_first(network: Network) -> Order:
    sizes, uses = _sizes(network), _uses(network)
    return _walk(network, lambda part: (-uses[part], sizes[part]))


def _distinct_first(network: Network) -> Order:
    """Fewest distinct inputs first."""
    support = [1 << i for i in range(network.inputs)]
    for _, parts in network.gates:
        bits = 0
        for part in parts:
            bits |= support[part]
        support.append(bits)
    counts = [bits.bit_count() for bits in support]
    return _walk(network, counts.__getitem__)


_RANKED: Final = 300
"""So often the parts of a gate are ranked anew, at most; of a gate with more, several at once."""


def _familiar_first(network: Network) -> Order:
    """Depth first, and of the parts of a gate that one next of whose shared inputs most have been
    met already, in proportion; of what shares nothing the least. What belongs together stays
    together, and an input waits for none of its uses longer than it has to."""
    sizes, uses = _sizes(network), _uses(network)
    shared = [1 << i if uses[i] > 1 else 0 for i in range(network.inputs)]
    for _, parts in network.gates:
        bits = 0
        for part in parts:
            bits |= shared[part]
        shared.append(bits)
    counts = [bits.bit_count() for bits in shared]
    met = 0

    def rank(part: int) -> tuple[float, int, int, int]:
        # One more than there are: of parts of which all is known the larger comes first.
        known = (shared[part] & met).bit_count() / (1 + counts[part])
        return (-known if counts[part] else 1.0), counts[part], sizes[part], part

    found: dict[int, None] = {}
    seen: set[int] = set()
    stack: list[list[int]] = [[network.root]]
    while stack:
        left = stack[-1]
        if not left:
            stack.pop()
            continue
        many = len(left) // _RANKED
        if many:
            # Best last, as the next ones are taken from the end.
            left.sort(key=rank, reverse=True)
            batch = left[-1 - many :]
            del left[-1 - many :]
            stack.append(batch)
            continue
        best = min(left, key=rank)
        left.remove(best)
        if best < network.inputs:
            found[best] = None
            met |= shared[best]
        elif best not in seen:
            seen.add(best)
            stack.append(list(network.gates[best - network.inputs][1]))
    return tuple(found)


_HEAVY: Final = 2_000
"""Beyond so many inputs, weights are dealt out once rather than again after each choice."""


def _weighted(network: Network) -> Order:
    """The input of most weight next, where a gate deals its weight out evenly among the parts
    that are still open (Minato, Ishiura and Yajima 1990)."""
    open_parts = [list(parts) for _, parts in network.gates]
    users: list[list[int]] = [[] for _ in range(network.inputs + len(network.gates))]
    for j, (_, parts) in enumerate(network.gates):
        for part in parts:
            users[part].append(j)
    taken: list[int] = []
    gone = [False] * network.inputs
    while len(taken) < network.inputs:
        weight = [0.0] * (network.inputs + len(network.gates))
        weight[network.root] = 1.0
        for j in range(len(network.gates) - 1, -1, -1):
            if (share := weight[network.inputs + j]) and open_parts[j]:
                share /= len(open_parts[j])
                for part in open_parts[j]:
                    weight[part] += share
        ranked = sorted(
            (i for i in range(network.inputs) if not gone[i]), key=lambda i: (-weight[i], i)
        )
        many = 1 if network.inputs <= _HEAVY else len(ranked)
        for best in ranked[:many]:
            taken.append(best)
            gone[best] = True
            _close(best, users, open_parts, network.inputs)
    return tuple(taken)


def _close(part: int, users: list[list[int]], open_parts: list[list[int]], inputs: int) -> None:
    """Take a part out of the gates above it, and those that are left without parts with it."""
    stack = [part]
    while stack:
        part = stack.pop()
        for j in users[part]:
            if part in open_parts[j]:
                open_parts[j] = [one for one in open_parts[j] if one != part]
                if not open_parts[j]:
                    stack.append(inputs + j)


_SWEEPS: Final = 60


def _force(network: Network, start: Callable[[Network], Order]) -> Order:
    """Gates drawn to the middle of their parts and parts to the middle of their gates, until the
    spans of the gates shrink no more (FORCE: Aloul, Markov and Sakallah 2003)."""
    inputs, gates = network.inputs, network.gates
    if not gates:
        return start(network)
    # Hyperedges: each gate with its parts, one after the other.
    vertex = np.array([v for j, (_, parts) in enumerate(gates) for v in (inputs + j, *parts)])
    length = np.array([1 + len(parts) for _, parts in gates])
    first = np.cumsum(length) - length
    edge = np.repeat(np.arange(len(gates)), length)
    degree = np.maximum(np.bincount(vertex, minlength=inputs + len(gates)), 1)
    place = np.zeros(inputs + len(gates))
    place[list(start(network))] = np.arange(inputs)
    for j, (_, parts) in enumerate(gates):
        place[inputs + j] = place[list(parts)].mean()
    best, best_span = place, np.inf
    for _ in range(_SWEEPS):
        rank = np.empty(len(place))
        rank[np.argsort(place, kind="stable")] = np.arange(len(place))
        here = rank[vertex]
        span = (np.maximum.reduceat(here, first) - np.minimum.reduceat(here, first)).sum()
        if span >= best_span:
            break
        best, best_span = rank, span
        centre = np.add.reduceat(here, first) / length
        place = np.bincount(vertex, weights=centre[edge], minlength=len(place)) / degree
    return tuple(np.argsort(best[:inputs], kind="stable").tolist())


def _force_from_walk(network: Network) -> Order:
    return _force(network, _depth_first)


def _force_from_small(network: Network) -> Order:
    return _force(network, _small_first)


ORDERS: Final[tuple[Callable[[Network], Order], ...]] = (
    _familiar_first,
    _small_first,
    _force_from_small,
    _shared_first,
    _force_from_walk,
    _depth_first,
    _distinct_first,
    _weighted,
)
