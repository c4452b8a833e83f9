"""What a term costs and brings, from documents: rates, versions, years, and rules that lack."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from io import StringIO

import pytest
from rich.console import Console

from orchestrator.engine.crediting import contract_year
from orchestrator.engine.lint import lint
from orchestrator.engine.past import beginning
from orchestrator.engine.settle import reach_of, settle
from orchestrator.formats.context import Context
from orchestrator.formats.contracts import CREDITS
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.formats.schemes import published_scheme
from orchestrator.model.changes import merge
from orchestrator.model.credits import Cap
from orchestrator.model.records import Facts, Sample, Verdict
from orchestrator.model.values import DAWN, FOREVER, AskedPeriod, parse_instant
from orchestrator.terminal import show_credits

HEAD = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {home: [us], currency: EUR%s}
parties: [{id: us}, {id: shop}]
services: [{id: web, owner: us}, {id: app, owner: us}]
agreements:
"""
SLA = (
    "  - {id: sla, kind: SLA, provider: us, customer: shop, covers: [web], fee: {amount: '1000'}, "
)
TERM = "{id: a, metric: availability, target: 99.9%, "
ROWS = "credits: [{below: 99.9%, percent: 10}]"


def estate(body: str, metadata: str = "") -> str:
    return HEAD % metadata + body


def settled(
    document: str, *outages: str, period: str = "2026", as_of: str | None = None
) -> Verdict:
    """A verdict on outages of two hours, each given by its day."""
    lines = [
        f"  - {{id: o-{number}, service: {one[11:] or 'web'}, from: {one[:10]}T00:00:00Z,"
        f" to: {one[:10]}T02:00:00Z}}"
        for number, one in enumerate(outages)
    ]
    facts = read_facts("apiVersion: orchestrator/v1\nkind: Facts\noutages:\n" + "\n".join(lines))
    known = None if as_of is None else parse_instant(as_of)
    return settle(read_estate(document).estate, facts, AskedPeriod.parse(period), as_of=known)


def paid(verdict: Verdict) -> list[str]:
    return [str(one.money) for one in verdict.credits]


def codes(verdict: Verdict) -> list[str]:
    return [one.code for one in verdict.findings]


# --- currencies ----------------------------------------------------------------------------------


def test_a_cap_in_another_currency_needs_a_rate() -> None:
    capped = estate(SLA + f"caps: [{{amount: '50', currency: USD}}], terms: [{TERM}{ROWS}}}]}}")
    verdict = settled(capped, "2026-04-10")
    assert (paid(verdict), codes(verdict)) == (["100.00"], ["NO_RATE"])
    rate = ", rates: [{from: USD, to: EUR, rate: '0.9', effective: {from: 2026-01-01}}]"
    rated = settled(capped.replace("currency: EUR", "currency: EUR" + rate), "2026-04-10")
    assert (paid(rated), codes(rated)) == (["45.00"], [])


@pytest.mark.parametrize(
    ("missed", "credits"),
    [
        (["2026-04-10"], ["150.00"]),
        (["2026-04-10 app"], ["125.00"]),
        (["2026-04-10", "2026-04-10 app"], ["50.00", "100.00"]),
    ],
)
def test_a_cap_is_a_part_of_the_fees_of_all_that_is_covered(
    missed: list[str], credits: list[str]
) -> None:
    """A tenth of 1,000.00 and 500.00 together, of credits of 250.00 and 125.00."""
    covers = "covers: [{service: web, fee: {amount: '1000'}}, {service: app, fee: {amount: '500'}}]"
    rows = "credits: [{below: 99.9%, percent: 25}]"
    head = SLA.replace("covers: [web], fee: {amount: '1000'}", covers)
    assert covers in head
    capped = estate(head + f"caps: [{{percent: 10}}], terms: [{TERM}{rows}}}]}}")
    assert paid(settled(capped, *missed)) == credits


