"""The worst case in one cell of time, where every part has one capacity.

What stands in series adds up, and so do gates that share nothing; what is left of the gates once
they are collapsed (`engine.collapse`) is packed with cuts (`engine.packing`). A cut of gates in
series is a cut of one of them, so that each gate's cuts are listed, or drawn from a diagram of its
own, by themselves: no diagram of the whole is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine import diagram
from orchestrator.engine.collapse import (
    Alone,
    Capacity,
    Collapsed,
    Either,
    Together,
    collapse,
    unfold,
)
from orchestrator.engine.components import Bits, Components
from orchestrator.engine.cutlists import cuts, gates_of
from orchestrator.engine.diagram import Formula, at_least_down
from orchestrator.engine.packing import Cut, Draw, Exact, Packed, packed, price_range
from orchestrator.engine.rueger import most_of
from orchestrator.errors import OrchestratorError

ZERO: Final = Fraction(0)
LISTED: Final = 1500
"""Cuts of one gate that are listed; of a gate with more, those that are needed are drawn."""


@dataclass(frozen=True, slots=True)
class OneCell:
    """The worst case, without regard to how long the cell is: `value` is None where nothing limits
    it. `exact` is false where a gate was too hard and is taken at a bound, or the whole is."""

    collapsed: Collapsed
    value: Capacity
    packed: Packed
    limits: Mapping[int, Fraction]
    drawn: tuple[Draw, ...]
    exact: bool


def solve(
    components: Components,
    gates: Bits,
    group_of: Mapping[int, int],
    capacity: Mapping[int, Capacity],
) -> OneCell | None:
    """The worst case of gates in series; None where it could not be proved in fractions."""
    found = collapse(components, gates, group_of, capacity)
    listed: dict[Cut, None] = {}
    drawn: list[Draw] = []
    exact = True
    whole = [found.capacity[item] for item in found.top if item >= 0]
    for item in sorted(found.top):
        if item >= 0:
            continue
        known = cuts(found, -1 - item, LISTED)
        if known is not None:
            listed.update(dict.fromkeys(known))
            continue
        draw = _drawn(found, -1 - item)
        if draw is not None:
            drawn.append(draw)
            continue
        exact = False
        whole.append(_bound(found, item))
    limits = {part: most for part, most in enumerate(found.capacity) if most is not None}
    if _unlimited(limits, listed, drawn) or None in whole:
        return OneCell(
            found, None, Packed(ZERO, {}, {}, tuple(listed)), limits, tuple(drawn), exact
        )
    best = packed(limits, list(listed), drawn)
    if best is None:
        return None
    value = best.value + sum((one for one in whole if one is not None), ZERO)
    return OneCell(found, value, best, limits, tuple(drawn), exact and best.exact)


def _unlimited(
    limits: Mapping[int, Fraction], listed: Mapping[Cut, None], drawn: list[Draw]
) -> bool:
    """Whether some cut holds nothing that has a limit."""
    if any(limits.keys().isdisjoint(cut) for cut in listed):
        return True
    found = (draw(lambda part: int(part in limits)) for draw in drawn)
    return any(one is not None and not one[0] for one in found)


def _drawn(found: Collapsed, gate: int) -> Draw | None:
    """The cheapest cut of a gate by a diagram of its own; None where it is too large."""
    known: dict[int, Formula | bool] = {}

    def formula(item: int) -> Formula | bool:
        return item if item >= 0 else known[-1 - item]

    for number in gates_of(found, gate):
        one = found.gates[number]
        legs = [at_least_down(1, [formula(item) for item in sorted(leg)]) for leg in one.legs]
        known[number] = at_least_down(one.down, legs)
    try:
        made = diagram.build(known[gate])
    except OrchestratorError:
        return None

    def draw(weight: Callable[[int], Exact]) -> tuple[Exact, Cut] | None:
        return diagram.cheapest_cut(made, weight)

    return draw


def _bound(found: Collapsed, item: int) -> Capacity:
    """A bound by parts taken one by one, as if what is shared were not (Boole, Rueger)."""
    known: dict[int, Capacity] = {}

    def most(one: int) -> Capacity:
        return found.capacity[one] if one >= 0 else known[-1 - one]

    for number in gates_of(found, -1 - item):
        gate = found.gates[number]
        legs: list[Capacity] = []
        for leg in gate.legs:
            limits = [most(one) for one in leg]
            kept = [one for one in limits if one is not None]
            legs.append(sum(kept, ZERO) if len(kept) == len(limits) else None)
        known[number] = most_of(gate.down, legs)
    return known[-1 - item]


# --- the witness ---------------------------------------------------------------------------------


def pieces(found: OneCell, length: Fraction) -> Iterator[tuple[frozenset[int], Fraction]]:
    """Groups that are down together, for how long, up to the length of the cell."""
    left = length
    tops = sorted(item for item in found.collapsed.top if item >= 0)
    taken: list[tuple[Cut, Fraction]] = []
    parts = [(frozenset((item,)), found.collapsed.capacity[item]) for item in tops]
    for cut, most in (*parts, *found.packed.amounts.items()):
        here = left if most is None else min(most, left)
        if here > 0:
            taken.append((cut, here))
            left -= here
    if found.value is None and found.exact and left:
        taken.append((_without_limit(found), left))
    yield from unfold(found.collapsed, taken)


def _without_limit(found: OneCell) -> Cut:
    """A cut that nothing limits."""
    for cut in found.packed.columns:
        if found.limits.keys().isdisjoint(cut):
            return cut
    drawn = (draw(lambda part: int(part in found.limits)) for draw in found.drawn)
    return next(one[1] for one in drawn if one is not None and not one[0])


# --- prices --------------------------------------------------------------------------------------


def prices(found: OneCell) -> dict[int, Fraction]:
    """By group, a price of its capacity that proves the worst case."""
    made = {item: Fraction(1) for item in found.collapsed.top if item >= 0} | dict(
        found.packed.prices
    )
    result: dict[int, Fraction] = {}
    stack = list(made.items())
    while stack:
        part, price = stack.pop()
        origin = found.collapsed.origins[part]
        if isinstance(origin, Alone):
            result[origin.group] = result.get(origin.group, ZERO) + price
        elif isinstance(origin, Either):
            stack.extend((inner, price) for inner in origin.parts)
        else:
            stack.extend(
                (inner, price * share) for inner, share in _shares(found.collapsed, origin).items()
            )
    return result


def _shares(found: Collapsed, group: Together) -> dict[int, Fraction]:
    """Prices that prove Rueger's bound: what the least quotient is made of."""
    most = {part: found.capacity[part] for part in group.parts}
    limited = sorted((limit, part) for part, limit in most.items() if limit is not None)
    value = most_of(group.down, list(most.values()))
    for r in range(len(most) - len(limited), group.down):
        few = limited[: len(most) - r]
        if sum((limit for limit, _ in few), ZERO) / (group.down - r) == value:
            return {part: Fraction(1, group.down - r) for _, part in few}
    return {}


