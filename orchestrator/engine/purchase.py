"""The cheapest options that meet all demands: a mixed-integer programme, solved by HiGHS.

One binary variable for each option of each menu. A redundant module costs a demand y*u, y being
a cover that the programme chooses with the options (`engine.demands`): the product of y and an
option's share is linear in weights w <= x, of which each known cut needs one in all. Cuts that are
not known yet are added where a chosen cover misses them; until then the programme is a
relaxation, so that its bound holds throughout. Units are minutes a year: in shares of time the
solver's tolerances would hide five nines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

from orchestrator.engine.blocks import Block, downtime, shares
from orchestrator.engine.demands import Demand

MINUTES: Final = 525_600
"""Minutes in a year of 365 days: the unit of the rows."""

_ROUNDS: Final = 40
_LEAST: Final = Fraction(1, 10**12)

LARGE: Final = 1500
"""A programme of more options is searched from its relaxation."""
FREE: Final = 45
"""So many menus are free at a time."""
HUB: Final = 5
"""A menu that matters to more than this part of all demands stays as it is meanwhile."""

_SUPPORT: Final = 1e-7
_FIRST: Final = 0.15
_STEP: Final = 0.015
_FINE: Final = 0.0001


def _never() -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to look: the relative gap at which to stop, and a limit of seconds, of which
    `spent` tells how many have passed (nothing here reads a clock; the solver knows its own)."""

    gap: float = 0.001
    seconds: float = 45.0
    spent: Callable[[], float] = _never


@dataclass(frozen=True, slots=True)
class Purchase:
    """The option picked of each menu, and a cost that nothing which meets the demands is below;
    both in minor units."""

    picks: tuple[int, ...]
    bound: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A solver's answer: values by column, None where it has none, and a bound of the cost."""

    x: Any
    bound: float


@dataclass
class Rows:
    """Sparse rows under construction: coefficients with bounds."""

    row: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, entries: Mapping[int, float], low: float, high: float) -> None:
        """One more row."""
        self.row += [len(self.low)] * len(entries)
        self.column += entries
        self.value += entries.values()
        self.low.append(low)
        self.high.append(high)


