"""Targets as the values that algebras compute with, and back; which of two is the better one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.kinds.points import AT_ONCE, NEVER, Front, as_good, front, front_of
from orchestrator.model.metrics import Labels, Lasting, Metric, Points, Target, Within
from orchestrator.model.values import FOREVER


@dataclass(frozen=True, slots=True)
class Incidents:
    """A mean time to restore with how often there is something to restore, per microsecond; None
    where nobody has said how often."""

    mean: Fraction
    rate: Fraction | None = None


Names = frozenset[str]
Value = Fraction | Front | Names | Incidents
"""What is composed: shares, numbers and microseconds; points in time and share; names."""

UNBOUNDED: Final = Fraction(FOREVER)
"""More than any number or length of time that is promised: no bound at all."""

ANY_NAME: Final = "*"
"""Stands for every name there is; no name is written like that."""

EVERYTHING: Final[Names] = frozenset({ANY_NAME})
NOTHING: Final[Names] = frozenset()

ENDS: Final[dict[tuple[str, bool], tuple[Value, Value]]] = {
    ("ratio", True): (Fraction(0), Fraction(1)),
    ("fault", False): (Fraction(1), Fraction(0)),
    ("number", True): (Fraction(0), UNBOUNDED),
    ("number", False): (UNBOUNDED, Fraction(0)),
    ("lasting", True): (Fraction(0), UNBOUNDED),
    ("lasting", False): (UNBOUNDED, Fraction(0)),
    ("within", True): (NEVER, AT_ONCE),
    ("labels", True): (NOTHING, EVERYTHING),
    ("labels", False): (EVERYTHING, NOTHING),
}
"""By carrier and direction: the value of what nobody has committed to, and of what is perfect."""


def worst(metric: Metric) -> Value:
    return ENDS[metric.carrier, metric.higher_is_better][0]


def perfect(metric: Metric) -> Value:
    return ENDS[metric.carrier, metric.higher_is_better][1]


def value_of(target: Target) -> Value:
    """A target as a value; lengths of time in microseconds."""
    match target:
        case Fraction():
            return target
        case Lasting():
            return Fraction(target.duration)
        case Within() | Points():
            return front_of(target)
        case Labels():
            return frozenset(target.names)


def target_of(metric: Metric, value: Value) -> Target | None:
    """A value as a target, lengths of time rounded to the safe side; None where it bounds nothing.

    A front of points has no single target: see `judging`.
    """
    match value:
        case Incidents():
            return target_of(metric, value.mean)
        case frozenset():
            return None if ANY_NAME in value else Labels(tuple(sorted(value)))
        case Fraction():
            if value >= UNBOUNDED:
                return None
            if metric.carrier != "lasting":
                return value
            below, rest = divmod(value, 1)
            return Lasting(int(below) + (rest > 0 and not metric.higher_is_better))
        case _:
            raise AssertionError("a front has no single target")


def no_worse(metric: Metric, value: Value, other: Value) -> bool:
    """Whether a value is as good as the other one, or better."""
    match value, other:
        case Incidents(), Incidents():
            return value.mean <= other.mean
        case frozenset(), frozenset():
            larger, smaller = (value, other) if metric.higher_is_better else (other, value)
            return ANY_NAME in larger or smaller <= larger
        case Fraction(), Fraction():
            return value >= other if metric.higher_is_better else value <= other
        case tuple(), tuple():
            return as_good(value, other)
        case _:
            raise AssertionError("values of two algebras are never compared")


def shortfall(metric: Metric, value: Value, promised: Value) -> Fraction:
    """By how much a value misses what is promised, to rank periods by; 0 or less where it does
    not."""
    match value, promised:
        case Incidents(), Incidents():
            return value.mean - promised.mean
        case frozenset(), frozenset():
            larger, smaller = (value, promised) if metric.higher_is_better else (promised, value)
            return Fraction(0) if ANY_NAME in larger else Fraction(len(smaller - larger))
        case Fraction(), Fraction():
            return promised - value if metric.higher_is_better else value - promised
        case _:
            raise AssertionError("values of two algebras are never compared")


def better(metric: Metric, value: Value, other: Value) -> Value:
    """What both commitments on one part make together: both are kept."""
    match value, other:
        case frozenset(), frozenset():
            both = {True: _either, False: _common}
            return both[metric.higher_is_better](value, other)
        case tuple(), tuple():
            return front((*value, *other))
        case _:
            return value if no_worse(metric, value, other) else other


def _either(one: Names, other: Names) -> Names:
    return EVERYTHING if ANY_NAME in one | other else one | other


def _common(one: Names, other: Names) -> Names:
    if ANY_NAME in one:
        return other
    return one if ANY_NAME in other else one & other


def in_any(sets: list[Names]) -> Names:
    """The names in one of the sets at least."""
    found = NOTHING
    for names in sets:
        found = _either(found, names)
    return found


def in_all(sets: list[Names]) -> Names:
    """The names in every set."""
    found = EVERYTHING
    for names in sets:
        found = _common(found, names)
    return found
