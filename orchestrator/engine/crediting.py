"""Every credit due, cut down to the limits of its agreement in the order of rule 11."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from orchestrator.engine.credit import Charge, Ended, ended, fee_of, fees_of, paid_for
from orchestrator.engine.exchange import Exchange
from orchestrator.engine.lapses import shifted
from orchestrator.engine.limits import Due, Year, due_of, owed
from orchestrator.engine.measure import Measured
from orchestrator.engine.promises import policies_of
from orchestrator.engine.subjects import Subject, subjects
from orchestrator.model.agreements import Version
from orchestrator.model.credits import Cap, Fee
from orchestrator.model.estate import Estate
from orchestrator.model.records import Credit, CreditStage, TermKey
from orchestrator.model.schemes import KIND_OF_FORM, Limits
from orchestrator.model.values import DAWN, Instant, Money, Period, Span, zone

Events = Callable[[Measured], frozenset[str]]
"""The facts that an assessment goes back to, by which one event is known."""

_MONTHS = 12


def credits_due(
    estate: Estate, charges: Iterable[Charge | None], events: Events, exchange: Exchange
) -> dict[Ended, Credit]:
    """Every credit due, agreement by agreement and period by period in the order of time, so that
    a cap for a contract year leaves to each period what the earlier ones have not used. Sorted by
    agreement, term, service and period."""
    together: dict[tuple[str, Span, int, str], list[Charge]] = {}
    for one in charges:
        if one is not None and one.due:
            key, period = ended(one.measured)
            shared = (key.agreement, period, key.version, one.reckoned.currency)
            together.setdefault(shared, []).append(one)
    used: dict[tuple[str, Instant, str], int] = {}
    credits: list[Credit] = []
    for shared in sorted(together, key=lambda k: (k[0], k[1].end, *k[1:])):
        agreement, period, _, currency = shared
        year = contract_year(estate.agreements[agreement], period.start)
        brought = used.get((agreement, year.start, currency), 0)
        paid = _limited(together[shared], events, exchange, brought)
        used[agreement, year.start, currency] = brought + sum(one.money.amount for one in paid)
        credits += paid
    credits.sort(
        key=lambda c: (c.key.agreement, c.key.term, c.key.service, c.period.start, c.key.version)
    )
    return {(credit.key, credit.period): credit for credit in credits}


def contract_year(versions: Sequence[Version], at: Instant) -> Span:
    """The year of a contract that holds an instant: from one anniversary of its beginning to the
    next, or the calendar year of one that has no beginning."""
    bound = [version for version in versions if version.binds] or list(versions)
    where = zone(bound[0].timezone)
    start = min(version.effective.start for version in bound)
    if start <= DAWN or at < start:
        return Period("year").containing(at, where)
    number = 0
    while shifted(start, where, months=_MONTHS * (number + 1)) <= at:
        number += 1
    return Span(
        shifted(start, where, months=_MONTHS * number),
        shifted(start, where, months=_MONTHS * (number + 1)),
    )


def _limited(
    charges: Sequence[Charge], events: Events, exchange: Exchange, used: int
) -> list[Credit]:
    """The credits of one agreement, period and currency after all of its limits."""
    ordered = sorted(charges, key=lambda one: (one.subject.term.id, one.subject.services))
    version, currency = ordered[0].subject.version, ordered[0].reckoned.currency
    key, period = ended(ordered[0].measured)

    def here(money: Money, what: str) -> Money | None:
        return exchange.money(money, currency, period.end - 1, key, what)

    fees = _fees(version, period, here) if any(cap.percent for cap in version.caps) else None
    dues = [_due(one, events, here) for one in ordered]
    limits = Limits(
        version.policies.single_event,
        _caps(version.caps, here, fees),
        _caps(version.annual_caps, here),
        version.minimum_credit and here(version.minimum_credit, "the minimum credit is no limit"),
    )
    year = Year(used, _fee_of_year(version, currency) if version.annual_caps else None)
    return [
        _credit(one, found.money, found.stages)
        for one, found in zip(ordered, owed(dues, limits, {currency: year}), strict=True)
    ]


_Here = Callable[[Money, str], Money | None]
"""Money in the currency of the credits; None where no rate is stated."""


def _due(one: Charge, events: Events, here: _Here) -> Due:
    subject, term = one.subject, one.subject.term
    policy = policies_of(term).single_event
    found = due_of(
        one.scheme,
        one.outcome,
        term=term.id,
        service="+".join(subject.services),
        paid_for=paid_for(subject),
        events=events(one.measured) if policy != "sum" else (),
    )
    return replace(
        found,
        reckoned=one.reckoned,
        fee=found.fee and here(found.fee, "the fee is no limit"),
        minimum=found.minimum and here(found.minimum, "the minimum credit is no limit"),
        single_event=policy,
    )


def _caps(caps: Sequence[Cap], here: _Here, fees: Money | None = None) -> tuple[Cap, ...]:
    """Caps with their sums in the currency of the credits, those without a rate left out; the
    percentages of `fees`, where these are known, as sums."""
    found = []
    for cap in caps:
        amount = cap.amount and here(cap.amount, "the cap is no limit")
        if cap.percent is not None and fees is not None:
            amount = Money(math.floor(cap.percent * fees.amount), fees.currency)
            found.append(Cap(amount=amount))
        elif cap.percent is not None or amount is not None:
            found.append(Cap(cap.percent, amount))
    return tuple(found)


def _fees(version: Version, period: Span, here: _Here) -> Money | None:
    """The fees of a period for all that an agreement covers, missed or not, each counted once;
    None where one is not stated, or without a rate."""
    fees: dict[str, Money] = {}
    for subject in subjects(version):
        stated = fee_of(subject, period)
        fee = stated and here(stated, "the fee is no limit")
        if fee is None:
            return None
        name = paid_for(subject)
        fees[name] = max(fees.get(name, fee), fee, key=lambda one: one.amount)
    return Money(sum(one.amount for one in fees.values()), next(iter(fees.values())).currency)


def _fee_of_year(version: Version, currency: str) -> int | None:
    """The fees of a year, each counted once; None where one is not stated in the currency."""
    fees: dict[str, int] = {}
    for subject in subjects(version):
        stated = fees_of(subject)
        if not stated or stated[0].money.currency != currency:
            return None
        name = paid_for(subject)
        fees[name] = max(fees.get(name, 0), sum(map(_yearly, stated)))
    return sum(fees.values())


def _yearly(fee: Fee) -> int:
    return fee.money.times(Fraction(_MONTHS, Period(fee.per).months)).amount


def _credit(one: Charge, money: Money, stages: Sequence[tuple[str, int]]) -> Credit:
    subject: Subject = one.subject
    unit = Money(1, money.currency)
    key: TermKey = one.measured.assessment.key
    return Credit(
        key,
        one.measured.assessment.period,
        subject.version.provider,
        subject.version.customer,
        money,
        one.percent,
        unit.times(one.uncapped),
        KIND_OF_FORM[type(one.scheme.form)].id,
        one.reckoned.points,
        unit.times(one.repeated).amount,
        tuple(CreditStage(stage, amount) for stage, amount in stages),
    )
