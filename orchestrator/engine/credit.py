"""What a breach costs: credit tiers, fee bases, period caps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from fractions import Fraction

from orchestrator.engine.measure import Measured
from orchestrator.engine.promises import rounded
from orchestrator.engine.subjects import Subject
from orchestrator.model.credits import CreditTier, Fee
from orchestrator.model.estate import Estate, Snapshot
from orchestrator.model.records import Credit, TermKey
from orchestrator.model.values import Money, Period, Span, split, zone

Ended = tuple[TermKey, Span]
"""One term's assessment in one period."""


def ended(measured: Measured) -> Ended:
    return measured.assessment.key, measured.assessment.period


@dataclass(frozen=True, slots=True)
class Due:
    """A credit before the caps of its agreement: a share of a fee base."""

    measured: Measured
    percent: Fraction
    base: Money

    @property
    def subject(self) -> Subject:
        return self.measured.subject


def credits_due(estate: Estate, measured: Iterable[Measured]) -> dict[Ended, Credit]:
    """Every credit due, capped agreement by agreement and period by period; sorted by agreement,
    term, service and period."""
    together: dict[tuple[str, int, Span, str], list[Due]] = {}
    for one in measured:
        key, period = ended(one)
        found = due(one, estate.at(period.start), estate.metadata.currency)
        if found is not None:
            shared = (key.agreement, key.version, period, found.base.currency)
            together.setdefault(shared, []).append(found)
    credits = [credit for dues in together.values() for credit in capped(dues)]
    credits.sort(
        key=lambda c: (c.key.agreement, c.key.term, c.key.service, c.period.start, c.key.version)
    )
    return {(credit.key, credit.period): credit for credit in credits}


def due(measured: Measured, snapshot: Snapshot, currency: str) -> Due | None:
    """The credit one assessment brings, if any; none is paid within one legal entity,
    and none for a goal."""
    subject, attained = measured.subject, measured.assessment.attained
    version, term = subject.version, subject.term
    inside = snapshot.entity(version.provider) == snapshot.entity(version.customer)
    if attained is None or inside or term.strength == "goal" or not measured.pays:
        return None
    percent = percent_due(term.credits, rounded(term.measurement, attained))
    if not percent:
        return None
    fee = _own_fee(subject) or term.fee
    base = Money(0, currency)
    if fee is not None:
        start_day = term.period.start_day if term.period else 1
        base = fee_base(fee, measured.assessment.period, start_day, zone(version.timezone))
    return Due(measured, percent, base)


def percent_due(tiers: Sequence[CreditTier], attained: Fraction) -> Fraction:
    """The credit, as a ratio of the fee base, for an attained value: half-open and exact at the
    boundaries; the highest where rows overlap, none in a gap."""
    return max(
        (tier.percent for tier in tiers if tier.low <= attained < tier.high), default=Fraction(0)
    )


def fee_base(fee: Fee, period: Span, start_day: int, where: tzinfo) -> Money:
    """The fee of a period. A fee per quarter or year is spread evenly over its months, of whatever
    length; a part of a month counts by its share of the month's time. Months start on a day."""
    months = Fraction(0)
    for month in Period("month", start_day).over(period, where):
        part = month & period
        assert part is not None
        months += Fraction(part.length, month.length)
    return fee.money.times(months / Period(fee.per).months)


def _own_fee(subject: Subject) -> Fee | None:
    """The fee that is stated for the covered service itself."""
    return next((cover.fee for cover in subject.covers if cover.fee), None)


def capped(dues: Sequence[Due]) -> list[Credit]:
    """The credits of one agreement and period in one currency, cut down to its caps and to the
    fee; what is cut is spread in proportion."""
    ordered = sorted(dues, key=lambda one: (one.subject.term.id, one.subject.services))
    amounts = [one.base.times(one.percent).amount for one in ordered]
    most = _most(ordered)
    paid = split(most, list(map(Fraction, amounts))) if sum(amounts) > most else amounts
    return [
        Credit(
            one.measured.assessment.key,
            one.measured.assessment.period,
            one.subject.version.provider,
            one.subject.version.customer,
            Money(cents, one.base.currency),
            one.percent * 100,
            Money(amount, one.base.currency),
        )
        for one, amount, cents in zip(ordered, amounts, paid, strict=True)
    ]


def _most(dues: Sequence[Due]) -> int:
    """What a period's credits may reach: the fees themselves, and every cap of the agreement."""
    currency = dues[0].base.currency
    bases: dict[tuple[str, ...], int] = {}
    for one in dues:
        # Services without a fee of their own share that of the agreement.
        paid_for = one.subject.services if _own_fee(one.subject) else ()
        bases[paid_for] = max(bases.get(paid_for, 0), one.base.amount)
    fees = sum(bases.values())
    limits = [fees]
    for cap in dues[0].subject.version.caps:
        if cap.percent is not None:
            limits.append(Money(fees, currency).times(cap.percent).amount)
        if cap.amount is not None and cap.amount.currency == currency:
            limits.append(cap.amount.amount)
    return min(limits)
