"""Laws of money: what is owed is accounted for to the cent, and nothing comes back twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.credit import Ended
from orchestrator.engine.settle import settle
from orchestrator.model.agreements import SHARE_POLICIES, Policies, Version
from orchestrator.model.credits import Cap, CreditTier, Fee
from orchestrator.model.estate import Estate
from orchestrator.model.records import WATERFALL, Credit, Facts, Outage
from orchestrator.model.values import HOUR, MINUTE, MONTH, Money, Period, Span
from tests.laws.build import (
    APRIL,
    START,
    Promise,
    contract,
    estate,
    expressions,
    facts,
    internal,
    law_of,
    leaves_of,
    levels,
    sla,
    verdict_on,
)


@dataclass(frozen=True)
class Deal:
    """An estate with money in it, and what happened."""

    estate: Estate
    facts: Facts
    contracts: Mapping[str, Version]


@st.composite
def priced(draw: st.DrawFn, target: Fraction) -> Promise:
    """A promise with tiers, a fee and caps, over months or quarters."""
    rows = draw(st.lists(st.tuples(levels(950), st.integers(1, 100)), max_size=3))
    tiers = tuple(CreditTier(high, Fraction(part, 100), nested=True) for high, part in rows)
    currency = draw(st.sampled_from(("EUR", "EUR", "EUR", "USD")))
    money = st.integers(1, 10_000_000).map(lambda cents: Money(cents, currency))
    caps = draw(
        st.lists(st.builds(Cap, percent=levels(1)) | st.builds(Cap, amount=money), max_size=2).map(
            tuple
        )
    )
    policies = Policies(shares=draw(st.sampled_from(SHARE_POLICIES)))
    return Promise(
        target,
        period=draw(st.sampled_from((MONTH, MONTH, Period("month", 16), Period("quarter")))),
        term={"credits": tiers, "policies": policies},
        version={"fee": Fee(draw(money)), "caps": caps},
    )


@st.composite
def deals(draw: st.DrawFn) -> Deal:
    leaves = [f"leaf-{i}" for i in range(draw(st.integers(1, 4)))]
    tops = [f"top-{i}" for i in range(draw(st.integers(1, 3)))]
    structure = {top: draw(expressions(leaves)) for top in tops}
    owned = draw(st.sets(st.sampled_from(tops)))
    bought = draw(st.sets(st.sampled_from(leaves))) & set(leaves_of(structure))
    contracts = {leaf: contract(leaf, draw(priced(draw(levels(990))))) for leaf in sorted(bought)}
    sold = [sla(draw(priced(draw(levels(995)))), [top], f"sla-{top}") for top in tops]
    scopes = st.sampled_from(("own", "whole"))
    olas = [internal(top, Promise(draw(levels(990)), scope=draw(scopes))) for top in sorted(owned)]
    found = []
    for number in range(draw(st.integers(1, 8))):
        service = draw(st.sampled_from([*leaves_of(structure), *tops]))
        begin = START + draw(st.integers(-10 * 24, 29 * 24)) * HOUR
        span = Span(begin, begin + draw(st.integers(1, 10 * 60)) * MINUTE)
        found.append(Outage(f"o-{number}", service, span))
    made = estate(structure, [*contracts.values(), *sold, *olas], owned=owned)
    return Deal(made, facts(found), contracts)


@law_of(150)
@given(deals())
def test_the_waterfall_sums_to_what_is_owed(deal: Deal) -> None:
    verdict = verdict_on(deal.estate, deal.facts)
    owed = {(one.key, one.period): one.money for one in verdict.credits}
    for exposure in verdict.exposures:
        assert tuple(step.step for step in exposure.waterfall) == WATERFALL
        assert sum(step.amount for step in exposure.waterfall) == exposure.owed
        assert exposure.waterfall[-1].amount == exposure.recovered
        assert exposure.net == exposure.owed - exposure.recovered
        due = owed.get((exposure.key, exposure.period))
        assert exposure.owed == (due.amount if due else 0)
        assert all(
            step.amount >= 0 for step in exposure.waterfall if step.step != "TIER_AND_FEE_SCALE"
        )


@law_of(150)
@given(deals())
def test_no_more_comes_back_than_the_contracts_beneath_pay(deal: Deal) -> None:
    verdict = verdict_on(deal.estate, deal.facts)
    beneath = {version.agreement for version in deal.contracts.values()}
    paid = sum(one.money.amount for one in verdict.credits if one.key.agreement in beneath)
    assert sum(exposure.recovered for exposure in verdict.exposures) <= paid
    paying = beneath & {one.key.agreement for one in verdict.credits}
    named = {
        (breach.key, breach.period): {part.agreement for part in breach.responsibility}
        for breach in verdict.breaches
    }
    for exposure in verdict.exposures:
        if not named.get((exposure.key, exposure.period), paying) & paying:
            assert exposure.recovered == 0


_GONE = st.lists(st.integers(0, 4), min_size=8, max_size=8)


@law_of(100)
@given(deals(), _GONE)
def test_what_was_not_claimed_in_time_is_just_what_does_not_come_back(
    deal: Deal, quarters: list[int]
) -> None:
    """Of each credit beneath so many quarters are lost; nothing else changes by it."""
    gone = dict(zip(sorted(deal.contracts), quarters, strict=False))

    def lost(credits: Mapping[Ended, Credit]) -> dict[Ended, Money]:
        found = {}
        for where, credit in credits.items():
            part = gone.get(credit.key.agreement.removeprefix("uc-"), 0)
            found[where] = Money(credit.money.amount * part // 4, credit.money.currency)
        return found

    whole = verdict_on(deal.estate, deal.facts)
    less = settle(deal.estate, deal.facts, APRIL, lost=lost)
    assert (less.assessments, less.breaches, less.credits) == (
        whole.assessments,
        whole.breaches,
        whole.credits,
    )
    for before, after in zip(whole.exposures, less.exposures, strict=True):
        steps = {one.step: one.amount for one in after.waterfall}
        assert sum(steps.values()) == after.owed
        assert 0 <= steps["RECOVERED"] == after.recovered <= before.recovered
        kept = {one.step: one.amount for one in before.waterfall}
        if steps["CLAIM_LAPSED"]:
            assert steps["CLAIM_LAPSED"] == before.recovered - after.recovered
            assert any(gone.values())
        moved = {"CLAIM_LAPSED", "RECOVERED"}
        assert {k: v for k, v in steps.items() if k not in moved} == {
            k: v for k, v in kept.items() if k not in moved
        }
    if all(part == 4 for part in gone.values()):
        assert not any(one.recovered for one in less.exposures)


@law_of(100)
@given(deals())
def test_credits_keep_to_their_caps_and_to_the_fee(deal: Deal) -> None:
    verdict = verdict_on(deal.estate, deal.facts)
    for credit in verdict.credits:
        (version,) = deal.estate.agreements[credit.key.agreement]
        assert 0 <= credit.money.amount <= credit.uncapped.amount
        for cap in version.caps:
            if cap.amount is not None:
                assert credit.money.amount <= cap.amount.amount


@law_of(100)
@given(deals())
def test_the_shares_of_every_breach_add_up_and_end_with_somebody(deal: Deal) -> None:
    verdict = verdict_on(deal.estate, deal.facts)
    for breach in verdict.breaches:
        whole = sum(one.share for one in breach.responsibility)
        assert whole == sum(one.share for one in breach.borne_by)
        assert whole == 1 if breach.policy != "joint_and_several" else whole >= 1
        for one in breach.responsibility:
            assert one.liable == (one.basis == "BREACHED_COMMITMENT")
