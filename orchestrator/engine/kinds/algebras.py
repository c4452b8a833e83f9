"""The table of algebras: how each kind of commitment composes, and which laws hold for it.

Sources: Boole, Frechet and Rueger 1978 for shares; Cardoso et al. 2004, Jaeger et al. 2004 and
Dumas et al. 2010 for service quality over sequences, choices and loops; Graham 1969 for crews;
Denning and Buzen 1978 for throughput by visits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from orchestrator.engine.kinds.chances import ONE, ZERO, chance_lost, chance_missed, most_lost
from orchestrator.engine.kinds.counting import EXPECTED, KNOWN, Counting
from orchestrator.engine.kinds.points import (
    expected_of_concurrent,
    expected_visited,
    known_of_concurrent,
    known_visited,
)
from orchestrator.engine.kinds.values import UNBOUNDED, Incidents, in_all, in_any

# Each algebra has its own type of value (`values.Value`); a row only ever meets its own.
Group = Callable[[int, Sequence[Any]], Any]
"""At least k of some parts; None where nothing can be said."""
Chain = Callable[[Sequence[Any]], Any]
Mixture = Callable[[Sequence[tuple[Fraction, Any]]], Any]
Visits = Callable[[Any, Fraction], Any]


def unvisited(value: Any, _visits: Fraction) -> Any:
    """How often a part is called does not matter."""
    return value


def alone(value: Any, _other: Any) -> Any:
    """No other kind of commitment matters."""
    return value


@dataclass(frozen=True, slots=True)
class Reading:
    """How one figure composes.

    `at_least` takes k and the values of n parts of which k are needed: all for k = n, any for
    k = 1. Along a flow `parallel` is all of the steps and `first` any of them; `sequence` is also
    what a loop is, as often as it is gone through (None: like all); `choice` takes the share of
    the cases with each value; `visited` is a part that a request calls so often. A function that is
    None, or finds None, says nothing. `cases` is how shares of cases are counted along a flow that
    goes by calendars (`timed`), which composes times and needs none of the rest.
    """

    at_least: Group | None = None
    sequence: Chain | None = None
    choice: Mixture | None = None
    visited: Visits = unvisited
    cases: Counting | None = None


@dataclass(frozen=True, slots=True)
class Algebra:
    """How a kind of commitment composes.

    `walk` names how it goes over what a service requires ("" where the dependency graph does not
    say how this composes), `along` how it goes along a declared flow of work. `lacking` is the
    finding where neither is possible. `beside` names a kind of commitment of the same agreements
    that it needs too, and `joined` puts the two together (None: nobody has made that one). Where
    `calendars` is set a stage keeps its own hours, otherwise all clocks run all the time. `assumes`
    are the codes of what its figures take for granted, `if_redundant` more of them where something
    is redundant. `adds_up`: what several places ask of one part adds up, so that below redundancy
    the floor over a graph holds and need not be reached.

    `laws`: `monotone` in every argument; `perfect`, a perfect part changes nothing; `single`, one
    argument is itself; `order` and `grouping` of alike compositions do not matter. That no floor is
    better than its estimate holds for all.
    """

    id: str
    floor: Reading
    estimate: Reading
    laws: frozenset[str]
    walk: str = "folded"
    along: str = "folded"
    lacking: str = "NO_FLOW"
    beside: str = ""
    joined: Callable[[Any, Any], Any] = alone
    calendars: bool = False
    assumes: tuple[str, ...] = ()
    if_redundant: tuple[str, ...] = ()
    adds_up: bool = False


EVERY_LAW: Final = frozenset({"monotone", "perfect", "single", "order", "grouping"})


# --- shares of requests --------------------------------------------------------------------------


def _share_lost(choice: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    return sum((share * value for share, value in choice), ZERO)


ERRORS: Final = Reading(
    most_lost,
    lambda parts: most_lost(len(parts), parts) if parts else ZERO,
    _share_lost,
    lambda value, visits: min(ONE, value * visits),
)
EXPECTED_ERRORS: Final = Reading(
    chance_lost,
    lambda parts: chance_lost(len(parts), parts) if parts else ZERO,
    _share_lost,
    chance_missed,
)


def _kept(reading: Reading) -> Reading:
    """The same for shares that are kept, where the row given is for shares that are lost."""
    at_least, sequence, visited = reading.at_least, reading.sequence, reading.visited
    assert at_least is not None
    assert sequence is not None
    return Reading(
        lambda k, parts: ONE - at_least(k, [ONE - part for part in parts]),
        lambda parts: ONE - sequence([ONE - part for part in parts]),
        _share_lost,
        lambda value, visits: ONE - visited(ONE - value, visits),
    )


# --- times and numbers ---------------------------------------------------------------------------


def _kth_smallest(k: int, parts: Sequence[Fraction]) -> Fraction:
    return sorted(parts)[k - 1]


def _kth_largest(k: int, parts: Sequence[Fraction]) -> Fraction:
    return sorted(parts)[-k]


def _total(parts: Sequence[Fraction]) -> Fraction:
    return min(UNBOUNDED, sum(parts, ZERO))


def _largest(choice: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    return max((value for share, value in choice if share), default=ZERO)


def _smallest(choice: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    return min((value for share, value in choice if share), default=UNBOUNDED)


LONGEST: Final = Reading(_kth_smallest, _total, _largest)
LEAST: Final = Reading(_kth_largest, lambda parts: min(parts, default=UNBOUNDED), _smallest)


def _surviving_capacity(k: int, parts: Sequence[Fraction]) -> Fraction:
    """All needed: the smallest. Redundant: what the k smallest carry together."""
    if k == len(parts):
        return min(parts)
    return _total(sorted(parts)[:k])


def _throttled(value: Fraction, visits: Fraction) -> Fraction:
    return value / visits if visits and value < UNBOUNDED else UNBOUNDED


def _carried(choice: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    return min((_throttled(value, share) for share, value in choice), default=UNBOUNDED)


CAPACITY: Final = Reading(
    _surviving_capacity, lambda parts: min(parts, default=UNBOUNDED), _carried, _throttled
)


# --- means ---------------------------------------------------------------------------------------


def _rate(mean: Fraction) -> Fraction:
    return ZERO if mean >= UNBOUNDED else 1 / mean


def _between_failures(_: int, parts: Sequence[Fraction]) -> Fraction:
    """Counts of failures add up, whatever their joint behaviour. Nor does redundancy fail more
    often than its parts do; it may fail as often, each part failing just while another is down."""
    if not all(parts):
        return ZERO
    rate = sum(map(_rate, parts), ZERO)
    return 1 / rate if rate else UNBOUNDED


def _incidents(mean: Fraction, between: Fraction | None) -> Incidents:
    return Incidents(mean, None if between is None else _rate(between))


def _mean_bound(k: int, parts: Sequence[Incidents]) -> Incidents:
    """No mean of all incidents is above the largest. Redundant parts fail together only in their
    longest outages, so that no mean of theirs bounds the group's."""
    if k < len(parts):
        return Incidents(UNBOUNDED)
    return Incidents(max(part.mean for part in parts), _rates(parts))


