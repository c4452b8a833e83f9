"""Earn-back: later good performance cancels a credit, once, before it expires, and never more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from orchestrator.errors import refuse
from orchestrator.model.breaches import EarnBack
from orchestrator.model.values import Money


@dataclass(frozen=True, slots=True)
class Performed:
    """One period of a term: what it attained (None: nothing was measured), and its credit after
    all limits."""

    attained: Fraction | None
    credit: Money


@dataclass(frozen=True, slots=True)
class EarnedBack:
    """A credit cancelled: places in the history of the period it belongs to and of the period
    whose end cancels it."""

    credited: int
    earned: int
    money: Money


def earned_back(
    rule: EarnBack,
    history: Sequence[Performed],
    target: Fraction,
    *,
    higher_is_better: bool = True,
) -> list[EarnedBack]:
    """What of each credit is earned back, in the order of the credits.

    A period in which nothing was measured is not a good one. Each credit looks at the periods
    after it by itself, so that one good stretch may cancel several credits, each of them once.
    What is earned back is cut down to the minor unit.
    """
    level = target if rule.level is None else rule.level
    if _better(target, level, higher_is_better):
        raise refuse(
            "BAD_EARN_BACK",
            "credits would be earned back by what misses the target",
            "ask for the target at least",
        )
    good = [
        one.attained is not None and not _better(level, one.attained, higher_is_better)
        for one in history
    ]
    runs = _runs(good)
    found = []
    for place, one in enumerate(history):
        if one.credit.amount <= 0:
            continue
        last = min(place + rule.expires, len(history) - 1)
        for later in range(place + rule.periods, last + 1):
            if runs[later] >= rule.periods:  # all of them after the credit's own
                amount = math.floor(rule.share * one.credit.amount)
                found.append(EarnedBack(place, later, Money(amount, one.credit.currency)))
                break
    return found


def _better(one: Fraction, other: Fraction, higher_is_better: bool) -> bool:
    return one > other if higher_is_better else one < other


def _runs(good: Sequence[bool]) -> list[int]:
    """At each place, how many good periods in a row end there."""
    found: list[int] = []
    for one in good:
        found.append((found[-1] if found else 0) + 1 if one else 0)
    return found
