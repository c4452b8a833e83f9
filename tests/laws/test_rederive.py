"""Laws of deriving again: as if afresh, and no more than a change reaches."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.bench.portfolio import portfolio
from orchestrator.engine.derive import derive
from orchestrator.engine.rederive import rederive
from orchestrator.engine.whatif import with_targets
from orchestrator.model.calendars import Calendar
from orchestrator.model.estate import Estate
from orchestrator.model.parties import Party
from orchestrator.model.services import Service
from orchestrator.model.values import HOUR
from tests.laws.build import (
    APRIL,
    CALENDARS,
    HOURS,
    START,
    Promise,
    agreement,
    all_of,
    any_of,
    contract,
    estate,
    expressions,
    law_of,
    leaves_of,
    levels,
    sla,
    structures,
)

WEEKENDS = ((),) * 5 + (((0, 24 * HOUR),),) * 2


@st.composite
def edits(draw: st.DrawFn) -> tuple[Estate, Estate]:
    """An estate with a promise on each composite, and the same after one to three changes."""
    structure = draw(structures(5, 3))
    leaves = leaves_of(structure)
    made = []
    for number in range(draw(st.integers(1, 4))):
        services = sorted(draw(st.sets(st.sampled_from(leaves), min_size=1)))
        promise = Promise(
            draw(levels()),
            draw(st.sampled_from(HOURS)),
            version={"jointly": draw(st.booleans())},
        )
        made.append(agreement(f"uc-{number}", "UC", f"maker-{leaves[0]}", "us", services, promise))
    tops = [
        sla(Promise(draw(levels(500)), draw(st.sampled_from(HOURS))), [name], f"sla-{number}")
        for number, name in enumerate(structure)
    ]
    before = after = estate(structure, [*made, *tops], calendars=CALENDARS)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from((START, START + 24 * HOUR)))
        match draw(st.integers(0, 4)):
            case 0:
                name = draw(st.sampled_from(sorted(structure)))
                wanted = draw(expressions(leaves))
                after = after.edit(at, [Service(name, requires=wanted)])
            case 1:
                key = (draw(st.sampled_from(sorted(after.agreements))), "availability")
                after = with_targets(after, {key: draw(levels(500))})
            case 2:
                left = [id for id in after.agreements if id.startswith("uc-")]
                if left:
                    after = after.edit(at, remove=[("agreements", draw(st.sampled_from(left)))])
            case 3:
                calendar = draw(st.sampled_from(CALENDARS))
                after = after.edit(at, [Calendar(calendar.id, "UTC", WEEKENDS)])
            case _:
                after = after.edit(at, [Party("newcomer")])
    return before, after


@law_of(120)
@given(edits())
def test_deriving_again_is_deriving_afresh(case: tuple[Estate, Estate]) -> None:
    before, after = case
    found = rederive(before, after, APRIL, derive(before, APRIL))
    assert found.derivations == derive(after, APRIL)


SMALL = portfolio(services=560, slas=12, seed=3)


@pytest.mark.parametrize("changed", ["uc-hardware-0-0", "ola-team-d0-0", "sla-3"])
def test_a_changed_agreement_derives_again_only_what_stands_above_it(changed: str) -> None:
    after = with_targets(SMALL, {(changed, "availability"): Fraction(9, 10)})
    known = derive(SMALL, APRIL)
    found = rederive(SMALL, after, APRIL, known)
    below = {cover.service for cover in SMALL.agreements[changed][0].covers}
    graph = SMALL.at(START)
    above = {
        version.agreement
        for version in graph.versions.values()
        if version.agreement.startswith("sla-")
        and any(
            graph.reach[cover.service] >> graph.numbers[one] & 1
            for cover in version.covers
            for one in below
        )
    }
    assert {key.agreement for key in found.anew} == above
    assert found.derivations == derive(after, APRIL)


def test_a_changed_service_derives_again_the_one_promise_above_it() -> None:
    structure = {"top": all_of("a"), "other": any_of("b", "c")}
    made = [contract(leaf, Promise(Fraction(99, 100))) for leaf in "abc"]
    tops = [sla(Promise(Fraction(9, 10)), [name], f"sla-{name}") for name in structure]
    before = estate(structure, [*made, *tops])
    after = before.edit(START, [Service("other", requires=all_of("b", "c"))])
    found = rederive(before, after, APRIL, derive(before, APRIL))
    assert [key.agreement for key in found.anew] == ["sla-other"]
    assert found.derivations == derive(after, APRIL)


def test_nothing_is_derived_again_where_nothing_changed_or_nobody_depends_on_it() -> None:
    known = derive(SMALL, APRIL)
    assert not rederive(SMALL, SMALL, APRIL, known).anew
    aside = SMALL.edit(START, [Service("aside", owner="network")])
    assert not rederive(SMALL, aside, APRIL, known).anew


def test_whoever_belongs_to_whom_may_reach_everything() -> None:
    known = derive(SMALL, APRIL)
    after = replace(SMALL, metadata=replace(SMALL.metadata, home=("home", "carrier-1")))
    found = rederive(SMALL, after, APRIL, known)
    assert len(found.anew) == len(known)


def test_findings_come_in_one_order_whatever_else_is_derived() -> None:
    """What is beneath is numbered as it is met; another promise may meet it in another order."""
    pairs = {"left": any_of("a", "b"), "right": any_of("c", "d")}
    structure = {**pairs, "first": all_of("right", "left"), "top": all_of("left", "right")}
    good, better = Promise(Fraction(99, 100)), Promise(Fraction(995, 1000))
    made = [contract(leaf, good) for leaf in "abcd"]
    made += [contract(leaf, better, f"again-{leaf}") for leaf in "abcd"]
    tops = [
        sla(Promise(Fraction(9999, 10000)), ["first"], "a-first"),
        sla(Promise(Fraction(9999, 10000)), ["top"], "sla"),
    ]
    subject = estate(structure, [*made, *tops])
    (alone,) = derive(subject, APRIL, "sla")
    (beside,) = (one for one in derive(subject, APRIL) if one.key.agreement == "sla")
    codes = [finding.code for finding in alone.findings]
    assert (codes.count("DUPLICATE"), codes.count("REDUNDANCY_NOT_PROMISED")) == (4, 2)
    assert alone.findings == beside.findings
