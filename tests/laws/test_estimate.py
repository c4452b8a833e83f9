"""Laws of the estimates, and of what explains a figure: truth tables, differences, brute force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine import diagram
from orchestrator.engine.derive import Depth
from orchestrator.model.derivations import Derivation, Explanation
from orchestrator.model.services import AllOf, AtLeast, Expression
from tests.laws import oracles
from tests.laws.build import (
    CALENDARS,
    HOURS,
    TOP,
    ZONES,
    Promise,
    Structure,
    all_of,
    any_of,
    at_least,
    contract,
    derived,
    estate,
    law,
    law_of,
    leaves_of,
    levels,
    long_law,
    percent,
    plain,
    sla,
    structures,
)

Levels = Mapping[str, Fraction]
HALF = Fraction(1, 2)


@st.composite
def promised(draw: st.DrawFn, most_leaves: int = 6) -> tuple[Structure, dict[str, Fraction]]:
    structure = draw(structures(most_leaves))
    return structure, {leaf: draw(levels(500)) for leaf in leaves_of(structure)}


def unavailable(targets: Levels) -> dict[str, Fraction]:
    return {leaf: 1 - target for leaf, target in targets.items()}


def explained(
    structure: Structure, targets: Levels, cuts: int = 0
) -> tuple[Derivation, Explanation]:
    found = derived(plain(structure, targets, HALF), depth=Depth(explain=True, cuts=cuts))
    assert found.explanation is not None
    return found, found.explanation


# --- the independent figure ---


@law_of(100)
@given(promised())
def test_the_independent_figure_is_that_of_the_whole_truth_table(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    structure, targets = case
    found = derived(plain(structure, targets, HALF))
    assert found.independent == oracles.independent(structure, unavailable(targets))
    assert found.covered_share == 1
    assert found.beta is None


@pytest.mark.long
@long_law
@given(promised(8))
def test_the_independent_figure_is_that_of_the_truth_table_at_length(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    structure, targets = case
    found = derived(plain(structure, targets, HALF))
    assert found.independent == oracles.independent(structure, unavailable(targets))


@law_of(25)
@given(promised(4), st.data())
def test_hour_by_hour_it_uses_the_levels_that_hold_where_all_that_matters_is_promised(
    case: tuple[Structure, dict[str, Fraction]], data: st.DataObject
) -> None:
    structure, targets = case
    hours = st.sampled_from(HOURS)
    promises = {
        leaf: Promise(
            target,
            data.draw(hours),
            timezone=data.draw(st.sampled_from(ZONES)),
            strength=data.draw(st.sampled_from(("credit_backed", "best_efforts", "goal"))),
        )
        for leaf, target in targets.items()
    }
    own = Promise(HALF, data.draw(hours))
    contracts = [contract(leaf, promise) for leaf, promise in promises.items()]
    found = derived(estate(structure, [*contracts, sla(own)], calendars=CALENDARS))
    leaves = sorted(targets)
    fails = {state: oracles.is_down(structure, state) for state in oracles.states(leaves)}
    matter = frozenset().union(*oracles.minimal_cuts(leaves, fails.__getitem__))
    window = [
        at
        for at in oracles.hours(found.period.start, found.period.end)
        if oracles.is_open(own.hours, at)
    ]
    values: dict[tuple[str, ...], Fraction] = {}
    lost, covered = Fraction(0), 0
    for at in window:
        held = tuple(leaf for leaf in leaves if oracles.is_open(promises[leaf].hours, at))
        if matter <= set(held):
            if held not in values:
                down = {leaf: 1 - targets[leaf] for leaf in held}
                values[held] = 1 - oracles.independent(structure, down)
            lost, covered = lost + values[held], covered + 1
    assert found.covered_share == Fraction(covered, len(window))
    assert found.independent == (1 - lost / covered if covered else None)


@law_of(20)
@given(st.data())
def test_many_parts_in_floats_lose_no_digits_against_fractions(data: st.DataObject) -> None:
    names = [f"n-{i}" for i in range(90)]
    structure = {
        TOP: all_of(*names[:40], any_of(*names[40:43]), at_least(2, *names[43:60]), "x"),
        "x": any_of(all_of(*names[60:75]), all_of(*names[70:])),
    }
    nines = st.integers(2, 7).map(lambda n: 1 - Fraction(1, 10**n))
    targets = {name: data.draw(nines) for name in names}
    subject = plain(structure, targets, HALF)
    nearly = derived(subject).independent
    exactly = derived(subject, depth=Depth(exact=True)).independent
    assert isinstance(nearly, float)
    assert isinstance(exactly, Fraction)
    assert 1 - nearly == pytest.approx(float(1 - exactly), rel=1e-9)


def crossed(size: int) -> Structure:
    """Rows and columns of a grid, each of which would do: any order of the variables is bad."""
    rows = [all_of(*(f"n-{i}-{j}" for j in range(size))) for i in range(size)]
    columns = [all_of(*(f"n-{i}-{j}" for i in range(size))) for j in range(size)]
    return {TOP: any_of(*rows, *columns)}


def test_too_complex_an_estimate_says_that_it_is_sampled_and_lies_by_the_truth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A small structure under a budget smaller still, so that the truth table can tell."""
    structure = crossed(3)
    targets = {leaf: Fraction(90 + i, 100) for i, leaf in enumerate(leaves_of(structure))}
    truth = float(oracles.independent(structure, unavailable(targets)))
    exact = derived(plain(structure, targets, HALF))
    assert exact.method == "exact"
    assert exact.independent == pytest.approx(truth, rel=1e-12)
    attempt = partial(diagram.attempt, budgets=((16, 8),))
    monkeypatch.setattr(diagram, "attempt", attempt)
    # Of nine leaves all states are conditioned on, and the bounds meet; of sixteen they do not.
    met = derived(plain(structure, targets, HALF))
    assert met.method == "bounded"
    assert met.independent == pytest.approx(truth, rel=1e-9)
    structure = crossed(4)
    targets = {leaf: Fraction(80 + i, 100) for i, leaf in enumerate(leaves_of(structure))}
    found = derived(plain(structure, targets, HALF))
    truth = float(oracles.independent(structure, unavailable(targets)))
    assert found.method == "sampled"
    # A million samples: a standard deviation is below half of a thousandth.
    assert found.independent == pytest.approx(truth, abs=0.0025)
    assert found.independent == derived(plain(structure, targets, HALF)).independent


