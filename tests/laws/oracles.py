"""The same answers, found another way: slowly, obviously, and without the engine.

Structures are evaluated state by state, time hour by hour or second by second, shares over every
order in which parts may fail, and the floor by a linear programme over the probability of every
joint state (scipy, in floats).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import lil_array

from orchestrator.model.records import Outage
from orchestrator.model.services import AllOf, Expression, Needs
from orchestrator.model.values import HOUR, SECOND, Instant, Period, parse_instant
from tests.laws.build import CALENDARS, START, TOP, Structure

States = frozenset[str]
CALENDARS_BY_ID = {calendar.id: calendar for calendar in CALENDARS}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_down(structure: Structure, down: States, name: str | Expression = TOP) -> bool:
    """Whether a service or requirement fails while exactly those leaves are down."""
    if isinstance(name, str):
        return name in down or (name in structure and is_down(structure, down, structure[name]))
    if isinstance(name, Needs):
        return is_down(structure, down, name.service)
    failed = sum(is_down(structure, down, part) for part in name.parts)
    allowed = 0 if isinstance(name, AllOf) else len(name.parts) - name.k
    return failed > allowed


def states(leaves: Sequence[str]) -> Iterator[States]:
    """Every set of leaves that may be down together."""
    for size in range(len(leaves) + 1):
        yield from map(frozenset, itertools.combinations(leaves, size))


def independent(structure: Structure, down: Mapping[str, Fraction]) -> Fraction:
    """Availability of `top` where leaves fail independently, by its whole truth table."""
    found = Fraction(0)
    for state in states(sorted(down)):
        if not is_down(structure, state):
            chance = Fraction(1)
            for leaf, u in down.items():
                chance *= u if leaf in state else 1 - u
            found += chance
    return found


Rows = frozenset[object]


@dataclass(frozen=True)
class Cell:
    """Time alike: its length, the structure that holds, and what each leaf's downtime draws on.

    A budget that several leaves draw on is drawn on once, however many of them are down.
    """

    length: float
    structure: Structure
    drawn: Mapping[str, Rows]


def worst_downtime(
    leaves: Sequence[str], cells: Sequence[Cell], budgets: Mapping[object, float]
) -> float:
    """The most downtime of `top`, over every joint behaviour of the leaves in every cell."""
    every = list(states(leaves))
    count = len(every)
    rows = {row: number for number, row in enumerate(budgets)}
    fails = np.zeros(count * len(cells))
    spent = lil_array((len(rows), count * len(cells)))
    filled = lil_array((len(cells), count * len(cells)))
    for index, cell in enumerate(cells):
        for column, state in enumerate(every, index * count):
            fails[column] = is_down(cell.structure, state)
            filled[index, column] = 1.0
            for row in frozenset().union(*(cell.drawn.get(leaf, ()) for leaf in state)):
                spent[rows[row], column] = 1.0
    found = linprog(
        -fails,
        A_ub=spent.tocsr() if rows else None,
        b_ub=list(budgets.values()) if rows else None,
        A_eq=filled.tocsr(),
        b_eq=[cell.length for cell in cells],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    assert found.success, found.message
    return -float(found.fun)


# --- hour by hour ---


def hours(start: Instant, end: Instant) -> range:
    return range(start, end, HOUR)


def wall(at: Instant, zone: str) -> datetime:
    return (EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))


def is_open(id: str, at: Instant) -> bool:
    """Whether a calendar of weekly windows is open at an instant."""
    if id == "24x7":
        return True
    clock = wall(at, CALENDARS_BY_ID[id].timezone)
    since = timedelta(hours=clock.hour, minutes=clock.minute) // timedelta(microseconds=1)
    today = CALENDARS_BY_ID[id].weekly[clock.weekday()]
    before = CALENDARS_BY_ID[id].weekly[(clock.weekday() - 1) % 7]
    return any(a <= since < b for a, b in today) or any(
        a <= since + 24 * HOUR < b for a, b in before
    )


def period_of(period: Period, zone: str, at: Instant) -> tuple[int, int]:
    """Which of the calendar periods an instant lies in, as the (year, month) it starts in."""
    clock = wall(at, zone)
    month = clock.year * 12 + clock.month - 1 - (clock.day < period.start_day)
    return divmod(month - month % period.months, 12)


@lru_cache(maxsize=512)
def hours_by_period(id: str, period: Period, zone: str) -> Mapping[tuple[int, int], int]:
    """The open hours of every period that touches the year 2026."""
    found: Counter[tuple[int, int]] = Counter()
    for at in hours(parse_instant("2025-12-31T00:00:00Z"), parse_instant("2027-01-02T00:00:00Z")):
        if is_open(id, at):
            found[period_of(period, zone, at)] += 1
    return found


# --- shares ---


def shapley(players: Sequence[str], fails: Callable[[States], bool]) -> dict[str, Fraction]:
    """Each player's share: how often, over all orders, its failure brings the whole down."""
    found = dict.fromkeys(players, Fraction(0))
    orders = list(itertools.permutations(players))
    for order in orders:
        for position, player in enumerate(order):
            if fails(frozenset(order[: position + 1])):
                found[player] += Fraction(1, len(orders))
                break
    return {player: share for player, share in found.items() if share}