def _rates(parts: Sequence[Incidents]) -> Fraction | None:
    known = [part.rate for part in parts if part.rate is not None]
    return sum(known, ZERO) if len(known) == len(parts) else None


def _weighted_mean(k: int, parts: Sequence[Incidents]) -> Incidents | None:
    """By how often each part needs restoring."""
    if len(parts) == 1:
        return parts[0]
    if k < len(parts):
        return None
    rate = _rates(parts)
    if not rate:
        return None
    return Incidents(sum((p.rate * p.mean for p in parts if p.rate), ZERO) / rate, rate)


def _weighted(choice: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    return min(UNBOUNDED, sum((share * value for share, value in choice), ZERO))


DENSEST: Final = Reading(
    lambda _, parts: max(parts), lambda parts: max(parts, default=ZERO), _largest
)
MEAN_DENSITY: Final = Reading(
    lambda _, parts: parts[0] if len(parts) == 1 else None,
    lambda parts: parts[0] if len(parts) == 1 else None,
    _weighted,
)
WEIGHTED: Final = Reading(None, lambda parts: parts[0] if len(parts) == 1 else None, _weighted)


# --- names ---------------------------------------------------------------------------------------

COMMON: Final = Reading(
    lambda _, parts: in_all(list(parts)),
    lambda parts: in_all(list(parts)),
    lambda choice: in_all([value for share, value in choice if share]),
)
UNITED: Final = Reading(
    lambda _, parts: in_any(list(parts)),
    lambda parts: in_any(list(parts)),
    lambda choice: in_any([value for share, value in choice if share]),
)


# --- times and shares ----------------------------------------------------------------------------

KNOWN_TIMES: Final = Reading(known_of_concurrent, visited=known_visited, cases=KNOWN)
EXPECTED_TIMES: Final = Reading(expected_of_concurrent, visited=expected_visited, cases=EXPECTED)

BETWEEN_FAILURES: Final = Reading(
    _between_failures, lambda parts: _between_failures(len(parts), parts)
)

ALGEBRAS: Final[dict[str, Algebra]] = {
    row.id: row
    for row in (
        Algebra(
            "stages",
            KNOWN_TIMES,
            EXPECTED_TIMES,
            EVERY_LAW,
            walk="",
            along="timed",
            calendars=True,
        ),
        Algebra("calls", KNOWN_TIMES, EXPECTED_TIMES, EVERY_LAW, along="timed", adds_up=True),
        # a flow knows neither crews nor what has to be back first
        Algebra("recovery", LONGEST, LONGEST, EVERY_LAW, walk="restored", along=""),
        Algebra(
            "copies", LONGEST, LONGEST, EVERY_LAW, if_redundant=("COPIES_RECOVER_AS_PROMISED",)
        ),
        Algebra(
            "incidents",
            Reading(_mean_bound),
            Reading(_weighted_mean),
            # a part that is restored at once, yet fails, changes the mean of what is left
            EVERY_LAW - {"perfect"},
            walk="pooled",
            along="",
            beside="time_between_failures",
            joined=_incidents,
            assumes=("OUTAGES_DO_NOT_MERGE",),
        ),
        Algebra(
            "failures",
            BETWEEN_FAILURES,
            # how often enough parts fail together follows from no mean
            Reading(lambda k, parts: _between_failures(k, parts) if k == len(parts) else None),
            EVERY_LAW,
            walk="pooled",
            along="",
        ),
        Algebra(
            "capacity", CAPACITY, CAPACITY, EVERY_LAW, walk="loaded", along="visited", adds_up=True
        ),
        Algebra("errors", ERRORS, EXPECTED_ERRORS, EVERY_LAW, adds_up=True),
        Algebra("successes", _kept(ERRORS), _kept(EXPECTED_ERRORS), EVERY_LAW, adds_up=True),
        Algebra("mixture", DENSEST, MEAN_DENSITY, EVERY_LAW),
        Algebra(
            "contribution",
            WEIGHTED,
            WEIGHTED,
            EVERY_LAW - {"perfect"},
            walk="",
            lacking="UNATTRIBUTABLE",
        ),
        Algebra("common", COMMON, COMMON, EVERY_LAW),
        Algebra("united", UNITED, UNITED, EVERY_LAW),
        Algebra("least", LEAST, LEAST, EVERY_LAW),
    )
}
"""Every algebra but `downtime`, which `engine.problem` and `engine.estimate` compute."""
