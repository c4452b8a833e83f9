"""Laws of tracing: exact downtime, shares that add up, and the same verdict however it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.components import Components, Node
from orchestrator.engine.shares import POLICIES, share_out
from orchestrator.model.agreements import EXCUSE_POLICIES, Policies
from orchestrator.model.estate import Estate
from orchestrator.model.records import Excuse, Outage
from orchestrator.model.values import SECOND
from tests.laws import oracles
from tests.laws.build import (
    Promise,
    Structure,
    assessed,
    breached,
    contract,
    estate,
    facts,
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


def perfect(structure: Structure, shares: str = "shapley", excuses: str = "provider_bears") -> Estate:
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
