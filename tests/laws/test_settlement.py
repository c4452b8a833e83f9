"""Settlement against a plain loop over minutes and months, to the cent, whatever span is asked.

The loop knows neither intervals nor stages held in a table: it counts minutes one by one, and
writes each rule out where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.booking import bookings
from orchestrator.engine.ledger import balances, reconcile, verify
from orchestrator.engine.settle import reach_of, settle
from orchestrator.model.agreements import Cover, Policies, Term, Version
from orchestrator.model.breaches import (
    Bonus,
    ClassBound,
    Classes,
    Consequences,
    EarnBack,
    Repeated,
    RepeatRule,
)
from orchestrator.model.credits import Cap, Fee
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.parties import Party
from orchestrator.model.records import Facts, Outage, Verdict
from orchestrator.model.schemes import (
    Linear,
    Multiple,
    PerOccurrence,
    PerTime,
    Points,
    Row,
    Scheme,
    Slope,
    Tiers,
    Worth,
)
from orchestrator.model.services import Needs, Service
from orchestrator.model.values import FOREVER, MINUTE, AskedPeriod, Money, Span, instant_of
from tests.laws.build import law_of

MONTHS = 7
STARTS = [instant_of(datetime(2026, month, 1, tzinfo=UTC)) // MINUTE for month in range(1, 9)]
"""In minutes."""
SERVICES = ("s0", "s1")
TARGETS = (Fraction(999, 1000), Fraction(99, 100))
FIRST, LAST = STARTS[0], STARTS[MONTHS]


def eur(cents: int) -> Money:
    return Money(cents, "EUR")


@dataclass(frozen=True)
class Case:
    """An agreement on two services that share a third, and when each was down, in minutes."""

    version: Version
    outages: tuple[tuple[str, str, int, int], ...]

    @property
    def estate(self) -> Estate:
        needs = Needs("base")
        services = [Service("base", owner="us")]
        services += [Service(id, owner="us", requires=needs) for id in SERVICES]
        return Estate(
            Metadata("test", ("us",)),
            {},
            always(Party("us"), Party("shop")),
            always(*services),
            {"sla": (self.version,)},
        ).normalised()

    @property
    def facts(self) -> Facts:
        return Facts(
            tuple(
                Outage(id, service, Span(start * MINUTE, end * MINUTE))
                for id, service, start, end in self.outages
            )
        )


_cents = st.integers(1, 20_000)
_parts = st.integers(1, 100).map(lambda part: Fraction(part, 100))
_levels = st.sampled_from([Fraction(part, 10_000) for part in (9500, 9900, 9950, 9990, 9999)])
_worths = st.builds(Worth, amount=_cents.map(eur)) | st.builds(Worth, percent=_parts)
_rows = st.lists(
    st.builds(lambda high, worth: Row(high, worth, nested=True), _levels, _parts),
    min_size=1,
    max_size=3,
).map(tuple)
_forms: st.SearchStrategy[Any] = st.one_of(
    st.builds(Tiers, _rows),
    st.builds(
        Linear,
        st.builds(
            Slope,
            _levels,
            _parts,
            st.just(Fraction(1, 1000)),
            st.sampled_from(("exact", "started", "complete")),
        ).map(lambda slope: (slope,)),
    ),
    st.builds(PerTime, _worths, st.just(MINUTE), st.sampled_from((0, 30 * MINUTE))),
    st.builds(PerOccurrence, _worths, st.integers(0, 1)),
    st.builds(Multiple, st.integers(1, 20).map(Fraction)),
    st.builds(
        Points,
        st.builds(
            lambda high, worth: (Row(high, Fraction(worth), nested=True),),
            _levels,
            st.integers(1, 5),
        ),
        _worths,
        st.integers(0, 2).map(Fraction),
    ),
)
_schemes = st.builds(
    Scheme, _forms, st.none() | st.builds(Cap, percent=_parts), st.none() | _cents.map(eur)
)
_repeats = st.builds(
    lambda counts, least, factor, extra: RepeatRule(
        Repeated(Fraction(counts[0]), counts[1], least), factor, extra
    ),
    st.sampled_from(((2, 2), (2, 3), (3, 4), (1, 1), (2, 5))),
    st.sampled_from(("minor", "minor", "major")),
    st.integers(2, 3).map(Fraction),
    st.none() | _worths,
)
_rules = st.builds(
    Consequences,
    st.none() | st.just(Classes((ClassBound("major", Fraction(98, 100)),))),
    st.lists(_repeats, min_size=1, max_size=2).map(tuple) | st.just(()),
    bonus=st.none()
    | st.builds(
        lambda low, worth: Bonus((Row(Fraction(1), worth, low, False, True),)),
        st.sampled_from((Fraction(9995, 10_000), Fraction(999, 1000))),
        _parts,
    ),
    earn_back=st.none()
    | st.builds(
        lambda counts, share, level: EarnBack(min(counts), max(counts), share, level),
        st.tuples(st.integers(1, 3), st.integers(1, 4)),
        _parts,
        st.none() | st.just(Fraction(9995, 10_000)),
    ),
)
_terms = st.builds(
    lambda target, scheme, rules: ("", target, scheme, rules),
    st.sampled_from(TARGETS),
    _schemes,
    _rules,
)
_limits = st.integers(5_000, 200_000).map(eur)
_least = st.none() | st.integers(1, 3_000).map(eur)
_caps = st.lists(
    st.builds(Cap, percent=st.integers(10, 100).map(lambda part: Fraction(part, 100)))
    | st.builds(Cap, amount=_limits),
    max_size=2,
).map(tuple)
_versions = st.builds(
    lambda terms, fee, caps, annual, minimum, event: Version(
        "sla",
        1,
        "SLA",
        "us",
        "shop",
        tuple(Cover(service, "whole") for service in SERVICES),
        tuple(
            Term(f"t{number}", "availability", target, "credit_backed", credits=scheme,
                 consequences=rules)
            for number, (_, target, scheme, rules) in enumerate(terms)
        ),
        Span(FIRST * MINUTE, FOREVER),
        fee=Fee(fee),
        policies=Policies(single_event=event),
        caps=caps,
        annual_caps=annual,
        minimum_credit=minimum,
    ),
    st.lists(_terms, min_size=1, max_size=2),
    st.integers(1000, 100_000).map(eur),
    _caps,
    _caps,
    _least,
    st.sampled_from(("sum", "highest_only", "per_service")),
)  # fmt: skip
_outages = st.lists(
    st.tuples(
        st.sampled_from((*SERVICES, "base")),
        st.integers(FIRST, LAST - 1),
        st.sampled_from((5, 44, 60, 300, 450, 900, 1500)),
    ),
    min_size=3,
    max_size=12,
).map(
    lambda found: tuple(
        (f"o-{number}", service, start, start + length)
        for number, (service, start, length) in enumerate(found)
    )
)
CASES = st.builds(Case, _versions, _outages)
SPANS = st.tuples(st.integers(0, MONTHS - 1), st.integers(1, 3)).map(
    lambda pair: (pair[0], min(MONTHS, pair[0] + pair[1]))
)


# --- the plain loop ------------------------------------------------------------------------------


def half_up(amount: Fraction) -> int:
    return math.floor(amount + Fraction(1, 2))


def shared_out(total: int, weights: Sequence[int]) -> list[int]:
    """Unit by unit, to whoever is furthest below what is theirs: the largest remainder."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    for _ in range(total - sum(parts)):
        short = [Fraction(total * w, whole) - part for w, part in zip(weights, parts, strict=True)]
        parts[short.index(max(short))] += 1
    return parts