def test_a_common_cause_above_what_is_too_complex_is_bounded_by_both_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside a leg that fails for certain the group is as good as the other leg, whatever beta."""
    monkeypatch.setattr(diagram, "attempt", partial(diagram.attempt, budgets=((16, 8),)))
    structure = crossed(4) | {"group": any_of(TOP, "gone", beta=Fraction(1, 10))}
    targets = {leaf: Fraction(80 + i, 100) for i, leaf in enumerate(leaves_of(crossed(4)))}
    subject = estate(
        structure,
        [
            *(contract(leaf, Promise(target)) for leaf, target in targets.items()),
            contract("gone", Promise(Fraction(1, 10**9))),
            sla(Promise(HALF), ["group"]),
        ],
    )
    found = derived(subject)
    truth = float(oracles.independent(crossed(4), unavailable(targets)))
    assert found.method == "sampled"
    assert found.beta == pytest.approx(truth, abs=0.005)


@pytest.mark.long
def test_what_exceeds_the_whole_budget_gets_figures_all_the_same() -> None:
    structure = crossed(26)
    targets = dict.fromkeys(leaves_of(structure), percent("99"))
    found = derived(plain(structure, targets, HALF))
    assert found.method == "sampled"
    assert found.independent is not None
    assert found.floor is not None
    # A row of its own would do already.
    assert found.independent >= (1 - (1 - 0.99**26)) - 1e-12
    assert found.floor <= found.independent


# -------------------------------------------------------------------------------- common causes


def with_beta(expression: Expression, beta: Fraction) -> Expression:
    """The same requirement with a common-cause share on every redundant group."""
    if isinstance(expression, AllOf):
        return replace(expression, parts=tuple(with_beta(p, beta) for p in expression.parts))
    if isinstance(expression, AtLeast):
        parts = tuple(with_beta(part, beta) for part in expression.parts)
        return replace(expression, parts=parts, beta=beta)
    return expression


@law
@given(promised(5))
def test_a_common_cause_of_nothing_is_independence(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    structure, targets = case
    declared = {id: with_beta(one, Fraction(0)) for id, one in structure.items()}
    found = derived(plain(declared, targets, HALF))
    assert found.beta in (None, found.independent)


@given(levels(), levels(), levels(), st.integers(0, 100).map(lambda part: Fraction(part, 100)))
def test_a_common_cause_moves_a_parallel_group_from_independence_to_its_floor(
    a: Fraction, b: Fraction, c: Fraction, beta: Fraction
) -> None:
    targets = {"a": a, "b": b, "c": c}
    found = derived(plain({TOP: any_of(*targets, beta=beta)}, targets, HALF))
    assert found.floor is not None
    assert found.independent is not None
    assert found.beta is not None
    assert found.floor <= found.beta <= found.independent
    if beta == 1:
        assert found.beta == found.floor == max(targets.values())
    # A11: u_cc = beta * min u, and every leg keeps its own level.
    common = beta * (1 - max(targets.values()))
    alone = Fraction(1)
    for target in targets.values():
        alone *= 1 - target / (1 - common) if common < 1 else 1
    assert 1 - found.beta == common + (1 - common) * alone


@law
@given(promised(4), st.integers(0, 10).map(lambda part: Fraction(part, 10)))
def test_legs_that_are_structures_keep_their_levels_under_a_common_cause(
    case: tuple[Structure, dict[str, Fraction]], beta: Fraction
) -> None:
    """Beside a leg that fails for certain a group is as good as its other leg, whatever beta is."""
    structure, targets = case
    group = {**structure, "group": any_of(TOP, "gone", beta=beta)}
    subject = estate(
        group,
        [
            *(contract(leaf, Promise(target)) for leaf, target in targets.items()),
            contract("gone", Promise(Fraction(1, 10**9))),
            sla(Promise(HALF), ["group"]),
        ],
    )
    found = derived(subject)
    assert found.beta is not None
    whole = oracles.independent(structure, unavailable(targets))
    assert found.beta == pytest.approx(float(whole), abs=1e-8)


# ------------------------------------------------------------------------------- what explains them


@law_of(40)
@given(promised(5))
def test_importance_is_the_difference_that_a_part_makes(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    structure, targets = case
    _, explanation = explained(structure, targets)
    down = unavailable(targets)
    whole = 1 - oracles.independent(structure, down)
    for one in explanation.importance:
        up_when = [oracles.independent(structure, down | {one.leaf: Fraction(at)}) for at in (0, 1)]
        assert one.birnbaum == up_when[0] - up_when[1]
        assert one.criticality == (one.birnbaum * down[one.leaf] / whole if whole else 0)


@law
@given(promised(5))
def test_cuts_and_single_points_of_failure_are_those_of_brute_force(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    structure, targets = case
    _, explanation = explained(structure, targets, cuts=3)
    leaves = leaves_of(structure)
    cuts = oracles.minimal_cuts(leaves, lambda state: oracles.is_down(structure, state))
    expected = {tuple(sorted(cut)) for cut in cuts if len(cut) <= 3}
    assert set(explanation.minimal_cuts) == expected
    assert explanation.cuts_complete
    assert set(explanation.single_points) == {cut[0] for cut in expected if len(cut) == 1}


@law_of(40)
@given(promised(5))
def test_shadow_prices_are_what_a_little_more_costs_and_a_little_less_saves(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    """The floor is linear on either side of a level, and a level of everything has but one side."""
    structure, targets = case
    found, explanation = explained(structure, targets)
    assert found.floor is not None
    little = Fraction(1, 10**9)

    def floor(leaf: str, change: Fraction) -> Fraction:
        changed = derived(plain(structure, {**targets, leaf: targets[leaf] + change}, HALF)).floor
        assert changed is not None
        return changed

    for price in explanation.shadow_prices:
        more = (found.floor - floor(price.leaf, -little)) / little
        less = more
        if targets[price.leaf] < 1:
            less = (floor(price.leaf, little) - found.floor) / little
        assert (price.low, price.high) == (more, less)


@law_of(40)
@given(promised(5))
def test_the_witness_adds_up_to_what_the_floor_lacks_and_keeps_every_level(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    structure, targets = case
    found, explanation = explained(structure, targets)
    assert found.floor is not None
    assert sum(one.share for one in explanation.witness) == 1 - found.floor
    for leaf, target in targets.items():
        down = sum(one.share for one in explanation.witness if leaf in one.down)
        assert down <= 1 - target
    for one in explanation.witness:
        assert oracles.is_down(structure, frozenset(one.down))


def test_cut_lists_that_are_too_long_say_so() -> None:
    names = [f"n-{i:02}" for i in range(40)]
    structure = {TOP: at_least(36, *names)}
    _, explanation = explained(structure, dict.fromkeys(names, percent("99.9")), cuts=5)
    assert not explanation.cuts_complete
    assert all(len(cut) == 5 for cut in explanation.minimal_cuts)
