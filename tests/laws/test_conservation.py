"""Conservation over whole estates, several levels deep, with facts of every kind: nothing of a
breach, of a credit or of the books appears or is lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.engine.booking import bookings, spoken_of
from orchestrator.engine.ledger import balances, reconcile, standing, verify
from orchestrator.engine.scorecard import due_in, scorecard
from orchestrator.engine.settle import settle
from orchestrator.model.agreements import (
    SHARE_POLICIES,
    Claims,
    Measurement,
    Policies,
    Term,
    Version,
)
from orchestrator.model.breaches import Consequences
from orchestrator.model.credits import CreditTier
from orchestrator.model.estate import Estate
from orchestrator.model.ledger import Entry
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import WATERFALL, Breach, Facts, Outage, Verdict
from orchestrator.model.schemes import SINGLE_EVENT, PerOccurrence, Scheme, Worth
from orchestrator.model.values import DAY, HOUR, MONTH, AskedPeriod, Span
from tests import strategies
from tests.laws.build import START
from tests.laws.varied import (
    LEAVES,
    by_kind,
    estates,
    facts_about,
    kinds_for,
    renamed,
)
from tests.settling import consequences
from tests.strategies import facts_of

SPRING: Final = AskedPeriod.parse("2026-03-01/2026-06-01")
MONTHS: Final = tuple(AskedPeriod.parse(f"2026-{month:02}") for month in range(3, 6))
SELLERS: Final = ("maker-", "supplier-")
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
"""An estate that fails is long to read, but has to be shown."""
slowly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Case:
    """`early` is what was told of the facts at first: less, more, or otherwise."""

    estate: Estate
    facts: Facts
    early: Facts


@st.composite
def bound(draw: st.DrawFn, version: Version) -> Version:
    """A version of which every term binds, asks for more than the facts mostly allow, and pays."""
    terms = tuple(
        replace(
            term,
            strength="credit_backed",
            hours="24x7",
            windows=(),
            target=_STRICT if term.metric == "availability" else term.target,
            period=MONTH,
            measurement=Measurement(weighting=term.measurement.weighting),
            credits=term.credits if draw(_SELDOM) else (_TENTH if _in_shares(term) else _EACH),
            policies=replace(_policies(term), shares=draw(_SHARES)),
            consequences=draw(_CONSEQUENCES[term.metric]),
        )
        for term in version.terms
    )
    return replace(
        version, terms=terms, policies=Policies(single_event=draw(_EVENTS)), claims=draw(_CLAIMS)
    )


def _policies(term: Term) -> Policies:
    assert term.policies is not None
    return term.policies


def _in_shares(term: Term) -> bool:
    return METRICS[term.metric].carrier in {"ratio", "within"}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Much goes wrong, beneath most of all, and most of it is paid for on every level."""
    estate = draw(_ESTATES)
    held = {
        id: tuple(draw(bound(version)) for version in versions)
        for id, versions in estate.agreements.items()
    }
    facts = draw(facts_about(estate, 4, 12))
    for number in range(draw(_FEW)):
        begin = START + draw(_HOURS) * HOUR
        span = Span(begin, begin + draw(_HOURS) * HOUR)
        facts.append(Outage(f"z-{number}", draw(_LEAVES), span))
    kinds = kinds_for(estate)
    early = []
    for number, fact in enumerate(facts):
        told = draw(_TOLD)
        if told == "alike":
            early.append(fact)
        elif told == "otherwise":
            early.append(renamed(draw(draw(st.sampled_from(kinds))), number))
        elif told == "of another service":
            early.append(replace(fact, service=draw(_LEAVES)))
    return Case(replace(estate, agreements=held), by_kind(facts), by_kind(early))


_TOLD: Final = st.sampled_from(("alike", "alike", "not at all", "otherwise", "of another service"))


_STRICT: Final = Fraction(9999, 10_000)
_TENTH: Final = (CreditTier(Fraction(1), Fraction(1, 10), nested=True),)
_EACH: Final = Scheme(PerOccurrence(Worth(percent=Fraction(1, 4))))
_SELDOM: Final = st.sampled_from((False, False, True))
_SHARES: Final = st.sampled_from(SHARE_POLICIES)
_EVENTS: Final = st.sampled_from(SINGLE_EVENT)
_CLAIMS: Final = st.none() | st.builds(Claims, st.integers(0, 60).map(lambda days: days * DAY))
_CONSEQUENCES: Final = {
    metric: st.just(Consequences()) | st.just(Consequences()) | consequences(metric)
    for metric in METRICS
}
_FEW: Final = st.integers(2, 6)
_HOURS: Final = st.integers(1, 300)
_LEAVES: Final = st.sampled_from(LEAVES)
_ESTATES: Final = estates()
CASES: Final = cases()


@st.composite
def anyhow(draw: st.DrawFn) -> Case:
    """Whatever documents can say, and facts of it: less goes wrong, in more ways."""
    estate = draw(_ANY)
    return Case(estate, draw(facts_of(estate)), Facts())


_ANY: Final = strategies.estates(most_leaves=3, most_composites=3)
EITHER: Final = CASES | anyhow()


