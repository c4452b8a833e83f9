"""Cuts packed within capacities: the optimum, proved in fractions, whatever the numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine import packing
from orchestrator.engine.grid import grid, whole_amounts
from orchestrator.engine.packing import Cut, Packed, packed, repacked
from orchestrator.engine.rueger import most_of


def case(seed: int) -> tuple[dict[int, Fraction], list[Cut]]:
    """A few parts that fail with one or two of many others each, budgets of months and of quarters,
    none a small multiple of another: what is used up has no price where its time is worth nothing
    elsewhere."""
    chance = random.Random(seed)
    few, many = range(6), range(6, 60)
    levels = [Fraction(days * share, 7) for days in (30, 91) for share in (3, 5, 10, 11)]
    capacity = {part: chance.choice(levels) * 86_400 for part in many}
    capacity |= {part: chance.choice(levels) * 86_400 * 7 for part in few}
    cuts = {
        frozenset((chance.choice(few), *chance.sample(many, chance.randrange(1, 3))))
        for _ in range(300)
    }
    return capacity, sorted(cuts, key=sorted)


def assert_proved(
    found: Packed | None, capacity: Mapping[int, Fraction], cuts: Sequence[Cut]
) -> None:
    """Within all capacities, and by weak duality nothing is better."""
    assert found is not None
    for part, most in capacity.items():
        assert sum(amount for cut, amount in found.amounts.items() if part in cut) <= most
    assert all(amount > 0 for amount in found.amounts.values())
    assert sum(found.amounts.values()) == found.value
    for cut in cuts:
        assert sum(found.prices.get(part, 0) for part in cut) >= 1
    assert sum(price * capacity[part] for part, price in found.prices.items()) == found.value


@pytest.mark.parametrize("seed", range(12))
def test_what_is_packed_is_proved_to_be_the_most(seed: int) -> None:
    capacity, cuts = case(seed)
    assert_proved(packed(capacity, cuts, []), capacity, cuts)


@pytest.mark.parametrize("seed", range(12))
def test_where_amounts_lie_on_no_grid_they_follow_from_what_is_used_up(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "whole_amounts", lambda *_: None)
    capacity, cuts = case(seed)
    assert_proved(packed(capacity, cuts, []), capacity, cuts)


def test_prices_of_many_denominators_are_held_exactly() -> None:
    """All but one of p + 1 parts alike: prices of 1/p, for so many primes p that what they have in
    common is longer than a word. Rueger's bound is the independent answer."""
    cuts: list[Cut] = []
    groups: list[range] = []
    for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47):
        start = groups[-1].stop if groups else 0
        groups.append(range(start, start + p + 1))
        cuts += [frozenset(groups[-1]) - {part} for part in groups[-1]]
    alike = {part: Fraction(1) for group in groups for part in group}
    short = {part: Fraction(1, 1000) for group in groups for part in group[:2]}
    first = packed(alike | short, cuts, [])
    assert first is not None
    bounds = (most_of(len(group) - 1, [Fraction(1)] * len(group)) for group in groups)
    most = sum((one for one in bounds if one is not None), Fraction(0))
    for found in (repacked(first, alike, []), packed(alike, cuts, [])):
        assert found is not None
        assert found.exact
        assert found.value == sum(found.amounts.values()) == most


@pytest.mark.parametrize("seed", range(6))
def test_what_is_packed_again_is_the_most_under_the_new_capacities(seed: int) -> None:
    capacity, cuts = case(seed)
    first = packed(capacity, cuts, [])
    assert first is not None
    chance = random.Random(seed)
    changed = {
        part: most * chance.choice((1, 1, 2, Fraction(1, 3))) for part, most in capacity.items()
    }
    assert_proved(repacked(first, changed, []), changed, cuts)


@given(
    st.lists(st.integers(1, 10**4), min_size=1, max_size=8),
    st.fractions(min_value=Fraction(1, 1000), max_value=1000),
    st.data(),
)
def test_amounts_are_read_from_floats_as_the_whole_steps_they_are(
    capacities: list[int], step: Fraction, data: st.DataObject
) -> None:
    """Each part has a cut of its own and is used up, by a sixth in one of them and the rest in
    another."""
    made = grid([Fraction(one) * step for one in capacities])
    exact = [
        amount
        for one in capacities
        for amount in (Fraction(one, 6) * step, Fraction(5 * one, 6) * step)
    ]
    noise = data.draw(st.lists(st.floats(-1e-7, 1e-7), min_size=len(exact), max_size=len(exact)))
    near = np.array([float(one / made.step) for one in exact]) + noise
    rows = np.repeat(np.eye(len(capacities)), 2, axis=1)
    found = whole_amounts(made, rows, near, np.ones(len(capacities), dtype=bool))
    assert found is not None
    read = [int(one) * found[1] for one in found[0]]
    assert [one + other for one, other in zip(read[::2], read[1::2], strict=True)] == [
        one * step for one in capacities
    ]
    # A coarser step will do where it uses up as much.
    assert all(abs(one - other) <= made.step for one, other in zip(read, exact, strict=True))


def test_amounts_beyond_a_capacity_are_not_read_at_all() -> None:
    made = grid([Fraction(3), Fraction(6)])
    both = np.array([[1.0], [1.0]])
    tight = np.array([True, False])
    assert made.step == 3
    assert whole_amounts(made, both, np.array([2.0]), tight) is None
    found = whole_amounts(made, both, np.array([1.0]), tight)
    assert found is not None
    assert found[0].tolist() == [1.0]
    assert found[1] == 3
