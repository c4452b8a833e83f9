"""Sole remedies with their exceptions, and indemnities passed from contract to contract."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.engine.indemnity import Link, exposure_findings, indemnity_of, passed_on
from orchestrator.engine.remedies import (
    HOLDS,
    admission,
    admit,
    damages_due,
    sole_remedy,
)
from orchestrator.errors import OrchestratorError
from orchestrator.model.breaches import CARVE_OUTS, Indemnity, Remedies, RemedySought
from orchestrator.model.clauses import Clause
from orchestrator.model.values import Money
from tests.contracts import contract


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


SOLE = Remedies("sole", CARVE_OUTS)
DAMAGES = RemedySought("damages", eur("5000.00"), breach_class="major")


def test_damages_are_rejected_where_credits_are_the_sole_remedy() -> None:
    with pytest.raises(OrchestratorError) as caught:
        admit(SOLE, DAMAGES)
    assert caught.value.problems[0].code == "SOLE_REMEDY"


@pytest.mark.parametrize(
    ("carve_out", "circumstances"),
    [
        ("critical_threshold", {"breach_class": "critical"}),
        ("wilful_default", {"wilful": True}),
        ("data_loss", {"data_lost": True}),
        ("third_party_compensation", {"third_party": eur("0.01")}),
        ("cap_exhausted", {"cap_exhausted": True}),
        ("termination", {"terminated": True}),
    ],
)
def test_each_carve_out_opens_the_way_to_damages(
    carve_out: str, circumstances: dict[str, Any]
) -> None:
    sought = RemedySought("damages", eur("5000.00"), **circumstances)
    found = admit(Remedies("sole_financial", (carve_out,)), sought)
    assert found.carve_outs == (carve_out,)
    others = tuple(name for name in CARVE_OUTS if name != carve_out)
    assert not admission(Remedies("sole_financial", others), sought).admissible
    assert not admission(Remedies("sole_financial", ()), sought).admissible


def test_every_carve_out_says_when_it_holds() -> None:
    assert set(HOLDS) == set(CARVE_OUTS)


@pytest.mark.parametrize(
    ("exclusivity", "remedy", "open_"),
    [
        ("cumulative", "damages", True),
        ("cumulative", "termination", True),
        ("sole_financial", "damages", False),
        ("sole_financial", "correction", True),
        ("sole_financial", "termination", True),
        ("sole", "damages", False),
        ("sole", "correction", False),
        ("sole", "termination", False),
    ],
)
def test_what_credits_exclude_is_money_or_everything(
    exclusivity: str, remedy: str, open_: bool
) -> None:
    assert admission(Remedies(exclusivity), RemedySought(remedy)).admissible is open_


def test_a_right_to_end_the_agreement_may_be_carved_out() -> None:
    kept = Remedies("sole", ("termination",))
    assert admission(kept, RemedySought("termination")).admissible


def test_the_class_from_which_a_breach_is_carved_out_is_agreed() -> None:
    severe = RemedySought("damages", breach_class="severe")
    assert not admission(Remedies("sole", ("critical_threshold",)), severe).admissible
    assert admission(Remedies("sole", ("critical_threshold",), "severe"), severe).admissible


@pytest.mark.parametrize(
    ("set_off", "credits", "due"),
    [(True, "1000.00", "4000.00"), (False, "1000.00", "5000.00"), (True, "9000.00", "0.00")],
)
def test_credits_are_taken_off_the_damages(set_off: bool, credits: str, due: str) -> None:
    assert str(damages_due(Remedies(set_off=set_off), DAMAGES, eur(credits))) == due


def test_credits_in_another_currency_are_not_taken_off() -> None:
    with pytest.raises(OrchestratorError) as caught:
        damages_due(Remedies(), DAMAGES, Money.parse("1.00", "USD"))
    assert caught.value.problems[0].code == "MIXED_CURRENCIES"


@pytest.mark.parametrize(
    ("remedies", "told"),
    [
        (Remedies("sole"), ["SOLE_REMEDY"]),
        (Remedies("sole", ("data_loss",)), []),
        (Remedies(), []),
    ],
)
def test_a_sole_remedy_without_any_exception_is_found(remedies: Remedies, told: list[str]) -> None:
    assert [one.code for one in sole_remedy(contract(remedies=remedies))] == told


# ---------------------------------------------------------------------------------------- indemnity


def chain(*indemnities: Indemnity | None) -> list[Link]:
    parties = ("user", "shop", "us", "cloud", "carrier")
    return [
        Link(f"c{place}", parties[place + 1], parties[place], held)
        for place, held in enumerate(indemnities)
    ]


def test_a_loss_passes_through_to_the_last_contract_that_passes_it_on() -> None:
    claim = passed_on(
        eur("1000.00"), chain(Indemnity(), Indemnity(passes_through=True), Indemnity(), None)
    )
    assert [(one.agreement, one.provider) for one in claim.steps] == [("c0", "shop"), ("c1", "us")]
    assert (claim.exposed, claim.stopped) == ("us", "c2")
    assert claim.borne == (("us", eur("1000.00")),)
    (finding,) = exposure_findings(claim)
    assert finding.code == "INDEMNITY_STOPS"
    assert "us bears 1000.00 EUR" in finding.message


def test_at_the_end_of_the_chain_nobody_is_exposed() -> None:
    claim = passed_on(eur("1000.00"), chain(Indemnity(), Indemnity(passes_through=True)))
    assert claim.exposed == claim.stopped == ""
    assert claim.borne == (("us", eur("1000.00")),)
    assert exposure_findings(claim) == ()


def test_what_a_cap_leaves_over_stays_where_it_is() -> None:
    claim = passed_on(
        eur("1000.00"),
        chain(Indemnity(eur("800.00")), Indemnity(eur("500.00"), passes_through=True)),
    )
    assert claim.borne == (
        ("user", eur("200.00")),
        ("shop", eur("300.00")),
        ("us", eur("500.00")),
    )


def test_without_any_indemnity_the_loss_stays_with_the_customer() -> None:
    claim = passed_on(eur("1000.00"), chain(None))
    assert (claim.exposed, claim.stopped) == ("user", "c0")
    assert claim.borne == (("user", eur("1000.00")),)


def test_an_indemnity_is_lessened_by_neither_credit_cap_nor_sole_remedy() -> None:
    """The same contract that rejects damages, and whose credits are used up, still indemnifies."""
    assert not admission(Remedies("sole"), DAMAGES).admissible
    claim = passed_on(eur("5000.00"), chain(Indemnity(eur("6000.00"))))
    assert claim.borne == (("shop", eur("5000.00")),)


@pytest.mark.parametrize(
    ("links", "code"),
    [
        ([], "EMPTY_LIST"),
        ([Link("a", "us", "shop"), Link("b", "cloud", "other")], "BROKEN_CHAIN"),
        (chain(Indemnity(Money(1, "USD"))), "MIXED_CURRENCIES"),
    ],
)
def test_a_chain_that_does_not_hang_together_is_refused(links: list[Link], code: str) -> None:
    with pytest.raises(OrchestratorError) as caught:
        passed_on(eur("1.00"), links)
    assert caught.value.problems[0].code == code


def test_the_clause_register_says_who_indemnifies() -> None:
    indemnity = Clause("i", "indemnity", "The provider indemnifies.", amount=eur("10.00"))
    through = Clause("p", "pass_through", "Also of those beneath.")
    assert indemnity_of([indemnity, through]) == Indemnity(eur("10.00"), passes_through=True)
    assert indemnity_of([indemnity]) == Indemnity(eur("10.00"))
    assert indemnity_of([through]) is None
