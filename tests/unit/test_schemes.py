"""What a month costs under each form of scheme, and under the schemes that providers published."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from orchestrator.engine.limits import Due, Year, due_of, owed, owed_in_turn
from orchestrator.engine.schemes import FORMS, Outcome, Reckoned, reckon
from orchestrator.errors import OrchestratorError
from orchestrator.formats.schemes import published_scheme, published_schemes
from orchestrator.model.credits import Cap, CreditTier
from orchestrator.model.schemes import (
    KIND_OF_FORM,
    SCHEME_KINDS,
    Form,
    Limits,
    Linear,
    Multiple,
    PerOccurrence,
    PerTime,
    Points,
    Pool,
    Row,
    Scheme,
    Slope,
    Tiers,
    Worth,
    rows_of,
)
from orchestrator.model.values import HOUR, MINUTE, Money
from tests.laws.build import percent

MONTH = 43_200
QUARTER = 90 * 1440
NO_LIMITS = Limits()


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def minutes_down(
    minutes: str, target: Fraction, fee: Money, of: int = MONTH, **more: Any
) -> Outcome:
    down = Fraction(minutes)
    return Outcome(1 - down / of, target, fee, down * MINUTE, Fraction(of * MINUTE), **more)


def paid(scheme: Scheme, outcome: Outcome, limits: Limits = NO_LIMITS) -> str:
    (one,) = owed([due_of(scheme, outcome, term="a", service="s")], limits)
    return str(one.money)


def published_percent(id: str, minutes: str, fee: str = "1000.00") -> Fraction:
    held = published_scheme(id)
    base = Money.parse(fee, "USD")
    found = reckon(held.scheme, minutes_down(minutes, held.targets[0], base))
    return found.amount / base.amount * 100


@pytest.mark.parametrize(
    ("minutes", "credit"),
    [
        ("4", 0),
        ("108/25", 0),
        ("5", 10),
        ("432", 10),
        ("433", 30),
        ("2160", 30),
        ("2161", 100),
    ],
)
def test_a_region_of_ec2_is_credited_exactly_at_its_borders(minutes: str, credit: int) -> None:
    assert published_percent("aws-ec2-region", minutes) == credit  # case C4


@pytest.mark.parametrize(
    ("minutes", "credit"),
    [("43", 0), ("216/5", 0), ("44", 10), ("300", 10), ("432", 10), ("433", 25), ("2161", 100)],
)
def test_s3_is_credited_exactly_at_its_borders(minutes: str, credit: int) -> None:
    assert published_percent("aws-s3-standard", minutes) == credit  # case C5


def test_sixty_minutes_of_a_short_month_cost_atlassian_a_tenth() -> None:
    assert published_percent("atlassian-premium", "60") == 10  # case C1


@pytest.mark.parametrize(
    ("id", "borders"),
    [
        ("aws-rds-multi-az", {"99.95": 0, "99.94": 10, "99": 10, "98.99": 25, "95": 25, "94": 100}),
        ("google-alloydb", {"99.99": 0, "99.98": 10, "99": 10, "98.9": 25, "95": 25, "94.9": 50}),
        (
            "google-bigtable-3-regions",
            {"99.999": 0, "99.998": 10, "99": 10, "98.9": 25, "95": 25, "94.9": 50},
        ),
        ("microsoft-365", {"99.9": 0, "99.89": 25, "99": 25, "98.9": 50, "95": 50, "94.9": 100}),
        ("azure-vm-zones", {"99.99": 0, "99.98": 10, "99": 10, "98.9": 25, "95": 25, "94.9": 100}),
        ("azure-vm-set", {"99.95": 0, "99.94": 10}),
        ("azure-vm-single", {"99.9": 0, "99.89": 10}),
        ("twilio", {"99.95": 0, "99.94": 10, "50": 10}),
        ("tidb-cloud", {"99.99": 0, "99.98": 10, "94.9": 100}),
        ("atlassian-enterprise", {"99.95": 0, "99.94": 10}),
        # at exactly the target a credit, at exactly 99 % none
        ("github-enterprise", {"99.91": 0, "99.9": 10, "99.01": 10, "99": 0, "98.99": 25}),
        # nothing between the rows
        (
            "zus-health",
            {"99.9": 0, "99.895": 0, "99.89": 5, "99": 5, "98.995": 0, "98.99": 10, "95": 10}
            | {"94.995": 0, "94.99": 25, "0": 25},
        ),
    ],
)
def test_every_published_border_is_exact(id: str, borders: dict[str, int]) -> None:
    held = published_scheme(id)
    fee = eur("100.00")
    for attained, credit in borders.items():
        outcome = Outcome(percent(attained), held.targets[0], fee)
        assert reckon(held.scheme, outcome).amount == credit * 100, attained


def test_slack_pays_ten_times_the_fee_of_the_time_it_was_down() -> None:
    slack = published_scheme("slack")
    hour = minutes_down("60", slack.targets[0], Money.parse("30000.00", "USD"), QUARTER)
    assert paid(slack.scheme, hour) == "138.89"
    kept = minutes_down("12", slack.targets[0], Money.parse("30000.00", "USD"), QUARTER)
    assert paid(slack.scheme, kept) == "0.00"


def test_slack_once_weighed_downtime_by_the_customers_affected() -> None:
    slack = published_scheme("slack-2015")
    hour = minutes_down(
        "60", slack.targets[0], Money.parse("1000.00", "USD"), affected=Fraction(1, 4)
    )
    assert paid(slack.scheme, hour) == "34.72"  # 1000 x 15 / 43200 x 100


def test_algolia_pays_a_hundred_times_the_price_of_the_minutes_up_to_a_quarter() -> None:
    scheme, target = published_scheme("algolia").scheme, percent("99.99")
    price = Money.parse("1000.00", "USD")
    assert paid(scheme, minutes_down("60", target, price)) == "138.89"  # case C2
    assert paid(scheme, minutes_down("107", target, price)) == "247.69"
    assert paid(scheme, minutes_down("109", target, price)) == "250.00"


def test_cloudflare_pays_the_share_of_the_time_that_visitors_lost() -> None:
    scheme = published_scheme("cloudflare-business").scheme
    outcome = minutes_down(
        "100", Fraction(1), Money.parse("200.00", "USD"), affected=Fraction("0.021")
    )
    found = reckon(scheme, outcome)  # case C3
    assert found.amount / 20_000 == Fraction("100") * Fraction("0.021") / 43_200
    assert paid(scheme, outcome) == "0.01"


def test_an_at_risk_pool_multiplies_invoice_share_allocation_and_credit() -> None:
    """The pool of a state's data centre contract, case R10."""
    pool = Pool(percent("10"), percent("50"), (Row(percent("99"), percent("40"), nested=True),))
    outcome = Outcome(percent("98"), percent("99"), eur("1.00"), invoice=eur("100000.00"))
    assert paid(Scheme(pool), outcome) == "2000.00"