def minimal_cuts(players: Sequence[str], fails: Callable[[States], bool]) -> list[States]:
    cuts: list[States] = []
    for state in states(players):
        if fails(state) and not any(cut <= state for cut in cuts):
            cuts.append(state)
    return cuts


def equal_per_cut(players: Sequence[str], fails: Callable[[States], bool]) -> dict[str, Fraction]:
    cuts = minimal_cuts(players, fails)
    found: dict[str, Fraction] = {}
    for cut in cuts:
        for player in cut:
            share = Fraction(1, len(cuts) * len(cut))
            found[player] = found.get(player, Fraction(0)) + share
    return found


def first_cause(
    players: Sequence[str], fails: Callable[[States], bool], began: Mapping[str, int]
) -> dict[str, Fraction]:
    """All to what failed first of those in a minimal cut, evenly where several did."""
    involved = sorted(frozenset().union(*minimal_cuts(players, fails)))
    first = min(began[player] for player in involved)
    return _evenly([player for player in involved if began[player] == first])


def last_straw(
    players: Sequence[str], fails: Callable[[States], bool], began: Mapping[str, int]
) -> dict[str, Fraction]:
    """All to what failed at the moment the whole did; to those without which it had not, or else
    to all with a part in it."""
    for moment in sorted({began[player] for player in players}):
        down = frozenset(player for player in players if began[player] <= moment)
        if fails(down):
            arriving = [player for player in sorted(down) if began[player] == moment]
            needed = [player for player in arriving if not fails(down - {player})]
            involved = frozenset().union(*minimal_cuts(sorted(down), fails))
            return _evenly(needed or [player for player in arriving if player in involved])
    raise AssertionError("nothing failed")


def _evenly(players: Sequence[str]) -> dict[str, Fraction]:
    return dict.fromkeys(players, Fraction(1, len(players)))


def shares(
    policy: str,
    players: Sequence[str],
    fails: Callable[[States], bool],
    began: Mapping[str, int],
) -> dict[str, Fraction]:
    match policy:
        case "shapley":
            return shapley(players, fails)
        case "equal_per_cut":
            return equal_per_cut(players, fails)
        case "first_cause":
            return first_cause(players, fails, began)
        case "last_straw":
            return last_straw(players, fails, began)
    raise AssertionError(policy)


# --- second by second ---


@dataclass
class Grid:
    """What a service's downtime comes to, in seconds."""

    counted: Fraction = Fraction(0)
    excused: Fraction = Fraction(0)
    by_leaf: Counter[str] = field(default_factory=Counter)