class Programme:
    """The programme as far as its cuts are known; guards that columns and rows fit."""

    def __init__(
        self,
        prices: Sequence[Sequence[int]],
        demands: Sequence[Demand],
        blocks: Sequence[Sequence[Block]],
    ) -> None:
        self.prices, self.demands, self.blocks = prices, demands, blocks
        self.slack = [Fraction(0)] * len(demands)
        self._matrix: tuple[Any, list[float], list[float]] | None = None
        self.x: list[int] = []
        columns = 0
        for menu in prices:
            self.x.append(columns)
            columns += len(menu)
        self.binaries = columns
        self.w: dict[int, list[dict[int, float]]] = {}
        """By block (its id) and member: columns with their minutes."""
        self.links: list[tuple[int, int]] = []
        for block in {id(block): block for inner in blocks for block in inner}.values():
            members = []
            for member in block.values:
                made: dict[int, float] = {}
                for number, values in member.items():
                    for option, share in enumerate(values):
                        made[columns] = _minutes(share)
                        if number is not None:
                            self.links.append((columns, self.x[number] + option))
                        columns += 1
                members.append(made)
            self.w[id(block)] = members
        self.columns = columns

    def rows(self) -> Rows:
        """All rows, with the cuts known by now."""
        rows = Rows()
        for first, menu in zip(self.x, self.prices, strict=True):
            rows.add({first + option: 1.0 for option in range(len(menu))}, 1.0, 1.0)
        for weight, option in self.links:
            rows.add({weight: 1.0, option: -1.0}, -1.0, 0.0)
        done = set()
        for inner in self.blocks:
            for block in inner:
                if id(block) in done:
                    continue
                done.add(id(block))
                members = self.w[id(block)]
                for cut in block.covers.cuts:
                    entries = {column: 1.0 for member in cut for column in members[member]}
                    rows.add(entries, 1.0, float("inf"))
        for demand, inner, slack in zip(self.demands, self.blocks, self.slack, strict=True):
            rows.add(*self._demand(demand, inner, slack))
        return rows

    def _demand(
        self, demand: Demand, blocks: Sequence[Block], slack: Fraction
    ) -> tuple[dict[int, float], float, float]:
        entries: dict[int, float] = {}
        allowed = (Fraction(0) if demand.own else demand.allowed) - slack
        if demand.own:
            for option, share in enumerate(demand.own[1]):
                entries[self.x[demand.own[0]] + option] = -_minutes(share)
        for member in demand.series:
            if not member.menus:
                allowed -= member.size * member.fixed
                continue
            (only,) = member.menus
            for option in range(len(self.prices[only])):
                share = member.size * min(demand.bounds[only, option], member.fixed)
                column = self.x[only] + option
                entries[column] = entries.get(column, 0.0) + _minutes(share)
        for block in blocks:
            for member_columns in self.w[id(block)]:
                for column, share_minutes in member_columns.items():
                    entries[column] = entries.get(column, 0.0) + share_minutes
        return entries, -float("inf"), _minutes(allowed)

    def costs(self) -> list[float]:
        """What each column costs, in minor units."""
        prices = [float(price) for menu in self.prices for price in menu]
        return prices + [0.0] * (self.columns - self.binaries)

    def solve(
        self,
        effort: Effort,
        allowed: Sequence[Collection[int]] | None = None,
        *,
        relaxed: bool = False,
    ) -> Answer:
        """HiGHS's answer to the programme as it is; only some options of each menu may be allowed,
        and fractions of options where it is `relaxed`."""
        import numpy as np  # noqa: PLC0415 - slow to load, and needed here alone
        from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415

        if self._matrix is None:
            self._matrix = self._assembled()
        matrix, low, high = self._matrix
        costs = np.array(self.costs())
        unit = max(1.0, float(costs.max(initial=0.0)) / 1000)
        whole = np.zeros(self.columns, dtype=np.uint8)
        whole[: self.binaries] = not relaxed
        most = np.ones(self.columns)
        if allowed is not None:
            for first, menu, some in zip(self.x, self.prices, allowed, strict=True):
                for option in range(len(menu)):
                    most[first + option] = option in some
        found: Any = milp(
            costs / unit,
            integrality=whole,
            bounds=Bounds(0, most),
            constraints=LinearConstraint(matrix, low, high),
            options={"mip_rel_gap": effort.gap, "time_limit": max(effort.seconds, 0.1)},
        )
        bound = found.fun if relaxed else found.mip_dual_bound
        return Answer(found.x, (bound or 0.0) * unit)

    def _assembled(self) -> tuple[Any, list[float], list[float]]:
        from scipy.sparse import csr_array  # noqa: PLC0415

        rows = self.rows()
        shape = (len(rows.low), self.columns)
        return csr_array((rows.value, (rows.row, rows.column)), shape=shape), rows.low, rows.high

    def picks(self, x: Any) -> tuple[int, ...]:
        """The option picked of each menu."""
        return tuple(
            max(range(len(menu)), key=lambda option: (x[first + option], -option))
            for first, menu in zip(self.x, self.prices, strict=True)
        )

    def cost(self, picks: Sequence[int]) -> int:
        """What some picks cost, in minor units."""
        return sum(menu[pick] for menu, pick in zip(self.prices, picks, strict=True))

    def over(self, picks: Sequence[int]) -> list[Fraction]:
        """By how much each demand is missed with some picks, exactly."""
        found = []
        for demand, inner in zip(self.demands, self.blocks, strict=True):
            allowed = demand.allowance(picks)
            if downtime(demand, inner, picks) > allowed:
                for block in inner:
                    block.covers.sharpen(shares(block, picks))
            found.append(max(downtime(demand, inner, picks) - allowed, Fraction(0)))
        return found

    def neighbourhoods(self) -> Iterator[frozenset[int]]:
        """For each demand, the menus that matter to it and to few others, with those of the
        demands that it has most of them in common with."""
        degree = Counter(menu for demand in self.demands for menu in demand.menus)
        near = [
            {menu for menu in demand.menus if degree[menu] * HUB <= len(self.demands)}
            for demand in self.demands
        ]
        left = set(range(len(near)))
        while left:
            first = min(left)
            free: set[int] = set()
            for other in sorted(left, key=lambda i: (-len(near[i] & near[first]), i)):
                if free and len(free | near[other]) > FREE:
                    break
                free |= near[other]
                left.discard(other)
            yield frozenset(free)

    def learn(self, x: Any) -> bool:
        """Take up the chosen covers, and the cuts that they miss; whether there were any."""
        learnt = False
        self._matrix = None
        for block in {id(block): block for inner in self.blocks for block in inner}.values():
            weights = [sum(x[column] for column in member) for member in self.w[id(block)]]
            if block.covers.learn(weights):
                learnt = True
            else:
                block.covers.add(weights)
        return learnt


