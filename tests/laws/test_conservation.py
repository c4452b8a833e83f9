"""Conservation over whole estates, several levels deep, with facts of every kind: nothing of a
breach, of a credit or of the books appears or is lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.engine.booking import bookings, spoken_of
from orchestrator.engine.ledger import balances, reconcile, standing, verify
from orchestrator.engine.scorecard import due_in, scorecard
from orchestrator.engine.settle import settle
from orchestrator.model.agreements import Version
from orchestrator.model.credits import CreditTier, Fee
from orchestrator.model.estate import Estate
from orchestrator.model.ledger import Entry
from orchestrator.model.records import WATERFALL, Facts, Outage
from orchestrator.model.values import HOUR, AskedPeriod, Money, Span, parse_instant
from tests.laws.build import percent
from tests.strategies import estates, facts_of

HALF_YEAR: Final = AskedPeriod.parse("2026-01-01/2026-07-01")
MONTHS: Final = tuple(AskedPeriod.parse(f"2026-{month:02}") for month in range(2, 5))
slowly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Case:
    estate: Estate
    facts: Facts


def paid(version: Version) -> Version:
    """A version that costs something, and gives a tenth of it back where it says nothing else."""
    if not version.binds:
        return version
    terms = tuple(
        replace(term, credits=(CreditTier(term.target, percent("10"), nested=True),))
        if term.metric == "availability" and not term.credits and 0 < term.target <= 1
        else term
        for term in version.terms
    )
    return replace(version, terms=terms, fee=version.fee or Fee(Money(100_001, "EUR")))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    estate = draw(_ESTATES)
    agreements = {id: tuple(map(paid, held)) for id, held in estate.agreements.items()}
    facts = draw(facts_of(estate))
    # Of a supplier's service for sure, so that mostly something is owed on every level above.
    begin = parse_instant("2026-03-02T00:00:00Z") + draw(_HOURS) * HOUR
    down = Outage("z", "leaf-0", Span(begin, begin + draw(_HOURS) * HOUR))
    return Case(
        replace(estate, agreements=agreements), replace(facts, outages=(*facts.outages, down))
    )


_HOURS: Final = st.integers(1, 300)
_ESTATES: Final = estates(most_leaves=3, most_composites=3)
CASES: Final = cases()


def conserves(case: Case) -> None:
    verdict = settle(case.estate, case.facts, HALF_YEAR)
    for breach in verdict.breaches:
        assert sum(one.share for one in breach.borne_by) == 1
        each = breach.policy == "joint_and_several"
        assert each or sum(one.share for one in breach.responsibility) == 1
    credits = due_in(verdict)
    owed, recovered, receivable = Counter[str](), Counter[str](), Counter[str]()
    for one in verdict.exposures:
        steps = {step.step: step.amount for step in one.waterfall}
        assert tuple(steps) == WATERFALL
        due = credits.get((one.key, one.period))
        assert sum(steps.values()) == one.owed == (due.money.amount if due else 0)
        assert one.net == one.owed - steps["RECOVERED"] == one.owed - one.recovered
        owed[one.currency] += one.owed
        recovered[one.currency] += one.recovered
    for credit in verdict.credits:
        if credit.creditor == "us" and credit.debtor.startswith("supplier"):
            receivable[credit.money.currency] += credit.money.amount
    totals = scorecard(case.estate, verdict, "service").totals
    assert Counter({one.currency: one.owed for one in totals}) == owed
    assert Counter({one.currency: one.recovered for one in totals}) == recovered
    assert Counter({one.currency: one.net for one in totals}) == owed - recovered
    assert Counter({one.currency: one.receivable for one in totals}) == receivable
    entries = reconcile((), bookings(verdict)).entries
    verify(entries)
    assert in_balance(entries)
    booked = Counter[str]()
    for entry in entries:
        if entry.key.kind == "credit":
            booked[entry.booking.money.currency] += entry.booking.money.amount
    assert booked == sum(
        (Counter({one.money.currency: one.money.amount}) for one in verdict.credits), Counter[str]()
    )


@settings(slowly, max_examples=6)
@given(CASES)
def test_of_breaches_credits_and_books_nothing_appears_and_nothing_is_lost(case: Case) -> None:
    conserves(case)


@pytest.mark.long
@settings(slowly, max_examples=1000)
@given(CASES)
def test_nothing_appears_and_nothing_is_lost_at_length(case: Case) -> None:
    conserves(case)


def in_balance(entries: Sequence[Entry]) -> bool:
    sums = Counter[str]()
    for entry in entries:
        for line in entry.lines:
            sums[line.money.currency] += line.money.amount
    return not any(sums.values())


def assessed(case: Case, facts: Facts, books: Sequence[Entry], month: AskedPeriod) -> list[Entry]:
    """Books with the difference appended that a month makes by what is known."""
    wanted = list(bookings(settle(case.estate, facts, month)))
    spoken = spoken_of(case.estate, month, books, wanted)
    found = [*books, *reconcile(spoken, wanted).entries]
    assert in_balance(found)
    return found


def ends_alike(
    case: Case, first: Sequence[AskedPeriod], again: Sequence[AskedPeriod], known: int
) -> None:
    """Once with late facts, assessed before and after they came; once from nothing, by all of
    them."""
    early = replace(case.facts, outages=case.facts.outages[:known], maintenance=())
    late: list[Entry] = []
    for facts in (early, case.facts):
        for month in first:
            late = assessed(case, facts, late, month)
    replayed: list[Entry] = []
    for month in again:
        replayed = assessed(case, case.facts, replayed, month)
    for books in (late, replayed):
        verify(books)
    assert standing(late) == standing(replayed)
    assert balances(late) == balances(replayed)
    for month in again:
        assert assessed(case, case.facts, late, month) == late


ORDERS: Final = st.permutations(MONTHS)


@settings(slowly, max_examples=6)
@given(CASES, ORDERS, ORDERS, st.integers(0, 3))
def test_replay_from_nothing_in_another_order_ends_in_the_same_balances(
    case: Case, first: Sequence[AskedPeriod], again: Sequence[AskedPeriod], known: int
) -> None:
    ends_alike(case, first, again, known)


@pytest.mark.long
@settings(slowly, max_examples=500)
@given(CASES, ORDERS, ORDERS, st.integers(0, 3))
def test_replay_in_another_order_ends_alike_at_length(
    case: Case, first: Sequence[AskedPeriod], again: Sequence[AskedPeriod], known: int
) -> None:
    ends_alike(case, first, again, known)
