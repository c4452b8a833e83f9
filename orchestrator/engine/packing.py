"""The most that cuts can be down within the capacities of their parts: found in floats, proved in
fractions.

The programme (Hailperin 1965): maximise the sum of x over cuts, where the cuts that hold a part
take no more than its capacity. HiGHS finds a basic solution; its prices, which are small fractions,
are read off and checked to price no cut below one, which bounds the optimum from above; its amounts
are solved for again in fractions on the rows that have a price. Where both agree the optimum is
exact, and nothing depends on a tolerance. Cuts that are too many to list are drawn from a diagram,
the cheapest under the prices, until none gains.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from orchestrator.engine.elimination import TooMuchWork, solved
from orchestrator.engine.grid import grid, whole_amounts

Cut = frozenset[int]
Exact = int | Fraction
Draw = Callable[[Callable[[int], Exact]], tuple[Exact, Cut] | None]
"""Cuts too many to list: the cheapest under given prices."""

ZERO: Final = Fraction(0)
_DENOMINATOR: Final = 5040
"""Prices are read off as fractions with denominators up to this."""
_ROUNDS: Final = 200
_AT_ONCE: Final = 40
"""Cuts drawn from one diagram for one solution of the programme."""
_WORKING: Final = 400
"""Cuts that are taken up after one solution over some of them."""
_WORK: Final = 3_000_000
"""Places (rows by columns) of the programmes solved for one optimum; beyond, a bound will do."""
_NOTHING: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Packed:
    """The optimum, a way to reach it, the prices of the parts that prove it (0 for all others), and
    the cuts that were looked at, as a table too. Where it is not `exact` the value is the bound
    that the prices prove, and no way to reach it is known."""

    value: Fraction
    amounts: Mapping[Cut, Fraction]
    prices: Mapping[int, Fraction]
    columns: tuple[Cut, ...]
    table: _Table | None = field(default=None, repr=False, compare=False)
    exact: bool = True


def packed(
    capacity: Mapping[int, Fraction], listed: Sequence[Cut], drawn: Sequence[Draw]
) -> Packed | None:
    """The optimum, or None where floats did not lead to one that can be proved; where that is too
    much work, a bound.

    A part that is not in `capacity` is without limit, so every cut has to hold one that is.
    """
    columns = dict.fromkeys(listed)
    for draw in drawn:
        first = draw(lambda _: 1)
        if first is not None:
            columns.setdefault(first[1])
    work = 0
    for _ in range(_ROUNDS):
        if not columns:
            return Packed(ZERO, {}, {}, ())
        table = _Table(capacity, tuple(columns))
        found = table.solve()
        if found is None:
            return None
        exact = table.rounded(found[1])
        fresh = _fresh(drawn, exact, columns)
        if not fresh:
            return _proved(table, found[0], exact)
        work += len(table.rows) * len(columns)
        if work > _WORK:
            return _bounded(table, exact, drawn)
        columns |= fresh
    return None


def _bounded(table: _Table, prices: Mapping[int, Fraction], drawn: Sequence[Draw]) -> Packed:
    """The bound that prices prove once no cut is below one: as many times as the cheapest is
    (Farley 1990). Equal prices for all are tried as well, as they never leave a cut for nothing."""
    best: Packed | None = None
    # Any prices will do: those of one denominator keep the numbers small.
    even = {
        part: Fraction(math.ceil(one * _DENOMINATOR), _DENOMINATOR) for part, one in prices.items()
    }
    for tried in (even, dict.fromkeys(table.rows, Fraction(1))):
        costs, whole = table.costs(tried)
        scaled = {part: int(price * whole) for part, price in tried.items()}
        drawn_costs = (draw(lambda part: scaled.get(part, 0)) for draw in drawn)  # noqa: B023
        least = min([int(costs.min()), *(found[0] for found in drawn_costs if found is not None)])
        if least > 0:
            times = Fraction(whole) / least
            raised = {part: price * times for part, price in tried.items()}
            most = sum((price * table.capacity[part] for part, price in raised.items()), ZERO)
            if best is None or most < best.value:
                best = Packed(most, {}, raised, table.columns, table, exact=False)
    assert best is not None, "a cut that nothing limits"
    return best


def repacked(
    known: Packed, capacity: Mapping[int, Fraction], drawn: Sequence[Draw]
) -> Packed | None:
    """The optimum for other capacities of the same parts, from cuts that are known: first of those
    that cost no more than one under the prices that are known, then with whatever turns out to be
    priced below one. None where that led to nothing that can be proved."""
    if known.table is None:
        return packed(capacity, known.columns, drawn)
    table = known.table.under(capacity)
    costs, whole = table.costs(known.prices)
    working = costs <= whole
    for _ in range(_ROUNDS):
        found = table.solve(working)
        if found is None:
            return None
        exact = table.rounded(found[1])
        costs, whole = table.costs(exact)
        cheap = np.flatnonzero((costs < whole) & ~working)
        if not len(cheap):
            if _fresh(drawn, exact, dict.fromkeys(known.columns)):
                return packed(capacity, known.columns, drawn)
            proved = _proved(table, found[0], exact)
            return proved if proved is not None and proved.exact else None
        working[cheap[np.argsort(costs[cheap], kind="stable")[:_WORKING]]] = True
    return None


def price_range(
    capacity: Mapping[int, Fraction], optimum: Packed, drawn: Sequence[Draw], part: int
) -> tuple[Fraction, Fraction] | None:
    """The least and the greatest price of a part over all that prove the optimum; None where they
    could not be found."""
    columns = dict.fromkeys(optimum.columns)
    ends: list[Fraction] = []
    for sign in (1, -1):
        for _ in range(_ROUNDS):
            table = _Table(capacity, tuple(columns))
            if part not in table.rows:
                return ZERO, ZERO
            prices = table.extreme(part, optimum.amounts, sign)
            if prices is None:
                return None
            exact = table.rounded(prices)
            fresh = _fresh(drawn, exact, columns)
            if not fresh:
                ends.append(exact.get(part, ZERO))
                break
            columns |= fresh
    return (ends[0], ends[1]) if len(ends) == 2 else None


def _fresh(
    drawn: Sequence[Draw], prices: Mapping[int, Fraction], known: Mapping[Cut, None]
) -> dict[Cut, None]:
    """Cuts not yet known that are priced below one, in one order."""
    found = {cut for cut in _cheap(drawn, prices) if cut not in known}
    return dict.fromkeys(sorted(found, key=sorted))


def _cheap(drawn: Sequence[Draw], prices: Mapping[int, Fraction]) -> Iterator[Cut]:
    """What is priced below one: each draw's cheapest, then the cheapest once its parts cost more,
    and so on, so that one solution of the programme is followed by many cuts."""
    whole = math.lcm(*(price.denominator for price in prices.values()))
    scaled = {part: int(price * whole) for part, price in prices.items()}
    for draw in drawn:
        raised = dict(scaled)
        for _ in range(_AT_ONCE):
            found = draw(lambda part: raised.get(part, 0))  # noqa: B023 - called at once
            if found is None or found[0] >= whole:
                break
            cost, cut = sum(scaled.get(part, 0) for part in found[1]), found[1]
            yield cut
            more = max((whole - cost) // (2 * len(cut)), 1)
            raised |= {part: raised.get(part, 0) + more for part in cut}


@lru_cache(maxsize=4096)
def _small(price: float) -> Fraction:
    return Fraction(price).limit_denominator(_DENOMINATOR)


class _Table:
    """Cuts by capacities as HiGHS takes them, in units of the least capacity that is something."""

    def __init__(self, capacity: Mapping[int, Fraction], columns: tuple[Cut, ...]) -> None:
        from scipy.sparse import csc_array  # noqa: PLC0415 - slow to load, and often not needed

        self.columns = columns
        sizes = np.fromiter(map(len, columns), np.int64, len(columns))
        parts = np.fromiter(itertools.chain.from_iterable(columns), np.int64, int(sizes.sum()))
        limited = np.isin(parts, np.fromiter(capacity, np.int64, len(capacity)))
        self.rows: list[int] = np.unique(parts[limited]).tolist()
        self.indices = np.searchsorted(self.rows, parts[limited])
        # How many parts with a limit each cut has, from how many there are up to its end.
        upto = np.concatenate(([0], np.cumsum(limited)))
        self.ends = upto[np.concatenate(([0], np.cumsum(sizes)))]
        self.matrix: Any = csc_array(
            (np.ones(len(self.indices)), self.indices, self.ends), (len(self.rows), len(columns))
        )
        self.capacity = capacity
        self._scale()

    def _scale(self) -> None:
        self.grid = grid([self.capacity[part] for part in self.rows])
        found = self.grid.capacities
        self.steps: float = found.min(where=found > 0, initial=np.inf)
        if self.steps == np.inf:
            self.steps = 1.0
        self.unit = self.grid.step * int(self.steps)
        self.capacities = found / self.steps

    def under(self, capacity: Mapping[int, Fraction]) -> _Table:
        """The same cuts with other capacities of the same parts."""
        other = copy.copy(self)
        other.capacity = capacity
        other._scale()
        return other

    def solve(
        self, among: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """Amounts and prices at an optimum over all cuts or among some; None where there is
        none."""
        from scipy.optimize import linprog  # noqa: PLC0415 - as above

        some = slice(None) if among is None else np.flatnonzero(among)
        matrix = self.matrix[:, some]
        found: Any = linprog(
            -np.ones(matrix.shape[1]), A_ub=matrix, b_ub=self.capacities, method="highs-ds"
        )
        if not found.success:
            return None
        amounts = np.zeros(len(self.columns))
        amounts[some] = found.x
        return amounts, -found.ineqlin.marginals

    def extreme(self, part: int, amounts: Mapping[Cut, Fraction], sign: int) -> NDArray[Any] | None:
        """Prices on the optimal face at which one part's is the least (sign 1) or the greatest
        (-1): no cut below one, the cuts that are used at one, and nothing for what is left over."""
        from scipy.optimize import linprog  # noqa: PLC0415 - as above

        load: dict[int, Fraction] = {}
        for cut, amount in amounts.items():
            for one in cut:
                load[one] = load.get(one, ZERO) + amount
        wanted = np.zeros(len(self.rows))
        wanted[self.rows.index(part)] = sign
        used = np.array([cut in amounts for cut in self.columns])
        turned = self.matrix.T.tocsr()
        most = [None if load.get(row, ZERO) == self.capacity[row] else 0 for row in self.rows]
        found: Any = linprog(
            wanted,
            A_ub=-turned[~used],
            b_ub=-np.ones(int((~used).sum())),
            A_eq=turned[used] if used.any() else None,
            b_eq=np.ones(int(used.sum())) if used.any() else None,
            bounds=[(0, one) for one in most],
            method="highs-ds",
        )
        return found.x if found.success else None

    def rounded(self, prices: NDArray[Any]) -> dict[int, Fraction]:
        """Prices read off as small fractions."""
        return {
            part: _small(price)
            for part, price in zip(self.rows, prices.tolist(), strict=True)
            if price > _NOTHING
        }

    def costs(self, prices: Mapping[int, Fraction]) -> tuple[NDArray[Any], int]:
        """What every cut costs, as whole numbers, and what one is."""
        whole = math.lcm(*(price.denominator for price in prices.values()))
        times = {part: one.numerator * (whole // one.denominator) for part, one in prices.items()}
        # Of many denominators the least common multiple may be longer than a word.
        short = max(whole, *times.values(), 0) * len(self.rows) < 1 << 62
        scaled = np.array([times.get(part, 0) for part in self.rows], np.int64 if short else object)
        sums = np.concatenate(([0], np.cumsum(scaled[self.indices])))
        return sums[self.ends[1:]] - sums[self.ends[:-1]], whole


def _proved(table: _Table, amounts: NDArray[Any], prices: Mapping[int, Fraction]) -> Packed | None:
    """The solution in fractions: prices that undercut no cut, and amounts within the capacities
    that use up all that has a price, which together prove it (complementary slackness)."""
    costs, whole = table.costs(prices)
    if (costs < whole).any():
        return None
    places = np.flatnonzero((amounts > _NOTHING) & (costs == whole))
    priced = np.array([part in prices for part in table.rows], np.bool_)
    matrix, steps = table.matrix[:, places], amounts[places] * table.steps
    if (read := whole_amounts(table.grid, matrix, steps, priced)) is not None:
        many, step = read
        times = {one: step * int(one) for one in np.unique(many).tolist()}
        pairs = zip(places.tolist(), many.tolist(), strict=True)
        kept = {table.columns[index]: times[one] for index, one in pairs if one}
        return Packed(step * int(many.sum()), kept, prices, table.columns, table)
    used = [(table.columns[index], float(amounts[index])) for index in places.tolist()]
    tight = {part: table.capacity[part] for part in prices}
    try:
        found = _amounts(table, used, tight)
        if found is None or not _fits(table, found, tight):
            # What has no price may be used up as well: at a corner that settles all amounts.
            full = table.matrix @ amounts > table.capacities * (1 - _NOTHING)
            rows = (table.rows[row] for row in np.flatnonzero(full).tolist())
            found = _amounts(table, used, tight | {part: table.capacity[part] for part in rows})
            if found is None or not _fits(table, found, tight):
                return None
    except TooMuchWork:
        # No cut is priced below one, so no packing is worth more than all capacities are.
        most = sum((price * table.capacity[part] for part, price in prices.items()), ZERO)
        return Packed(most, {}, prices, table.columns, table, exact=False)
    value = sum(found.values(), ZERO)
    kept = {cut: amount for cut, amount in found.items() if amount}
    return Packed(value, kept, prices, table.columns, table)


def _fits(table: _Table, found: Mapping[Cut, Fraction], tight: Mapping[int, Fraction]) -> bool:
    """Whether amounts are within the capacities and use up all that is tight."""
    load: dict[int, Fraction] = {}
    for cut, amount in found.items():
        if amount < 0:
            return False
        for part in cut:
            load[part] = load.get(part, ZERO) + amount
    return all(most == load.get(part, ZERO) for part, most in tight.items()) and all(
        load[part] <= table.capacity[part] for part in load if part in table.capacity
    )


def _amounts(
    table: _Table, used: Sequence[tuple[Cut, float]], tight: Mapping[int, Fraction]
) -> dict[Cut, Fraction] | None:
    """The amounts of the cuts that are used so that they use up what is tight."""
    unit = table.unit
    # The usual case first: amounts are small fractions of the unit.
    guess = {cut: Fraction(amount).limit_denominator(240) * unit for cut, amount in used}
    rows: dict[int, list[int]] = {part: [] for part in tight}
    for number, (cut, _) in enumerate(used):
        for part in cut:
            if part in rows:
                rows[part].append(number)
    known = list(guess.values())
    if all(sum((known[i] for i in held), ZERO) == tight[part] for part, held in rows.items()):
        return guess
    exact = solved([(held, tight[part]) for part, held in rows.items()], known)
    if exact is None:
        return None
    return {cut: amount for (cut, _), amount in zip(used, exact, strict=True)}