@pytest.mark.parametrize(
    ("keys", "credits", "days", "says"),
    [
        ("", ROWS, 1, "credit of 10%, us owes shop 100.00 EUR"),
        ("", "credits: {fixed: {amount: '7.50'}}", 1, "credit, us owes shop 7.50 EUR"),
        (
            "",
            "credits: {tiers: [{below: 99.9%, percent: 10}], cap: {percent: 4}}",
            1,
            "40.00 EUR (of 100.00: the cap of the term leaves 40.00)",
        ),
        (
            "caps: [{amount: '150.00'}], ",
            f"{ROWS}, repeats: [{{breaches: 2, periods: 2, factor: 2}}]",
            2,
            "150.00 EUR (of 200.00: 100.00 of it for repetition, what the period may bring leaves "
            "150.00)",
        ),
        (
            "annualCaps: [{amount: '130.00'}], minimumCredit: {amount: '40.00'}, ",
            ROWS,
            2,
            "0.00 EUR (of 100.00: what the year may bring leaves 30.00, what is too little to be "
            "paid leaves 0.00)",
        ),
    ],
    ids=["plain", "a sum", "cap of the term", "repetition and cap", "year and minimum"],
)
def test_a_line_says_how_a_credit_comes_to_its_sum(
    keys: str, credits: str, days: int, says: str
) -> None:
    verdict = settled(
        estate(SLA + f"{keys}terms: [{TERM}{credits}}}]}}"),
        *("2026-01-10", "2026-02-10")[:days],
    )
    out = Console(file=StringIO(), width=300)
    show_credits(out, verdict.credits[-1:])
    assert isinstance(out.file, StringIO)
    assert out.file.getvalue().rstrip().endswith(says)


def test_a_line_says_that_a_percentage_is_of_no_fee() -> None:
    verdict = settled(
        estate(SLA.replace("fee: {amount: '1000'}, ", "") + f"terms: [{TERM}{ROWS}}}]}}"),
        "2026-01-10",
    )
    out = Console(file=StringIO(), width=300)
    show_credits(out, verdict.credits)
    assert isinstance(out.file, StringIO)
    assert "0.00 EUR (no fee is stated)" in out.file.getvalue()


def test_one_credit_is_divided_by_what_losses_in_other_currencies_are_worth() -> None:
    """EUR 100.00 and JPY 15,000 are alike at 150 yen for a euro, though not in minor units."""
    rate = ", rates: [{from: EUR, to: JPY, rate: '150', effective: {from: 2026-01-01}}]"
    head = HEAD.replace(
        "services: [{id: web, owner: us}, {id: app, owner: us}]",
        "services: [{id: web, owner: us, requires: net}, {id: app, owner: us, requires: net},"
        " {id: net, owner: shop}]",
    ).replace("parties: [", "parties: [{id: maker}, ")
    body = "".join(
        f"  - {{id: {id}, kind: {kind}, provider: {parties}, covers: [{service}], fee: {{{fee}}}, "
        f"terms: [{TERM}{ROWS}}}]}}\n"
        for id, kind, parties, service, fee in (
            ("in-eur", "SLA", "us, customer: shop", "web", "amount: '1000'"),
            ("in-jpy", "SLA", "us, customer: shop", "app", "amount: '150000', currency: JPY"),
            ("uc", "UC", "maker, customer: us", "net", "amount: '400'"),
        )
    )
    verdict = settled(head % rate + body, "2026-04-10 net")
    assert {one.key.agreement: one.recovered for one in verdict.exposures} == {
        "in-eur": 2000,
        "in-jpy": 3000,
    }


def test_two_rates_for_one_day_are_none() -> None:
    rate = "{from: USD, to: EUR, effective: {}, rate: "
    rates = f", rates: [{rate}1}}, {rate}2}}]"
    body = SLA + f"minimumCredit: {{amount: '500', currency: USD}}, terms: [{TERM}{ROWS}}}]}}"
    verdict = settled(estate(body, rates), "2026-04-10")
    assert (paid(verdict), codes(verdict)) == (["100.00"], ["AMBIGUOUS_RATE"])


