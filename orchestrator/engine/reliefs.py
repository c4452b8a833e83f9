"""What a promise may be down beyond its budget: maintenance and other excused time.

docs/semantics.md: maintenance a supplier may take m minutes of, inside its windows, while the
composite excuses M in all, counts as the greater of the worst without it, and of the worst with
each budget raised by m, less M.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.intervals import Intervals, intersect, subtract, total, union
from orchestrator.engine.promises import MAINTENANCE, Budget, Hours, Promise
from orchestrator.model.agreements import Allowance
from orchestrator.model.values import Duration, Span, zone

ZERO: Final = Fraction(0)

MOST_CATEGORIES: Final = 6
"""Of so many categories every combination is tried; what the composite excuses of any more is not
counted in its favour, so that the floor stays valid."""


@dataclass(frozen=True, slots=True)
class Relief:
    """Time of one category that a promise may be down beyond its budget: at most `most`
    (None: without limit), within `windows` (None: at any time)."""

    most: Fraction | None
    windows: Intervals | None = None


@dataclass(frozen=True, slots=True)
class Barred:
    """Where a category of relief does not count in the composite, and so gains nothing: within
    `windows` (None: at any time), if it was announced `notice` before."""

    windows: Intervals | None
    notice: Duration


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to take reliefs: by category where they are barred, how much of all that is taken the
    composite excuses, and how much of its period may be lost to excused time."""

    barred: Mapping[str, Barred]
    excused: Fraction
    lost: Fraction


def reliefs(
    promise: Promise, budget: Budget, hours: Hours, barred: Mapping[str, Barred]
) -> list[Relief]:
    """What a promise may be down beyond its budget in one of its periods, where that counts."""
    found = []
    for category, allowance in _excused(promise):
        bar = barred.get(category)
        if bar is not None and (allowance.notice if allowance else 0) < bar.notice:
            bar = None
        if bar is not None and bar.windows is None:
            continue
        relief = _relief(promise, allowance, budget.span, hours, bar.windows if bar else None)
        if relief.most is None or relief.most > 0:
            found.append(relief)
    return found


def _relief(
    promise: Promise,
    allowance: Allowance | None,
    span: Span,
    hours: Hours,
    barred: Intervals | None = None,
) -> Relief:
    open_hours = hours.open(promise.hours, span)
    windows: Intervals | None = None
    if allowance is not None and allowance.within:
        windows = hours.open(allowance.within, span)
    if barred:
        windows = subtract(open_hours if windows is None else windows, barred)
    most = None if allowance is None else _most(allowance, promise, span)
    if windows is not None:
        room = Fraction(total(intersect(windows, open_hours)))
        most = room if most is None else min(most, room)
    if promise.shrinks and most is not None:
        # What is excused leaves the period, and its share of the budget with it.
        most *= promise.least
    return Relief(most, windows)


def choices(own: Promise, beneath: Iterable[Promise], span: Span, hours: Hours) -> list[Choice]:
    """Every way to take the reliefs of promises beneath: by category, as much as they allow, less
    what the composite excuses; or only where it does not excuse it."""
    known = excused_by(beneath)
    excused = {
        category: _own(own, category, span, hours)
        for category in sorted(known)
        if category in own.exclusions or any(a.category == category for a in own.allowances)
    }
    limited = [c for c, found in excused.items() if all(r.most is not None for r in found)]
    for category in limited[MOST_CATEGORIES:]:
        del excused[category]
    most = {
        category: sum((relief.most or ZERO for relief in excused[category]), ZERO)
        for category in limited[:MOST_CATEGORIES]
    }
    lost = sum(most.values(), ZERO) if own.shrinks else ZERO
    return [
        Choice(
            {
                category: Barred(_windows(found), _notice(own, category))
                for category, found in excused.items()
                if category not in taken
            },
            sum((most[category] for category in taken), ZERO),
            lost,
        )
        for size in range(len(most) + 1)
        for taken in itertools.combinations(most, size)
    ]


def _own(own: Promise, category: str, span: Span, hours: Hours) -> list[Relief]:
    """What the composite itself excuses of a category in its period."""
    allowances = [a for a in own.allowances if a.category == category]
    if not allowances:
        return [Relief(None)]
    whole = replace(own, shrinks=False)
    return [_relief(whole, allowance, span, hours) for allowance in allowances]


def _notice(own: Promise, category: str) -> Duration:
    return max((a.notice for a in own.allowances if a.category == category), default=0)


def _windows(found: Sequence[Relief]) -> Intervals | None:
    if any(relief.windows is None for relief in found):
        return None
    return union(interval for relief in found for interval in relief.windows or ())


def _excused(promise: Promise) -> Iterator[tuple[str, Allowance | None]]:
    """Allowances with their categories; None stands for maintenance without limit."""
    for allowance in promise.allowances:
        yield allowance.category, allowance
    if without_limit(promise):
        yield MAINTENANCE, None


def excused_by(promises: Iterable[Promise]) -> frozenset[str]:
    """The categories of time that promises may be down beyond their budgets."""
    return frozenset(category for promise in promises for category, _ in _excused(promise))


def without_limit(promise: Promise) -> bool:
    """Whether maintenance is excluded, with no quantity agreed."""
    return MAINTENANCE in promise.exclusions and all(
        allowance.category != MAINTENANCE for allowance in promise.allowances
    )


def _most(allowance: Allowance, promise: Promise, span: Span) -> Fraction:
    """An allowance over a span: its quantity in each of its own periods, or as much as fits."""
    if allowance.per.rolling:
        whole, rest = divmod(span.length, allowance.per.rolling)
        return Fraction(whole * allowance.duration + min(allowance.duration, rest))
    parts = (part & span for part in allowance.per.over(span, zone(promise.timezone)))
    return Fraction(sum(min(allowance.duration, part.length) for part in parts if part))