def test_terms_that_draw_on_one_pool_never_get_more_than_is_at_risk() -> None:
    row = (Row(percent("99"), percent("100"), nested=True),)
    dues = [
        due_of(
            Scheme(Pool(percent("10"), percent(share), row, "towers")),
            Outcome(percent("98"), percent("99"), eur("1000.00")),
            term=term,
            service="s",
        )
        for term, share in (("a", "75"), ("b", "75"))
    ]
    assert [str(one.money) for one in owed(dues, Limits())] == ["50.00", "50.00"]


# ------------------------------------------------------------------------------------------- forms


@pytest.mark.parametrize(
    ("form", "minutes", "credit"),
    [
        # 1 % of 1,000 for every tenth of a point below 99.9: 432 minutes are 0.9 points below
        (Linear((Slope(percent("99.9"), percent("1"), percent("0.1")),)), "432", "90.00"),
        (Linear((Slope(percent("99.9"), percent("1"), percent("0.1")),)), "43.2", "0.00"),
        (
            Linear((Slope(percent("99.9"), percent("1"), percent("0.1"), "started"),)),
            "44",
            "10.00",
        ),
        (
            Linear((Slope(percent("99.9"), percent("1"), percent("0.1"), "complete"),)),
            "86",
            "0.00",
        ),
        # a second slope from 99.5 doubles the pace: 9 + 4 tenths
        (
            Linear(
                (
                    Slope(percent("99.9"), percent("1"), percent("0.1")),
                    Slope(percent("99.5"), percent("1"), percent("0.1")),
                )
            ),
            "432",
            "140.00",
        ),
        (PerTime(Worth(amount=eur("2.00"))), "60", "120.00"),
        (PerTime(Worth(amount=eur("2.00")), free=45 * MINUTE), "60", "30.00"),
        (PerTime(Worth(percent=percent("1")), HOUR, steps="started"), "61", "20.00"),
        (PerTime(Worth(percent=percent("1")), HOUR, steps="complete"), "119", "10.00"),
        (PerTime(Worth(amount=eur("2.00"))), "43", "0.00"),
        # exactly at the target it is met
        (PerTime(Worth(amount=eur("2.00"))), "43.2", "0.00"),
        (PerTime(Worth(amount=eur("2.00")), always=True), "43", "86.00"),
        (PerOccurrence(Worth(amount=eur("50.00"))), "60", "150.00"),
        (PerOccurrence(Worth(amount=eur("50.00")), free=2), "60", "50.00"),
        (PerOccurrence(Worth(amount=eur("50.00"))), "40", "0.00"),
        (
            Points((Row(percent("99.9"), Fraction(5), nested=True),), Worth(percent=percent("1"))),
            "60",
            "50.00",
        ),
        (
            Points(
                (Row(percent("99.9"), Fraction(5), nested=True),),
                Worth(amount=eur("7.00")),
                Fraction(3),
            ),
            "60",
            "14.00",
        ),
        (Points((Row(percent("99.9"), Fraction(5), nested=True),)), "60", "0.00"),
        (Multiple(Fraction(10)), "432", "100.00"),
    ],
)
def test_each_form_says_what_a_month_costs(form: Form, minutes: str, credit: str) -> None:
    outcome = minutes_down(minutes, percent("99.9"), eur("1000.00"), occurrences=3)
    assert paid(Scheme(form), outcome) == credit