def second_by_second(
    structure: Structure, reported: Sequence[Outage], excuses: str, policy: str, horizon: int = 60
) -> Grid:
    """Every second of the first minute judged by itself (docs/semantics.md, rules 4, 5 and 7)."""
    down: list[States] = []
    unexcused: list[States] = []
    for second in range(horizon):
        at = START + second * SECOND
        active = [outage for outage in reported if at in outage.span]
        down.append(frozenset(outage.service for outage in active))
        unexcused.append(frozenset(one.service for one in active if one.excuse is None))
    grid, known = Grid(), {}
    for second in range(horizon):
        began = {leaf: _began(down, leaf, second) for leaf in down[second]}
        order = tuple(sorted(began.items(), key=lambda pair: (pair[1], pair[0])))
        key = (down[second], unexcused[second], _ranks(order))
        if key not in known:
            known[key] = _judged(structure, down[second], unexcused[second], excuses, policy, began)
        counted, found = known[key]
        grid.counted += counted
        if is_down(structure, down[second]):
            grid.excused += 1 - counted
        for leaf, share in found.items():
            grid.by_leaf[leaf] += share
    return grid


def level_by_level(
    structure: Structure,
    opaque: States,
    reported: Sequence[Outage],
    excuses: str,
    policy: str,
    horizon: int = 60,
) -> Counter[str]:
    """What each leaf contributed where some composites are looked at as one thing by those above
    them, and what they contributed is shared in turn among what lies beneath."""
    down: list[States] = []
    unexcused: list[States] = []
    for second in range(horizon):
        at = START + second * SECOND
        active = [outage for outage in reported if at in outage.span]
        down.append(frozenset(outage.service for outage in active))
        unexcused.append(frozenset(one.service for one in active if one.excuse is None))

    def seen_from(name: str) -> Structure:
        return {k: v for k, v in structure.items() if k == name or k not in opaque}

    def visible(states: States) -> States:
        return states | {one for one in opaque if is_down(structure, states, one)}

    found: Counter[str] = Counter()

    def share(name: str, second: int, weight: Fraction, excuses: str) -> None:
        grid = [visible(one) - {name} for one in down]
        began = {one: _began(grid, one, second) for one in grid[second]}
        without = visible(unexcused[second]) - {name}
        _, parts = _judged(seen_from(name), grid[second], without, excuses, policy, began, name)
        for part, theirs in parts.items():
            if part in opaque:
                share(part, second, weight * theirs, "provider_bears")
            else:
                found[part] += weight * theirs

    for second in range(horizon):
        share(TOP, second, Fraction(1), excuses)
    return found


def _began(down: Sequence[States], leaf: str, second: int) -> int:
    while second and leaf in down[second - 1]:
        second -= 1
    return second


def _ranks(order: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    moments = sorted({moment for _, moment in order})
    return tuple((leaf, moments.index(moment)) for leaf, moment in order)


def _judged(
    structure: Structure,
    down: States,
    unexcused: States,
    excuses: str,
    policy: str,
    began: Mapping[str, int],
    name: str = TOP,
) -> tuple[Fraction, dict[str, Fraction]]:
    """How much of a second counts, and by leaf what of it."""
    excused = down - unexcused
    by_excused = is_down(structure, excused, name)
    by_unexcused = is_down(structure, unexcused, name)

    def of(players: States, beside: States = frozenset()) -> dict[str, Fraction]:
        return shares(
            policy, sorted(players), lambda state: is_down(structure, state | beside, name), began
        )

    if not is_down(structure, down, name) or (by_excused and not by_unexcused):
        return Fraction(0), {}
    if not by_excused and not by_unexcused:
        return Fraction(1), of(unexcused, excused)
    if not by_excused or excuses == "provider_bears":
        return Fraction(1), of(unexcused)
    if excuses == "excuse_wins":
        return Fraction(0), {}
    theirs = {leaf: share for leaf, share in of(down).items() if leaf in unexcused}
    return sum(theirs.values(), Fraction(0)), theirs


def reported_seconds(
    structure: Structure, reported: Sequence[Outage], horizon: int, service: str = TOP
) -> list[int]:
    """The seconds in which a service was down: by what was reported of it, of its own part, or of
    anything it requires."""
    return [
        second
        for second in range(horizon)
        if is_down(
            structure,
            frozenset(one.service for one in reported if START + second * SECOND in one.span),
            service,
        )
    ]
