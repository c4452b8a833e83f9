"""Laws of statements of account: they come to what the ledger says, to the cent, whatever span is
asked for, and nothing is deducted twice or below nothing."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.billing import billing_periods, fees_billed
from orchestrator.engine.booking import bookings
from orchestrator.engine.claimed import drafted, drafting
from orchestrator.engine.credit import fee_base
from orchestrator.engine.ledger import balances, reconcile, totals
from orchestrator.engine.settle import settle
from orchestrator.engine.statement import (
    Books,
    asked_of_verdict,
    entries_of,
    statements,
    together,
)
from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.claims import CLAIM_STATES, Claim
from orchestrator.model.credits import Fee
from orchestrator.model.ledger import Entry
from orchestrator.model.statements import Statement
from orchestrator.model.values import (
    DAY,
    MONTH,
    SECOND,
    AskedPeriod,
    Money,
    Period,
    Span,
    midnight,
    parse_instant,
    zone,
)
from tests.laws.build import law_of
from tests.laws.test_settle import Deal, deals
from tests.laws.test_settlement import CASES, SPANS, Case, asked_for

Q2 = AskedPeriod.parse("2026-Q2")
TARGET = Fraction(99, 100)


def entries(deal: Deal, asked: AskedPeriod = Q2) -> Sequence[Entry]:
    return reconcile((), bookings(settle(deal.estate, deal.facts, asked))).entries


def due_to(found: Iterable[Statement]) -> dict[tuple[str, str], int]:
    """By party and currency, what is due besides fees: fees less what is payable and what is left
    over is what was deducted."""
    sums = Counter[tuple[str, str]]()
    for one in found:
        of = one.figures
        net = of.fee + of.carried - of.payable - of.brought + of.pending + of.lost
        sums[one.customer, one.currency] += net
        sums[one.provider, one.currency] -= net
    return {key: amount for key, amount in sorted(sums.items()) if amount}


@law_of(50)
@given(deals())
def test_a_statement_comes_to_what_the_ledger_says(deal: Deal) -> None:
    asked = asked_of_verdict(deal.estate, Q2)
    verdict = settle(deal.estate, deal.facts, asked)
    found = statements(deal.estate, Q2, Books(entries_of(deal.estate, Q2, verdict)))
    within = [one for one in bookings(verdict) if one.due > Q2.span(UTC).start]
    assert due_to(found) == totals(balances(reconcile((), within).entries), "party")


@law_of(50)
@given(CASES, SPANS)
def test_bonuses_and_what_is_earned_back_stand_in_it_too(case: Case, span: tuple[int, int]) -> None:
    asked = asked_for(*span)
    booked = reconcile((), bookings(settle(case.estate, case.facts, asked))).entries
    found = statements(case.estate, asked, Books(booked))
    assert due_to(found) == totals(balances(booked), "party")


_states = st.lists(
    st.tuples(st.sampled_from(CLAIM_STATES), st.fractions(0, 1)), min_size=12, max_size=12
)


def moved(claims: Sequence[Claim], states: Sequence[tuple[str, Fraction]]) -> list[Claim]:
    """Claims as they may stand, some of them granted in part."""
    found = []
    for claim, (state, share) in zip(claims, states, strict=False):
        granted = None
        if state in {"accepted", "settled"}:
            cents = max(1, int(claim.money.amount * share))
            granted = Money(cents, claim.money.currency)
        found.append(
            Claim(
                claim.key, claim.period, claim.claimant, claim.respondent, claim.money,
                claim.drafted, claim.deadline, state, granted,
            )
        )  # fmt: skip
    return found


@law_of(50)
@given(deals(), _states)
def test_whatever_became_of_claims_nothing_of_a_credit_is_missing(
    deal: Deal, states: list[tuple[str, Fraction]]
) -> None:
    verdict = settle(deal.estate, deal.facts, Q2)
    booked = reconcile((), bookings(verdict)).entries
    drafts, _ = drafted(drafting(deal.estate, verdict.credits), ())
    claims = moved(drafts, states)
    found = statements(deal.estate, Q2, Books(booked, claims))
    assert due_to(found) == totals(balances(booked), "party")
    by_place = {(one.key, one.period): one for one in claims}
    for one in found:
        for item in (item for line in one.lines for item in line.items):
            assert min(item.counts, item.pending, item.lost) >= 0
            assert item.counts + item.pending + item.lost == item.booked
            claim = by_place.get((item.key.term, item.key.period))
            if claim is None:
                # What is owed to a customer, and claims beyond the states that were drawn.
                assert item.counts in {item.booked, 0}
            elif claim.accepted is not None:
                assert item.counts == claim.accepted.amount
            else:
                assert item.counts == 0
                assert (item.lost == item.booked) == (claim.state in {"lapsed", "rejected"})


def paid_plainly(lines: Sequence[tuple[int, int]]) -> list[int]:
    """What is payable of (billed, credit) in turn, each credit taken off cent by cent."""
    left, found = 0, []
    for billed, credit in lines:
        left, owed = left + credit, billed
        while left and owed:
            left, owed = left - 1, owed - 1
        found.append(owed)
    return found


def billed_monthly(deal: Deal) -> Deal:
    """The same with every agreement billed by the month, whatever its terms are measured over, so
    that a credit of a quarter may exceed the fee of its last month."""

    def monthly(version: Version) -> Version:
        terms = tuple(replace(one, period=version.period) for one in version.terms)
        return replace(version, period=MONTH, terms=terms)

    agreements = {
        id: tuple(map(monthly, versions)) for id, versions in deal.estate.agreements.items()
    }
    return replace(deal, estate=replace(deal.estate, agreements=agreements))


@law_of(60)
@given(deals().map(billed_monthly))
def test_each_credit_is_set_off_once_and_none_below_nothing(deal: Deal) -> None:
    until = AskedPeriod.parse("2026-04-01/2027-04-01")
    for one in statements(deal.estate, until, Books(entries(deal))):
        assert one.brought == 0
        pairs = [(line.fee + line.added, line.deducted) for line in one.lines]
        assert [line.payable for line in one.lines] == set_off_plainly(pairs)
        for line in one.lines:
            assert min(line.payable, line.carried, line.set_off) >= 0
            assert not (line.payable and line.carried)


def set_off_plainly(pairs: Sequence[tuple[int, int]]) -> list[int]:
    """The same by what all of them come to so far, which is quick for large sums."""
    billed = credited = paid = 0
    found = []
    for bill, credit in pairs:
        billed, credited = billed + bill, credited + credit
        now = max(0, billed - credited - paid)
        found.append(min(bill, now))
        paid += found[-1]
    return found


@law_of(60)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60)), max_size=8))
def test_the_two_plain_ways_to_set_off_agree(lines: list[tuple[int, int]]) -> None:
    assert paid_plainly(lines) == set_off_plainly(lines)


@law_of(40)
@given(deals().map(billed_monthly))
def test_months_one_by_one_are_the_whole_of_them(deal: Deal) -> None:
    """With the books of all of it, what one month carries forward the next one is brought."""
    books, summer = Books(entries(deal)), AskedPeriod.parse("2026-06-01/2026-09-01")
    whole = {(one.agreement, one.currency): one for one in statements(deal.estate, summer, books)}
    months = [
        statements(deal.estate, AskedPeriod.parse(month), books)
        for month in ("2026-06", "2026-07", "2026-08")
    ]
    for key, all_of_it in whole.items():
        parts = [one for month in months for one in month if (one.agreement, one.currency) == key]
        assert tuple(line for one in parts for line in one.lines) == all_of_it.lines
        before = all_of_it.brought
        for one in parts:
            assert one.brought == before
            before = one.figures.carried
    assert {(one.agreement, one.currency) for month in months for one in month} == set(whole)


@law_of(30)
@given(deals())
def test_what_parties_come_to_is_the_sum_of_their_statements(deal: Deal) -> None:
    found = statements(deal.estate, Q2, Books(entries(deal)))
    sums = Counter[tuple[str, str, str, str]]()
    for one in found:
        sums[one.provider, one.customer, one.currency, "payable"] += one.figures.payable
        sums[one.provider, one.customer, one.currency, "fee"] += one.figures.fee
    for row in together(found):
        whose = row.provider, row.customer, row.currency
        assert row.figures.payable == sums[(*whose, "payable")]
        assert row.figures.fee == sums[(*whose, "fee")]


# --- fees ----------------------------------------------------------------------------------------

_fees = st.builds(
    Fee,
    st.integers(1, 1_000_003).map(lambda cents: Money(cents, "EUR")),
    st.sampled_from(("month", "quarter", "year")),
)
_periods = st.sampled_from(
    (Period(), Period("month", 16), Period("quarter"), Period("year"), Period("rolling", 1, DAY))
)
_zones = st.sampled_from(("UTC", "Europe/Berlin", "Pacific/Apia", "America/Sao_Paulo"))


@law_of(150)
@given(_fees, _periods, _zones, st.integers(2010, 2030), st.integers(0, 3))
def test_a_year_of_billing_periods_comes_to_its_fee_however_many_terms_carry_it(
    fee: Fee, period: Period, where: str, year: int, terms: int
) -> None:
    """And each of them is within a minor unit of what its credits are a part of."""
    begins, ends = (
        midnight(date(one, 1, period.start_day), zone(where)) for one in (year, year + 1)
    )
    version = Version(
        "sla", 1, "SLA", "us", "shop", (Cover("web", "whole"), Cover("mail", "whole")),
        tuple(
            Term(f"t-{one}", "availability", TARGET, "warranty", fee=fee if one % 2 else None)
            for one in range(terms)
        ),
        effective=Span(begins, ends), period=period, timezone=where, fee=fee,
    )  # fmt: skip
    every = billing_periods(version, Span(begins, ends))
    assert (every[0].start, every[-1].end) == (begins, ends)
    assert all(one.end == other.start for one, other in itertools.pairwise(every))
    billed = [fees_billed(version, one)["EUR"] for one in every]
    assert sum(billed) == fee.money.amount * {"month": 12, "quarter": 4, "year": 1}[fee.per]
    for one, amount in zip(every, billed, strict=True):
        base = fee_base(fee, one, period.start_day, zone(where)).amount
        assert abs(amount - base) <= 1


@law_of(100)
@given(_fees, _zones, st.lists(st.integers(0, 10**6), min_size=1, max_size=5, unique=True))
def test_versions_in_turn_bill_what_one_would(fee: Fee, where: str, cuts: list[int]) -> None:
    """Wherever a month is cut in two by a new version, both parts of its fee are billed."""
    whole = Span(parse_instant("2026-01-01T00:00:00Z"), parse_instant("2027-01-01T00:00:00Z"))
    ends = sorted({whole.start, whole.end, *(whole.start + cut * 30 * SECOND for cut in cuts)})
    one = Version(
        "sla", 1, "SLA", "us", "shop", (Cover("web", "whole"),), (), timezone=where, fee=fee
    )
    parts = [
        replace(one, number=number, effective=Span(*pair))
        for number, pair in enumerate(itertools.pairwise(ends), 1)
    ]
    billed = sum(
        fees_billed(part, period).get("EUR", 0)
        for part in parts
        for period in billing_periods(part, whole)
    )
    assert billed == sum(
        fees_billed(one, period)["EUR"]
        for period in billing_periods(replace(one, effective=whole), whole)
    )