def test_an_addition_without_a_rate_is_left_out() -> None:
    rules = "repeats: [{breaches: 2, periods: 2, extra: {amount: '5', currency: USD}}]"
    verdict = settled(
        estate(SLA + f"terms: [{TERM}{ROWS}, {rules}}}]}}"), "2026-03-10", "2026-04-10"
    )
    assert (paid(verdict), codes(verdict)) == (["100.00", "100.00"], ["NO_RATE"])


def test_estates_that_merge_bring_their_rates() -> None:
    rates = [
        f", rates: [{{from: USD, to: EUR, rate: {rate}, effective: {{}}}}]" for rate in (1, 1, 2)
    ]
    one, same, other = (read_estate(estate("  []", rate)).estate for rate in rates)
    assert merge(one, same, {}).metadata.rates == one.metadata.rates
    assert merge(one, other, {}).metadata.rates == (*one.metadata.rates, *other.metadata.rates)


# --- histories -----------------------------------------------------------------------------------

REPEATS = "repeats: [{breaches: 2, periods: 2, factor: 2}]"


@pytest.mark.parametrize(
    ("later", "march"),
    [
        (f"{TERM}{ROWS}, {REPEATS}}}", "200.00"),
        (f"{TERM}credits: [{{below: 99.9%, percent: 5}}], {REPEATS}}}", "100.00"),
        # Another target is another promise, of which this is the first breach.
        (f"{{id: a, metric: availability, target: 99.8%, {ROWS}, {REPEATS}}}", "100.00"),
    ],
)
def test_a_history_goes_through_versions_that_keep_its_rules(later: str, march: str) -> None:
    body = f"""  - id: sla
    kind: SLA
    provider: us
    customer: shop
    covers: [web]
    fee: {{amount: '1000'}}
    versions:
      - {{effective: {{from: 2026-01-01, to: 2026-03-01}}, terms: [{TERM}{ROWS}, {REPEATS}}}]}}
      - {{effective: {{from: 2026-03-01}}, terms: [{later}]}}"""
    for period in ("2026", "2026-03"):
        assert paid(settled(estate(body), "2026-02-10", "2026-03-10", period=period))[-1] == march


def test_repetition_may_cost_where_a_single_breach_does_not() -> None:
    rules = "repeats: [{breaches: 2, periods: 3, extra: {percent: 5}}]"
    verdict = settled(estate(SLA + f"terms: [{TERM}{rules}}}]}}"), "2026-02-10", "2026-04-10")
    assert paid(verdict) == ["50.00"]
    assert [str(one.uncapped) for one in verdict.credits] == ["50.00"]


def test_points_may_give_a_right_to_terminate() -> None:
    rules = "credits: {points: [{below: 99.9%, points: 4}]}, chronic: {points: 8, periods: 3}"
    document = estate(SLA + f"terms: [{TERM}{rules}}}]}}")
    found = settled(document, "2026-02-10", "2026-04-10", period="2026-04")
    assert [one.points for one in found.credits] == [4]
    (finding,) = found.findings
    assert finding.code == "CHRONIC_FAILURE"
    assert "shop may terminate from 2026-05-01" in finding.message
    assert codes(settled(document, "2026-02-10", "2026-05-10")) == []


@pytest.mark.parametrize(
    ("keys", "credits"),
    [
        ("", ["100.00", "99.03", "100.00"]),
        ("annualCaps: [{amount: '150.00'}], ", ["100.00", "50.00", "0.00"]),
        (
            "effective: {from: 2025-04-15}, annualCaps: [{amount: '150.00'}], ",
            ["100.00", "50.00", "100.00"],
        ),
    ],
    ids=["no cap", "a cap for the year", "a contract year from within April"],
)
def test_a_rolling_period_comes_to_the_same_by_the_month_and_by_the_quarter(
    keys: str, credits: list[str]
) -> None:
    """Two hours on 10 April are in windows that end in April and in May, those on 15 June in others
    still: what was booked by the month stays as it is when the quarter is assessed. The worst
    window of May is the latest, from 10 April to 10 May: 21 days of 30, and 9 of 31."""
    document = estate(SLA + f"{keys}period: {{rolling: 30d}}, terms: [{TERM}{ROWS}}}]}}")
    days = ("2026-04-10", "2026-06-15")
    months = [settled(document, *days, period=f"2026-0{month}") for month in (4, 5, 6)]
    quarter = settled(document, *days, period="2026-Q2")
    assert paid(quarter) == credits
    assert quarter.credits == tuple(one for month in months for one in month.credits)
    assert quarter.assessments == tuple(one for month in months for one in month.assessments)