def test_every_kind_of_scheme_has_a_way_to_be_reckoned() -> None:
    assert set(FORMS) == {row.form for row in SCHEME_KINDS.values()} == set(KIND_OF_FORM)


def test_points_are_counted_besides_what_they_cost() -> None:
    points = Points((Row(percent("99.9"), Fraction(5), nested=True),))
    outcome = minutes_down("60", percent("99.9"), eur("1000.00"))
    assert reckon(Scheme(points), outcome).points == 5


def test_of_less_is_better_the_shortfall_lies_above_the_target() -> None:
    errors = Linear((Slope(percent("0.1"), percent("5"), percent("0.1")),))
    outcome = Outcome(percent("0.3"), percent("0.1"), eur("1000.00"), higher_is_better=False)
    assert reckon(Scheme(errors), outcome).amount == 10_000


def test_the_tiers_of_an_agreement_are_the_same_rows() -> None:
    (row,) = rows_of((CreditTier(percent("99"), percent("10"), nested=True),))
    assert row == Row(percent("99"), percent("10"), nested=True)
    assert percent("98.99") in row
    assert percent("99") not in row


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Row(Fraction(1, 2), Fraction(0), Fraction(1, 2)), "END_BEFORE_START"),
        (lambda: Row(Fraction(1, 2), Fraction(-1)), "BAD_NUMBER"),
        (Worth, "BAD_SCHEME"),
        (lambda: Worth(eur("1.00"), Fraction(1)), "BAD_SCHEME"),
        (lambda: Worth(eur("-1.00")), "BAD_NUMBER"),
        (lambda: Slope(Fraction(1), Fraction(1), Fraction(0)), "BAD_SCHEME"),
        (lambda: Linear(()), "EMPTY_LIST"),
        (lambda: PerTime(Worth(eur("1.00")), unit=0), "BAD_SCHEME"),
        (lambda: Pool(Fraction(2), Fraction(1), ()), "OUT_OF_RANGE"),
        (lambda: Multiple(Fraction(-1)), "BAD_NUMBER"),
        (lambda: Points((), free=Fraction(-1)), "BAD_NUMBER"),
    ],
)
def test_a_scheme_that_means_nothing_is_refused(make: Any, code: str) -> None:
    with pytest.raises(OrchestratorError) as caught:
        make()
    assert caught.value.problems[0].code == code


# ------------------------------------------------------------------------------------------- limits


def due(term: str, amount: str, *events: str, service: str = "s", **more: Any) -> Due:
    exact = Fraction(amount) * 100
    return Due(term, service, Reckoned(exact, "EUR"), events=frozenset(events), **more)


def amounts(dues: list[Due], limits: Limits, year: Year | None = None) -> list[str]:
    found = owed(dues, limits, {"EUR": year} if year else None)
    return [str(one.money) for one in found]


@pytest.mark.parametrize(
    ("single_event", "left"),
    [
        ("sum", ["10.00", "30.00", "20.00", "5.00"]),
        # the outage o1 is behind the first three; o2 behind the third and the fourth
        ("highest_only", ["0.00", "30.00", "0.00", "5.00"]),
        ("per_service", ["0.00", "30.00", "20.00", "0.00"]),
    ],
)
def test_one_event_is_paid_for_as_the_agreement_says(single_event: str, left: list[str]) -> None:
    dues = [
        due("a", "10", "o1", service="web"),
        due("b", "30", "o1", service="web"),
        due("c", "20", "o1", "o2", service="mail"),
        due("d", "5", "o2", service="mail"),
    ]
    assert amounts(dues, Limits(single_event)) == left


