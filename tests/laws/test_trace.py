"""Laws of tracing: exact downtime, shares that add up, and the same verdict however it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.components import Components, Node
from orchestrator.engine.shares import POLICIES, share_out
from orchestrator.model.agreements import (
    EXCUSE_POLICIES,
    SHARE_POLICIES,
    Allowance,
    Measurement,
    Policies,
)
from orchestrator.model.estate import Estate
from orchestrator.model.records import Excuse, Facts, Maintenance, Outage, Unknown, Verdict
from orchestrator.model.services import Needs, Service
from orchestrator.model.values import MONTH, SECOND, Period, Span
from tests.laws import oracles
from tests.laws.build import (
    START,
    TOP,
    Promise,
    Structure,
    assessed,
    breached,
    contract,
    estate,
    expressions,
    facts,
    internal,
    law,
    law_of,
    leaves_of,
    long_law,
    outages,
    seconds_by_service,
    sla,
    structures,
    verdict_on,
)

SPLIT = ("shapley", "equal_per_cut", "first_cause", "last_straw")
"""The policies whose shares add up to one."""


def perfect(
    structure: Structure, shares: str = "shapley", excuses: str = "provider_bears"
) -> Estate:
    """An SLA that every second of downtime breaches, and no contract beneath."""
    promise = Promise(
        Fraction(1),
        term={"exclusions": ("customer",), "policies": Policies(shares=shares, excuses=excuses)},
    )
    return estate(structure, [sla(promise)])


@st.composite
def downs(draw: st.DrawFn, most_leaves: int = 5) -> tuple[Structure, list[Outage]]:
    structure = draw(structures(most_leaves))
    return structure, draw(outages(leaves_of(structure)))


@st.composite
def excused(draw: st.DrawFn) -> tuple[Structure, list[Outage]]:
    """Outages some of which the customer caused."""
    structure, reported = draw(downs(4))
    excuse = Excuse("customer", "customer", "mail-1")
    return structure, [
        replace(one, excuse=excuse) if draw(st.booleans()) else one for one in reported
    ]


@law
@given(downs())
def test_composite_downtime_is_that_of_a_grid_of_seconds(
    case: tuple[Structure, list[Outage]],
) -> None:
    structure, reported = case
    found = assessed(verdict_on(perfect(structure), facts(reported)))
    expected = oracles.second_by_second(structure, reported, "provider_bears", "shapley")
    assert found.counted_seconds == expected.counted
    assert found.attained == 1 - expected.counted / found.hours_seconds


@pytest.mark.parametrize("policy", SPLIT)
@law_of(40)
@given(case=downs())
def test_what_each_part_contributes_is_what_every_second_says(
    policy: str, case: tuple[Structure, list[Outage]]
) -> None:
    check_excused(case, policy, "provider_bears")


@pytest.mark.parametrize("excuses", EXCUSE_POLICIES)
@law_of(40)
@given(case=excused(), policy=st.sampled_from(SPLIT))
def test_excuses_are_judged_second_by_second(
    excuses: str, case: tuple[Structure, list[Outage]], policy: str
) -> None:
    check_excused(case, policy, excuses)


def check_excused(case: tuple[Structure, list[Outage]], policy: str, excuses: str) -> None:
    structure, reported = case
    verdict = verdict_on(perfect(structure, policy, excuses), facts(reported))
    found = assessed(verdict)
    expected = oracles.second_by_second(structure, reported, excuses, policy)
    assert found.counted_seconds == expected.counted
    assert found.excused_seconds == expected.excused
    assert found.status == ("BREACHED" if expected.counted else "MET")
    if expected.counted:
        breach = breached(verdict)
        assert seconds_by_service(breach) == {k: v for k, v in expected.by_leaf.items() if v}
        assert sum(one.share for one in breach.responsibility) == 1
        assert sum(one.share for one in breach.borne_by) == 1


@pytest.mark.long
@pytest.mark.parametrize("excuses", EXCUSE_POLICIES)
@long_law
@given(case=excused(), policy=st.sampled_from(SPLIT))
def test_excuses_are_judged_second_by_second_at_length(
    excuses: str, case: tuple[Structure, list[Outage]], policy: str
) -> None:
    check_excused(case, policy, excuses)


@law_of(60)
@given(
    case=excused(),
    policy=st.sampled_from(SPLIT),
    excuses=st.sampled_from(EXCUSE_POLICIES),
    data=st.data(),
)
def test_what_we_provide_to_ourselves_is_shared_level_by_level(
    case: tuple[Structure, list[Outage]], policy: str, excuses: str, data: st.DataObject
) -> None:
    structure, reported = case
    middle = [name for name in structure if name != TOP]
    opaque = data.draw(st.sets(st.sampled_from(middle)) if middle else st.just(set()))
    subject = perfect(structure, policy, excuses)
    olas = [internal(name, Promise(Fraction(1))) for name in sorted(opaque)]
    sold = subject.agreements["sla"]
    verdict = verdict_on(estate(structure, [*sold, *olas], owned=opaque), facts(reported))
    expected = oracles.level_by_level(structure, frozenset(opaque), reported, excuses, policy)
    assert assessed(verdict).counted_seconds == sum(expected.values())
    if expected:
        breach = breached(verdict)
        assert seconds_by_service(breach) == {k: v for k, v in expected.items() if v}
        assert sum(one.share for one in breach.responsibility) == 1
        assert sum(one.share for one in breach.borne_by) == 1


# ----------------------------------------------------------------------- reports of any service


@st.composite
def reported_anywhere(draw: st.DrawFn) -> tuple[Structure, tuple[str, ...], list[Outage]]:
    """Outages of leaves, of whole composites and of their own parts; some composites are owned."""
    structure = draw(structures(4, 4))
    owned = tuple(sorted(draw(st.sets(st.sampled_from(sorted(structure))))))
    found = draw(outages((*leaves_of(structure), *structure), 30, 10))
    return structure, owned, [replace(one, part=draw(st.sampled_from(("whole", "own"))))
                              for one in found]  # fmt: skip


@law_of(100)
@given(reported_anywhere())
def test_a_service_is_down_while_reported_or_while_its_own_part_or_its_requirements_are(
    case: tuple[Structure, tuple[str, ...], list[Outage]],
) -> None:
    structure, owned, reported = case
    subject = estate(structure, [sla(Promise(Fraction(1)))], owned=owned)
    verdict = verdict_on(subject, facts(reported))
    grid = oracles.reported_seconds(structure, reported, 30)
    assert assessed(verdict).counted_seconds == len(grid)
    if grid:
        assert sum(seconds_by_service(breached(verdict)).values()) == len(grid)


@law_of(60)
@given(reported_anywhere(), st.data())
def test_a_contract_counts_what_is_reported_of_its_service_or_of_anything_beneath(
    case: tuple[Structure, tuple[str, ...], list[Outage]], data: st.DataObject
) -> None:
    structure, owned, reported = case
    bought = data.draw(st.sets(st.sampled_from(sorted({*structure, *leaves_of(structure)}))))
    contracts = [contract(one, Promise(Fraction(1)), maker="maker-leaf-0") for one in bought]
    known = {f"maker-{leaf}" for leaf in leaves_of(structure)}
    if "maker-leaf-0" not in known:
        contracts = []
    subject = estate(structure, [*contracts, sla(Promise(Fraction(1)))], owned=owned)
    verdict = verdict_on(subject, facts(reported))
    assert assessed(verdict).counted_seconds == len(
        oracles.reported_seconds(structure, reported, 30)
    )
    for one in contracts:
        service = one.covers[0].service
        expected = oracles.reported_seconds(structure, reported, 30, service)
        assert assessed(verdict, one.agreement).counted_seconds == len(expected)


@law_of(80)
@given(reported_anywhere(), st.data())
def test_what_is_required_at_each_instant_decides_what_was_down_then(
    case: tuple[Structure, tuple[str, ...], list[Outage]], data: st.DataObject
) -> None:
    before, owned, reported = case
    names = [*leaves_of(before), *(name for name in before if name != TOP)]
    after = {**before, TOP: data.draw(expressions(names))}
    second = data.draw(st.integers(0, 29))
    team = "ops" if TOP in owned else ""
    changed = Service(TOP, owner=team, requires=after[TOP])
    subject = estate(before, [sla(Promise(Fraction(1)))], owned=owned).edit(
        START + second * SECOND, [changed]
    )
    verdict = verdict_on(subject, facts(reported))
    down = [at for at in oracles.reported_seconds(before, reported, 30) if at < second]
    down += [at for at in oracles.reported_seconds(after, reported, 30) if at >= second]
    assert assessed(verdict).counted_seconds == len(down)
    if down:
        assert sum(seconds_by_service(breached(verdict)).values()) == len(down)


# ------------------------------------------------------------------------------ Shapley's axioms


@st.composite
def games(draw: st.DrawFn) -> tuple[Components, Node, int]:
    """A random monotone structure over at most six players, with shared parts."""
    components = Components()
    nodes = [Node(leaves=1 << i) for i in range(draw(st.integers(1, 6)))]
    players = len(nodes)
    for _ in range(draw(st.integers(0, 5))):
        parts = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=4))
        nodes.append(components.group(draw(st.integers(1, len(parts))), parts, None))
    chosen = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3))
    node = chosen[0]
    for other in chosen[1:]:
        node |= other
    return components, node, players


def of_game(case: tuple[Components, Node, int], policy: str) -> dict[int, Fraction]:
    components, node, players = case
    return dict(share_out(components, node, (1 << players) - 1, 0, policy, lambda leaf: leaf))


@law_of(150)
@given(games())
def test_shapley_is_the_average_over_all_orders(case: tuple[Components, Node, int]) -> None:
    components, node, players = case
    found = dict.fromkeys(range(players), Fraction(0))
    orders = list(permutations(range(players)))
    for order in orders:
        down = 0
        for player in order:
            down |= 1 << player
            if components.fails(node, down):
                found[player] += Fraction(1, len(orders))
                break
    assert of_game(case, "shapley") == {player: share for player, share in found.items() if share}


@law_of(100)
@given(games(), st.data())
def test_shares_are_efficient_symmetric_and_nothing_to_those_without_a_part(
    case: tuple[Components, Node, int], data: st.DataObject
) -> None:
    components, node, players = case
    everyone = (1 << players) - 1

    def gains(player: int, down: int) -> bool:
        without = down & ~(1 << player)
        return components.fails(node, without | 1 << player) != components.fails(node, without)

    found = {policy: of_game(case, policy) for policy in SPLIT}
    for policy, shares in found.items():
        assert sum(shares.values()) == 1, policy
        for player in range(players):
            if not any(gains(player, down) for down in range(everyone + 1)):
                assert not shares.get(player, 0), policy
    one, two = data.draw(st.tuples(*[st.integers(0, players - 1)] * 2))
    alike = all(
        components.fails(node, down | 1 << one) == components.fails(node, down | 1 << two)
        for down in range(everyone + 1)
        if not down >> one & 1 and not down >> two & 1
    )
    if alike:
        for policy in ("shapley", "equal_per_cut"):
            assert found[policy].get(one) == found[policy].get(two)
    assert set(of_game(case, "joint_and_several").values()) == {Fraction(1)}
    assert set(POLICIES) == {*SPLIT, "joint_and_several"}


# -------------------------------------------------------------- however it is told, and whenever


def shape(verdict: Verdict) -> Verdict:
    """A verdict without the ids of its evidence."""
    return replace(
        verdict,
        breaches=tuple(
            replace(
                one, responsibility=tuple(replace(part, evidence=()) for part in one.responsibility)
            )
            for one in verdict.breaches
        ),
        findings=tuple(
            replace(one, message="", subjects=one.subjects[:3]) for one in verdict.findings
        ),
    )


@st.composite
def told(draw: st.DrawFn) -> tuple[Structure, Facts]:
    """Outages, some excused with notice or in announced maintenance, and gaps in the data."""
    structure, reported = draw(excused())
    leaves = leaves_of(structure)
    noticed = st.none() | st.integers(-20, 60).map(lambda s: START + s * SECOND)
    reported = [
        replace(one, excuse=one.excuse and replace(one.excuse, noticed=draw(noticed)))
        for one in reported
    ]
    planned = tuple(
        Maintenance(f"m-{i}", one.service, one.span, draw(noticed))
        for i, one in enumerate(draw(outages(leaves, most=3)))
    )
    gaps = tuple(
        Unknown(f"g-{i}", one.service, one.span)
        for i, one in enumerate(draw(outages(leaves, most=2)))
    )
    return structure, facts(reported, maintenance=planned, unknown=gaps)


@st.composite
def terms(draw: st.DrawFn) -> Promise:
    """All that decides what counts, in seconds."""
    allowance = st.builds(
        Allowance,
        st.sampled_from(("customer", "maintenance")),
        st.integers(0, 40).map(lambda s: s * SECOND),
        st.just(MONTH) | st.just(Period("rolling", 1, 10 * SECOND)),
        notice=st.integers(0, 20).map(lambda s: s * SECOND),
    )
    policies = st.builds(
        Policies,
        shares=st.sampled_from(SHARE_POLICIES),
        excuses=st.sampled_from(EXCUSE_POLICIES),
        excluded_time=st.sampled_from(("counts_as_up", "leaves_period")),
        data_gaps=st.sampled_from(("counts_as_up", "counts_as_down")),
    )
    measurement = st.builds(Measurement, minimum_outage=st.integers(0, 5).map(lambda s: s * SECOND))
    return Promise(
        Fraction(1),
        term={
            "policies": draw(policies),
            "measurement": draw(measurement),
            "allowances": tuple(draw(st.lists(allowance, max_size=2))),
            "exclusions": tuple(draw(st.sets(st.sampled_from(("customer", "maintenance"))))),
        },
    )


Timed = TypeVar("Timed", Outage, Maintenance, Unknown)


@law_of(150)
@given(told(), terms(), st.data())
def test_facts_in_any_order_repeated_or_cut_in_two_give_the_same_verdict(
    case: tuple[Structure, Facts], promise: Promise, data: st.DataObject
) -> None:
    structure, reported = case
    subject = estate(structure, [sla(promise)])
    expected = shape(verdict_on(subject, reported))

    def again(found: Sequence[Timed]) -> tuple[Timed, ...]:
        return (*data.draw(st.permutations(found)), *found[:2])

    def halves(found: Sequence[Timed]) -> tuple[Timed, ...]:
        made = []
        for one in found:
            middle = data.draw(st.integers(one.span.start, one.span.end))
            for number, ends in enumerate([(one.span.start, middle), (middle, one.span.end)]):
                if ends[0] < ends[1]:
                    made.append(replace(one, id=f"{one.id}-{number}", span=Span(*ends)))
        return tuple(made)

    for change in (again, halves):
        told_so = Facts(
            change(reported.outages), change(reported.maintenance), change(reported.unknown)
        )
        assert shape(verdict_on(subject, told_so)) == expected


@law_of(60)
@given(told(), terms(), st.sets(st.integers(1, 59 * SECOND), max_size=3))
def test_a_change_elsewhere_in_the_estate_changes_nothing(
    case: tuple[Structure, Facts], promise: Promise, instants: set[int]
) -> None:
    structure, reported = case
    subject = estate(structure, [sla(promise)])
    expected = shape(verdict_on(subject, reported))
    for number, instant in enumerate(sorted(instants)):
        elsewhere = f"elsewhere-{number}"
        made = [
            Service(elsewhere, owner="ops"),
            Service(f"above-{number}", requires=Needs(elsewhere)),
            contract(elsewhere, Promise(Fraction(1, 2)), maker="customer"),
        ]
        subject = subject.edit(START + instant, made)
    found = shape(verdict_on(subject, reported))
    ours = tuple(one for one in found.assessments if one.key.agreement == "sla")
    assert (ours, found.breaches) == (expected.assessments, expected.breaches)
