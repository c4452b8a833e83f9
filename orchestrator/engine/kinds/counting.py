"""How shares of cases are counted along a flow of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.kinds.chances import ONE, short


@dataclass(frozen=True, slots=True)
class Counting:
    """How shares of cases are counted: `both` of two steps done in time, and, of two steps the
    first of which is enough, what is known of the faster and of the slower of their lines."""

    both: Callable[[Fraction, Fraction], Fraction]
    either: tuple[tuple[str, Callable[[Fraction, Fraction], Fraction]], ...]
    by_term: bool
    """Whether the misses of a term may all fall on one of the places where it stands, so that they
    are counted once for all of them."""


def _both_known(one: Fraction, other: Fraction) -> Fraction:
    return one + other - ONE


KNOWN: Final = Counting(_both_known, (("fastest", _both_known),), True)
"""Whatever the joint behaviour: what is missed adds up (Boole, Frechet)."""

EXPECTED: Final = Counting(
    lambda one, other: short(one * other),
    (
        ("fastest", min),
        ("slowest", lambda one, other: ONE - (ONE - one) * (ONE - other)),
    ),
    False,
)
"""If stages are independent of one another and of when cases start."""