def test_limits_come_in_their_order() -> None:
    """Rule 11: single event, period cap, annual cap, minimum."""
    dues = [due("a", "60", "o1", fee=eur("100.00")), due("b", "50", "o1", fee=eur("100.00"))]
    limits = Limits("highest_only", (Cap(percent("40")),), (Cap(amount=eur("100.00")),))
    (first, second) = owed(dues, limits, {"EUR": Year(used=7000)})
    assert first.gross == 6000
    assert first.stages == (
        ("single_event", 6000),
        ("pool", 6000),
        ("period_cap", 4000),
        ("annual_cap", 3000),
        ("minimum", 3000),
    )
    assert second.money.amount == 0
    assert first.capped
    assert not second.capped  # it fell away with the event


def test_a_credit_never_exceeds_the_fee() -> None:
    assert amounts([due("a", "150", fee=eur("100.00"))], Limits()) == ["100.00"]


def test_services_with_fees_of_their_own_are_limited_by_all_of_them() -> None:
    dues = [
        due("a", "90", fee=eur("60.00"), paid_for="web"),
        due("a", "30", fee=eur("40.00"), paid_for="mail"),
    ]
    assert amounts(dues, Limits()) == ["75.00", "25.00"]


def test_a_fee_that_several_terms_share_counts_once() -> None:
    dues = [due("a", "90", fee=eur("100.00")), due("b", "60", fee=eur("60.00"))]
    assert amounts(dues, Limits()) == ["60.00", "40.00"]


def test_a_percentage_cap_is_never_exceeded_by_part_of_a_cent() -> None:
    capped = Limits(caps=(Cap(percent("5")),))  # 13.7 cents
    assert amounts([due("a", "2", fee=eur("2.74"))], capped) == ["0.13"]
    scheme = Scheme(Tiers((Row(percent("99"), percent("50"), nested=True),)), Cap(percent("5")))
    assert paid(scheme, Outcome(percent("98"), percent("99"), eur("2.74"))) == "0.13"


def test_a_cap_is_shared_in_proportion_to_the_cent() -> None:
    dues = [due(term, "10") for term in "abc"]
    limits = Limits(caps=(Cap(amount=eur("10.00")),))
    assert amounts(dues, limits) == ["3.34", "3.33", "3.33"]


@pytest.mark.parametrize(("amount", "left"), [("1", "0.00"), ("1.01", "1.01"), ("0.5", "0.00")])
def test_only_what_exceeds_a_minimum_is_paid(amount: str, left: str) -> None:
    assert amounts([due("a", amount)], Limits(minimum=eur("1.00"))) == [left]
    assert amounts([due("a", amount, minimum=eur("1.00"))], Limits()) == [left]


def test_ec2_pays_only_above_one_dollar() -> None:
    scheme = published_scheme("aws-ec2-region").scheme
    target = percent("99.99")
    assert paid(scheme, minutes_down("5", target, Money.parse("10.00", "USD"))) == "0.00"
    assert paid(scheme, minutes_down("5", target, Money.parse("10.10", "USD"))) == "1.01"


def test_an_annual_cap_is_used_up_in_the_order_of_the_periods() -> None:
    months = [[due("a", "40", fee=eur("100.00"))] for _ in range(4)]
    limits = Limits(annual=(Cap(percent("10")),))
    found = owed_in_turn(months, limits, {"EUR": 100_000})
    assert [str(one.money) for paid in found for one in paid] == ["40.00", "40.00", "20.00", "0.00"]


def test_currencies_are_cut_down_each_by_itself() -> None:
    dollars = Due("b", "s", Reckoned(Fraction(5000), "USD"))
    limits = Limits(caps=(Cap(amount=eur("10.00")),))
    found = owed([due("a", "30"), dollars], limits)
    assert [(str(one.money), one.money.currency) for one in found] == [
        ("10.00", "EUR"),
        ("50.00", "USD"),
    ]


def test_half_a_cent_is_rounded_up_once() -> None:
    tiers = Tiers((Row(percent("99"), percent("12.5"), nested=True),))
    outcome = Outcome(percent("98"), percent("99"), eur("0.20"))
    assert paid(Scheme(tiers), outcome) == "0.03"


def test_the_library_says_how_it_knows_each_scheme() -> None:
    held = published_schemes()
    assert {one.source for one in held.values()} == {"primary", "mixed", "secondary"}
    assert held["cloudflare-business"].source == held["azure-vm-set"].source == "secondary"
    assert len(held) == 20
