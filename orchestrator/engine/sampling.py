"""Monte Carlo, 64 samples a machine word.

Failing positions are drawn sparsely: as many as Poisson(-N ln A) of N places, with repetition, hit
each place with probability 1 - A, independently of the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from orchestrator.engine.network import Network

Words = NDArray[np.uint64]

_BATCH: Final = 1 << 16
"""Samples drawn at a time, at most."""
_HELD: Final = 1 << 26
"""Bytes that they take, at most: one for each sample and input, one bit for each gate."""


@dataclass(frozen=True, slots=True)
class Estimated:
    """In how many of how many samples the whole was down."""

    hits: int
    samples: int

    @property
    def share(self) -> float:
        return self.hits / self.samples


def sampled(network: Network, chance: Sequence[float], seed: int, samples: int) -> Estimated:
    """A network of independent inputs sampled; the same seed gives the same result. The number of
    samples is rounded up to whole words."""
    generator = np.random.default_rng(seed)
    hits, left = 0, -(-samples // 64)
    drawn = left * 64
    row = max(network.inputs, len(network.gates) // 8, 1)
    batch = max(1, min(_BATCH, _HELD // row) // 64)
    while left:
        words = min(left, batch)
        hits += int(np.bitwise_count(_down(network, _failing(chance, words, generator))).sum())
        left -= words
    return Estimated(hits, drawn)


def _failing(chance: Sequence[float], words: int, generator: np.random.Generator) -> Words:
    """A row of samples for each input, a bit set where it is down."""
    p = np.clip(np.asarray(chance, dtype=np.float64), 0.0, 1.0)
    # What is down more often than not is drawn where it is up.
    mostly_down = p > 0.5
    rare = np.where(mostly_down, 1 - p, p)
    places = words * 64
    counts = generator.poisson(-np.log1p(-rare) * places)
    rows = np.repeat(np.arange(len(p)), counts)
    at = generator.integers(0, places, size=len(rows))
    flags = np.zeros((len(p), places), dtype=np.bool_)
    flags[rows, at] = True
    flags[mostly_down] ^= True
    return np.packbits(flags, axis=1, bitorder="little").view(np.uint64)


def _down(network: Network, inputs: Words) -> Words:
    column: list[Words] = list(inputs)
    for k, parts in network.gates:
        here = [column[part] for part in parts]
        if k == 1:
            column.append(np.bitwise_or.reduce(here))
        elif k == len(parts):
            column.append(np.bitwise_and.reduce(here))
        else:
            column.append(_at_least(k, here))
    return column[network.root]


def _at_least(k: int, parts: Sequence[Words]) -> Words:
    counts = [np.zeros_like(parts[0]) for _ in range(k)]
    for part in parts:
        for i in range(k - 1, 0, -1):
            counts[i] |= part & counts[i - 1]
        counts[0] |= part
    return counts[-1]


def interval(found: Estimated, doubt: float) -> tuple[float, float]:
    """The interval that holds the true probability with at least 1 - doubt confidence, for any
    number of hits: by Chernoff's bound, all q with n KL(share, q) <= ln(2 / doubt)."""
    limit = math.log(2 / doubt) / found.samples
    share = found.share

    def far(q: float) -> bool:
        return _divergence(share, q) > limit

    return _border(far, 0.0, share), _border(far, 1.0, share)


def _divergence(p: float, q: float) -> float:
    """Kullback and Leibler's divergence of a coin with p from one with q."""
    total = 0.0
    for a, b in ((p, q), (1 - p, 1 - q)):
        if a > 0:
            if b <= 0:
                return math.inf
            total += a * math.log(a / b)
    return total


def _border(far: Callable[[float], bool], outside: float, inside: float) -> float:
    """Where what is near ends, from a place that may be far, rounded outwards."""
    if not far(outside):
        return outside
    for _ in range(200):
        middle = (outside + inside) / 2
        if middle in {outside, inside}:
            break
        if far(middle):
            outside = middle
        else:
            inside = middle
    return outside
