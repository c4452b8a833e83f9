"""Shares of cases in which enough of some parts do well, whatever their joint behaviour, and if
they behave independently."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

LONG: Final = 4096
"""From so many bits on the denominators of estimates are cut down to a fraction of them, as a
product over thousands of parts would have millions."""

ONE = Fraction(1)
ZERO = Fraction(0)


def most_lost(k: int, missed: Sequence[Fraction]) -> Fraction:
    """The largest share of cases in which fewer than `k` parts do well, over every joint behaviour
    in which part i misses a share `missed[i]` of them.

    Rueger 1978: min(1, min over r < m of (sum of the n - r smallest) / (m - r)), m = n - k + 1;
    Boole's sum where all are needed, the least of them where one is enough.
    """
    if k == len(missed):
        return min(ONE, sum(missed, ZERO))
    if k == 1:
        return min(missed)
    least_first = sorted(missed)
    cut = len(least_first) - k + 1
    total = sum(least_first, ZERO)
    best = ONE
    for left_out in range(cut):
        best = min(best, total / (cut - left_out))
        total -= least_first[-1 - left_out]
    return best


def chance_lost(k: int, missed: Sequence[Fraction]) -> Fraction:
    """The share of cases in which fewer than `k` parts do well, if parts miss independently."""
    if k == len(missed):
        kept = ONE
        for one in missed:
            kept = _short(kept * (ONE - one), up=True)
        return ONE - kept
    if k == 1:
        lost = ONE
        for one in missed:
            lost = _short(lost * one)
        return lost
    cut = len(missed) - k + 1
    # by how many parts have missed so far, `cut` standing for that many or more
    shares = [ONE] + [ZERO] * cut
    for one in missed:
        shares[cut] += shares[cut - 1] * one
        for count in range(cut - 1, 0, -1):
            shares[count] = _short(shares[count] * (ONE - one) + shares[count - 1] * one)
        shares[0] = _short(shares[0] * (ONE - one))
        shares[cut] = _short(shares[cut])
    return shares[cut]


def chance_kept(share: Fraction, times: int) -> Fraction:
    """The share of cases that keep something so many times over, independently."""
    found = ONE
    for bit in bin(times)[2:]:
        found = _short(found * found, up=True)
        if bit == "1":
            found = _short(found * share, up=True)
    return found


def _short(share: Fraction, *, up: bool = False) -> Fraction:
    """A share, rounded at its last bits where its denominator is very long."""
    if share.denominator.bit_length() < LONG:
        return share
    scaled = share.numerator << (LONG // 8)
    return Fraction(
        -(-scaled // share.denominator) if up else scaled // share.denominator, 1 << (LONG // 8)
    )


def chance_missed(missed: Fraction, visits: Fraction) -> Fraction:
    """The share of cases with a miss, if a case has `visits` independent ones: so many whole ones,
    and one more with the chance that is left."""
    whole, rest = divmod(visits, 1)
    return ONE - chance_kept(ONE - missed, int(whole)) * (ONE - rest * missed)


def allowed_misses(cases: int, share: Fraction) -> int:
    """How many of so many cases may miss: all but the whole number that makes up the share."""
    return cases - -(-cases * share.numerator // share.denominator)