def cheapest(
    prices: Sequence[Sequence[int]],
    demands: Sequence[Demand],
    blocks: Sequence[Sequence[Block]],
    effort: Effort,
) -> Purchase | None:
    """The picks of least cost that meet all demands, exactly re-checked; None where no picks do.

    Where the solver's tolerance let a demand pass that is not met exactly, its row is tightened
    by what is missing and all is solved again; the bound is that of the rows as they were.
    """
    programme = Programme(prices, demands, blocks)
    if not programme.columns:
        return None if any(programme.over(())) else Purchase((), 0.0, 0)
    bound, tightened = 0.0, False
    for number in range(1, _ROUNDS + 1):
        large = programme.binaries > LARGE
        answer = programme.solve(effort, relaxed=large)
        if answer.x is None:
            return None
        if not tightened:
            bound = max(bound, answer.bound)
        if programme.learn(answer.x):
            continue
        if large:
            answer = searched(programme, answer, effort)
            programme.learn(answer.x)
        picks = programme.picks(answer.x)
        over = programme.over(picks)
        if not any(over):
            return Purchase(picks, bound, number)
        tightened = True
        programme.slack = [
            slack + 2 * more + _LEAST if more else slack
            for slack, more in zip(programme.slack, over, strict=True)
        ]
    return None


# --- large programmes ----------------------------------------------------------------------------


def searched(programme: Programme, relaxed: Answer, effort: Effort) -> Answer:
    """Good picks for a programme too large to solve as it is, from its relaxation.

    Of each menu the strongest option that the relaxation takes is feasible, as budgets only
    shrink; the best picks among the options that it takes are found by the solver; then, demand
    after demand, the menus that matter to it most are freed and solved again with all others as
    they are (a large neighbourhood search: Shaw 1998), while there is time.
    """
    supported = [
        [option for option in range(len(menu)) if relaxed.x[first + option] > _SUPPORT]
        for first, menu in zip(programme.x, programme.prices, strict=True)
    ]
    best = programme.solve(replace(effort, seconds=effort.seconds * _FIRST), supported)
    if best.x is None:
        best = programme.solve(effort)
        if best.x is None:
            return relaxed
    picks = programme.picks(best.x)
    step = effort.seconds * _STEP
    for free in programme.neighbourhoods():
        if programme.cost(picks) <= relaxed.bound * (1 + effort.gap):
            break
        if effort.spent() + step > effort.seconds:
            break
        some = [
            range(len(menu)) if number in free else (picks[number],)
            for number, menu in enumerate(programme.prices)
        ]
        found = programme.solve(Effort(_FINE, step), some)
        if found.x is not None:
            there = programme.picks(found.x)
            if programme.cost(there) < programme.cost(picks):
                best, picks = found, there
    return best


def _minutes(share: Fraction) -> float:
    return float(share * MINUTES)