def test_a_rolling_period_has_no_history() -> None:
    document = estate(SLA + f"period: {{rolling: 30d}}, terms: [{TERM}{ROWS}, {REPEATS}}}]}}")
    found = [
        one.code
        for one in lint(read_estate(document).estate, parse_instant("2026-04-01T00:00:00Z"))
    ]
    assert "RULE_WITHOUT_PERIODS" in found
    verdict = settled(document, "2026-03-10", "2026-04-10", period="2026-04")
    assert [one.repeated for one in verdict.credits] == [0]


@pytest.mark.parametrize(
    ("code", "rules", "whole"),
    [
        ("RULE_WITHOUT_EFFECT", "repeats: [{breaches: 2, periods: 2}]", ""),
        ("", "repeats: [{breaches: 2, periods: 2, factor: 2}]", ""),
        ("BUSINESS_DAYS_WITHOUT_CALENDAR", "", "claims: {within: 3 business days}, "),
        ("", "", "claims: {within: 3 business days, hours: office}, "),
        ("", "", "claims: {within: 3d}, "),
    ],
)
def test_a_rule_that_does_not_do_what_it_says_is_told(code: str, rules: str, whole: str) -> None:
    office = (
        "calendars: [{id: office, timezone: UTC, weekly: {mon-fri: [09:00-17:00]}}]\nagreements:"
    )
    body = SLA + f"{whole}terms: [{TERM}{ROWS}, {rules}}}]}}"
    told = [
        one.code for one in lint(read_estate(estate(body).replace("agreements:", office)).estate)
    ]
    of_rules = ("RULE_WITHOUT_EFFECT", "BUSINESS_DAYS_WITHOUT_CALENDAR")
    assert [one for one in told if one in of_rules] == [code] * bool(code)


def test_credits_are_not_returned_for_what_misses_the_target() -> None:
    rules = "earnBack: {periods: 1, expires: 2, level: 99%}"
    document = estate(SLA + f"terms: [{TERM}{ROWS}, {rules}}}]}}")
    found = lint(read_estate(document).estate, parse_instant("2026-04-01T00:00:00Z"))
    assert "EARN_BACK_BELOW_TARGET" in [one.code for one in found]
    assert settled(document, "2026-02-10").rewards == ()


def test_a_bonus_is_due_once_its_month_is_over() -> None:
    document = estate(SLA + f"terms: [{TERM}{ROWS}, bonus: [{{from: 99.99%, percent: 2}}]}}]}}")
    kept = settled(document, "2026-02-10", period="2026-04", as_of="2026-05-01T00:00:00Z")
    assert [str(one.money) for one in kept.rewards] == ["20.00"]
    running = settled(document, "2026-02-10", period="2026-04", as_of="2026-04-20T00:00:00Z")
    assert running.rewards == ()


# --- years and reach -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effective", "at", "year"),
    [
        ("", "2026-04-10", ("2026-01-01", "2027-01-01")),
        ("effective: {from: 2024-04-15}, ", "2026-04-14", ("2025-04-15", "2026-04-15")),
        ("effective: {from: 2024-04-15}, ", "2026-04-15", ("2026-04-15", "2027-04-15")),
        # From the last of February, every year on the last day there is.
        ("effective: {from: 2024-02-29}, ", "2026-03-01", ("2026-02-28", "2027-02-28")),
        ("effective: {from: 2024-02-29}, ", "2028-02-29", ("2028-02-29", "2029-02-28")),
    ],
)
def test_a_contract_year_runs_from_anniversary_to_anniversary(
    effective: str, at: str, year: tuple[str, str]
) -> None:
    versions = read_estate(estate(SLA + effective + f"terms: [{TERM}{ROWS}}}]}}")).estate
    span = contract_year(versions.agreements["sla"], parse_instant(f"{at}T00:00:00Z"))
    assert (span.start, span.end) == tuple(parse_instant(f"{day}T00:00:00Z") for day in year)


