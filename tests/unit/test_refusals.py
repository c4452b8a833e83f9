"""Why an excuse is refused, to the second, and what relief the customer's own doing earns."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from orchestrator.model.agreements import Allowance
from orchestrator.model.boundaries import Assumption
from orchestrator.model.duties import Obligation
from orchestrator.model.provisions import Provisions
from orchestrator.model.records import Excuse, Finding, Maintenance, Outage, Verdict
from orchestrator.model.values import HOUR, MINUTE, Span
from tests.laws.build import (
    CALENDARS,
    START,
    TOP,
    Promise,
    all_of,
    any_of,
    assessed,
    estate,
    facts,
    outage,
    sla,
    verdict_on,
)

WEEK_AHEAD = -7 * 24 * 60


def claimed(
    category: str = "customer", party: str = "customer", evidence: str = "mail-17", **more: Any
) -> Outage:
    """Ten minutes of `a`, claimed as excused."""
    return replace(outage("a", 0, 600), excuse=Excuse(category, party, evidence, **more))


def planned(start: int, end: int, announced: int | None = WEEK_AHEAD) -> Maintenance:
    """Maintenance of `a` in minutes of 1 April."""
    told = None if announced is None else START + announced * MINUTE
    return Maintenance("m-1", "a", Span(START + start * MINUTE, START + end * MINUTE), told)


def judged(*reported: Outage, plan: tuple[Maintenance, ...] = (), **term: Any) -> Verdict:
    version = term.pop("version", {})
    promise = Promise(term.pop("target", Fraction(1)), term=term, version=version)
    subject = estate({TOP: all_of("a")}, [sla(promise)], calendars=CALENDARS)
    return verdict_on(subject, facts(reported, maintenance=plan))


def refusals(verdict: Verdict) -> list[str]:
    """What is refused: seconds, and the rule."""
    found = []
    for one in verdict.findings:
        if one.code == "EXCUSE_REFUSED":
            seconds = one.message.split(": ")[1].split(" s ")[0]
            found.append(f"{seconds} {one.message.rsplit('(')[-1].rstrip(')')}")
    return found


def maintenance(minutes: int, **more: Any) -> tuple[Allowance, ...]:
    return (Allowance("maintenance", minutes * MINUTE, **more),)


@pytest.mark.parametrize(
    ("fact", "exclusions", "rule"),
    [
        (claimed("force_majeure", ""), ("customer",), "CATEGORY"),
        (claimed(evidence=""), ("customer",), "EVIDENCE"),
        (claimed("force_majeure", "maker-a"), ("force_majeure",), "UPSTREAM"),
    ],
)
def test_an_excuse_that_is_refused_says_why(
    fact: Outage, exclusions: tuple[str, ...], rule: str
) -> None:
    verdict = judged(fact, exclusions=exclusions)
    assert assessed(verdict).counted_seconds == 600
    assert refusals(verdict) == [f"600 {rule}"]


def test_an_excuse_that_holds_is_refused_nothing() -> None:
    verdict = judged(claimed(), exclusions=("customer",))
    assert assessed(verdict).excused_seconds == 600
    assert not verdict.findings


def test_a_customer_told_too_late_is_a_matter_of_notice() -> None:
    allowance = (Allowance("customer", HOUR, notice=2 * HOUR),)
    late = claimed(noticed=START - HOUR)
    assert refusals(judged(late, allowances=allowance)) == ["600 NOTICE"]
    assert not refusals(judged(claimed(noticed=START - 3 * HOUR), allowances=allowance))


@pytest.mark.parametrize(
    ("plan", "allowances", "told"),
    [
        # Thirty minutes down from midnight on; what is excused is not told.
        (planned(0, 30), maintenance(60), []),
        (planned(0, 30, 5), maintenance(60), ["1800 NOTICE"]),
        (planned(0, 30, None), maintenance(60), ["1800 NOTICE"]),
        (planned(0, 30, -60), maintenance(60, notice=2 * HOUR), ["1800 NOTICE"]),
        (planned(0, 30), maintenance(60, within="day"), ["1800 WINDOW"]),
        (planned(0, 30), maintenance(20), ["600 ALLOWANCE"]),
        (planned(0, 20), maintenance(60), ["600 OVERRUN"]),
        (planned(0, 20), maintenance(5), ["900 ALLOWANCE", "600 OVERRUN"]),
        (planned(0, 30), (), ["1800 CATEGORY"]),
    ],
)
def test_maintenance_is_refused_by_notice_window_quantity_and_announced_end(
    plan: Maintenance, allowances: tuple[Allowance, ...], told: list[str]
) -> None:
    verdict = judged(outage("a", 0, 1800), plan=(plan,), allowances=allowances)
    assert refusals(verdict) == told
    counted = sum(int(one.split()[0]) for one in told)
    assert assessed(verdict).counted_seconds == counted


def test_an_overrun_is_one_however_the_outage_is_reported() -> None:
    plan = (planned(0, 20),)
    whole = judged(outage("a", 0, 1800), plan=plan, allowances=maintenance(60))
    halves = judged(
        outage("a", 0, 1200), outage("a", 1200, 1801), plan=plan, allowances=maintenance(60)
    )
    assert refusals(whole) == ["600 OVERRUN"]
    assert refusals(halves) == ["601 OVERRUN"]


def test_a_second_announcement_covers_what_overran_the_first() -> None:
    again = replace(planned(20, 40), id="m-2")
    verdict = judged(outage("a", 0, 1800), plan=(planned(0, 20), again), allowances=maintenance(60))
    assert assessed(verdict).excused_seconds == 1800
    assert not refusals(verdict)


def test_a_refusal_that_cost_nothing_is_not_told() -> None:
    promise = Promise(Fraction(1), term={"exclusions": ("customer",)})
    subject = estate({TOP: any_of("a", "b")}, [sla(promise)])
    assert not verdict_on(subject, facts([claimed(evidence="")])).findings


def relief(verdict: Verdict) -> list[Finding]:
    return [one for one in verdict.findings if one.code == "RELIEF_PROPOSED"]


def test_what_the_customer_caused_is_proposed_as_relief_and_counts_until_it_is_agreed() -> None:
    # Ten minutes by the customer and one by the supplier: 99.99 % of April allow 4:19.
    duty = Obligation("access", ("customer",), ("us",), category="access")
    verdict = judged(
        claimed("access"),
        outage("a", 3600, 3660),
        target=Fraction(9999, 10000),
        version={"provisions": Provisions(obligations=(duty,))},
    )
    assert assessed(verdict).counted_seconds == 660
    assert assessed(verdict).status == "BREACHED"
    (found,) = relief(verdict)
    attained = float(1 - Fraction(60, 30 * 24 * 3600))
    assert "600 s (o-a-0) caused by customer, against its duty access," in found.message
    assert f"{attained:.7g} would be attained (MET)" in found.message


@pytest.mark.parametrize(
    "fact",
    [claimed("access", "maker-a"), claimed("access", "customer", ""), claimed("force_majeure", "")],
)
def test_nothing_is_proposed_for_what_others_caused_or_nobody_can_show(fact: Outage) -> None:
    assert not relief(judged(fact))


def test_what_is_excused_by_agreement_needs_no_proposal() -> None:
    assert not relief(judged(claimed(), exclusions=("customer",)))
    assert relief(judged(claimed()))


LOAD = Assumption("load", "at most 500 users", "customer")


def with_assumption(assumption: Assumption, **term: Any) -> Verdict:
    """Ten minutes in which the assumption did not hold, and one of the supplier's own."""
    provisions = Provisions(assumptions=(assumption,))
    return judged(
        claimed("load", ""),
        outage("a", 3600, 3660),
        target=Fraction(9999, 10000),
        version={"provisions": provisions},
        **term,
    )


def test_a_violated_assumption_proposes_relief_and_excuses_nothing() -> None:
    verdict = with_assumption(LOAD)
    assert assessed(verdict).counted_seconds == 660
    assert assessed(verdict).status == "BREACHED"
    (found,) = relief(verdict)
    attained = float(1 - Fraction(60, 30 * 24 * 3600))
    assert "600 s (o-a-0) as customer let the assumption load fail," in found.message
    assert f"{attained:.7g} would be attained (MET)" in found.message


def test_an_assumption_proposes_relief_for_as_long_as_it_is_valid() -> None:
    half = replace(LOAD, valid=Span(START, START + 5 * MINUTE))
    (found,) = relief(with_assumption(half))
    assert ": 300 s (o-a-0) as" in found.message
    assert "would be attained" not in found.message  # half of the outage stays as it is
    assert not relief(with_assumption(replace(LOAD, valid=Span(START + HOUR, START + 2 * HOUR))))


@pytest.mark.parametrize("changed", [{"effect": "none"}, {"party": "us"}, {"id": "another"}])
def test_nothing_is_proposed_where_no_such_relief_is_agreed(changed: dict[str, Any]) -> None:
    assert not relief(with_assumption(replace(LOAD, **changed)))
