"""Targets in time and share on one clock: fronts of (time, share) points, and how they compose.

A front is what is known of a distribution of times: at least `share` of the cases are done within
`time`, for each of its points. Percentiles never add: composing fronts means choosing a point of
each part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Final

from orchestrator.engine.kinds.chances import ONE, ZERO, chance_lost, chance_missed, most_lost
from orchestrator.model.metrics import Points, Target, Within
from orchestrator.model.values import Duration

Front = tuple[tuple[Duration, Fraction], ...]
"""Points sorted by time, each with a larger share than those before it."""

NEVER: Final[Front] = ()
AT_ONCE: Final[Front] = ((0, ONE),)

Losing = Callable[[int, Sequence[Fraction]], Fraction]
"""The share of cases in which fewer than k parts are done, from the share each one misses."""


def front(points: Iterable[tuple[Duration, Fraction]]) -> Front:
    """Points without those that another one is as good as in both."""
    found: list[tuple[Duration, Fraction]] = []
    for time, share in sorted(points, key=lambda point: (point[0], -point[1])):
        if share > (found[-1][1] if found else 0):
            found.append((time, share))
    return tuple(found)


def points_of(target: Target) -> tuple[Within, ...]:
    """The points that a target in time and share is made of."""
    assert isinstance(target, Within | Points)
    return target.points if isinstance(target, Points) else (target,)


def front_of(target: Target) -> Front:
    """A target on a clock that runs all the time; business days have no place on it."""
    return front((p.duration, p.share) for p in points_of(target) if not p.business_days)


def share_at(known: Front, time: Duration) -> Fraction:
    """The share of the cases known to be done within a time."""
    return max((share for at, share in known if at <= time), default=ZERO)


def as_good(left: Front, right: Front) -> bool:
    """Whether the left one has at any time at least the share of the right one."""
    return all(share_at(left, time) >= share for time, share in right)


def _at_least(losing: Losing, k: int, fronts: Sequence[Front]) -> Front:
    times = {time for known in fronts for time, _ in known}
    return front(
        (time, ONE - losing(k, [ONE - share_at(known, time) for known in fronts])) for time in times
    )


def known_of_concurrent(k: int, fronts: Sequence[Front]) -> Front:
    """At least k of concurrent calls done: the latest for all, the earliest for one; whatever
    their joint behaviour."""
    return _at_least(most_lost, k, fronts)


def expected_of_concurrent(k: int, fronts: Sequence[Front]) -> Front:
    """The same if calls are independent."""
    return _at_least(chance_lost, k, fronts)


def _visited(known: Front, visits: Fraction, lost: Callable[[Fraction], Fraction]) -> Front:
    if not visits:
        return AT_ONCE
    times = -(-visits.numerator // visits.denominator)
    return front((time * times, ONE - lost(ONE - share)) for time, share in known)


def known_visited(known: Front, visits: Fraction) -> Front:
    """Called so often by a case, one call after another and no case above the next whole number."""
    return _visited(known, visits, lambda missed: min(ONE, visits * missed))


def expected_visited(known: Front, visits: Fraction) -> Front:
    return _visited(known, visits, lambda missed: chance_missed(missed, visits))