def shares_add_up(breach: Breach, verdict: Verdict) -> None:
    """Shares come to the whole. Where each answers for all that it was needed for, nobody answers
    for more than all of it, and together they answer for all at least once."""
    shares = [one.share for one in breach.responsibility]
    borne = sum((one.share for one in breach.borne_by), Fraction(0))
    assert borne == sum(shares)
    assert all(share > 0 for share in shares)
    (found,) = (
        one for one in verdict.assessments if (one.key, one.period) == (breach.key, breach.period)
    )
    if breach.policy != "joint_and_several" or found.metric != "availability":
        assert borne == 1
        return
    assert borne >= 1
    assert all(share <= 1 for share in shares)
    if not found.windows:
        assert all(
            one.seconds == one.share * found.counted_seconds for one in breach.responsibility
        )


def same_but_shared_by(case: Case, policy: str) -> Case:
    """A case in which every breach is shared by another policy."""
    agreements = {
        id: tuple(
            replace(
                version,
                terms=tuple(
                    replace(term, policies=replace(_policies(term), shares=policy))
                    for term in version.terms
                ),
            )
            for version in versions
        )
        for id, versions in case.estate.agreements.items()
    }
    return replace(case, estate=replace(case.estate, agreements=agreements))


def each_answers_for_all(case: Case) -> None:
    """Joint and several, the very components answer that would share it, each for no less, and one
    that is alone for all; whatever they owe, no more comes back than was lost."""
    jointly, shared = (
        settle(held.estate, held.facts, SPRING)
        for held in (
            same_but_shared_by(case, "joint_and_several"),
            same_but_shared_by(case, "shapley"),
        )
    )
    assert jointly.credits == shared.credits
    assert len(jointly.breaches) == len(shared.breaches)
    for one, other in zip(jointly.breaches, shared.breaches, strict=True):
        shares_add_up(one, jointly)
        theirs, parts = contributions(one), contributions(other)
        assert theirs.keys() == parts.keys()
        if one.key.term == "t-availability":
            # Of what is measured by cases each part is borne once, whatever the policy.
            assert all(parts[key] <= theirs[key] <= 1 for key in parts)
        assert len(parts) > 1 or set(theirs.values()) == {1}
    for exposure in jointly.exposures:
        assert 0 <= exposure.recovered <= exposure.owed


def contributions(breach: Breach) -> Counter[tuple[str, str]]:
    """By component, whatever the ways it is reached by."""
    found = Counter[tuple[str, str]]()
    for one in breach.responsibility:
        found[one.party, one.service] += one.share
    return found


def conserves(case: Case) -> None:
    verdict = settle(case.estate, case.facts, SPRING)
    for breach in verdict.breaches:
        shares_add_up(breach, verdict)
    credits = due_in(verdict)
    owed, recovered, net, receivable = (Counter[str]() for _ in range(4))
    for one in verdict.exposures:
        steps = {step.step: step.amount for step in one.waterfall}
        assert tuple(steps) == WATERFALL
        due = credits.get((one.key, one.period))
        assert sum(steps.values()) == one.owed == (due.money.amount if due else 0)
        assert one.net == one.owed - steps["RECOVERED"] == one.owed - one.recovered
        owed[one.currency] += one.owed
        recovered[one.currency] += one.recovered
        net[one.currency] += one.net
    for credit in verdict.credits:
        if credit.creditor in case.estate.metadata.home and credit.debtor.startswith(SELLERS):
            receivable[credit.money.currency] += credit.money.amount
    totals = scorecard(case.estate, verdict, "service").totals
    assert Counter({one.currency: one.owed for one in totals}) == owed
    assert Counter({one.currency: one.recovered for one in totals}) == recovered
    assert Counter({one.currency: one.net for one in totals}) == net
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


@settings(slowly, max_examples=3)
@given(CASES)
def test_jointly_and_severally_each_answers_for_all_and_no_more_comes_back_than_was_lost(
    case: Case,
) -> None:
    each_answers_for_all(case)


@pytest.mark.long
@settings(slowly, max_examples=1000)
@given(CASES)
def test_jointly_and_severally_each_answers_for_all_at_length(case: Case) -> None:
    each_answers_for_all(case)


@settings(slowly, max_examples=3)
@given(EITHER)
def test_of_breaches_credits_and_books_nothing_appears_and_nothing_is_lost(case: Case) -> None:
    conserves(case)


@pytest.mark.long
@settings(slowly, max_examples=1000)
@given(EITHER)
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


def ends_alike(case: Case, first: Sequence[AskedPeriod], again: Sequence[AskedPeriod]) -> None:
    """Once with facts that come late, are withdrawn and corrected, assessed before and after, some
    of it twice; once from nothing, by what is known in the end."""
    late: list[Entry] = []
    for facts in (case.early, case.facts):
        for month in (*first, first[0]):
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


@settings(slowly, max_examples=2)
@given(CASES, ORDERS, ORDERS)
def test_replay_from_nothing_in_another_order_ends_in_the_same_balances(
    case: Case, first: Sequence[AskedPeriod], again: Sequence[AskedPeriod]
) -> None:
    ends_alike(case, first, again)


@pytest.mark.long
@settings(slowly, max_examples=500)
@given(CASES, ORDERS, ORDERS)
def test_replay_in_another_order_ends_alike_at_length(
    case: Case, first: Sequence[AskedPeriod], again: Sequence[AskedPeriod]
) -> None:
    ends_alike(case, first, again)
