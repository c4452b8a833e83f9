"""Laws of the floor: sharp, monotone, no occurrence counted twice, and never above the estimate."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, target
from hypothesis import strategies as st

from orchestrator.bench.portfolio import portfolio
from orchestrator.engine import fussell
from orchestrator.engine.bounds import worst
from orchestrator.engine.derive import Depth, derive, worst_figures
from orchestrator.engine.explain import schedule, witness
from orchestrator.engine.floor import Floor, prices
from orchestrator.engine.intervals import Intervals, subtract
from orchestrator.engine.measure import Measured, Measurements
from orchestrator.engine.observations import Observations
from orchestrator.engine.problem import Problem
from orchestrator.engine.reliefs import Choice
from orchestrator.engine.settle import settle
from orchestrator.engine.subjects import Subject, subjects
from orchestrator.engine.underpinning import Underpinning
from orchestrator.engine.whatif import with_targets
from orchestrator.model.agreements import Allowance, Measurement, Policies, Version
from orchestrator.model.estate import Estate, always
from orchestrator.model.parties import Party
from orchestrator.model.records import Facts, Maintenance, Outage
from orchestrator.model.services import Service
from orchestrator.model.values import (
    DAY,
    FOREVER,
    HOUR,
    MONTH,
    SECOND,
    AskedPeriod,
    Period,
    Span,
)
from tests.laws import oracles
from tests.laws.build import (
    APRIL,
    CALENDARS,
    END,
    HOURS,
    PERIODS,
    START,
    TOP,
    ZONES,
    Promise,
    Structure,
    agreement,
    all_of,
    any_of,
    contract,
    derived,
    edited,
    estate,
    expressions,
    facts,
    internal,
    law,
    law_of,
    leaves_of,
    levels,
    long_law,
    outage,
    percent,
    plain,
    sla,
    structures,
)

HALF = Fraction(1, 2)


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
    drawn = {leaf: frozenset({leaf}) for leaf in targets}
    worst = oracles.worst_downtime(list(targets), [oracles.Cell(1.0, structure, drawn)], budgets)
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


def figures_of(subject: Estate) -> tuple[Problem, Floor]:
    """The data and the floor of the SLA on the top."""
    version = subject.agreements["sla"][0]
    found = worst_figures(Underpinning(subject), next(subjects(version)), APRIL)
    assert found.floor is not None
    return found.data, found.floor


@law
@given(monthly(6))
def test_a_cell_solved_gate_by_gate_is_the_joint_programme(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    data, found = figures_of(plain(*case, Fraction(1, 2)))
    joint = worst(found.programme.cells, found.programme.budgets)
    assert found.cell is not None
    assert found.cell.exact
    assert found.optimum.value == joint.value
    assert prices(data, found) == prices(data, replace(found, cell=None, optimum=joint))


@law
@given(monthly(6))
def test_prices_prove_the_floor_they_come_with(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    _, found = figures_of(plain(*case, Fraction(1, 2)))
    if found.optimum.value < found.programme.cells[0].length:
        spent = sum(
            price * found.programme.budgets[row] for row, price in found.optimum.prices.items()
        )
        assert spent == found.optimum.value


@pytest.mark.parametrize("seed", [1, 2])
def test_a_large_cell_reaches_its_floor_and_breaks_no_promise(seed: int) -> None:
    """Where the joint programme would take long: what is packed lies within every budget, each
    piece is a cut, and prices that undercut no cut say that no more can be."""
    subject = portfolio(services=700, slas=3, seed=seed)
    for version in [subject.agreements[f"sla-{i}"][0] for i in range(3)]:
        made = worst_figures(Underpinning(subject), next(subjects(version)), APRIL)
        data, found = made.data, made.floor
        assert found is not None
        ground = data.parts[0].ground
        components = ground.structure.components
        spent: Counter[str] = Counter()
        lost = Fraction(0)
        for _, leaves, amount in witness(data, found):
            names = {leaf.id for leaf in leaves}
            numbers = [n for n, leaf in ground.structure.leaves.items() if leaf.id in names]
            assert components.fails(ground.node, sum(1 << number for number in numbers))
            spent.update(dict.fromkeys(names, amount))
            lost += amount
        assert lost == found.downtime
        for leaf in data.leaves_of(data.groups):
            term = leaf.commitments[0].term
            assert isinstance(term.target, Fraction)
            days = 91 if term.period == Period("quarter") else 30
            assert spent[leaf.id] <= (1 - term.target) * days * DAY
        priced = sum(
            price * found.programme.budgets[row] for row, price in found.optimum.prices.items()
        )
        assert priced == found.downtime


def test_of_more_cuts_than_are_looked_at_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bridge of five has four cuts; what stands before it in series is a cut by itself."""
    monkeypatch.setattr(fussell, "LIMIT", 3)
    bridge = [all_of("a", "b"), all_of("d", "e"), all_of("a", "c", "e"), all_of("b", "c", "d")]
    structure = {TOP: all_of("s", any_of(*bridge))}
    subject = plain(structure, dict.fromkeys("abcdes", Fraction(9, 10)), HALF)
    (found,) = derive(subject, APRIL, depth=Depth(True, 3))
    assert found.explanation is not None
    said = {one.leaf: one.fussell_vesely for one in found.explanation.importance}
    assert {leaf for leaf, value in said.items() if value is None} == set("abcde")
    assert said["s"] is not None


