"""Decision diagrams: held to truth tables, whatever is simplified on the way."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine import diagram, network, orders
from orchestrator.engine.compile import compiled
from orchestrator.engine.diagram import AtLeastDown, Diagram, Formula

States = frozenset[int]


def any_of(*parts: Formula) -> AtLeastDown:
    return AtLeastDown(1, parts)


def all_of(*parts: Formula) -> AtLeastDown:
    return AtLeastDown(len(parts), parts)


# --- the oracle: every state of the leaves, side by side in columns ---


def table(formula: Formula, leaves: Sequence[int]) -> np.ndarray:
    """Whether the formula is down in each of the 2**n states; bit i of a state is leaf i."""
    states = np.arange(1 << len(leaves))
    known: dict[int, np.ndarray] = {}

    def of(part: Formula) -> np.ndarray:
        if isinstance(part, int):
            return (states >> leaves.index(part)) & 1 == 1
        if id(part) not in known:
            known[id(part)] = sum(of(one).astype(int) for one in part.parts) >= part.k
        return known[id(part)]

    return of(formula)


def weights(leaves: Sequence[int], down: Mapping[int, float]) -> np.ndarray:
    weight = np.ones(1)
    for leaf in leaves:
        weight = np.concatenate([weight * (1 - down[leaf]), weight * down[leaf]])
    return weight


def leaves_of(formula: Formula) -> list[int]:
    found: set[int] = set()
    seen: set[int] = set()
    stack = [formula]
    while stack:
        part = stack.pop()
        if isinstance(part, int):
            found.add(part)
        elif id(part) not in seen:
            seen.add(id(part))
            stack.extend(part.parts)
    return sorted(found)


# --- formulas with shared gates, repeated parts and thresholds ---


@st.composite
def formulas(draw: st.DrawFn, most_leaves: int = 8, most_gates: int = 9) -> Formula:
    leaves = draw(st.integers(1, most_leaves))
    pool: list[Formula] = list(range(leaves))
    for _ in range(draw(st.integers(1, most_gates))):
        parts = draw(st.lists(st.sampled_from(range(len(pool))), min_size=1, max_size=5))
        k = draw(st.integers(1, len(parts)))
        pool.append(AtLeastDown(k, tuple(pool[i] for i in parts)))
    return pool[-1]


def chances(leaves: Sequence[int]) -> dict[int, Fraction]:
    return {leaf: Fraction(1, 3 + leaf) for leaf in leaves}


def walked(made: Diagram, down: States) -> bool:
    """The diagram followed by its nodes alone."""
    number = made.root
    while number > 1:
        variable, if_down, if_up = made.nodes[number - 2]
        number = if_down if made.leaves[variable] in down else if_up
    return number == 1


@settings(max_examples=200)
@given(formulas())
def test_a_diagram_is_the_truth_table_of_its_formula(formula: Formula) -> None:
    made = diagram.build(formula)
    leaves = leaves_of(formula)
    assert sorted(made.leaves) == leaves or not made.size
    for state, fails in enumerate(table(formula, leaves).tolist()):
        down = frozenset(leaf for i, leaf in enumerate(leaves) if state >> i & 1)
        assert diagram.is_down(made, down) == fails
        assert walked(made, down) == fails


@settings(max_examples=100)
@given(formulas())
def test_what_matters_is_what_lies_in_a_minimal_cut(formula: Formula) -> None:
    made = diagram.build(formula)
    leaves = leaves_of(formula)
    down = table(formula, leaves)
    cuts = [
        state
        for state in range(len(down))
        if down[state]
        and not any(down[state & ~(1 << i)] for i in range(len(leaves)) if state >> i & 1)
    ]
    expected = {frozenset(leaf for i, leaf in enumerate(leaves) if cut >> i & 1) for cut in cuts}
    found, complete = diagram.minimal_cuts(made, len(leaves), 10_000)
    assert complete
    assert len(found) == len(expected)
    assert set(found) == expected
    assert made.relevant == frozenset().union(*expected)
    for order in (1, 2):
        some, whole = diagram.minimal_cuts(made, order, 10_000)
        assert whole
        assert set(some) == {cut for cut in expected if len(cut) <= order}


@settings(max_examples=100)
@given(formulas())
def test_probability_and_importance_are_those_of_the_truth_table(formula: Formula) -> None:
    made = diagram.build(formula)
    leaves = leaves_of(formula)
    down, zero = chances(leaves), Fraction(0)
    fails = table(formula, leaves)

    def brute(level: Mapping[int, Fraction]) -> Fraction:
        total = Fraction(0)
        for state in np.flatnonzero(fails).tolist():
            weight = Fraction(1)
            for i, leaf in enumerate(leaves):
                weight *= level[leaf] if state >> i & 1 else 1 - level[leaf]
            total += weight
        return total

    assert diagram.probability(made, down.__getitem__, zero) == brute(down)
    found = diagram.birnbaum(made, down.__getitem__, zero)
    for leaf, value in found.items():
        assert value == brute({**down, leaf: Fraction(1)}) - brute({**down, leaf: zero})


@settings(max_examples=100)
@given(formulas(), st.lists(st.integers(0, 5), min_size=8, max_size=8))
def test_the_cheapest_cut_is_the_cheapest_state_that_is_down(
    formula: Formula, prices: list[int]
) -> None:
    made = diagram.build(formula)
    leaves = leaves_of(formula)
    fails = table(formula, leaves)
    costs = [
        sum(prices[leaf] for i, leaf in enumerate(leaves) if state >> i & 1)
        for state in np.flatnonzero(fails).tolist()
    ]
    found = diagram.cheapest_cut(made, prices.__getitem__)
    if found is None:
        assert not costs
        return
    cost, cut = found
    assert cost == min(costs) == sum(prices[leaf] for leaf in cut)
    assert diagram.is_down(made, cut)
    assert not any(diagram.is_down(made, cut - {leaf}) for leaf in cut)


def large(seed: int, leaves: int = 18, gates: int = 60) -> AtLeastDown:
    """A formula whose gates are widely shared, so that its diagram is evaluated in sweeps."""
    chance = random.Random(seed)
    pool: list[Formula] = list(range(leaves))
    for _ in range(gates):
        parts = chance.sample(pool, chance.randint(2, 4))
        pool.append(AtLeastDown(chance.randint(1, min(3, len(parts))), tuple(parts)))
    ends = pool[-12:]
    return AtLeastDown(4, tuple(ends))


@pytest.mark.parametrize("seed", range(6))
def test_sweeps_over_arrays_say_what_the_truth_table_says(seed: int) -> None:
    formula = large(seed)
    made = diagram.build(formula)
    leaves = leaves_of(formula)
    assert made.size > 100
    chance = random.Random(seed)
    fails = table(formula, leaves)
    scenarios = [{leaf: chance.uniform(0, 0.3) for leaf in leaves} for _ in range(5)]
    expected = [float(weights(leaves, down)[fails].sum()) for down in scenarios]
    found = [diagram.probability(made, down.__getitem__, 0.0) for down in scenarios]
    assert found == pytest.approx(expected, rel=1e-12)
    matrix = np.array([[down[leaf] for down in scenarios] for leaf in made.leaves])
    assert diagram.probabilities(made, matrix).tolist() == pytest.approx(expected, rel=1e-12)
    importance = diagram.birnbaum(made, scenarios[0].__getitem__, 0.0)
    for leaf in leaves:
        ends = [
            float(weights(leaves, {**scenarios[0], leaf: at})[fails].sum()) for at in (0.0, 1.0)
        ]
        assert importance[leaf] == pytest.approx(ends[1] - ends[0], rel=1e-9, abs=1e-15)


def test_hundreds_of_gates_are_the_same_as_their_truth_table() -> None:
    formula = large(11, 17, 400)
    made = diagram.build(formula)
    leaves = leaves_of(formula)
    down = {leaf: 0.01 * (leaf + 1) for leaf in leaves}
    expected = float(weights(leaves, down)[table(formula, leaves)].sum())
    assert diagram.probability(made, down.__getitem__, 0.0) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("unit", [1, Fraction(1, 7), 0.125])
def test_the_cheapest_cut_of_a_large_diagram_is_that_of_the_truth_table(
    unit: int | Fraction | float,
) -> None:
    formula = large(3)
    made = diagram.build(formula)
    leaves = leaves_of(formula)
    prices = {leaf: (leaf * 7 % 11 + 1) * unit for leaf in leaves}
    costs = weights(leaves, {}) if not leaves else np.zeros(1)
    for leaf in leaves:
        costs = np.concatenate([costs, costs + float(prices[leaf])])
    found = diagram.cheapest_cut(made, prices.__getitem__)
    assert found is not None
    assert float(found[0]) == pytest.approx(costs[table(formula, leaves)].min())
    assert found[0] == sum(prices[leaf] for leaf in found[1])
    assert type(found[0]) is type(unit)


def test_what_is_rare_keeps_its_digits() -> None:
    """Nine of ten parts, each down one time in a hundred thousand, beside a shared one."""
    pairs = [all_of(i, 100) for i in range(60)]
    formula = all_of(any_of(*pairs), any_of(*(all_of(i, 101) for i in range(30, 90))))
    made = diagram.build(formula)
    tiny = Fraction(1, 10**5)
    exact = diagram.probability(made, lambda _: tiny, Fraction(0))
    nearly = diagram.probability(made, lambda _: float(tiny), 0.0)
    assert exact < Fraction(1, 10**12)
    assert nearly == pytest.approx(float(exact), rel=1e-12)


@settings(max_examples=60)
@given(formulas(7, 12))
def test_modules_share_no_input_and_say_the_same_as_the_whole(formula: Formula) -> None:
    leaves, whole = network.interned(formula)
    if isinstance(whole, bool):
        return
    simple = network.simplified(whole)
    if isinstance(simple, bool):
        return
    modules = network.modules(simple)
    read = list(itertools.chain.from_iterable(module.inputs for module in modules))
    assert len(read) == len(set(read))
    expected = table(formula, leaves)
    for state in range(1 << len(leaves)):
        values = [bool(state >> i & 1) for i in range(len(leaves))]
        for module in modules:
            column = [values[i] for i in module.inputs]
            for k, parts in module.network.gates:
                column.append(sum(column[part] for part in parts) >= k)
            values.append(column[module.network.root])
        assert values[-1] == expected[state]


@settings(max_examples=60)
@given(formulas(8, 10))
def test_every_order_holds_every_input_once(formula: Formula) -> None:
    _, whole = network.interned(formula)
    if isinstance(whole, bool):
        return
    for module in network.modules(whole):
        for order in orders.orders(module.network):
            assert sorted(order) == list(range(module.network.inputs))


def test_parts_in_series_within_redundant_ones_are_modules_of_their_own() -> None:
    sites = [any_of(*range(20 * i, 20 * i + 20)) for i in range(5)]
    made = diagram.build(AtLeastDown(3, tuple(sites)))
    # 20 nodes a site and nine for three of five; without modules it would be 9 * 20.
    assert made.size == 5 * 20 + 9
    assert len(made.nodes) == 9 * 20


def test_thousands_of_levels_of_nesting_are_no_trouble() -> None:
    formula: Formula = 0
    for i in range(1, 3000):
        formula = (any_of if i % 2 else all_of)(formula, i)
    made = diagram.build(formula)
    # Each level is a module of two: a leaf and the level beneath.
    assert made.size == 2 * 2999
    assert diagram.is_down(made, {2999})
    assert not diagram.is_down(made, {2998})


def test_what_is_always_down_or_up_is_a_diagram_too() -> None:
    for formula, fails in ((True, True), (False, False), (AtLeastDown(0, (1,)), True)):
        made = diagram.build(formula)
        assert diagram.is_down(made, {1}) is fails
        assert diagram.probability(made, lambda _: Fraction(1, 2), Fraction(0)) == int(fails)
        assert diagram.cheapest_cut(made, lambda _: 1) == ((0, frozenset()) if fails else None)
        assert diagram.minimal_cuts(made, 3, 10) == ([frozenset()] if fails else [], True)


def test_an_attempt_that_fails_leaves_nothing_behind_for_the_next() -> None:
    """Rows and columns of a grid: with next to no budget every order fails, and what is tried after
    it is what it would have been."""
    size = 6
    rows = [any_of(*range(size * i, size * i + size)) for i in range(size)]
    columns = [any_of(*range(i, size * size, size)) for i in range(size)]
    _, whole = network.interned(all_of(*rows, *columns))
    assert isinstance(whole, network.Network)
    for spare in range(50):
        # Another budget each time, as the answer to the same question is remembered.
        assert compiled(whole, ((64 + spare, 8), (128 + spare, 2))) is None
    found, again = compiled(whole), compiled(whole, ((1 << 17, 8),))
    assert found is not None
    assert again is not None
    assert found is not again
    assert (found.if_down == again.if_down).all()
    assert (found.variable == again.variable).all()
