"""What is found odd about schemes: in two published tables, and in none of the clean ones."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from orchestrator.engine.conduct import clock_findings, control_findings, late_pauses
from orchestrator.engine.incentives import scheme_findings
from orchestrator.engine.schemelint import Promise, bonus_defects, scheme_defects
from orchestrator.engine.ticket_pauses import Ignored
from orchestrator.formats.schemes import published_scheme, published_schemes
from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.breaches import Bonus, Consequences
from orchestrator.model.clocking import ClockRules, Goal
from orchestrator.model.credits import Cap
from orchestrator.model.duties import Obligation
from orchestrator.model.estate import Estate, Snapshot, always
from orchestrator.model.parties import Party
from orchestrator.model.schemes import (
    Limits,
    Linear,
    Multiple,
    PerTime,
    Points,
    Pool,
    Row,
    Scheme,
    Slope,
    Tiers,
    Worth,
)
from orchestrator.model.services import AllOf, AtLeast, Needs, Service
from orchestrator.model.values import HOUR, Money
from tests.laws.build import START, percent

FAULTY = ("github-enterprise", "zus-health")
TARGET = percent("99.9")


def found(scheme: Scheme, promise: Promise) -> list[tuple[str, str]]:
    return [(one.code, one.text) for one in scheme_defects(scheme, promise)]


def codes(scheme: Scheme, promise: Promise) -> list[str]:
    return [code for code, _ in found(scheme, promise)]


def table(*rows: Row) -> Scheme:
    return Scheme(Tiers(rows))


def below(high: str, worth: str) -> Row:
    return Row(percent(high), percent(worth), nested=True)


def between(low: str, high: str, worth: str) -> Row:
    return Row(percent(high), percent(worth), percent(low))


# ------------------------------------------------------------------------------------------ tables


def test_github_pays_at_the_target_and_nothing_at_ninety_nine() -> None:
    held = published_scheme("github-enterprise")
    assert found(held.scheme, Promise(held.targets[0])) == [
        ("TIER_GAP", "at exactly 99% the target is missed, no row applies, nothing is paid"),
        (
            "CREDIT_WITHOUT_BREACH",
            "at exactly 99.9% a credit is paid although the target is met",
        ),
    ]


def test_zus_health_leaves_gaps_between_its_rows() -> None:
    held = published_scheme("zus-health")
    gaps = (
        "above 94.99% and below 95%",
        "above 98.99% and below 99%",
        "above 99.89% and below 99.9%",
    )
    assert found(held.scheme, Promise(held.targets[0])) == [
        ("TIER_GAP", f"{gap} the target is missed, no row applies, nothing is paid") for gap in gaps
    ]


def test_rounding_to_the_places_of_the_rows_closes_the_gaps_between_them() -> None:
    held = published_scheme("zus-health")
    assert codes(held.scheme, Promise(held.targets[0], places=2)) == []
    assert codes(held.scheme, Promise(held.targets[0], places=3)) == ["TIER_GAP"] * 3


@pytest.mark.parametrize("id", sorted(set(published_schemes()) - set(FAULTY)))
def test_nothing_is_found_in_the_other_published_schemes(id: str) -> None:
    held = published_scheme(id)
    for target in held.targets:
        assert codes(held.scheme, Promise(target)) == []


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (table(below("99.9", "10"), below("99", "25")), []),
        (table(between("99", "99.9", "10"), below("99", "25")), []),
        (table(between("99", "99.9", "10"), between("98", "99.5", "20"), below("98", "25")), None),
        (table(below("99.8", "10")), ["TIER_GAP"]),
        (table(between("99", "99.9", "10")), ["TIER_GAP"]),
        (table(below("99.95", "10")), ["CREDIT_WITHOUT_BREACH"]),
        # the worse service is the cheaper one
        (table(between("99", "99.9", "20"), below("99", "10")), ["REWARDS_FAILURE"]),
        (table(below("99.9", "80")), ["CREDIT_CLIFF"]),
        (table(below("99.9", "10"), below("99", "90")), ["CREDIT_CLIFF"]),
        (Scheme(Tiers((below("99.9", "10"), below("99", "25"))), Cap(percent("20"))), None),
        (Scheme(Linear((Slope(TARGET, percent("1"), percent("0.1")),))), []),
        (
            Scheme(Linear((Slope(percent("99.95"), percent("1"), percent("0.1")),))),
            ["CREDIT_WITHOUT_BREACH"],
        ),
        (Scheme(Linear((Slope(percent("99"), percent("1"), percent("0.1")),))), ["TIER_GAP"]),
        (Scheme(PerTime(Worth(percent=percent("1")))), []),
        (Scheme(PerTime(Worth(percent=percent("1")), always=True)), ["CREDIT_WITHOUT_BREACH"]),
        (Scheme(Multiple(Fraction(1), always=True)), ["CREDIT_WITHOUT_BREACH"]),
        (Scheme(Points((Row(TARGET, Fraction(90), nested=True),))), []),
        (
            Scheme(Points((Row(TARGET, Fraction(90), nested=True),), Worth(percent=percent("1")))),
            ["CREDIT_CLIFF"],
        ),
        (Scheme(Pool(percent("10"), percent("50"), (below("99.9", "100"),))), []),
        (Scheme(Pool(percent("10"), percent("150"), (below("99.9", "100"),))), ["CAP_BELOW_TIER"]),
    ],
)
def test_each_defect_is_found_and_nothing_else(scheme: Scheme, expected: list[str] | None) -> None:
    if expected is None:  # an overlap, a cap: what they say is tested below
        assert codes(scheme, Promise(TARGET))
    else:
        assert codes(scheme, Promise(TARGET)) == expected


def test_an_overlap_is_named_by_its_values() -> None:
    scheme = table(
        between("99", "99.9", "10"), between("98", "99.5", "20"), between("0", "98", "25")
    )
    assert found(scheme, Promise(TARGET)) == [
        ("TIER_OVERLAP", "from 99% to below 99.5% two rows apply; the higher credit does"),
    ]


def test_nested_rows_do_not_overlap() -> None:
    assert "TIER_OVERLAP" not in codes(
        table(below("99.9", "10"), below("99", "25")), Promise(TARGET)
    )


@pytest.mark.parametrize(
    ("cap", "fee", "said"),
    [
        (Cap(percent("20")), None, "20%"),
        (Cap(amount=Money(2000, "EUR")), Money(10_000, "EUR"), "20.00 EUR"),
    ],
)
def test_a_cap_below_a_credit_is_named(cap: Cap, fee: Money | None, said: str) -> None:
    tiers = Tiers((below("99.9", "10"), below("99", "25")))
    text = f"the cap of {said} lies below the credit of 25%, which is never paid in full"
    own = Scheme(tiers, cap)
    assert found(own, Promise(TARGET, fee=fee)) == [("CAP_BELOW_TIER", text)]
    agreed = Promise(TARGET, limits=Limits(caps=(cap,)), fee=fee)
    assert found(Scheme(tiers), agreed) == [("CAP_BELOW_TIER", text)]


def test_a_cap_in_another_currency_is_not_compared() -> None:
    scheme = Scheme(Tiers((below("99.9", "10"),)), Cap(amount=Money(1, "USD")))
    assert codes(scheme, Promise(TARGET, fee=Money(10_000, "EUR"))) == []


def test_of_less_is_better_the_far_side_lies_above() -> None:
    promise = Promise(percent("0.1"), higher_is_better=False)
    rows = (
        Row(Fraction(1), percent("10"), percent("0.1"), low_included=False, high_included=True),
    )
    assert codes(Scheme(Tiers(rows)), promise) == []
    late = (Row(Fraction(1), percent("10"), percent("0.2"), high_included=True),)
    assert found(Scheme(Tiers(late)), promise) == [
        (
            "TIER_GAP",
            "above 0.1% and below 0.2% the target is missed, no row applies, nothing is paid",
        )
    ]


def test_a_bonus_for_a_miss_would_reward_it() -> None:
    bonus = Bonus((Row(Fraction(1), percent("2"), percent("99.8"), high_included=True),))
    clean = Bonus((Row(Fraction(1), percent("2"), percent("99.95"), high_included=True),))
    assert [(one.code, one.text) for one in bonus_defects(bonus, Promise(TARGET))] == [
        (
            "REWARDS_FAILURE",
            "from 99.8% to below 99.9% a bonus is stated although the target is missed; none is "
            "paid there",
        )
    ]
    assert not list(bonus_defects(clean, Promise(TARGET)))


def test_a_bonus_for_a_miss_is_told_in_its_place() -> None:
    bonus = Bonus((Row(Fraction(1), percent("2"), percent("99.8"), high_included=True),))
    term = Term(
        "a", "availability", TARGET, "credit_backed", consequences=Consequences(bonus=bonus)
    )
    told = list(scheme_findings(*sold(term, Service("web", owner="us"))))
    assert [(one.code, one.path) for one in told] == [
        ("REWARDS_FAILURE", "agreements[c1].terms[a].bonus")
    ]


@pytest.mark.parametrize(
    ("rows", "dead"),
    [
        ((below("99.9", "25"), below("99", "10")), ["10%"]),
        ((below("99.9", "10"), below("99", "25")), []),
        ((below("99", "25"), below("99.9", "10")), []),
        ((below("99.9", "10"), between("99", "99.5", "5"), below("95", "10")), ["5%"]),
        ((between("99", "99.9", "10"), between("98", "99.5", "25")), []),
    ],
    ids=["percentages swapped", "in order", "rows in any order", "between", "partly covered"],
)
def test_a_row_beside_which_another_always_pays_more_never_decides(
    rows: tuple[Row, ...], dead: list[str]
) -> None:
    told = [text for code, text in found(table(*rows), Promise(TARGET))
            if code == "TIER_WITHOUT_EFFECT"]  # fmt: skip
    assert [text.split()[3] for text in told] == dead


def test_points_are_told_as_points() -> None:
    points = Points((between("99", "99.9", "900"), between("0", "99", "400")))
    assert found(Scheme(points), Promise(TARGET)) == [
        (
            "REWARDS_FAILURE",
            "above 0% and below 99% 4 points is paid, and for better service, at exactly 99%, "
            "9 points",
        )
    ]


def test_a_credit_above_the_whole_fee_is_never_paid_in_full() -> None:
    told = found(table(below("99.9", "250")), Promise(TARGET, cliff=Fraction(3)))
    assert told == [
        (
            "CAP_BELOW_TIER",
            "the credit of 250% is more than the whole fee, beyond which nothing is paid",
        )
    ]


# ------------------------------------------------------------------------------- conduct and clocks

PARTIES = (Party("us"), Party("shop"), Party("shop-it", kind="team", parent="shop"), Party("net"))


def sold(term: Term, *services: Service) -> tuple[Snapshot, Version]:
    version = Version("c1", 1, "SLA", "us", "shop", (Cover(services[0].id, "whole"),), (term,))
    estate = Estate(
        parties=always(*PARTIES),
        services=always(*services),
        agreements={"c1": (version,)},
    )
    return estate.at(START), version


AVAILABLE = Term("a", "availability", TARGET, "credit_backed")


def test_what_fails_with_the_customers_own_network_is_out_of_control() -> None:
    network = Service("lan", owner="shop-it")
    link = Service("link", owner="us", requires=Needs("lan"))
    web = Service("web", owner="us", requires=AllOf((Needs("link"),)))
    snapshot, version = sold(AVAILABLE, web, link, network)
    (finding,) = control_findings(snapshot, version, version.terms)
    assert finding.code == "METRIC_OUT_OF_CONTROL"
    assert finding.subjects == ("c1", "a", "lan")
    excused = replace(version, exclusions=("customer",))
    assert list(control_findings(snapshot, excused, excused.terms)) == []


def test_redundancy_keeps_a_service_in_the_providers_hands() -> None:
    network, line = Service("lan", owner="shop-it"), Service("line", owner="net")
    web = Service("web", owner="us", requires=AtLeast(1, (Needs("lan"), Needs("line"))))
    snapshot, version = sold(AVAILABLE, web, network, line)
    assert list(control_findings(snapshot, version, version.terms)) == []


def test_what_users_think_is_out_of_control() -> None:
    term = Term("csat", "satisfaction", Fraction(8), "credit_backed")
    snapshot, version = sold(term, Service("web", owner="us"))
    assert [one.code for one in control_findings(snapshot, version, (term,))] == [
        "METRIC_OUT_OF_CONTROL"
    ]
    assert list(control_findings(snapshot, version, (AVAILABLE,))) == []


GOALS = (Goal(4 * HOUR),)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (ClockRules(GOALS), []),
        (ClockRules(GOALS, pauses=("waiting_parts",)), ["waiting_parts stops the resolution"]),
        (
            ClockRules(
                GOALS,
                pauses=("waiting_customer",),
                customer_reasons=("waiting_customer",),
                customer_late="pause_all",
            ),
            [],
        ),
        (
            ClockRules(
                GOALS,
                customer_reasons=("waiting_customer",),
                customer_late="pause_all",
                evidence=False,
            ),
            ["waiting for the customer stops"],
        ),
        (ClockRules(GOALS, reprioritised="reset"), ["a change of priority sets"]),
    ],
)
def test_a_clock_that_its_own_party_can_stop_is_named(rules: ClockRules, said: list[str]) -> None:
    _, version = sold(AVAILABLE, Service("web", owner="us"))
    texts = [one.message for one in clock_findings(version, [rules], ())]
    assert len(texts) == len(said)
    assert all(part in text for part, text in zip(said, texts, strict=True))


def test_a_request_that_needs_no_evidence_can_stop_the_clock() -> None:
    _, version = sold(AVAILABLE, Service("web", owner="us"))
    asked = Obligation("logs", ("shop",), ("us",), effect="pause_all", evidence=False)
    proven = replace(asked, evidence=True)
    harmless = replace(asked, effect="none")
    assert [one.code for one in clock_findings(version, (), [asked])] == ["CLOCK_CAN_BE_GAMED"]
    assert list(clock_findings(version, (), [proven, harmless])) == []


def test_a_pause_after_the_breach_is_noticed() -> None:
    _, version = sold(AVAILABLE, Service("web", owner="us"))
    late = Ignored("waiting_customer", START, START + HOUR, "after_target")
    other = Ignored("waiting_parts", START, START + HOUR, "not_agreed")
    (finding,) = late_pauses(version, "p1", "t-1", [late, other])
    assert finding.code == "PAUSE_AFTER_BREACH"
    assert "2026-04-01T00:00:00Z" in finding.message