@law
@given(monthly())
def test_worths_and_fussell_vesely_are_those_of_the_truth_table(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    structure, targets = case
    (found,) = derive(plain(structure, targets, Fraction(1, 2)), APRIL, depth=Depth(True, 12))
    (exactly,) = derive(plain(structure, targets, HALF), APRIL, depth=Depth(True, 12, exact=True))
    assert found.explanation is not None
    assert exactly.explanation is not None
    fractions = {one.leaf: one.fussell_vesely for one in exactly.explanation.importance}
    down = {leaf: 1 - target for leaf, target in targets.items()}
    whole = 1 - oracles.independent(structure, down)
    cuts = oracles.minimal_cuts(sorted(down), lambda state: oracles.is_down(structure, state))
    for one in found.explanation.importance:
        if not whole:
            continue
        failed = 1 - oracles.independent(structure, down | {one.leaf: Fraction(1)})
        never = 1 - oracles.independent(structure, down | {one.leaf: Fraction(0)})
        mine = [cut for cut in cuts if one.leaf in cut]
        within = sum(
            (
                math.prod(u if leaf in state else 1 - u for leaf, u in down.items())
                for state in oracles.states(sorted(down))
                if any(cut <= state for cut in mine)
            ),
            Fraction(0),
        )
        assert one.achievement == failed / whole
        assert one.reduction == (whole / never if never else None)
        assert one.fussell_vesely is not None
        assert float(one.fussell_vesely) == pytest.approx(float(within / whole), abs=1e-12)
        assert fractions[one.leaf] == within / whole
        assert isinstance(fractions[one.leaf], Fraction)


@law
@given(monthly())
def test_a_target_that_is_said_to_close_the_gap_closes_it(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    subject = plain(*case, Fraction(999, 1000))
    (found,) = derive(subject, APRIL, depth=Depth(explain=True))
    assert found.explanation is not None
    for one in found.explanation.renegotiate:
        if one.target is not None:
            changed = with_targets(subject, {(one.agreement, one.term): one.target})
            assert derived(changed).status == "UNDERPINNED"


# ----------------------------------------------------------------------- cells of time


Drawn = tuple[tuple[str, tuple[str, object]], ...]


def check_cells(case: Case) -> None:
    """Against the window hour by hour: what is promised in each, and whole periods' budgets."""
    found = derived(case.estate)
    window = [
        at
        for at in oracles.hours(found.period.start, found.period.end)
        if oracles.is_open(case.own.hours, at)
    ]
    if not window:
        assert found.floor is None
        return
    lengths: Counter[Drawn] = Counter()
    for at in window:
        lengths[
            tuple(
                (leaf, (leaf, oracles.period_of(promise.period, promise.timezone, at)))
                for leaf, promise in case.promises.items()
                if oracles.is_open(promise.hours, at)
            )
        ] += 1
    budgets = {}
    for leaf, period in {row for drawn in lengths for _, row in drawn}:
        promise = case.promises[leaf]
        held = oracles.hours_by_period(promise.hours, promise.period, promise.timezone)[period]
        budgets[leaf, period] = float((1 - promise.target) * held)
    cells = [
        oracles.Cell(length, case.structure, {leaf: frozenset({row}) for leaf, row in drawn})
        for drawn, length in lengths.items()
    ]
    worst = oracles.worst_downtime(leaves_of(case.structure), cells, budgets)
    assert found.floor is not None
    assert float(found.floor) == pytest.approx(1 - worst / len(window), abs=1e-9)


@law_of(30)
@given(cases())
def test_the_floor_over_hours_and_periods_that_differ_is_the_worst_behaviour(case: Case) -> None:
    check_cells(case)


@pytest.mark.long
@long_law
@given(cases(5))
def test_the_floor_over_hours_and_periods_is_the_worst_behaviour_at_length(case: Case) -> None:
    check_cells(case)


@st.composite
def changing(draw: st.DrawFn) -> tuple[Structure, Structure, dict[str, Fraction], int]:
    """A structure that becomes another one at some hour of April."""
    before, targets = draw(monthly(4))
    names = sorted(targets)
    after = {TOP: draw(expressions(names))}
    return before, after, targets, draw(st.integers(1, 30 * 24 - 1))


@law
@given(changing())
def test_a_budget_is_one_while_dependencies_change_within_its_period(
    case: tuple[Structure, Structure, dict[str, Fraction], int],
) -> None:
    before, after, targets, hour = case
    subject = plain(before, targets, Fraction(1, 2)).edit(
        START + hour * HOUR, [Service(TOP, requires=after[TOP])]
    )
    drawn = {leaf: frozenset({leaf}) for leaf in targets}
    hours = 30 * 24
    cells = [oracles.Cell(hour, before, drawn), oracles.Cell(hours - hour, after, drawn)]
    budgets = {leaf: float((1 - target) * hours) for leaf, target in targets.items()}
    worst = oracles.worst_downtime(list(targets), cells, budgets)
    found = derived(subject).floor
    assert found is not None
    assert float(found) == pytest.approx(1 - worst / hours, abs=1e-9)


@st.composite
def joint(draw: st.DrawFn) -> tuple[Structure, list[Version]]:
    """Leaves promised one by one, in groups with a budget each, and jointly, by several makers."""
    structure = draw(structures(5))
    leaves = leaves_of(structure)
    made = []
    for number in range(draw(st.integers(1, 5))):
        services = sorted(draw(st.sets(st.sampled_from(leaves), min_size=1)))
        promise = Promise(draw(levels()), version={"jointly": draw(st.booleans())})
        maker = f"maker-{leaves[0]}"
        made.append(agreement(f"uc-{number}", "UC", maker, "us", services, promise))
    return structure, made


@law
@given(joint())
def test_a_joint_budget_is_spent_once_by_all_that_are_down_together(
    case: tuple[Structure, list[Version]],
) -> None:
    structure, made = case
    found = derived(estate(structure, [*made, sla(Promise(Fraction(1, 2)))]))
    drawn: dict[str, frozenset[object]] = {}
    budgets: dict[object, float] = {}
    for version in made:
        for cover in version.covers:
            row = (version.agreement, "" if version.jointly else cover.service)
            drawn[cover.service] = drawn.get(cover.service, frozenset()) | {row}
            target = version.terms[0].target
            assert isinstance(target, Fraction)
            budgets[row] = float(1 - target)
    cells = [oracles.Cell(1.0, structure, drawn)]
    worst = oracles.worst_downtime(leaves_of(structure), cells, budgets)
    assert found.floor is not None
    assert float(found.floor) == pytest.approx(1 - worst, abs=1e-9)
    if found.independent is not None:
        assert found.floor <= found.independent


# ------------------------------------------------------------------------- shared parts count once


@given(levels(), levels(), levels())
def test_a_part_shared_in_series_counts_once(b: Fraction, c: Fraction, d: Fraction) -> None:
    """A6: each of two parts needs D; as two parts of the same level, D would be lost twice."""
    shared = {TOP: all_of("x", "y"), "x": all_of("b", "d"), "y": all_of("c", "d")}
    apart = {TOP: all_of("x", "y"), "x": all_of("b", "d"), "y": all_of("c", "e")}
    once = derived(plain(shared, {"b": b, "c": c, "d": d}, Fraction(1, 2)))
    twice = derived(plain(apart, {"b": b, "c": c, "d": d, "e": d}, Fraction(1, 2)))
    assert once.floor == max(b + c + d - 2, 0)
    assert twice.floor == max(b + c + d + d - 3, 0)
    assert once.independent == b * c * d
    assert twice.independent == b * c * d * d


@given(levels(), levels(), levels())
def test_redundant_legs_that_share_a_part_are_no_better_than_that_part(
    a: Fraction, b: Fraction, p: Fraction
) -> None:
    """A7: two legs on one power supply; on two supplies they would be independent."""
    shared = {TOP: any_of("x", "y"), "x": all_of("a", "p"), "y": all_of("b", "p")}
    apart = {TOP: any_of("x", "y"), "x": all_of("a", "p"), "y": all_of("b", "q")}
    once = derived(plain(shared, {"a": a, "b": b, "p": p}, Fraction(1, 2)))
    twice = derived(plain(apart, {"a": a, "b": b, "p": p, "q": p}, Fraction(1, 2)))
    assert once.floor == max(p - (1 - max(a, b)), 0)
    assert once.independent == p * (1 - (1 - a) * (1 - b))
    assert twice.independent == 1 - (1 - a * p) * (1 - b * p)
    assert twice.floor is not None
    assert twice.floor <= p or twice.floor == max(a, b, p)


# ------------------------------------------------------------------------------- losing commitments


@st.composite
def underpinned(draw: st.DrawFn) -> Estate:
    """Owned composites, each promised as a whole or in its own part, some jointly, by one another
    or by somebody else; an SLA on each."""
    structure = draw(structures(4, 4))
    leaves = leaves_of(structure)
    whole = sorted(draw(st.sets(st.sampled_from(sorted(structure)))))
    among = {"whole": [*leaves, *whole], "own": [*leaves, *(set(structure) - set(whole))]}
    made: list[Version] = [
        sla(Promise(Fraction(1, 2)), [name], f"sla-{name}") for name in structure
    ]
    for number in range(draw(st.integers(1, 7))):
        scope = draw(st.sampled_from(("whole", "own")))
        some = st.sets(st.sampled_from(sorted(among[scope])), min_size=1, max_size=3)
        services = sorted(draw(some))
        jointly = draw(st.booleans())
        promise = Promise(draw(levels()), scope=scope, version={"jointly": jointly})
        provider, customer = draw(st.sampled_from((("ops", "us"), ("ops", "desk"), ("desk", "us"))))
        if draw(st.booleans()):
            provider = "maker-leaf-x"
        made.append(agreement(f"a-{number}", "OLA", provider, customer, services, promise))
    subject = estate(structure, made, owned=structure)
    return replace(subject, parties={**subject.parties, **always(Party("maker-leaf-x"))})


@law_of(150)
@given(underpinned(), st.data())
def test_losing_a_commitment_raises_no_floor(subject: Estate, data: st.DataObject) -> None:
    """Taken away, or weakened to a goal: what rested on it rests on less.

    Every service that is promised as a whole has an owner, and so a part of its own that is then
    left without commitment. That is the domain of the law. A mere grouping that is bought as a
    whole at a lower level than its parts derives that level, as a contract is a boundary that one
    does not look through, and taking the contract away can raise the floor (ADR 7); so it is where
    the own part of a service bought as a whole is promised besides.
    """
    lost = data.draw(st.sampled_from([id for id in subject.agreements if id.startswith("a-")]))
    (version,) = subject.agreements[lost]
    agreements = dict(subject.agreements)
    match data.draw(st.sampled_from(("goal", "term", "agreement", "draft"))):
        case "goal":
            agreements[lost] = (edited(version, strength="goal"),)
        case "term":
            agreements[lost] = (replace(version, terms=()),)
        case "agreement":
            del agreements[lost]
        case "draft":
            agreements[lost] = (replace(version, state="draft"),)
    after = {one.key: one for one in derive(replace(subject, agreements=agreements), APRIL)}
    for before in derive(subject, APRIL):
        if before.key in after:
            assert before.floor is not None
            now = after[before.key].floor
            assert now is not None
            assert now <= before.floor


# ---------------------------------------------------------------------------- replaying the witness


def measured_over(subject: Estate, one: Subject, reported: Facts, period: Span) -> Measured:
    """A subject measured over a period, be it one of its own or not."""
    return Measurements(Observations(Underpinning(subject), reported)).of(one, period)


def replayed(case: Case) -> None:
    """The witness laid out as facts: every commitment is kept, the composite lands on the floor.

    It is laid out in whole microseconds, rounded down: less than one is lost for each outage and
    for each leaf that the witness names in a cell.
    """
    subject = case.estate
    (version,) = subject.agreements["sla"]
    (one,) = subjects(version)
    found = worst_figures(Underpinning(subject), one, APRIL)
    if found.floor is None:
        return
    planned = schedule(found.data, found.floor)
    reported = [
        Outage(f"o-{number}-{leaf.id}", leaf.services[0], Span(*interval))
        for number, (leaves, interval) in enumerate(planned)
        for leaf in leaves
    ]
    period = found.data.period
    verdict = settle(subject, facts(reported), AskedPeriod(period.start, period.end))
    lost = len(planned) + len(list(witness(found.data, found.floor)))
    for assessment in verdict.assessments:
        if assessment.key.agreement != "sla":
            assert assessment.status != "BREACHED", assessment
    measured = measured_over(subject, one, facts(reported), period)
    attained = measured.assessment.counted_seconds * SECOND
    assert 0 <= found.floor.downtime - attained <= lost


@law_of(60)
@given(cases())
def test_the_witness_replayed_keeps_every_commitment_and_lands_on_the_floor(case: Case) -> None:
    replayed(case)


@pytest.mark.long
@long_law
@given(cases(5))
def test_the_witness_replayed_lands_on_the_floor_at_length(case: Case) -> None:
    replayed(case)


# ------------------------------------------------------------------- what else commitments may say


@st.composite
def agreed(draw: st.DrawFn, target: Fraction) -> Promise:
    """A promise with allowances, exclusions, rounding and counting of its own."""
    allowance = st.builds(
        Allowance,
        st.just("maintenance"),
        st.integers(0, 60).map(lambda hours: hours * HOUR),
        within=st.sampled_from(("", "", "night")),
        notice=st.sampled_from((0, 0, DAY, 2 * DAY)),
    )
    measurement = st.builds(
        Measurement,
        rounding_places=st.sampled_from((-1, -1, 0, 1)),
        rounding_mode=st.sampled_from(("half_up", "half_even", "down")),
        whole_minutes=st.booleans(),
        minimum_outage=st.sampled_from((0, 0, HOUR)),
    )
    policies = st.builds(
        Policies, excluded_time=st.sampled_from(("counts_as_up", "counts_as_up", "leaves_period"))
    )
    return Promise(
        target,
        period=draw(st.sampled_from((MONTH, MONTH, Period("rolling", 1, 10 * DAY)))),
        term={
            "allowances": tuple(draw(st.lists(allowance, max_size=1))),
            "exclusions": ("maintenance",) if draw(st.integers(0, 5)) == 0 else (),
            "measurement": draw(measurement),
            "policies": draw(policies),
        },
    )


@st.composite
def behaviours(draw: st.DrawFn) -> tuple[Case, Facts]:
    """Outages of about as long as they may be, some of them announced as maintenance; where that is
    excused at all the structure is a series (see the assumptions of a derivation)."""
    leaves = [f"leaf-{i}" for i in range(draw(st.integers(1, 3)))]
    promises = {leaf: draw(agreed(draw(levels(800)))) for leaf in leaves}
    own = draw(agreed(HALF))
    excuses = any(one.term["allowances"] or one.term["exclusions"] for one in promises.values())
    requirement = all_of(*leaves) if excuses else draw(expressions(leaves))
    found, planned = [], []
    for leaf, promise in promises.items():
        budget = int((1 - promise.target) * 30 * DAY)
        relief = sum(one.duration for one in promise.term["allowances"])
        left = draw(st.sampled_from((budget, budget + relief, budget + relief // 2, relief)))
        for number in range(draw(st.integers(1, 4))):
            length = min(
                left, draw(st.sampled_from((left, left // 2 + 1, 12 * HOUR + 59 * SECOND)))
            )
            start = START + draw(st.integers(0, 30 * 24 - 1)) * HOUR
            if length <= 0 or start + length > END:
                continue
            span = Span(start, start + length)
            found.append(Outage(f"o-{leaf}-{number}", leaf, span))
            left -= length
            if draw(st.booleans()):
                announced = start - draw(st.sampled_from((0, DAY, 3 * DAY)))
                planned.append(Maintenance(f"m-{leaf}-{number}", leaf, span, announced))
    case = Case({TOP: requirement}, promises, own)
    return case, facts(found, maintenance=tuple(planned))


@law_of(300)
@given(behaviours())
def test_no_behaviour_that_keeps_every_commitment_falls_below_the_floor(
    case: tuple[Case, Facts],
) -> None:
    promised, reported = case
    subject = promised.estate
    verdict = settle(subject, reported, APRIL)
    kept = all(
        one.status == "MET" for one in verdict.assessments if one.key.agreement.startswith("uc-")
    )
    assume(kept)
    (ours,) = (one for one in verdict.assessments if one.key.agreement == "sla")
    found = derived(subject).floor
    assert found is not None
    if ours.attained is not None:
        # Look where it is close.
        target(float(found - ours.attained))
        assert ours.attained >= found


@st.composite
def relieved(draw: st.DrawFn) -> Case:
    """A series, maintenance allowed beneath and perhaps above, sometimes in windows or with
    notice."""
    leaves = [f"leaf-{i}" for i in range(draw(st.integers(1, 3)))]

    def promise(target: Fraction) -> Promise:
        allowance = st.builds(
            Allowance,
            st.just("maintenance"),
            st.integers(0, 60).map(lambda hours: hours * HOUR),
            within=st.sampled_from(("", "night")),
            notice=st.sampled_from((0, DAY)),
        )
        return Promise(
            target,
            term={
                "allowances": tuple(draw(st.lists(allowance, max_size=1))),
                "exclusions": ("maintenance",) if draw(st.integers(0, 5)) == 0 else (),
            },
        )

    promises = {leaf: promise(draw(levels(950))) for leaf in leaves}
    return Case({TOP: all_of(*leaves)}, promises, promise(HALF))


def announced(case: Case, choice: Choice, outages: list[Outage]) -> list[Maintenance]:
    """What the witness means as maintenance: as late as its supplier may announce it, and where the
    composite would excuse what is not taken beyond that, not there."""
    bar = choice.barred.get("maintenance")
    found = []
    for one in outages:
        terms = case.promises[one.service].term
        if not terms["allowances"] and not terms["exclusions"]:
            continue
        notice = max((allowance.notice for allowance in terms["allowances"]), default=0)
        spans: Intervals = [(one.span.start, one.span.end)]
        if bar is not None and notice >= bar.notice:
            spans = subtract(spans, bar.windows) if bar.windows is not None else []
        found += [
            Maintenance(f"m-{one.id}-{start}", one.service, Span(start, end), start - notice)
            for start, end in spans
        ]
    return found


@law_of(100)
@given(relieved())
def test_maintenance_that_the_floor_reckons_with_can_happen(case: Case) -> None:
    """The witness replayed, part of it announced as maintenance, lands on the floor."""
    subject = case.estate
    (one,) = subjects(subject.agreements["sla"][0])
    found = worst_figures(Underpinning(subject), one, APRIL)
    assert found.floor is not None
    reported = [
        Outage(f"o-{number}-{leaf.id}", leaf.id, Span(*interval))
        for number, (leaves, interval) in enumerate(schedule(found.data, found.floor))
        for leaf in leaves
    ]
    planned = announced(case, found.floor.programme.choice, reported)
    verdict = settle(subject, facts(reported, maintenance=tuple(planned)), APRIL)
    for assessment in verdict.assessments:
        if assessment.key.agreement == "sla":
            counted = assessment.counted_seconds * SECOND
            assert abs(found.floor.downtime - counted) <= 2 * len(reported) + 2
        else:
            assert assessment.status != "BREACHED", assessment


@st.composite
def rolling(draw: st.DrawFn) -> Case:
    """A structure with one part that is promised over rolling days, the others by the month."""
    structure = draw(structures(4))
    leaves = leaves_of(structure)
    promises = {leaf: Promise(draw(levels())) for leaf in leaves}
    days = draw(st.sampled_from((1, 7, 8, 14, 29, 30, 31, 45)))
    first = replace(promises[leaves[0]], period=Period("rolling", 1, days * DAY))
    return Case(structure, {**promises, leaves[0]: first}, Promise(HALF))


@law
@given(rolling())
def test_a_rolling_budget_is_spent_in_the_same_phase_of_every_window(case: Case) -> None:
    replayed(case)


# ----------------------------------------------------------------------------------- at the borders


def over(leaf: Promise, own: Promise | None = None) -> Estate:
    """A service over one leaf."""
    made = [contract("a", leaf), sla(own or Promise(HALF))]
    return estate({TOP: all_of("a")}, made, calendars=CALENDARS)


def floor_of(subject: Estate) -> Fraction:
    found = derived(subject).floor
    assert found is not None
    return found


def codes(subject: Estate) -> set[str]:
    return {finding.code for finding in derived(subject).findings}


def test_a_rolling_period_longer_than_the_span_may_spend_all_its_budget_inside_it() -> None:
    rolling = Promise(percent("99.9"), period=Period("rolling", 1, 45 * DAY))
    found = derived(over(rolling))
    assert (found.floor, found.method) == (1 - Fraction(45, 30) / 1000, "exact")


def test_a_rolling_period_in_hours_is_bounded_by_its_busiest_window() -> None:
    week = Promise(percent("99"), "long-office", Period("rolling", 1, 7 * DAY))
    # Five days of ten hours in any week; the month is four weeks and two days more.
    budget = Fraction(50 * HOUR, 100)
    found = derived(over(week, Promise(HALF, "long-office")))
    assert (found.floor, found.method) == (1 - 5 * budget / (22 * 10 * HOUR), "bounded")


def test_of_rolling_windows_alike_the_one_that_ends_with_the_month_is_named() -> None:
    month = Period("rolling", 1, 30 * DAY)
    found = derived(over(Promise(percent("99"), period=month), Promise(HALF, period=month)))
    assert (found.floor, found.period) == (percent("99"), Span(START, END))


def test_what_rounding_forgives_beneath_may_be_lost_above() -> None:
    for mode, least in (("half_up", "99.85"), ("down", "99.9")):
        measurement = Measurement(rounding_places=1, rounding_mode=mode)
        leaf = Promise(percent("99.9"), term={"measurement": measurement})
        assert floor_of(over(leaf)) == percent(least)
        assert derived(over(leaf)).independent == percent("99.9")
        own = Promise(percent("99.9"), term={"measurement": measurement})
        assert derived(over(leaf, own)).status == "UNDERPINNED"


def test_a_budget_is_that_of_the_part_of_the_month_in_which_the_version_holds() -> None:
    begun = START + 15 * DAY
    late = Promise(percent("99"), effective=Span(begun, FOREVER))
    assert floor_of(over(late)) == Fraction(15, 30) * percent("99")
    found = derived(over(Promise(percent("99")), replace(late, target=HALF)))
    assert found.period == Span(begun, END)
    # All of the month's budget may fall into its second half.
    assert found.floor == 1 - Fraction(2, 100)


def test_of_two_agreements_on_one_service_both_are_kept_so_the_better_counts() -> None:
    made = [contract("a", Promise(percent(target)), f"uc-{target}") for target in ("99", "99.9")]
    subject = estate({TOP: all_of("a")}, [*made, sla(Promise(HALF))])
    assert floor_of(subject) == percent("99.9")
    assert "DUPLICATE" in codes(subject)


@pytest.mark.parametrize(
    ("first", "second", "own", "twice"),
    [
        ("day", "night", "24x7", False),
        ("day", "office", "24x7", True),
        ("day", "24x7", "24x7", True),
        ("24x7", "24x7", "night", True),
        ("day", "24x7", "night", False),
    ],
)
def test_what_is_promised_in_turns_is_not_promised_twice(
    first: str, second: str, own: str, twice: bool
) -> None:
    """Days are from eight to eight, nights the rest, office hours within the day."""
    made = [
        contract("a", Promise(percent("99.9"), hours=hours), f"uc-{i}")
        for i, hours in enumerate((first, second))
    ]
    subject = estate(
        {TOP: all_of("a")}, [*made, sla(Promise(HALF, hours=own))], calendars=CALENDARS
    )
    assert ("DUPLICATE" in codes(subject)) is twice


def test_two_agreements_alike_are_noticed_as_well() -> None:
    made = [contract("a", Promise(percent("99")), f"uc-{i}") for i in range(2)]
    assert "DUPLICATE" in codes(estate({TOP: all_of("a")}, [*made, sla(Promise(HALF))]))


def test_a_second_agreement_from_the_middle_of_the_month_leaves_the_first_its_one_budget() -> None:
    second = Promise(percent("99"), effective=Span(START + 15 * DAY, FOREVER))
    made = [contract("a", Promise(percent("99.9"))), contract("a", second, "uc-2")]
    assert floor_of(estate({TOP: all_of("a")}, [*made, sla(Promise(HALF))])) == percent("99.9")


def test_a_service_resold_as_it_is_bought_rests_on_its_contract() -> None:
    made = [contract("a", Promise(percent("99.9"))), sla(Promise(HALF), ["a"])]
    assert floor_of(estate({TOP: all_of("a")}, made)) == percent("99.9")


def test_an_agreement_with_a_customer_on_an_own_part_rests_on_the_teams_for_it() -> None:
    team = internal(TOP, Promise(percent("99.9"), scope="own"))
    sold = sla(Promise(HALF, scope="own"))
    assert floor_of(estate({TOP: all_of("a")}, [team, sold], owned=[TOP])) == percent("99.9")


def test_an_agreement_on_a_service_with_nothing_beneath_is_one_on_all_of_it() -> None:
    for scope in ("whole", "own"):
        assert floor_of(over(Promise(percent("99.9"), scope=scope))) == percent("99.9")


def test_where_hours_do_not_meet_nothing_is_guaranteed() -> None:
    found = derived(over(Promise(Fraction(1), "night"), Promise(HALF, "day")))
    assert (found.floor, found.independent, found.covered_share) == (0, None, 0)


def test_an_outage_too_short_to_count_beneath_bounds_nothing_above() -> None:
    for measurement in (Measurement(minimum_outage=5 * SECOND), Measurement(whole_minutes=True)):
        leaf = Promise(percent("99.9"), term={"measurement": measurement})
        assert floor_of(over(leaf)) == 0
        assert "UNBOUNDED_EXPOSURE" in codes(over(leaf))
        alike = over(leaf, Promise(HALF, term={"measurement": measurement}))
        assert floor_of(alike) == percent("99.9")
        assert "SHORT_OUTAGES_DO_NOT_ABUT" in derived(alike).assumptions


def maintained(hours: int, notice: int = 0) -> dict[str, Any]:
    """Terms that allow maintenance of so many hours a month."""
    return {"allowances": (Allowance("maintenance", hours * HOUR, notice=notice),)}


def test_maintenance_announced_too_late_for_the_composite_counts_there() -> None:
    for beneath, above, lost in ((DAY, DAY, 0), (2 * DAY, DAY, 0), (DAY, 2 * DAY, 3)):
        leaf = Promise(percent("99"), term=maintained(3, beneath))
        found = floor_of(over(leaf, Promise(HALF, term=maintained(3, above))))
        assert found == percent("99") - Fraction(lost, 30 * 24)


def test_a_period_that_excused_time_leaves_is_shorter_for_the_same_downtime() -> None:
    shrinking = {**maintained(72), "policies": Policies(excluded_time="leaves_period")}
    leaf = Promise(percent("99"), term=maintained(72))
    found = derived(over(leaf, Promise(HALF, term=shrinking)))
    assert (found.floor, found.method) == (1 - Fraction(30, 100) / (30 - 3), "bounded")
    # Beneath, it takes its share of the budget with it.
    leaf = Promise(percent("99"), term=shrinking)
    assert floor_of(over(leaf)) == 1 - Fraction(30 - 3, 100) / 30 - Fraction(3, 30)


def test_redundancy_is_taken_to_hold_in_maintenance_that_is_excused() -> None:
    made = [contract(leaf, Promise(percent("99"), term=maintained(3))) for leaf in "ab"]
    code = "NO_FAILURE_IN_EXCUSED_MAINTENANCE"
    for requires, own, expected in (
        (any_of("a", "b"), Promise(HALF, term=maintained(3)), True),
        (any_of("a", "b"), Promise(HALF), False),
        (all_of("a", "b"), Promise(HALF, term=maintained(3)), False),
    ):
        found = derived(estate({TOP: requires}, [*made, sla(own)]))
        assert (code in found.assumptions) is expected


def test_sharing_hidden_behind_contracts_is_noticed_for_every_agreement() -> None:
    structure = {
        "x": all_of("deep"),
        "y": all_of("deep"),
        "first": all_of("a"),
        TOP: any_of("x", "y"),
    }
    bought = [contract(one, Promise(percent("99")), maker="maker-deep") for one in ("x", "y")]
    sold = [sla(Promise(HALF), [one], f"sla-{one}") for one in ("first", TOP)]
    found = derive(estate(structure, [*bought, *sold]), APRIL)
    assert [one.assumptions for one in found] == [(), ("HIDDEN_SHARING",)]


def test_a_chain_of_ten_thousand_services_is_no_deeper_than_one() -> None:
    chain = {f"c-{i}": all_of(f"c-{i + 1}") for i in range(10_000)}
    made = [contract("c-10000", Promise(percent("99.9"))), sla(Promise(HALF), ["c-0"])]
    subject = estate(chain, made)
    assert floor_of(subject) == percent("99.9")
    verdict = settle(subject, facts([outage("c-10000", 0, 60)]), APRIL)
    assert [one.counted_seconds for one in verdict.assessments] == [60, 60]


def test_redundancy_within_redundancy_may_be_a_thousand_groups_deep() -> None:
    nested = {f"c-{i}": any_of(f"c-{i + 1}", f"l-{i}") for i in range(1_000)}
    # Who was first is the policy that is soonest decided.
    by_order = {"policies": Policies(shares="first_cause")}
    promised = sla(Promise(HALF, version=by_order), ["c-0"])
    made = [contract("c-1000", Promise(percent("99.9"))), promised]
    subject = estate(nested, made)
    assert floor_of(subject) == percent("99.9")
    verdict = settle(subject, facts(outage(leaf, 0, 60) for leaf in leaves_of(nested)), APRIL)
    assert [one.counted_seconds for one in verdict.assessments] == [60, 60]