@pytest.mark.parametrize(
    ("rules", "start"),
    [
        ("", "2026-03-31"),
        ("earnBack: {periods: 1, expires: 3}", "2025-12-31"),
        (REPEATS, "2025-02-28"),
    ],
)
def test_facts_are_read_as_far_back_as_a_rule_looks(rules: str, start: str) -> None:
    body = SLA + f"effective: {{from: 2025-03-01}}, terms: [{TERM}{ROWS}, {rules}}}]}}"
    reach = reach_of(read_estate(estate(body)).estate, AskedPeriod.parse("2026-04"))
    assert reach.start == parse_instant(f"{start}T00:00:00Z")
    # what was never not in force goes back to the beginning
    endless = estate(SLA + f"terms: [{TERM}{ROWS}, {REPEATS}}}]}}")
    whole = reach_of(read_estate(endless).estate, AskedPeriod.parse("2026-04"))
    assert whole.start == DAWN


def test_facts_of_every_kind_have_a_beginning() -> None:
    sample = Sample("s", "web", "error_rate", 5, Fraction(0))
    assert beginning(Facts()) == FOREVER
    assert beginning(Facts(samples=(sample,))) == 5


# --- documents -----------------------------------------------------------------------------------


def test_a_scheme_is_named_only_where_it_is_what_was_published() -> None:
    held = replace(published_scheme("algolia").scheme, published="algolia")
    ctx = Context(currency="EUR")
    assert CREDITS.write(held, ctx) == {"published": "algolia"}
    changed = replace(held, cap=Cap(percent=Fraction(1, 2)))
    assert CREDITS.write(changed, ctx) == {"multiple": "100", "cap": {"percent": "50"}}


# --- what comes back -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "period", "found"),
    [("3h", "month", []), ("1h", "month", []), ("3h", "year", ["UPSTREAM_PERIOD_OPEN"])],
)
def test_a_period_that_brings_nothing_is_not_an_open_one(
    free: str, period: str, found: list[str]
) -> None:
    body = f"""  - {{id: sla, kind: SLA, provider: us, customer: shop, covers: [web],
     fee: {{amount: '1000'}}, terms: [{TERM}{ROWS}}}]}}
  - {{id: uc, kind: UC, provider: host, customer: us, covers: [hosting], period: {period},
     terms: [{{id: a, metric: availability, target: 99.99%,
       credits: {{perMinute: {{amount: '0.10'}}, free: {free}}}}}]}}"""
    document = estate(body).replace("{id: shop}]", "{id: shop}, {id: host}]")
    document = document.replace(
        "{id: web,", "{id: hosting, owner: host}, {id: web, requires: hosting,"
    )
    verdict = settled(document, "2026-04-10-hosting", period="2026-04")
    assert codes(verdict) == found


# --- joint agreements ----------------------------------------------------------------------------


def test_what_is_measured_together_is_paid_for_together() -> None:
    """10 % of both fees, 600.00 and 400.00; a cap on the year is a part of both as well."""
    covers = (
        "covers: [{service: web, fee: {amount: '600'}}, {service: app, fee: {amount: '400'}}], "
        "jointly: true, "
    )
    agreed = f"  - {{id: sla, kind: SLA, provider: us, customer: shop, {covers}"
    document = estate(f"{agreed}terms: [{TERM}{ROWS}}}]}}")
    assert paid(settled(document, "2026-04-10-app", period="2026-04")) == ["100.00"]
    capped = estate(f"{agreed}annualCaps: [{{percent: '0.5'}}], terms: [{TERM}{ROWS}}}]}}")
    assert paid(settled(capped, "2026-04-10-app", period="2026-04")) == ["60.00"]