class Month:
    """What one service was down in one month."""

    def __init__(self, case: Case, service: str, month: int) -> None:
        first, end = STARTS[month], STARTS[month + 1]
        down: set[int] = set()
        self.events = set()
        for id, where, start, stop in case.outages:
            if where in (service, "base"):
                inside = set(range(max(start, first), min(stop, end)))
                down |= inside
                if inside:
                    self.events.add(id)
        self.down = len(down)
        self.runs = sum(minute - 1 not in down for minute in down)
        self.minutes = end - first
        self.attained = 1 - Fraction(self.down, self.minutes)


def worth(value: Worth, units: Fraction, fee: int) -> Fraction:
    return units * (value.amount.amount if value.amount else (value.percent or 0) * fee)


def best(rows: Sequence[Row], attained: Fraction) -> Fraction:
    return max([row.worth for row in rows if attained < row.high], default=Fraction(0))


def by_form(form: Any, at: Month, missed: bool, fee: int) -> Fraction:
    if isinstance(form, Tiers):
        return best(form.rows, at.attained) * fee
    if isinstance(form, Linear):
        (slope,) = form.slopes
        units = max(slope.below - at.attained, Fraction(0)) * 1000
        rounding = {"exact": Fraction, "started": math.ceil, "complete": math.floor}
        return Fraction(rounding[slope.steps](units)) * slope.percent * fee
    if isinstance(form, Points):
        assert form.worth is not None
        return worth(form.worth, max(best(form.rows, at.attained) - form.free, Fraction(0)), fee)
    if not missed:
        return Fraction(0)
    if isinstance(form, PerTime):
        return worth(form.worth, Fraction(max(at.down - form.free // MINUTE, 0)), fee)
    if isinstance(form, PerOccurrence):
        return worth(form.worth, Fraction(max(at.runs - form.free, 0)), fee)
    return Fraction(at.down, at.minutes) * form.factor * fee


def within(amount: Fraction, cap: Cap | None, fee: int) -> Fraction:
    if cap is None or cap.percent is None:
        return amount
    return min(amount, Fraction(math.floor(cap.percent * fee)))


Sums = dict[tuple[str, str, int], int]


Months = dict[tuple[str, int], Month]


def settled_plainly(case: Case) -> tuple[Sums, Sums, Sums]:
    """Credits, bonuses and what is earned back, by term, service and month."""
    assert case.version.fee is not None
    fee = case.version.fee.money.amount
    months = {(s, m): Month(case, s, m) for s in SERVICES for m in range(MONTHS)}
    credits = limited_plainly(case, months, due_plainly(case, months, fee), fee)
    bonuses, back = rewarded_plainly(case, months, credits, fee)
    return {key: one for key, one in credits.items() if one}, bonuses, back


def pairs_of(case: Case) -> list[tuple[Term, str]]:
    return [(term, service) for term in case.version.terms for service in SERVICES]


def due_plainly(case: Case, months: Months, fee: int) -> dict[tuple[str, str, int], Fraction]:
    """What each term's month costs with what repetition adds, before the agreement's limits."""
    due: dict[tuple[str, str, int], Fraction] = {}
    for term, service in pairs_of(case):
        scheme, rules = term.credits, term.consequences
        assert isinstance(scheme, Scheme)
        waiting: list[list[int]] = [[] for _ in rules.repeats]
        for month in range(MONTHS):
            at = months[service, month]
            missed = at.attained < term.target
            plain = within(by_form(scheme.form, at, missed, fee), scheme.cap, fee)
            more = Fraction(0)
            for rule, counted in zip(rules.repeats, waiting, strict=True):
                major = rules.classes is not None and at.attained < Fraction(98, 100)
                if missed and (rule.when.at_least == "minor" or major):
                    counted.append(month)
                    while counted[0] <= month - rule.when.periods:
                        counted.pop(0)
                    if len(counted) >= rule.when.count:
                        counted.clear()
                        more += plain * (rule.factor - 1)
                        if rule.extra is not None:
                            more += worth(rule.extra, Fraction(1), fee)
            due[term.id, service, month] = within(plain + more, scheme.cap, fee)
    return due


def limited_plainly(
    case: Case, months: Months, due: dict[tuple[str, str, int], Fraction], fee: int
) -> Sums:
    version, pairs = case.version, pairs_of(case)
    credits: Sums = {}
    used = 0
    for month in range(MONTHS):
        amounts = [half_up(due[term.id, service, month]) for term, service in pairs]
        paid: list[int] = []
        for i in sorted(range(len(pairs)), key=lambda i: (-amounts[i], i)):
            events = months[pairs[i][1], month].events
            clashes = [
                j
                for j in paid
                if events & months[pairs[j][1], month].events
                and version.policies.single_event != "sum"
                and (version.policies.single_event == "highest_only" or pairs[i][1] == pairs[j][1])
            ]
            if amounts[i] and not clashes:
                paid.append(i)
        amounts = [amount if i in paid else 0 for i, amount in enumerate(amounts)]
        amounts = capped_plainly(amounts, least_of(version.caps, fee, fee))
        left = least_of(version.annual_caps, 12 * fee, 10**12) - used
        amounts = capped_plainly(amounts, max(0, left))
        for i, (term, _) in enumerate(pairs):
            assert isinstance(term.credits, Scheme)
            least = term.credits.minimum
            if least is not None and amounts[i] <= least.amount:
                amounts[i] = 0
        if version.minimum_credit is not None and sum(amounts) <= version.minimum_credit.amount:
            amounts = [0] * len(amounts)
        used += sum(amounts)
        for (term, service), amount in zip(pairs, amounts, strict=True):
            credits[term.id, service, month] = amount
    return credits


def least_of(caps: Sequence[Cap], fee: int, most: int) -> int:
    for cap in caps:
        assert cap.amount or cap.percent is not None
        most = min(most, cap.amount.amount if cap.amount else math.floor((cap.percent or 0) * fee))
    return most


def capped_plainly(amounts: list[int], most: int) -> list[int]:
    return shared_out(most, amounts) if sum(amounts) > most else amounts


def rewarded_plainly(case: Case, months: Months, credits: Sums, fee: int) -> tuple[Sums, Sums]:
    bonuses: Sums = {}
    back: Sums = {}
    for (id, service, month), credit in credits.items():
        term = case.version.term(id)
        rules, at = term.consequences, months[service, month]
        if rules.bonus is not None and at.attained >= term.target:
            (row,) = rules.bonus.rows
            if at.attained > row.low:
                bonuses[id, service, month] = half_up(row.worth * fee)
        rule = rules.earn_back
        level = (rule.level if rule and rule.level is not None else None) or term.target
        if rule is None or level < term.target:
            continue
        good = 0
        for later in range(month + 1, min(month + rule.expires, MONTHS - 1) + 1):
            good = good + 1 if months[service, later].attained >= level else 0
            if good >= rule.periods:
                amount = math.floor(rule.share * credit)
                if amount:
                    back[id, service, month * 100 + later] = amount
                break
    return {key: one for key, one in bonuses.items() if one}, back


# --- the two held against each other -------------------------------------------------------------


def months_of(span: Span) -> int:
    return STARTS.index(span.start // MINUTE)


def found_in(verdict: Verdict) -> tuple[Sums, Sums, Sums]:
    credits = {
        (one.key.term, one.key.service, months_of(one.period)): one.money.amount
        for one in verdict.credits
        if one.money.amount
    }
    bonuses = {
        (one.key.term, one.key.service, months_of(one.period)): one.money.amount
        for one in verdict.rewards
        if one.kind == "bonus"
    }
    back = {
        (one.key.term, one.key.service, months_of(one.period) * 100 + months_of(one.earned)):
        one.money.amount
        for one in verdict.rewards
        if one.kind == "earn_back"
    }  # fmt: skip
    return credits, bonuses, back


def asked_for(first: int, end: int) -> AskedPeriod:
    return AskedPeriod(STARTS[first] * MINUTE, STARTS[end] * MINUTE)


def settles_as_the_loop_does(case: Case, span: tuple[int, int]) -> None:
    first, end = span
    verdict = settle(case.estate, case.facts, asked_for(first, end))
    credits, bonuses, back = settled_plainly(case)
    assert found_in(verdict) == (
        {key: one for key, one in credits.items() if first <= key[2] < end},
        {key: one for key, one in bonuses.items() if first <= key[2] < end},
        {key: one for key, one in back.items() if first <= key[2] % 100 < end},
    )
    wanted = list(bookings(verdict))
    books = reconcile((), wanted).entries
    verify(books)
    assert sum(balances(books).values()) == 0
    for exposure in verdict.exposures:
        assert sum(step.amount for step in exposure.waterfall) == exposure.owed


@law_of(200)
@given(CASES, SPANS)
def test_every_span_is_settled_as_the_plain_loop_does(case: Case, span: tuple[int, int]) -> None:
    settles_as_the_loop_does(case, span)


@pytest.mark.long
@law_of(3000)
@given(CASES, SPANS)
def test_thousands_of_spans_are_settled_alike(case: Case, span: tuple[int, int]) -> None:
    settles_as_the_loop_does(case, span)


@law_of(40)
@given(CASES, SPANS)
def test_facts_outside_of_its_reach_make_no_difference(case: Case, span: tuple[int, int]) -> None:
    asked = asked_for(*span)
    reach = reach_of(case.estate, asked)
    near = replace(
        case.facts, outages=tuple(one for one in case.facts.outages if one.span.meets(reach))
    )
    assert settle(case.estate, near, asked) == settle(case.estate, case.facts, asked)
