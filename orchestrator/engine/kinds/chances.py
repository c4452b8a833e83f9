"""Shares of cases in which enough of some parts do well, whatever their joint behaviour, and if
they behave independently."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from orchestrator.engine.rueger import most_of

LONG: Final = 4096
"""From so many bits on the denominators of estimates are cut down to a fraction of them, as a
product over thousands of parts would have millions."""

ONE = Fraction(1)
ZERO = Fraction(0)


def most_lost(k: int, missed: Sequence[Fraction]) -> Fraction:
    """The largest share of cases in which fewer than `k` parts do well, over every joint behaviour
    in which part i misses a share `missed[i]` of them.

    Rueger's bound: Boole's sum where all are needed, the least of them where one is enough.
    """
    most = most_of(len(missed) - k + 1, missed)
    assert most is not None
    return min(ONE, most)


def chance_lost(k: int, missed: Sequence[Fraction]) -> Fraction:
    """The share of cases in which fewer than `k` parts do well, if parts miss independently."""
    if k == len(missed):
        kept = ONE
        for one in missed:
            kept = short(kept * (ONE - one), up=True)
        return ONE - kept
    if k == 1:
        lost = ONE
        for one in missed:
            lost = short(lost * one)
        return lost
    cut = len(missed) - k + 1
    # by how many parts have missed so far, `cut` standing for that many or more
    shares = [ONE] + [ZERO] * cut
    for one in missed:
        shares[cut] += shares[cut - 1] * one
        for count in range(cut - 1, 0, -1):
            shares[count] = short(shares[count] * (ONE - one) + shares[count - 1] * one)
        shares[0] = short(shares[0] * (ONE - one))
        shares[cut] = short(shares[cut])
    return shares[cut]


def chance_kept(share: Fraction, times: int) -> Fraction:
    """The share of cases that keep something so many times over, independently."""
    found = ONE
    for bit in bin(times)[2:]:
        found = short(found * found, up=True)
        if bit == "1":
            found = short(found * share, up=True)
    return found


def short(share: Fraction, *, up: bool = False) -> Fraction:
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
