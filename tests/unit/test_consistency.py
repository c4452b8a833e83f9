"""Agreements against each other, against their parties and against what users say."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import permutations

import pytest

from orchestrator.engine.consistency import (
    KindFlip,
    contradictions,
    kind_flips,
    rekinded,
    unknown_roles,
    watermelon,
)
from orchestrator.model.agreements import Role
from orchestrator.model.clauses import Clause
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate, Metadata, Snapshot, always
from orchestrator.model.meetings import Goal
from orchestrator.model.parties import Party
from orchestrator.model.schedule import EscalationLevel
from orchestrator.model.services import Service
from orchestrator.model.values import DAWN
from tests.contracts import contract, refused_with, term


def ola(id: str, provider: str, owner: str, target: str = "0.999") -> Contract:
    return contract(
        id,
        term(Fraction(target)),
        kind="OLA",
        provider=provider,
        customer="us",
        escalation=(EscalationLevel("desk"), EscalationLevel(owner)),
    )


def test_conflicting_escalation_owners_and_values_are_reported_once() -> None:
    held = (ola("o1", "ops", "boss"), ola("o2", "net", "chief", "0.99"), ola("o3", "ops", "x"))
    for order in permutations(held):
        found = list(contradictions(order))
        assert [(one.code, one.subjects) for one in found] == [
            ("CONTRADICTORY_TERMS", ("o1", "o2", "web")),
            ("ESCALATION_CONFLICT", ("o1", "o2", "web")),
            ("CONTRADICTORY_TERMS", ("o2", "o3", "web")),
            ("ESCALATION_CONFLICT", ("o2", "o3", "web")),
        ]
        assert "at level 2" in found[1].message


def test_agreements_that_do_not_meet_do_not_contradict() -> None:
    one = ola("o1", "ops", "boss")
    assert not list(contradictions([one, ola("o2", "net", "boss")]))
    elsewhere = contract("o2", term(Fraction("0.9")), provider="net", customer="us", covers=("db",))
    draft = ola("o3", "net", "chief", "0.9")
    draft = replace(draft, version=replace(draft.version, state="draft"))
    to_others = contract("o4", term(Fraction("0.9")), provider="net", customer="shop")
    assert not list(contradictions([one, elsewhere, draft, to_others]))


# Watermelon

HAPPY = contract(goals=(Goal("satisfaction", Fraction(4)), Goal("error_rate", Fraction(1, 100))))


def test_green_terms_over_unhappy_users_are_a_watermelon() -> None:
    (found,) = watermelon(HAPPY, ["MET", "MET"], {"satisfaction": Fraction(39, 10)})
    assert found.code == "WATERMELON"
    assert "3.9 where 4 is the goal" in found.message


@pytest.mark.parametrize(
    ("statuses", "measured"),
    [
        (["MET"], {"satisfaction": Fraction(4)}),
        (["MET", "BREACHED"], {"satisfaction": Fraction(1)}),
        ([], {"satisfaction": Fraction(1)}),
        (["MET"], {}),
        (["MET"], {"error_rate": Fraction(1, 100)}),
    ],
)
def test_what_is_not_green_outside_and_red_inside_is_no_watermelon(
    statuses: list[str], measured: dict[str, Fraction]
) -> None:
    assert not list(watermelon(HAPPY, statuses, measured))


def test_a_goal_is_judged_by_the_direction_of_its_metric() -> None:
    assert len(list(watermelon(HAPPY, ["MET"], {"error_rate": Fraction(2, 100)}))) == 1
    with refused_with("UNKNOWN_METRIC"):
        Goal("happiness", Fraction(4))


# Kinds


def snapshot(parent: str, *contracts: Contract) -> Snapshot:
    return Estate(
        Metadata("test", ("us",)),
        {},
        always(Party("us"), Party("newco"), Party("ops", kind="team", parent=parent)),
        always(Service("web", owner="ops")),
        {one.version.agreement: (one.version,) for one in contracts},
    ).at(DAWN)


def test_a_team_that_moves_to_another_entity_turns_its_ola_into_a_uc() -> None:
    held = ola("o1", "ops", "boss")
    before, after = snapshot("us", held), snapshot("newco", held)
    needed = ("assignment", "termination", "indemnity", "liability_cap")
    assert kind_flips(before, after, {"o1": held}) == (KindFlip("o1", "OLA", "UC", needed),)
    clauses = tuple(Clause(kind, kind, text="as agreed") for kind in needed[1:])
    papered = replace(held, provisions=replace(held.provisions, clauses=clauses))
    (flip,) = kind_flips(before, after, {"o1": papered})
    assert flip.missing == needed[:1]
    assert kind_flips(before, before, {}) == ()


def test_accepting_the_finding_gives_a_supplier_contract_its_right_name() -> None:
    vendor = contract("u1", kind="SLA", provider="newco", customer="us")
    there = snapshot("us", vendor)
    corrected = rekinded(there, vendor)
    assert corrected.version.kind == "UC"
    assert rekinded(there, corrected) == corrected


def test_a_role_nobody_knows_is_found() -> None:
    held = contract(version={"roles": (Role("watch", "auditor"), Role("x", "escrow agent"))})
    (found,) = unknown_roles(held)
    assert found.subjects == ("c1", "x")