def price_ranges(found: OneCell) -> dict[int, tuple[Fraction, Fraction]] | None:
    """By group, the slope of the worst case where its capacity grows, and where it shrinks; None
    where a range could not be found. Slopes of what is nested multiply."""
    tops = {item: (Fraction(1), Fraction(1)) for item in found.collapsed.top if item >= 0}
    parts = {part for cut in found.packed.columns for part in cut}
    for part in sorted(parts & found.limits.keys()):
        if found.packed.exact:
            both = price_range(found.limits, found.packed, found.drawn, part)
        else:
            # Of a bound, how the bound itself follows.
            both = (found.packed.prices.get(part, ZERO),) * 2
        if both is None:
            return None
        tops[part] = both
    result: dict[int, tuple[Fraction, Fraction]] = {}
    stack = list(tops.items())
    while stack:
        part, (low, high) = stack.pop()
        origin = found.collapsed.origins[part]
        if isinstance(origin, Alone):
            result[origin.group] = low, high
        elif isinstance(origin, Either):
            stack.extend((inner, (low, high)) for inner in origin.parts)
        else:
            stack.extend(
                (inner, (low * more, high * less))
                for inner, (more, less) in _slopes(found.collapsed, origin).items()
            )
    return result


def _slopes(found: Collapsed, group: Together) -> dict[int, tuple[Fraction, Fraction]]:
    """How Rueger's bound follows each capacity, upwards and downwards: the least, or the greatest,
    over the quotients that attain it. A part counts in a sum of the smallest if it is below the
    last of them, and at a tie only for what it loses."""
    most = {part: found.capacity[part] for part in group.parts}
    limited = sorted(limit for limit in most.values() if limit is not None)
    value = most_of(group.down, list(most.values()))
    attained = [
        (len(most) - r, group.down - r)
        for r in range(len(most) - len(limited), group.down)
        if sum(limited[: len(most) - r], ZERO) / (group.down - r) == value
    ]
    slopes: dict[int, tuple[Fraction, Fraction]] = {}
    for part, limit in most.items():
        if limit is None:
            slopes[part] = ZERO, ZERO
            continue
        upto = sum(one <= limit for one in limited)
        ups, downs = [], []
        for many, over in attained:
            ups.append(Fraction(upto <= many, over))
            downs.append(Fraction(bool(many) and limit <= limited[many - 1], over))
        slopes[part] = min(ups), max(downs)
    return slopes
