"""The sharp bound on how much of the time, or in which share of the cases, at least m of n events
happen, whatever their joint behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

Limit = Fraction | None
"""The most that an event happens, in time or in cases; None for no limit."""


def most_of(m: int, limits: Sequence[Limit]) -> Limit:
    """The most that at least m of some events happen at once, each no more than its limit.

    Rueger 1978: the least, over r < m, of (the sum of the n - r smallest) / (m - r); the sum where
    one is enough, the least of them where it takes all. Limits are of one unit and not negative;
    the whole of the time or of the cases is one limit more, which whoever asks has to put on it.
    """
    assert 1 <= m <= len(limits), "as many events as there are"
    known = [one for one in limits if one is not None]
    if m == len(limits):
        return min(known, default=None)
    if m == 1:
        return sum(known, Fraction(0)) if len(known) == len(limits) else None
    smallest = sorted(known)
    unlimited = len(limits) - len(smallest)
    sums = [Fraction(0), *accumulate(smallest)]
    return min((sums[len(limits) - r] / (m - r) for r in range(unlimited, m)), default=None)
