"""Laws of allocation: enough, no tighter than needed, and never at the cost of what is fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.allocate import allocate, largest_kept, stated
from orchestrator.errors import OrchestratorError
from orchestrator.model.agreements import Version
from orchestrator.model.allocations import Allocation
from orchestrator.model.derivations import UNDERPINNED
from orchestrator.model.estate import Estate
from orchestrator.model.values import DAY, Period
from tests.laws import oracles
from tests.laws.build import (
    APRIL,
    CALENDARS,
    Promise,
    Structure,
    all_of,
    any_of,
    contract,
    derived,
    edited,
    estate,
    internal,
    law,
    leaves_of,
    levels,
    percent,
    sla,
    structures,
)

SLA = ("sla", "availability")


def worst(structure: Structure, budgets: Mapping[str, Fraction]) -> float:
    """The most that `top` may be down, by the state-space programme."""
    drawn = {leaf: frozenset({leaf}) for leaf in budgets}
    cell = oracles.Cell(1.0, structure, drawn)
    return oracles.worst_downtime(
        sorted(budgets), [cell], {leaf: float(u) for leaf, u in budgets.items()}
    )


def with_negotiability(version: Version, word: str) -> Version:
    return replace(version, negotiability=word)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Structure, dict[str, Fraction], frozenset[str], Fraction]:
    """A structure, what is promised of each leaf, which of it is fixed, and what is to be kept."""
    structure = draw(structures(4))
    leaves = leaves_of(structure)
    targets = {leaf: draw(levels()) for leaf in leaves}
    fixed = frozenset(leaf for leaf in leaves if draw(st.integers(0, 3)) == 0)
    return structure, targets, fixed, draw(levels(900, 999))


def allocated(
    structure: Structure, targets: Mapping[str, Fraction], fixed: frozenset[str], wanted: Fraction
) -> tuple[Estate, Allocation]:
    made = [
        with_negotiability(
            contract(leaf, Promise(target)), "standard" if leaf in fixed else "negotiable"
        )
        for leaf, target in targets.items()
    ]
    subject = estate(structure, [*made, sla(Promise(Fraction(1, 2)))])
    return subject, allocate(subject, APRIL, {SLA: wanted})


@law
@given(cases())
def test_the_factor_is_the_largest_with_which_the_worst_behaviour_is_kept(
    case: tuple[Structure, dict[str, Fraction], frozenset[str], Fraction],
) -> None:
    structure, targets, fixed, wanted = case
    _, found = allocated(structure, targets, fixed, wanted)
    (goal,) = found.goals

    def at(factor: Fraction) -> float:
        budgets = {
            leaf: (1 - target) * (1 if leaf in fixed else factor)
            for leaf, target in targets.items()
        }
        return worst(structure, budgets)

    allowed = float(1 - wanted)
    if goal.factor is None:
        assert at(Fraction(0)) > allowed - 1e-9
        assert not found.feasible
        return
    assert at(goal.factor) <= allowed + 1e-9
    if goal.factor < 1:
        # A grid above it: nothing larger would do.
        for more in ("1.0001", "1.01", "1.5", "4"):
            assert at(min(goal.factor * Fraction(more) + Fraction(1, 10**6), Fraction(1))) > allowed
    assert found.feasible
    assert goal.after >= wanted


@law
@given(cases())
def test_only_what_is_negotiable_changes_and_never_for_the_worse(
    case: tuple[Structure, dict[str, Fraction], frozenset[str], Fraction],
) -> None:
    structure, targets, fixed, wanted = case
    _, found = allocated(structure, targets, fixed, wanted)
    for one in found.allotments:
        assert one.agreement.removeprefix("uc-") not in fixed
        assert one.before <= one.exact <= one.after <= 1


@law
@given(cases())
def test_what_blocks_is_down_within_what_cannot_change(
    case: tuple[Structure, dict[str, Fraction], frozenset[str], Fraction],
) -> None:
    structure, targets, fixed, wanted = case
    _, found = allocated(structure, targets, fixed, wanted)
    for goal in found.goals:
        if goal.factor is None:
            spent: dict[str, Fraction] = dict.fromkeys(targets, Fraction(0))
            for outage in goal.blocking:
                assert oracles.is_down(structure, frozenset(outage.down))
                for leaf in outage.down:
                    spent[leaf] += outage.share
            for leaf, share in spent.items():
                assert share <= (1 - targets[leaf] if leaf in fixed else 0)
            assert sum(outage.share for outage in goal.blocking) > 1 - wanted


def test_three_in_series_share_a_target_in_proportion() -> None:
    structure = {"top": all_of("a", "b", "c")}
    targets = {"a": percent("99.9"), "b": percent("99.8"), "c": percent("99.7")}
    _, found = allocated(structure, targets, frozenset(), percent("99.7"))
    # Six parts in a thousand have to become three.
    assert [one.exact for one in found.allotments] == list(map(percent, ("99.95", "99.9", "99.85")))
    assert [one.after for one in found.allotments] == [one.exact for one in found.allotments]
    assert found.goals[0].factor == Fraction(1, 2)


def test_a_term_that_two_promises_rest_on_takes_the_tighter_factor() -> None:
    structure = {"one": all_of("a", "b"), "two": all_of("b", "c"), "top": all_of("a", "b", "c")}
    contracts = [contract(leaf, Promise(percent("99"))) for leaf in "abc"]
    strict = sla(Promise(percent("99.8")), ["one"], "strict")
    lax = sla(Promise(percent("99")), ["two"], "lax")
    subject = estate(structure, [*contracts, strict, lax])
    found = allocate(subject, APRIL)
    factors = {one.agreement: (one.factor, one.because.agreement) for one in found.allotments}
    assert factors == {
        "uc-a": (Fraction(1, 10), "strict"),
        "uc-b": (Fraction(1, 10), "strict"),
        "uc-c": (Fraction(1, 2), "lax"),
    }
    assert found.feasible


def test_what_a_team_has_to_promise_is_asked_of_its_suppliers_in_turn() -> None:
    structure = {"platform": all_of("a", "b"), "top": all_of("platform")}
    contracts = [contract(leaf, Promise(percent("99.5"))) for leaf in "ab"]
    team = internal("platform", Promise(percent("99"), scope="whole"))
    subject = estate(structure, [*contracts, team, sla(Promise(percent("99.6")))])
    found = allocate(subject, APRIL)
    exact = {one.agreement: one.exact for one in found.allotments}
    assert exact["ola-platform"] == percent("99.6")
    assert exact["uc-a"] == exact["uc-b"] == percent("99.8")
    assert {goal.key.agreement: goal.kept for goal in found.goals} == {
        "sla": True,
        "ola-platform": True,
    }


def test_headroom_is_spent_only_when_asked_for() -> None:
    structure = {"top": all_of("a", "b")}
    contracts = [contract(leaf, Promise(percent("99.9"))) for leaf in "ab"]
    subject = estate(structure, [*contracts, sla(Promise(percent("99")))])
    assert [one.factor for one in allocate(subject, APRIL).allotments] == [1, 1]
    relaxed = allocate(subject, APRIL, relax=True)
    assert [one.after for one in relaxed.allotments] == [percent("99.5")] * 2
    assert relaxed.feasible


@pytest.mark.parametrize("hours", ["office", "night"])
def test_other_hours_and_periods_are_allocated_by_the_floor_itself(hours: str) -> None:
    structure = {"top": all_of("a", any_of("b", "c"))}
    made = [
        contract("a", Promise(percent("99.5"), period=Period("quarter"))),
        contract("b", Promise(percent("98"), period=Period("rolling", rolling=7 * DAY))),
        contract("c", Promise(percent("97"))),
    ]
    subject = estate(
        structure, [*made, sla(Promise(percent("99.9"), hours=hours))], calendars=CALENDARS
    )
    found = allocate(subject, APRIL)
    assert found.feasible
    (goal,) = found.goals
    assert goal.factor is not None
    assert goal.factor < 1
    agreed = {one.agreement: one.after for one in found.allotments}
    again = [edited(version, target=agreed[version.agreement]) for version in made]
    agreement = sla(Promise(percent("99.9"), hours=hours))
    assert (
        derived(estate(structure, [*again, agreement], calendars=CALENDARS)).status == UNDERPINNED
    )


def test_nobody_s_commitment_blocks_by_name() -> None:
    structure = {"top": all_of("a", "b")}
    subject = estate(
        structure, [contract("a", Promise(percent("99"))), sla(Promise(percent("99")))]
    )
    found = allocate(subject, APRIL)
    assert [finding.code for finding in found.findings] == ["INFEASIBLE_ALLOCATION"]
    assert found.goals[0].blocking[0].down == ("b",)
    assert not found.allotments


@pytest.mark.parametrize(
    ("place", "target", "code"),
    [
        (("nobody", "availability"), "99", "UNKNOWN_REFERENCE"),
        (("sla", "speed"), "99", "UNKNOWN_REFERENCE"),
        (("uc-a", "availability"), "99", "NOTHING_BENEATH"),
        (("sla", "availability"), "101", "TARGET_OUT_OF_RANGE"),
    ],
)
def test_a_target_that_cannot_be_set_is_refused(
    place: tuple[str, str], target: str, code: str
) -> None:
    subject = estate(
        {"top": all_of("a")},
        [contract("a", Promise(percent("99"))), sla(Promise(percent("99")))],
    )
    with pytest.raises(OrchestratorError) as caught:
        allocate(subject, APRIL, {place: percent(target)})
    assert [problem.code for problem in caught.value.problems] == [code]


@law
@given(st.fractions(0, 1, max_denominator=10**9))
def test_a_stated_budget_is_a_little_less_and_never_more(budget: Fraction) -> None:
    assert stated(budget) <= budget
    assert budget - stated(budget) <= budget / 100
    assert stated(stated(budget)) == stated(budget)


@law
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(-60, 40)), min_size=1, max_size=5),
    st.integers(1, 30),
)
def test_the_root_of_falling_straight_pieces_is_found_exactly(
    lines: list[tuple[int, int]], start: int
) -> None:
    """A convex falling function as the greatest of falling lines."""

    def excess(x: Fraction) -> Fraction:
        return max(Fraction(at) - fall * x for fall, at in [*lines, (1, start)])

    root = max(Fraction(at, fall) for fall, at in [*lines, (1, start)])
    if excess(Fraction(50)) < 0:
        assert largest_kept(excess, Fraction(0), Fraction(50)) == root
