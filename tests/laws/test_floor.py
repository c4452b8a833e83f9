"""Laws of the floor: sharp, monotone, no occurrence counted twice, and never above the estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.engine.derive import derive
from orchestrator.engine.intervals import total
from orchestrator.model.estate import Estate
from orchestrator.model.values import HOUR, AskedPeriod, Instant, parse_instant
from tests.laws import oracles
from tests.laws.build import (
    CALENDARS,
    END,
    HOURS,
    PERIODS,
    START,
    TOP,
    ZONES,
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
    law_of,
    leaves_of,
    levels,
    percent,
    plain,
    sla,
    structures,
)


@dataclass(frozen=True)
class Case:
    """A structure with what is promised of each leaf, and of the whole."""

    structure: Structure
    promises: Mapping[str, Promise]
    own: Promise

    @property
    def estate(self) -> Estate:
        contracts = [contract(leaf, promise) for leaf, promise in self.promises.items()]
        return estate(self.structure, [*contracts, sla(self.own)], calendars=CALENDARS)


@st.composite
def monthly(draw: st.DrawFn, most_leaves: int = 5) -> tuple[Structure, dict[str, Fraction]]:
    structure = draw(structures(most_leaves))
    return structure, {leaf: draw(levels()) for leaf in leaves_of(structure)}


@st.composite
def promises(draw: st.DrawFn) -> Promise:
    return Promise(
        draw(levels(800)),
        draw(st.sampled_from(HOURS)),
        draw(st.sampled_from(PERIODS)),
        draw(st.sampled_from(ZONES)),
    )


@st.composite
def cases(draw: st.DrawFn, most_leaves: int = 4) -> Case:
    structure = draw(structures(most_leaves))
    leaves = leaves_of(structure)
    made = {leaf: draw(promises()) for leaf in leaves if draw(st.integers(0, 9))}
    return Case(structure, made, draw(promises()))


# ------------------------------------------------------------------- one window, one period


@law
@given(monthly())
def test_the_floor_is_the_worst_over_every_joint_behaviour(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    structure, targets = case
    found = derived(plain(structure, targets, Fraction(1, 2)))
    budgets = {leaf: float(1 - target) for leaf, target in targets.items()}
    drawn = {leaf: leaf for leaf in targets}
    worst = oracles.worst_downtime(structure, list(targets), [(1.0, drawn)], budgets)
    assert found.floor is not None
    assert float(found.floor) == pytest.approx(1 - worst, abs=1e-9)


@law
@given(monthly())
def test_the_floor_is_never_above_the_independent_figure(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    structure, targets = case
    found = derived(plain(structure, targets, Fraction(1, 2)))
    assert found.covered_share == 1
    assert found.floor is not None
    assert found.independent is not None
    assert found.floor <= found.independent


@law
@given(monthly(), st.data())
def test_no_figure_falls_when_a_target_rises(
    case: tuple[Structure, dict[str, Fraction]], data: st.DataObject
) -> None:
    structure, targets = case
    leaf = data.draw(st.sampled_from(sorted(targets)))
    raised = data.draw(levels())
    assume(raised >= targets[leaf])
    before = derived(plain(structure, targets, Fraction(1, 2)))
    after = derived(plain(structure, targets | {leaf: raised}, Fraction(1, 2)))
    assert before.floor is not None
    assert after.floor is not None
    assert before.floor <= after.floor
    assert before.independent is not None
    assert after.independent is not None
    assert before.independent <= after.independent


# ----------------------------------------------------------------------- cells of time


def cells_of(case: Case, start: Instant, end: Instant) -> tuple[
    list[tuple[float, Mapping[str, object]]], dict[object, float], int
]:
    """The window of a case hour by hour: cells, budgets, and hours in all."""
    found: dict[tuple[tuple[str, object], ...], int] = {}
    window = [
        at for at in oracles.hours(start, end) if oracles.is_open(case.own.hours, at)
    ]
    for at in window:
        drawn = tuple(
            (leaf, (leaf, oracles.period_of(promise.period, promise.timezone, at)))
            for leaf, promise in case.promises.items()
            if oracles.is_open(promise.hours, at)
        )
        found[drawn] = found.get(drawn, 0) + 1
    used = {row for drawn in found for _, row in drawn}
    budgets = {}
    for row in used:
        leaf, period = row
        promise = case.promises[leaf]
        held = oracles.hours_by_period(promise.hours, promise.period, promise.timezone)[period]
        budgets[row] = float((1 - promise.target) * held)
    return [(float(length), dict(drawn)) for drawn, length in found.items()], budgets, len(window)


def check_cells(case: Case) -> None:
    found = derived(case.estate)
    start, end = found.period.start, found.period.end
    cells, budgets, window = cells_of(case, start, end)
    if not window:
        assert found.floor is None
        return
    worst = oracles.worst_downtime(case.structure, list(leaves_of(case.structure)), cells, budgets)
    assert found.floor is not None
    assert float(found.floor) == pytest.approx(1 - worst / window, abs=1e-9)


@law_of(30)
@given(cases())
def test_the_floor_over_hours_and_periods_that_differ_is_the_worst_behaviour(case: Case) -> None:
    check_cells(case)
