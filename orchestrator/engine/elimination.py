"""Linear equations solved in fractions, for systems in which most rows are short."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

ZERO: Final = Fraction(0)
_WORK: Final = 400_000
"""So many multiplications of words are done for one system, which takes some seconds."""
_WORD: Final = 64


class TooMuchWork(Exception):  # noqa: N818 - no error: a bound will do
    """A system fills up while it is solved, beyond the budget."""


def solved(
    equations: Sequence[tuple[Sequence[int], Fraction]], guess: Sequence[Fraction]
) -> list[Fraction] | None:
    """A solution of equations "the sum of some unknowns is so much"; unknowns that they leave open
    are as guessed. None where they contradict one another.

    Gaussian elimination, the shortest row next (Markowitz 1957): a triangular system costs
    nothing but reading it. One whose rows stay long fills up, with numbers that grow: beyond a
    budget, which is counted in work and not in time, it raises `TooMuchWork`.
    """
    left_to_do = _WORK
    rows = [(dict.fromkeys(held, Fraction(1)), right) for held, right in equations]
    holding: dict[int, set[int]] = {}
    for number, (row, _) in enumerate(rows):
        for unknown in row:
            holding.setdefault(unknown, set()).add(number)
    open_rows = set(range(len(rows)))
    order: list[tuple[int, dict[int, Fraction], Fraction]] = []
    while open_rows:
        number = min(open_rows, key=lambda n: (len(rows[n][0]), n))
        open_rows.remove(number)
        row, right = rows[number]
        if not row:
            if right:
                return None
            continue
        pivot = min(row, key=lambda unknown: (len(holding[unknown]), unknown))
        factor = row.pop(pivot)
        row = {unknown: value / factor for unknown, value in row.items()}
        right /= factor
        for unknown in row:
            holding[unknown].discard(number)
        order.append((pivot, row, right))
        for other in sorted(holding.pop(pivot) & open_rows):
            target, value = rows[other]
            times = target.pop(pivot)
            size = times.numerator.bit_length() + times.denominator.bit_length()
            left_to_do -= (1 + len(row)) * (1 + size // _WORD)
            if left_to_do < 0:
                raise TooMuchWork
            for unknown, one in row.items():
                left = target.get(unknown, ZERO) - times * one
                if left:
                    target[unknown] = left
                    holding[unknown].add(other)
                else:
                    target.pop(unknown, None)
                    holding[unknown].discard(other)
            rows[other] = (target, value - times * right)
    found = list(guess)
    for pivot, row, right in reversed(order):
        found[pivot] = right - sum((value * found[i] for i, value in row.items()), ZERO)
    return found
