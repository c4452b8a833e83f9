"""Which term holds for a case, by scope and precedence."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import pytest

from orchestrator.engine.standing import Case, Effective, effective_term
from orchestrator.model.agreements import Term
from orchestrator.model.contracts import Contract
from orchestrator.model.parties import Party
from orchestrator.model.scopes import TargetWindow
from tests.contracts import contract, refused_with, term, within

PARTIES = {
    party.id: party
    for party in (
        Party("group"),
        Party("shop", parent="group"),
        Party("tills", kind="team", parent="shop"),
        Party("other"),
    )
}
CORPORATE = contract("corporate", term(Fraction("0.99")), covers=(), scope="corporate")
SERVICE = contract("service", term(Fraction("0.995")), customer="group", scope="service_based")
CUSTOMER = contract("customer", term(Fraction("0.999")))


def effective(*contracts: Contract, **case: str) -> Effective:
    asked = {"customer": "shop", "service": "web", "metric": "availability"} | case
    found = effective_term(contracts, PARTIES, Case(**asked))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("contracts", "case", "expected"),
    [
        ((CORPORATE, SERVICE, CUSTOMER), {}, "customer"),
        ((CORPORATE, SERVICE), {}, "service"),
        ((CORPORATE,), {}, "corporate"),
        # another customer has no agreement of its own
        ((CORPORATE, SERVICE, CUSTOMER), {"customer": "other"}, "service"),
        # another service is nobody's in particular
        ((CORPORATE, SERVICE, CUSTOMER), {"service": "mail"}, "corporate"),
        # the agreement of a party holds for its teams
        ((CORPORATE, SERVICE, CUSTOMER), {"customer": "tills"}, "customer"),
    ],
)
def test_customer_comes_before_service_and_service_before_corporate(
    contracts: tuple[Contract, ...], case: dict[str, str], expected: str
) -> None:
    for order in permutations(contracts):
        assert effective(*order, **case).contract.version.agreement == expected


def test_nothing_holds_where_nothing_applies() -> None:
    case = Case("other", "web", "availability")
    assert effective_term([CUSTOMER], PARTIES, case) is None
    draft = contract("draft", version={"state": "draft"})
    assert effective_term([draft], PARTIES, Case("shop", "web", "availability")) is None


def test_the_nearer_customer_and_the_named_priority_are_more_special() -> None:
    of_group = contract("group-wide", customer="group")
    assert effective(of_group, CUSTOMER, customer="tills").contract == CUSTOMER
    by_priority = contract(
        "c1",
        term(within("0.9", 8), "any", "resolution_time"),
        term(within("0.9", 4), "p1", "resolution_time", priority="P1"),
    )
    case = {"metric": "resolution_time"}
    assert effective(by_priority, **case, priority="P1").term.id == "p1"
    assert effective(by_priority, **case, priority="P2").term.id == "any"


def test_a_tie_is_an_error_that_lists_the_candidates() -> None:
    twin = contract("twin", term(Fraction("0.9")))
    with refused_with("AMBIGUOUS_TERM") as caught:
        effective(CORPORATE, twin, CUSTOMER)
    message = caught.value.problems[0].message
    assert "customer/availability" in message
    assert "twin/availability" in message
    assert "corporate" not in message


def test_an_override_may_only_tighten_where_that_is_agreed() -> None:
    firm = contract("service", term(Fraction("0.995")), scope="service_based", tighten_only=True)
    looser = contract("customer", term(Fraction("0.99")))
    found = effective(CORPORATE, firm, looser)
    assert found.contract == firm
    assert [one.code for one in found.findings] == ["OVERRIDE_LOOSENS"]
    assert found.overridden == ("customer/availability", "corporate/availability")
    assert effective(CORPORATE, SERVICE, looser).contract == looser
    assert effective(firm, CUSTOMER).contract == CUSTOMER
    assert effective(firm, CUSTOMER).findings == ()


def test_a_larger_share_of_a_longer_time_is_no_tightening() -> None:
    firm = contract(
        "service",
        term(within("0.9", 4), "fix", "resolution_time"),
        scope="service_based",
        tighten_only=True,
    )
    mixed = contract("customer", term(within("0.99", 8), "fix", "resolution_time"))
    assert effective(firm, mixed, metric="resolution_time").contract == firm


def windowed(own: str, **targets: str) -> Term:
    windows = tuple(TargetWindow(hours, Fraction(target)) for hours, target in targets.items())
    return term(Fraction(own), windows=windows)


@pytest.mark.parametrize(
    ("special", "tightens"),
    [
        (windowed("0.99", office="0.999"), True),
        (windowed("0.995", office="0.9995"), True),
        (windowed("0.995"), False),
        (windowed("0.999"), True),
        (windowed("0.995", office="0.99"), False),
        (windowed("0.999", evening="0.9995"), True),
        (windowed("0.999", evening="0.99"), False),
    ],
)
def test_an_override_tightens_only_if_it_does_so_in_every_window(
    special: Term, tightens: bool
) -> None:
    firm = contract(
        "service", windowed("0.99", office="0.999"), scope="service_based", tighten_only=True
    )
    found = effective(firm, contract("customer", special))
    assert (found.contract != firm) == tightens
