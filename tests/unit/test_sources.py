"""Downtime that several sources report: whose word decides, and when it is a dispute (rule 14)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.agreements import Measurement, Policies
from orchestrator.model.credits import CreditTier, Fee
from orchestrator.model.measuring import Measuring
from orchestrator.model.records import Facts, Outage, Unknown, Verdict
from orchestrator.model.values import HOUR, Money, Span
from tests.laws.build import (
    START,
    TOP,
    Promise,
    all_of,
    any_of,
    assessed,
    breached,
    contract,
    estate,
    facts,
    law_of,
    outage,
    percent,
    sla,
    verdict_on,
)

MONTH_SECONDS = 30 * 24 * 3600


def told(source: str, service: str, start: int, end: int, **more: Any) -> Outage:
    """An outage in minutes of 1 April, by a source."""
    made = outage(service, start * 60, end * 60, id=f"{source}-{service}-{start}")
    return replace(made, source=source, **more)


def measured(
    *reported: Outage,
    target: str = "100",
    trust: tuple[str, ...] = (),
    tolerance: str = "0",
    source: str = "",
    unknown: tuple[Unknown, ...] = (),
    **policies: Any,
) -> Verdict:
    measuring = Measuring(trust=trust, tolerance=percent(tolerance))
    term = {
        "measurement": Measurement(source=source, measuring=measuring),
        "policies": Policies(**policies),
        "credits": (CreditTier(percent(target), Fraction(1, 10), nested=True),),
    }
    promise = Promise(
        percent(target), term=term, version={"fee": Fee(Money.parse("1000.00", "EUR"))}
    )
    subject = estate({TOP: all_of("a", "b")}, [sla(promise)])
    return verdict_on(subject, facts(reported, unknown=unknown))


def values(verdict: Verdict) -> dict[str, Fraction]:
    """What each source says was down, in minutes."""
    (tally,) = verdict.tallies
    return {
        one.source: (1 - one.attained) * MONTH_SECONDS / 60
        for one in tally.values
        if one.attained is not None
    }


BOTH = (told("gateway", "a", 0, 10), told("probe", "a", 0, 60))


def test_two_sources_that_differ_are_a_dispute_that_the_contractual_one_decides() -> None:
    verdict = measured(*BOTH, source="gateway")
    found = assessed(verdict)
    assert (found.status, found.counted_seconds) == ("DISPUTED", 600)
    assert values(verdict) == {"gateway": 10, "probe": 60}
    assert verdict.tallies[0].decided == "BREACHED"
    assert breached(verdict).responsibility[0].evidence == ("gateway-a-0",)
    assert str(verdict.credits[0].money) == "100.00"


def test_a_dispute_over_a_target_that_is_kept_by_the_source_that_decides_costs_nothing() -> None:
    # 10 minutes of a month are 0.023 %, 60 are 0.139 %.
    verdict = measured(*BOTH, source="gateway", target="99.9")
    assert assessed(verdict).status == "DISPUTED"
    assert verdict.tallies[0].decided == "MET"
    assert not verdict.breaches
    assert not verdict.credits


def test_within_the_tolerance_there_is_no_dispute_and_both_values_are_shown() -> None:
    verdict = measured(*BOTH, source="gateway", tolerance="0.2")
    assert assessed(verdict).status == "BREACHED"
    assert values(verdict) == {"gateway": 10, "probe": 60}
    assert verdict.tallies[0].decided == ""


def test_another_source_says_nothing_of_services_it_does_not_report_on() -> None:
    # The probe watches b alone: of a it neither agrees nor differs.
    verdict = measured(
        told("gateway", "a", 0, 10), told("gateway", "b", 20, 30), told("probe", "b", 20, 35),
        source="gateway",
    )  # fmt: skip
    assert values(verdict) == {"gateway": 20, "probe": 25}


def test_the_most_trusted_source_of_each_service_decides_where_none_is_contractual() -> None:
    verdict = measured(
        *BOTH, told("probe", "b", 100, 110), trust=("gateway", "probe"), tolerance="1"
    )
    assert assessed(verdict).counted_seconds == 20 * 60
    assert assessed(verdict).status == "BREACHED"
    assert values(verdict) == {"gateway": 20, "probe": 70}


def test_sources_that_nobody_ranked_add_up_unless_a_tolerance_is_agreed() -> None:
    apart = (told("gateway", "a", 0, 10), told("probe", "a", 30, 90))
    assert assessed(measured(*apart)).counted_seconds == 70 * 60
    assert not measured(*apart).tallies
    disputed = measured(*apart, tolerance="0.01")
    found = assessed(disputed)
    assert (found.status, found.attained) == ("DISPUTED", None)
    assert values(disputed) == {"gateway": 10, "probe": 60}
    assert not disputed.breaches
    assert not disputed.credits
    assert found.attained_high == 1 - Fraction(600, MONTH_SECONDS)
    assert found.attained_low == 1 - Fraction(70 * 60, MONTH_SECONDS)


def test_what_names_no_source_is_of_the_one_that_decides() -> None:
    unnamed = told("", "a", 0, 10)
    verdict = measured(unnamed, told("probe", "a", 0, 60), source="gateway")
    assert values(verdict) == {"gateway": 10, "probe": 60}


def test_another_measuring_point_never_mixes_in_and_disputes_nothing() -> None:
    verdict = measured(
        told("gateway", "a", 0, 10), told("probe", "a", 0, 60, point="user"), source="gateway"
    )
    assert assessed(verdict).counted_seconds == 600
    assert assessed(verdict).status == "BREACHED"
    assert not verdict.tallies


def test_each_agreement_counts_what_was_taken_at_its_own_point() -> None:
    ours = sla(Promise(Fraction(1), term={"measurement": Measurement(point="user")}))
    subject = estate({TOP: all_of("a")}, [ours, contract("a", Promise(Fraction(1)))])
    at_the_user = replace(outage("a", 0, 60), point="user")
    verdict = verdict_on(subject, facts([at_the_user, outage("a", 100, 130)]))
    assert assessed(verdict).counted_seconds == 60
    assert assessed(verdict, "uc-a").counted_seconds == 30
    # What the supplier does not measure it does not answer for.
    assert [one.basis for one in breached(verdict).responsibility] == ["EXCUSED"]


def test_time_nobody_measured_gives_both_bounds_by_the_source_that_decides() -> None:
    gap = Unknown("g-1", "a", Span(START + HOUR, START + 2 * HOUR))
    for counts, down in (("counts_as_up", 600), ("counts_as_down", 600 + 3600)):
        verdict = measured(*BOTH, source="gateway", unknown=(gap,), data_gaps=counts)
        found = assessed(verdict)
        assert found.counted_seconds == down
        assert found.unknown_seconds == 3600
        assert found.attained_high == 1 - Fraction(600, MONTH_SECONDS)
        assert found.attained_low == 1 - Fraction(4200, MONTH_SECONDS)


@st.composite
def voices(draw: st.DrawFn) -> list[Outage]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, 59))
        end = draw(st.integers(start + 1, 60))
        made = told(draw(st.sampled_from(("gateway", "probe", "desk"))),
                    draw(st.sampled_from("ab")), start, end)  # fmt: skip
        found.append(replace(made, id=f"o-{number}"))
    return found


@law_of(60)
@given(voices())
def test_each_source_says_what_it_would_say_alone_of_the_services_it_reports_on(
    reported: list[Outage],
) -> None:
    structure = {TOP: any_of("a", "b")}
    term = {"measurement": Measurement(source="gateway")}
    subject = estate(structure, [sla(Promise(Fraction(1), term=term))])
    plain = estate(structure, [sla(Promise(Fraction(1)))])

    def alone(told_so: list[Outage]) -> Fraction | None:
        return assessed(verdict_on(plain, facts(told_so))).attained

    verdict = verdict_on(subject, Facts(tuple(reported)))
    ours = [one for one in reported if one.source == "gateway"]
    assert assessed(verdict).attained == alone(ours)
    told = {one.source: one.attained for tally in verdict.tallies for one in tally.values}
    for other in {one.source for one in reported} - {"gateway"}:
        theirs = [one for one in reported if one.source == other]
        spoken = {one.service for one in theirs}
        rest = [one for one in ours if one.service not in spoken]
        assert told[other] == alone([*theirs, *rest])
    disputed = any(value != told["gateway"] for value in told.values()) if told else False
    assert (assessed(verdict).status == "DISPUTED") == disputed
