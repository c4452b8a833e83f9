"""What is said of structures too complex for a diagram: bounds, samples, and which it is."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine import diagram, fallback, network, sampling
from orchestrator.engine.diagram import AtLeastDown, Formula, Hard
from orchestrator.engine.fallback import Figure, figure, marginal_bound
from orchestrator.engine.sampling import Estimated, interval
from orchestrator.errors import OrchestratorError
from tests.unit.test_diagram import all_of, any_of, formulas, large, leaves_of, table, weights

NO_BUDGET = ((16, 8),)


def grid(size: int, first: Formula = 0) -> AtLeastDown:
    """Rows and columns, of each of which some part is down: any order of the variables is bad. The
    first part may be a structure of its own."""
    parts = [first, *range(1, size * size)]
    rows = [any_of(*parts[size * i : size * i + size]) for i in range(size)]
    columns = [any_of(*parts[i::size]) for i in range(size)]
    return all_of(*rows, *columns)


def moved(formula: Formula, by: int) -> Formula:
    """The same structure of other leaves."""
    if isinstance(formula, int):
        return formula + by
    return AtLeastDown(formula.k, tuple(moved(part, by) for part in formula.parts))


def true_value(formula: Formula, down: dict[int, float]) -> float:
    leaves = leaves_of(formula)
    return float(weights(leaves, down)[table(formula, leaves)].sum())


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("samples", [0, 1 << 17])
def test_what_is_too_hard_lies_between_its_ends(seed: int, samples: int) -> None:
    formula = large(seed, 16)
    hard = diagram.attempt(formula, NO_BUDGET)
    assert isinstance(hard, Hard)
    chance = random.Random(seed)
    down = {leaf: chance.uniform(0, 0.2) for leaf in hard.leaves}
    found = figure(hard, lambda leaf: (down[leaf], down[leaf]), samples=samples)
    truth = true_value(formula, down)
    assert found.low <= found.value <= found.high
    assert found.low - 1e-12 <= truth <= found.high + 1e-12
    assert found.method == ("sampled" if samples else "bounded")
    if samples:
        assert found.high - found.low < 0.02
        assert figure(hard, lambda leaf: (down[leaf], down[leaf]), samples=samples) == found


def test_only_the_module_that_is_too_hard_is_bounded() -> None:
    """A grid beside another structure that needs a diagram: that one is exact all the same."""
    easy = AtLeastDown(2, (any_of(100, 101), any_of(101, 102), any_of(102, 103), 104))
    formula = any_of(all_of(grid(3), 99), easy)
    hard = diagram.attempt(formula, ((32, 8),))
    assert isinstance(hard, Hard)
    assert sum(nodes is None for nodes in hard.nodes) == 1
    down = dict.fromkeys(hard.leaves, 0.1)
    truth = true_value(formula, down)
    for samples in (0, 1 << 16):
        found = figure(hard, lambda leaf: (down[leaf], down[leaf]), samples=samples)
        assert found.low * (1 - 1e-12) <= truth <= found.high * (1 + 1e-12)
        # With the grid up for certain, or down, the rest is what a diagram says.
        ends = [
            figure(hard, lambda leaf: (at, at) if leaf < 9 else (0.1, 0.1), samples=0)  # noqa: B023
            for at in (0.0, 1.0)
        ]
        for at, end in zip((0.0, 1.0), ends, strict=True):
            certain = {leaf: at if leaf < 9 else 0.1 for leaf in hard.leaves}
            assert end.low == pytest.approx(true_value(formula, certain), rel=1e-9)
            assert end.high == pytest.approx(end.low, rel=1e-9)


@pytest.mark.parametrize("samples", [0, 1 << 18])
def test_what_is_too_hard_within_what_is_too_hard_is_taken_with_it(samples: int) -> None:
    formula = any_of(grid(3, moved(grid(3), 20)), 40)
    hard = diagram.attempt(formula, ((32, 8),))
    assert isinstance(hard, Hard)
    assert sum(nodes is None for nodes in hard.nodes) == 2
    down = {leaf: 0.05 + leaf / 100 for leaf in hard.leaves}
    found = figure(hard, lambda leaf: (down[leaf], down[leaf]), samples=samples)
    truth = true_value(formula, down)
    assert found.low * (1 - 1e-12) <= truth <= found.high * (1 + 1e-12)
    apart = {leaf: (0.9 * level, 1.1 * level) for leaf, level in down.items()}
    wide = figure(hard, apart.__getitem__, samples=samples)
    for share in (0.9, 1.0, 1.1):
        at = true_value(formula, {leaf: share * level for leaf, level in down.items()})
        assert wide.low * (1 - 1e-12) <= at <= wide.high * (1 + 1e-12)
    assert wide.low < found.low
    assert wide.high > found.high


@settings(max_examples=60)
@given(formulas(7, 10), st.data())
def test_bounds_hold_for_leaves_that_are_themselves_between_ends(
    formula: Formula, data: st.DataObject
) -> None:
    _, whole = network.interned(formula)
    if isinstance(whole, bool):
        return
    leaves = leaves_of(formula)
    chance = st.floats(0, 1)
    ends = {leaf: sorted((data.draw(chance), data.draw(chance))) for leaf in leaves}
    names, _ = network.interned(formula)
    low, high = fallback.bounds(
        whole,
        np.array([ends[leaf][0] for leaf in names]),
        np.array([ends[leaf][1] for leaf in names]),
    )
    for share in (0.0, 0.5, 1.0):
        down = {leaf: a + share * (b - a) for leaf, (a, b) in ends.items()}
        assert low - 1e-12 <= true_value(formula, down) <= high + 1e-12


@settings(max_examples=60)
@given(formulas(6, 8), st.data())
def test_no_dependence_of_the_leaves_takes_a_structure_beyond_its_marginal_bound(
    formula: Formula, data: st.DataObject
) -> None:
    """Any joint behaviour at all: a handful of states, each for some of the time."""
    leaves = leaves_of(formula)
    many = 1 << len(leaves)
    states = data.draw(st.lists(st.integers(0, many - 1), min_size=1, max_size=6))
    lengths = [data.draw(st.integers(1, 9)) for _ in states]
    total = sum(lengths)
    u = {
        leaf: Fraction(sum(n for s, n in zip(states, lengths, strict=True) if s >> i & 1), total)
        for i, leaf in enumerate(leaves)
    }
    down = table(formula, leaves)
    lost = Fraction(sum(n for s, n in zip(states, lengths, strict=True) if down[s]), total)
    assert lost <= marginal_bound(formula, u)
    hard = diagram.attempt(formula, ())
    if isinstance(hard, Hard):
        assert lost <= marginal_bound(hard, u)


def test_the_marginal_bound_of_plain_structures_is_the_known_one() -> None:
    u = {0: Fraction(1, 100), 1: Fraction(2, 100), 2: Fraction(3, 100)}
    assert marginal_bound(any_of(0, 1, 2), u) == Fraction(6, 100)
    assert marginal_bound(all_of(0, 1, 2), u) == Fraction(1, 100)
    # Two of three down, so many at a time, each only so long: half of the sum, or the two least.
    assert marginal_bound(AtLeastDown(2, (0, 1, 2)), u) == Fraction(3, 100)
    uneven = {0: Fraction(1, 2), 1: Fraction(1, 100), 2: Fraction(1, 100)}
    assert marginal_bound(AtLeastDown(2, (0, 1, 2)), uneven) == Fraction(2, 100)
    assert marginal_bound(any_of(0, 1), dict.fromkeys((0, 1), Fraction(3, 4))) == 1


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    """All outcomes of 200 throws, weighed by how likely they are."""
    for q in (0.001, 0.02, 0.3, 0.5, 0.97):
        samples, covered = 200, 0.0
        weight = (1 - q) ** samples
        for hits in range(samples + 1):
            low, high = interval(Estimated(hits, samples), 0.01)
            if low <= q <= high:
                covered += weight
            weight *= q / (1 - q) * (samples - hits) / (hits + 1)
        assert covered >= 0.99


def test_an_interval_of_no_hits_starts_at_nothing() -> None:
    low, high = interval(Estimated(0, 1000), 0.01)
    assert low == 0
    assert high == pytest.approx(1 - (0.01 / 2) ** (1 / 1000))


@pytest.mark.parametrize("p", [0.0, 1e-3, 0.2, 0.5, 0.8, 1.0])
def test_samples_fail_as_often_as_they_should_and_independently(p: float) -> None:
    alone = network.Network(2, ((1, (0, 1)),), 2)
    both = network.Network(2, ((2, (0, 1)),), 2)
    for structure, truth in ((alone, 1 - (1 - p) ** 2), (both, p * p)):
        found = sampling.sampled(structure, [p, p], 7, 1 << 18)
        low, high = interval(found, 1e-6)
        assert low <= truth <= high
        assert high - low < 0.02


def test_a_structure_too_hard_ends_with_bounds_and_spoils_nothing() -> None:
    """The budgets of a small machine: what matters is that all of them are spent and that what
    comes after is as it always is."""
    hard = diagram.attempt(grid(26), ((1 << 12, 8), (1 << 15, 4)))
    assert isinstance(hard, Hard)
    found = figure(hard, lambda _: (0.05, 0.05), samples=1 << 14)
    assert isinstance(found, Figure)
    assert found.method == "sampled"
    assert 0 <= found.low <= found.high <= 1
    # 26 rows are independent of each other: each has a part down with 1 - 0.95**26.
    assert found.low <= (1 - 0.95**26) ** 26
    assert diagram.probability(diagram.build(grid(3)), lambda _: Fraction(1, 2), Fraction(0)) == (
        Fraction(265, 512)
    )


@pytest.mark.long
def test_with_the_whole_budget_the_grid_is_refused_by_name_and_a_small_one_is_not() -> None:
    assert diagram.try_build(grid(26)) is None
    with pytest.raises(OrchestratorError, match="TOO_COMPLEX"):
        diagram.build(grid(26))
    assert diagram.build(grid(4)).size > 0
