"""Ways over what a service requires against slow and obvious oracles: every path, every schedule,
every joint state, every set of legs that survive."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from orchestrator.engine.kinds import restoring
from orchestrator.engine.kinds.chances import chance_lost, chance_missed, most_lost
from orchestrator.model.derivations import Derivation
from orchestrator.model.metrics import Lasting, Target
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, mentioned
from orchestrator.model.values import MINUTE
from tests.laws import oracles
from tests.laws.build import (
    TOP,
    Structure,
    all_of,
    any_of,
    expressions,
    law_of,
    leaves_of,
    long_law,
    structures,
)
from tests.laws.kinds import Said, bought, derived, promise, within_us, world

law: Final = law_of(50)


def over(
    structure: Structure, metric: str, targets: Mapping[str, Target], promised: Target
) -> Derivation:
    agreements = [bought(leaf, {metric: Said(target)}) for leaf, target in targets.items()]
    return derived(world(structure, [*agreements, promise(metric, Said(promised))]))


# --- shares of requests --------------------------------------------------------------------------


def parts_of(name: str, structure: Structure) -> list[str]:
    """The leaves beneath a service, as often as they occur."""
    if name not in structure:
        return [name]
    return [leaf for one in mentioned(structure[name]) for leaf in parts_of(one, structure)]


@given(structures(), st.data())
@law
def test_errors_are_at_most_those_of_the_joint_behaviour_that_is_worst(
    structure: Structure, data: st.DataObject
) -> None:
    """The floor bounds the linear programme over every joint state, and is it where no part occurs
    twice."""
    used = sorted(set(parts_of(TOP, structure)))
    errors = {leaf: Fraction(data.draw(st.integers(1, 99)), 400) for leaf in used}
    found = over(structure, "error_rate", errors, Fraction(1, 2))
    drawn = {leaf: frozenset({leaf}) for leaf in used}
    worst = oracles.worst_downtime(
        used,
        [oracles.Cell(1.0, structure, drawn)],
        {leaf: float(error) for leaf, error in errors.items()},
    )
    assert isinstance(found.floor, Fraction)
    assert float(found.floor) >= worst - 1e-9
    if len(parts_of(TOP, structure)) == len(used):
        assert float(found.floor) == pytest.approx(worst, abs=1e-9)
        assert found.independent == 1 - oracles.independent(structure, errors)
        assert found.method == "exact"


@given(st.lists(st.integers(0, 20), min_size=1, max_size=5), st.integers(1, 5))
@law
def test_what_enough_parts_miss_is_the_sum_over_every_state(parts: list[int], k: int) -> None:
    k = min(k, len(parts))
    missed = [Fraction(part, 20) for part in parts]
    expected = Fraction(0)
    for state in itertools.product((False, True), repeat=len(missed)):
        if sum(state) > len(missed) - k:
            chance = Fraction(1)
            for lost, share in zip(state, missed, strict=True):
                chance *= share if lost else 1 - share
            expected += chance
    assert chance_lost(k, missed) == expected
    assert most_lost(k, missed) >= expected


def test_half_a_visit_is_a_visit_by_half_of_the_requests() -> None:
    tenth = Fraction(1, 10)
    assert chance_missed(tenth, Fraction(2)) == 1 - Fraction(81, 100)
    assert chance_missed(tenth, Fraction(1, 2)) == Fraction(1, 20)
    assert chance_missed(tenth, Fraction(5, 2)) == 1 - Fraction(81, 100) * Fraction(95, 100)
    assert chance_missed(tenth, Fraction(0)) == 0


def test_k_of_n_does_not_group() -> None:
    missed = [Fraction(1, 10)] * 4
    inner = most_lost(2, missed[:3])
    assert most_lost(2, [inner, missed[3], missed[3]]) != most_lost(2, missed)


# --- visits --------------------------------------------------------------------------------------


@st.composite
def called(draw: st.DrawFn) -> Structure:
    """Services that need one another, each so often."""
    names = [f"leaf-{i}" for i in range(draw(st.integers(1, 4)))]
    found: dict[str, Expression] = {}
    for id in (*(f"composite-{i}" for i in range(draw(st.integers(0, 3)))), TOP):
        needs = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4))
        found[id] = AllOf(
            tuple(Needs(name, Fraction(draw(st.integers(1, 6)), 2)) for name in needs)
        )
        names.append(id)
    return found


def paths(structure: Structure, name: str = TOP) -> Iterator[tuple[str, Fraction]]:
    """Every path to a leaf, with the calls along it multiplied."""
    expression = structure.get(name)
    if expression is None:
        yield name, Fraction(1)
        return
    assert isinstance(expression, AllOf)
    for part in expression.parts:
        assert isinstance(part, Needs)
        for leaf, visits in paths(structure, part.service):
            yield leaf, visits * part.visits


@given(called(), st.data())
@law
def test_visits_are_those_of_every_path(structure: Structure, data: st.DataObject) -> None:
    visits: dict[str, Fraction] = {}
    for leaf, calls in paths(structure):
        visits[leaf] = visits.get(leaf, Fraction(0)) + calls
    capacity = {leaf: Fraction(data.draw(st.integers(1, 1000))) for leaf in visits}
    found = over(structure, "throughput", capacity, Fraction(1))
    assert found.floor == min(capacity[leaf] / visits[leaf] for leaf in visits)
    small = {leaf: Fraction(data.draw(st.integers(0, 9)), 10**7) for leaf in visits}
    found = over(structure, "error_rate", small, Fraction(1, 2))
    assert found.floor == sum(visits[leaf] * small[leaf] for leaf in visits)


# --- throughput of redundant legs ----------------------------------------------------------------


@dataclass(frozen=True)
class Legs:
    """A group of legs that call leaves so often, with leaves that are called besides."""

    k: int
    legs: tuple[Mapping[str, int], ...]
    besides: Mapping[str, int]
    capacity: Mapping[str, int]

    @property
    def structure(self) -> Structure:
        found: dict[str, Expression] = {
            f"leg-{number}": _calling(leg) for number, leg in enumerate(self.legs)
        }
        group = AtLeast(self.k, tuple(Needs(id) for id in found))
        extra = tuple(Needs(leaf, Fraction(calls)) for leaf, calls in self.besides.items())
        return {**found, TOP: AllOf((group, *extra))}


def _calling(leg: Mapping[str, int]) -> Expression:
    return AllOf(tuple(Needs(leaf, Fraction(calls)) for leaf, calls in leg.items()))


@st.composite
def redundant_legs(draw: st.DrawFn) -> Legs:
    names = [f"leaf-{i}" for i in range(draw(st.integers(2, 5)))]
    calls = st.dictionaries(st.sampled_from(names), st.integers(1, 3), min_size=1, max_size=3)
    legs = tuple(draw(st.lists(calls, min_size=2, max_size=4)))
    besides = draw(st.dictionaries(st.sampled_from(names), st.integers(1, 2), max_size=2))
    return Legs(
        draw(st.integers(1, len(legs) - 1)),
        legs,
        besides,
        {name: draw(st.integers(1, 100)) for name in names},
    )


def carried(case: Legs, alive: Sequence[Mapping[str, int]]) -> float:
    """The most requests that some legs can share out among them."""
    leaves = sorted(case.capacity)
    rows = [[leg.get(leaf, 0) + case.besides.get(leaf, 0) for leg in alive] for leaf in leaves]
    found = linprog(
        -np.ones(len(alive)), A_ub=np.array(rows), b_ub=[case.capacity[leaf] for leaf in leaves]
    )
    assert found.success
    return -float(found.fun)


@given(redundant_legs())
@law
def test_whichever_legs_survive_they_carry_the_floor(case: Legs) -> None:
    capacity = {leaf: Fraction(number) for leaf, number in case.capacity.items()}
    used = set(parts_of(TOP, case.structure))
    agreed = {leaf: number for leaf, number in capacity.items() if leaf in used}
    found = over(case.structure, "throughput", agreed, Fraction(1))
    assert isinstance(found.floor, Fraction)
    worst = min(carried(case, alive) for alive in itertools.combinations(case.legs, case.k))
    assert float(found.floor) <= worst + 1e-6
    called_once = len(parts_of(TOP, case.structure)) == len(used)
    if called_once:
        assert float(found.floor) == pytest.approx(worst)


# --- restoring -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """Tasks with what each waits for, and how long each takes, in minutes."""

    before: Mapping[str, tuple[str, ...]]
    work: Mapping[str, int]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    names = [f"task-{i}" for i in range(draw(st.integers(1, 5)))]
    before = {
        name: tuple(sorted(draw(st.sets(st.sampled_from(names[:index]))))) if index else ()
        for index, name in enumerate(names)
    }
    return Plan(before, {name: draw(st.integers(1, 30)) for name in names})


def restored(plan: Plan, crews: int) -> Derivation:
    """A service that needs all tasks, each our own work once those before it are done."""
    metric = "recovery_time"
    structure: dict[str, Expression] = {
        name: all_of(*before) for name, before in plan.before.items() if before
    }
    structure[TOP] = all_of(*plan.before)
    promises = [
        within_us(name, {metric: Said(Lasting(plan.work[name] * MINUTE), scope="own")})
        if before
        else bought(name, {metric: Said(Lasting(plan.work[name] * MINUTE))})
        for name, before in plan.before.items()
    ]
    return derived(
        world(
            structure,
            [*promises, promise(metric, Said(Lasting(MINUTE)))],
            owned=[name for name, before in plan.before.items() if before],
            services={TOP: {"crews": crews}},
        )
    )


def schedules(plan: Plan, crews: int) -> Iterator[int]:
    """How long each list schedule takes: crews take the first task of the list that may begin."""
    for order in itertools.permutations(plan.work):
        done: dict[str, int] = {}
        running: dict[str, int] = {}
        now = 0
        while len(done) < len(order):
            for task in order:
                ready = task not in done and task not in running
                if ready and len(running) < crews and all(b in done for b in plan.before[task]):
                    running[task] = now + plan.work[task]
            now = min(running.values())
            for task in [task for task, end in running.items() if end == now]:
                done[task] = running.pop(task)
        yield now


@given(plans())
@law
def test_crews_enough_restore_along_the_longest_path(plan: Plan) -> None:
    @cache
    def done(task: str) -> int:
        return plan.work[task] + max((done(before) for before in plan.before[task]), default=0)

    assert restored(plan, 0).floor == Lasting(max(map(done, plan.work)) * MINUTE)


@given(plans(), st.integers(1, 3))
@law
def test_no_list_of_tasks_takes_longer_than_the_bound(plan: Plan, crews: int) -> None:
    found = restored(plan, crews).floor
    assert isinstance(found, Lasting)
    slowest = max(schedules(plan, crews)) * MINUTE
    assert found.duration >= slowest
    if crews == 1:
        assert found.duration == slowest == sum(plan.work.values()) * MINUTE


# --- the better of what may be chosen ------------------------------------------------------------


def back(structure: Structure, work: Mapping[str, int], name: str | Expression = TOP) -> int:
    """When a service is back, if all of its parts are restored at once."""
    match name:
        case str():
            return work[name] if name in work else back(structure, work, structure[name])
        case Needs():
            return back(structure, work, name.service)
        case _:
            parts = sorted(back(structure, work, part) for part in name.parts)
            return parts[-1] if isinstance(name, AllOf) else parts[name.k - 1]


@given(structures(), st.data())
@law
def test_redundant_parts_are_back_as_soon_as_enough_of_them_are(
    structure: Structure, data: st.DataObject
) -> None:
    work = {leaf: data.draw(st.integers(1, 30)) for leaf in leaves_of(structure)}
    targets = {leaf: Lasting(minutes * MINUTE) for leaf, minutes in work.items()}
    for metric in ("recovery_time", "recovery_point"):
        found = over(structure, metric, targets, Lasting(MINUTE))
        assert found.floor == Lasting(back(structure, work) * MINUTE)


@given(expressions([f"leaf-{i}" for i in range(4)]), st.data())
@law
def test_series_of_failures_counts_each_part_once(
    expression: Expression, data: st.DataObject
) -> None:
    structure = {TOP: expression}
    between = {leaf: data.draw(st.integers(1, 1000)) for leaf in leaves_of(structure)}
    targets = {leaf: Lasting(number * MINUTE) for leaf, number in between.items()}
    found = over(structure, "time_between_failures", targets, Lasting(MINUTE))
    rate = sum(Fraction(1, number * MINUTE) for number in between.values())
    assert found.floor == Lasting(int(1 / rate))


# --- few crews and redundant parts ---------------------------------------------------------------


def least_restoring(structure: Structure, work: Mapping[str, int], crews: int) -> Fraction:
    """The least that Graham's bound allows, in minutes, over every set of leaves that is enough;
    leaves wait for nothing, so that the longest path is the longest of them."""
    found = []
    for many in range(1, len(work) + 1):
        for some in itertools.combinations(sorted(work), many):
            if not oracles.is_down(structure, frozenset(work) - set(some)):
                times = [work[leaf] for leaf in some]
                found.append(max(times) + Fraction(sum(times) - max(times), crews))
    return min(found)


def restored_by(structure: Structure, work: Mapping[str, int], crews: int) -> Derivation:
    metric = "recovery_time"
    return derived(
        world(
            structure,
            [
                *(bought(leaf, {metric: Said(Lasting(t * MINUTE))}) for leaf, t in work.items()),
                promise(metric, Said(Lasting(MINUTE))),
            ],
            services={TOP: {"crews": crews}},
        )
    )


def duration_of(found: Derivation) -> int:
    assert isinstance(found.floor, Lasting)
    return found.floor.duration


@given(structures(), st.integers(1, 3), st.data())
@law_of(80)
def test_crews_restore_the_set_of_parts_that_takes_least_of_all_sets(
    structure: Structure, crews: int, data: st.DataObject
) -> None:
    work = {leaf: data.draw(st.integers(1, 30)) for leaf in leaves_of(structure)}
    found = restored_by(structure, work, crews)
    assert duration_of(found) == math.ceil(least_restoring(structure, work, crews) * MINUTE)
    if crews == 1:
        assert found.method == "exact"
    elif found.method == "exact":
        # no crews are quicker than crews enough
        assert duration_of(found) == back(structure, work) * MINUTE


@pytest.mark.long
@given(structures(most_leaves=9, most_composites=6), st.integers(1, 3), st.data())
@long_law
def test_crews_restore_the_set_of_parts_that_takes_least_of_many_sets(
    structure: Structure, crews: int, data: st.DataObject
) -> None:
    work = {leaf: data.draw(st.integers(1, 30)) for leaf in leaves_of(structure)}
    found = restored_by(structure, work, crews)
    assert duration_of(found) == math.ceil(least_restoring(structure, work, crews) * MINUTE)


@given(structures(), st.data())
@law
def test_what_is_found_before_the_steps_are_used_up_holds_and_is_not_called_exact(
    structure: Structure, data: st.DataObject
) -> None:
    work = {leaf: data.draw(st.integers(1, 30)) for leaf in leaves_of(structure)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restoring, "STEPS", 0)
        found = restored_by(structure, work, 1)
    least = least_restoring(structure, work, 1) * MINUTE
    assert duration_of(found) >= least
    if found.method == "exact":
        assert duration_of(found) == least


def test_a_cover_that_takes_more_steps_than_there_are_is_bounded() -> None:
    """A minimum cover of the edges of a graph: each edge needs one of its ends."""
    edges = [(i, (i * step + 1) % 60) for i in range(60) for step in (3, 7, 11)]
    structure = {
        TOP: AllOf(
            tuple(any_of(f"leaf-{one}", f"leaf-{other}") for one, other in edges if one != other)
        )
    }
    work = {leaf: 1 + index % 3 for index, leaf in enumerate(leaves_of(structure))}
    found = restored_by(structure, work, 1)
    chosen = duration_of(found) // MINUTE
    # no cover takes less than the halves that its ends are shared out by, nor more than all of it
    relaxed = linprog(
        list(work.values()),
        A_ub=[
            [-float(leaf in {f"leaf-{one}", f"leaf-{other}"}) for leaf in work]
            for one, other in edges
            if one != other
        ],
        b_ub=[-1.0] * sum(one != other for one, other in edges),
        bounds=(0, 1),
    )
    assert relaxed.fun - 1e-6 <= chosen < sum(work.values())
    assert (found.method, found.status) == ("bounded", "SHORTFALL")
