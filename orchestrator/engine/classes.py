"""How grave a breach is, and what follows from breaches that repeat themselves.

A history is one term's periods in their order, without holes; a period that was not breached, or
in which nothing was measured, is there as one that counts for nothing. Everything is computed from
the whole history, so that a late or corrected fact needs nothing but to be computed again.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from orchestrator.engine.lapses import due_after
from orchestrator.engine.schemes import Reckoned, worth_of
from orchestrator.errors import refuse
from orchestrator.model.breaches import (
    BREACH_CLASSES,
    Bonus,
    Chronic,
    Classes,
    Repeated,
    RepeatRule,
    TerminationRight,
    rank,
)
from orchestrator.model.calendars import ROUND_THE_CLOCK, Calendar
from orchestrator.model.values import FOREVER, Money, Span


@dataclass(frozen=True, slots=True)
class Past:
    """One period of a history: the class of its breach ("" for none) and its service points."""

    period: Span
    breach_class: str = ""
    points: Fraction = Fraction(0)


def class_of(classes: Classes, attained: Fraction, target: Fraction) -> str:
    """The class of a breach: the gravest whose bound the attained value lies beyond; at a bound
    exactly it is the milder one. "" where the target is met."""
    sign = 1 if classes.higher_is_better else -1
    if sign * (target - attained) <= 0:
        return ""
    reached = [one.breach_class for one in classes.bounds if sign * (one.bound - attained) > 0]
    return max(reached, key=rank, default=BREACH_CLASSES[0])


def completed(when: Repeated, history: Sequence[Past]) -> list[tuple[int, ...]]:
    """Each time the repetition is completed: the places of the periods behind it, the last one
    being the one that completes it. A period stands behind one of them at most."""
    _check_order(history)
    found: list[tuple[int, ...]] = []
    open_: deque[tuple[int, Fraction]] = deque()
    for place, past in enumerate(history):
        weight = _weight(when, past)
        if not weight:
            continue
        open_.append((place, weight))
        while open_[0][0] <= place - when.periods:
            open_.popleft()
        if sum(one for _, one in open_) >= when.count:
            found.append(tuple(one for one, _ in open_))
            open_.clear()
    return found


def _weight(when: Repeated, past: Past) -> Fraction:
    if when.points:
        return past.points
    counts = past.breach_class and rank(past.breach_class) >= rank(when.at_least)
    return Fraction(bool(counts))


def _check_order(history: Sequence[Past]) -> None:
    for one, other in itertools.pairwise(history):
        if one.period.end != other.period.start:
            raise refuse(
                "BROKEN_HISTORY",
                f"{other.period} does not follow on {one.period}",
                "give every period of the history, in order, those without a breach too",
            )


def addition(rule: RepeatRule, due: Reckoned, fee: Money) -> Reckoned:
    """What repetition adds to the credit of the period that completes it, before any limit.

    An `extra` sum of another currency than the credit cannot be added to it: MIXED_CURRENCIES.
    """
    amount = due.amount * (rule.factor - 1)
    extra = rule.extra
    if extra is not None and extra.percent is not None:
        amount += extra.percent * _same(fee, due.currency)
    if extra is not None and extra.amount is not None:
        amount += _same(extra.amount, due.currency)
    return Reckoned(amount, due.currency)


def _same(money: Money, currency: str) -> int:
    if money.currency != currency:
        raise refuse(
            "MIXED_CURRENCIES",
            f"a credit in {currency} has an addition in {money.currency}",
            "state both in one currency",
        )
    return money.amount


def with_repetition(
    rule: RepeatRule, history: Sequence[Past], dues: Sequence[Reckoned], fee: Money
) -> list[Reckoned]:
    """The credits of a history with what repetition adds, each addition applied once."""
    found = list(dues)
    for *_, last in completed(rule.when, history):
        due = found[last]
        more = addition(rule, due, fee)
        found[last] = Reckoned(due.amount + more.amount, due.currency, due.points)
    return found


def termination_rights(
    chronic: Chronic,
    history: Sequence[Past],
    holder: str,
    calendars: Mapping[str, Calendar],
    timezone: str = "UTC",
    hours: str = ROUND_THE_CLOCK,
) -> list[TerminationRight]:
    """The rights to terminate that chronic failure gives, oldest first."""
    found = []
    for places in completed(chronic.when, history):
        start = history[places[-1]].period.end
        end = FOREVER
        if chronic.within:
            end = due_after(chronic.within, start, calendars, hours, timezone)
        periods = tuple(history[place].period for place in places)
        found.append(TerminationRight(holder, Span(start, end), periods))
    return found


def bonus_due(bonus: Bonus, attained: Fraction, fee: Money) -> Money:
    """What the customer owes for a period, rounded once; never more than the fee."""
    return fee.times(min(worth_of(bonus.rows, attained), Fraction(1)))
