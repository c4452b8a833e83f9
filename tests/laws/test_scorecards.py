"""Laws of scorecards: every sum is one of what was concluded, and no result is counted twice."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from hypothesis import given

from orchestrator.engine.scorecard import scorecard, together
from orchestrator.engine.settle import settle
from orchestrator.model.records import Verdict
from orchestrator.model.scorecards import CARDS, Score, Scorecard
from orchestrator.model.values import AskedPeriod, Money
from tests.laws.build import APRIL, law_of, verdict_on
from tests.laws.test_settle import Deal, deals


def totals(card: Scorecard) -> dict[str, Counter[str]]:
    """The totals of a card, by name and currency."""
    names = ("owed", "recovered", "net", "receivable")
    return {
        name: Counter({one.currency: getattr(one, name) for one in card.totals}) for name in names
    }


def booked(verdict: Verdict) -> dict[str, Counter[str]]:
    """The sums of what a verdict books, added up one by one."""
    found: dict[str, Counter[str]] = {
        name: Counter() for name in ("owed", "recovered", "net", "receivable")
    }
    for exposure in verdict.exposures:
        found["owed"][exposure.currency] += exposure.owed
        found["recovered"][exposure.currency] += exposure.recovered
        found["net"][exposure.currency] += exposure.net
    for credit in verdict.credits:
        if credit.creditor == "us":
            found["receivable"][credit.money.currency] += credit.money.amount
    return found


@law_of(60)
@given(deals())
def test_the_totals_of_a_card_are_the_sums_of_what_is_booked(deal: Deal) -> None:
    verdict = verdict_on(deal.estate, deal.facts)
    sums = booked(verdict)
    nothing: Counter[str] = Counter()
    expected = {
        "service": sums,
        "customer": {**sums, "receivable": nothing},
        "supplier": {**dict.fromkeys(sums, nothing), "receivable": sums["receivable"]},
        "team": dict.fromkeys(sums, nothing),
    }
    for by in CARDS:
        card = scorecard(deal.estate, verdict, by)
        assert totals(card) == expected[by], by
        for name in ("owed", "recovered", "receivable"):
            rows = Counter[str]()
            for score in card.scores:
                for one in score.sums:
                    rows[one.currency] += getattr(one, name)
            assert rows == totals(card)[name]


@law_of(40)
@given(deals())
def test_a_card_leaves_out_what_is_not_to_be_had_any_more(deal: Deal) -> None:
    """A third of each credit beneath is lost."""
    verdict = verdict_on(deal.estate, deal.facts)
    gone = {
        (one.key, one.period): Money(one.money.amount // 3, one.money.currency)
        for one in verdict.credits
    }
    expected = booked(verdict)
    for one in verdict.credits:
        if one.creditor == "us":
            expected["receivable"][one.money.currency] -= one.money.amount // 3
    assert totals(scorecard(deal.estate, verdict, "service", gone)) == expected


@law_of(40)
@given(deals())
def test_every_result_stands_in_one_row_of_the_services_and_at_most_one_of_another_card(
    deal: Deal,
) -> None:
    verdict = verdict_on(deal.estate, deal.facts)
    for by in CARDS:
        card = scorecard(deal.estate, verdict, by)
        assessed = sum(one.assessed for one in card.scores)
        breaches = sum(one.breaches for one in card.scores)
        assert assessed <= len(verdict.assessments)
        assert breaches <= len(verdict.breaches)
        if by == "service":
            assert (assessed, breaches) == (len(verdict.assessments), len(verdict.breaches))
        for score in card.scores:
            assert score.assessed == sum(line.periods for line in score.lines)
            assert score.met == sum(line.met for line in score.lines)
            worst = [
                line.headroom
                for line in score.lines
                if line.headroom is not None and line.target < 1
            ]
            # A target of 100 % allows nothing of which a part could be left.
            if score.headroom is not None:
                assert (score.headroom < 0) == any(one < 0 for one in worst)


@law_of(20)
@given(deals())
def test_months_put_together_are_the_quarter_wherever_each_month_is_settled_by_itself(
    deal: Deal,
) -> None:
    """The assessments of the months, and a second opinion on April that says the same."""
    months = [
        settle(deal.estate, deal.facts, AskedPeriod.parse(month))
        for month in ("2026-04", "2026-05", "2026-06", "2026-04")
    ]
    quarter = settle(deal.estate, deal.facts, AskedPeriod.parse("2026-Q2"))
    whole = together(months)
    assert sorted(map(repr, whole.assessments)) == sorted(map(repr, quarter.assessments))
    assert sorted(map(repr, whole.credits)) == sorted(map(repr, quarter.credits))
    assert settle(deal.estate, deal.facts, APRIL).assessments == months[0].assessments


def test_attainment_is_of_what_can_be_judged() -> None:
    """Two of three known periods, and one of which nothing is known."""
    score = Score("cloud", 4, 2, 1, 1, None, None, (), ())
    assert score.attainment == Fraction(2, 3)
    assert Score("cloud", 1, 0, 0, 0, None, None, (), ()).attainment is None
