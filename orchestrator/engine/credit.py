"""What one assessment costs before the limits of its agreement: its scheme, and the fee of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo
from fractions import Fraction
from typing import Final

from orchestrator.engine.downtime import measured_downtime
from orchestrator.engine.measure import Measured, Measurements
from orchestrator.engine.promises import rounded
from orchestrator.engine.schemes import Outcome, Reckoned, reckon
from orchestrator.engine.slices import counted_in
from orchestrator.engine.subjects import Subject
from orchestrator.model.agreements import scheme_of
from orchestrator.model.credits import Fee
from orchestrator.model.estate import Estate, Snapshot
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import TermKey
from orchestrator.model.schemes import WHOLE, Multiple, Scheme, Tiers
from orchestrator.model.values import SECOND, Money, Period, Span, zone

Ended = tuple[TermKey, Span]
"""One term's assessment in one period."""

NO_SCHEME: Final = Scheme(Tiers(()))
"""Nothing is due of itself."""

_HUNDRED: Final = Money(100, "XXX")
"""A fee of which what is due is a percentage."""


def ended(measured: Measured) -> Ended:
    return measured.assessment.key, measured.assessment.period


@dataclass(frozen=True, slots=True)
class Charge:
    """What one assessment costs before the limits of its agreement.

    `reckoned` is cut down to the cap of the scheme itself, `uncapped` is not; both hold what
    repetition adds, `repeated`. `percent` is of the fee, in hundredths of it.
    """

    measured: Measured
    scheme: Scheme
    outcome: Outcome
    reckoned: Reckoned
    uncapped: Fraction
    percent: Fraction
    repeated: Fraction = Fraction(0)

    @property
    def subject(self) -> Subject:
        return self.measured.subject

    @property
    def due(self) -> bool:
        """Whether anything is due, be it of a fee that is not stated."""
        return bool(self.percent or self.uncapped or self.reckoned.points)


def charge(estate: Estate, measured: Measured, measurements: Measurements) -> Charge | None:
    """What an assessment costs; None where nothing ever is paid for it: within one legal entity,
    for a goal, or while the target can still be kept."""
    attained = measured.assessment.attained
    if attained is None or not measured.pays or not settles(estate, measured):
        return None
    scheme = scheme_of(measured.subject.term) or NO_SCHEME
    outcome = outcome_of(estate, measured, scheme, measurements)
    without = replace(scheme, cap=None)
    found = reckon(without, outcome)
    return Charge(
        measured,
        scheme,
        outcome,
        reckon(scheme, outcome),
        found.amount,
        _percent(without, outcome),
    )


def settles(estate: Estate, measured: Measured) -> bool:
    """Whether money moves for a term: not within one legal entity, and not for a goal."""
    snapshot: Snapshot = estate.at(measured.assessment.period.start)
    version = measured.subject.version
    inside = snapshot.entity(version.provider) == snapshot.entity(version.customer)
    return not inside and measured.subject.term.strength != "goal"


def outcome_of(
    estate: Estate, measured: Measured, scheme: Scheme, measurements: Measurements
) -> Outcome:
    """What a scheme asks of an assessment. Occurrences are late cases, or outages as far as they
    count: downtime without a break. A mean that is missed is one."""
    term, assessment = measured.subject.term, measured.assessment
    assert assessment.attained is not None
    by_cases = measured.tally is not None
    return Outcome(
        rounded(term.measurement, assessment.attained),
        assessment.target,
        base_fee(measured, estate.metadata.currency),
        measured.downtime,
        assessment.hours_seconds * SECOND,
        (len(measured.missed) or int(measured.breached)) if by_cases else len(measured.counted),
        _affected(measured, measurements) if _weighs(scheme) else WHOLE,
        higher_is_better=METRICS[term.metric].higher_is_better,
    )


def _weighs(scheme: Scheme) -> bool:
    return isinstance(scheme.form, Multiple) and scheme.form.affected


def _affected(measured: Measured, measurements: Measurements) -> Fraction:
    """The mean share that was affected while down, by a term that does not weigh by it already."""
    subject = measured.subject
    measurement = subject.term.measurement
    if measurement.weighting != "none" or not measured.downtime:
        return WHOLE
    weighed = replace(
        subject,
        term=replace(subject.term, measurement=replace(measurement, weighting="affected_share")),
    )
    period = measured.assessment.period
    found = measured_downtime(measurements.seen, weighed, period, measurements.moment)
    down = counted_in(found.stretches)
    return down / measured.downtime


def _percent(scheme: Scheme, outcome: Outcome) -> Fraction:
    """What a scheme comes to as a percentage of the fee; 0 of what it states as a sum."""
    found = reckon(scheme, replace(outcome, fee=_HUNDRED, invoice=None))
    return found.amount if found.currency == _HUNDRED.currency else Fraction(0)


# --- fees ----------------------------------------------------------------------------------------


def base_fee(measured: Measured, currency: str) -> Money:
    """The fee of an assessment's period; nothing of the estate's currency where none is stated."""
    return fee_of(measured.subject, measured.assessment.period) or Money(0, currency)


def fee_of(subject: Subject, period: Span) -> Money | None:
    """The fee of a subject for a period; None where none is stated."""
    fees = fees_of(subject)
    if not fees:
        return None
    start_day = subject.term.period.start_day if subject.term.period else 1
    where = zone(subject.version.timezone)
    amounts = (fee_base(fee, period, start_day, where).amount for fee in fees)
    return Money(sum(amounts), fees[0].money.currency)


def fee_base(fee: Fee, period: Span, start_day: int, where: tzinfo) -> Money:
    """The fee of a period. A fee per quarter or year is spread evenly over its months, of whatever
    length; a part of a month counts by its share of the month's time. Months start on a day."""
    months = Fraction(0)
    for month in Period("month", start_day).over(period, where):
        part = month & period
        assert part is not None
        months += Fraction(part.length, month.length)
    return fee.money.times(months / Period(fee.per).months)


def own_fees(subject: Subject) -> tuple[Fee, ...]:
    """The fees that are stated for the covered services themselves, of which several are measured
    together as one; those in the currency of the first."""
    fees = [cover.fee for cover in subject.covers if cover.fee]
    return tuple(fee for fee in fees if fee.money.currency == fees[0].money.currency)


def fees_of(subject: Subject) -> tuple[Fee, ...]:
    """The fees that a subject's credits are a part of: those of what it covers, or the term's."""
    return own_fees(subject) or ((subject.term.fee,) if subject.term.fee else ())


def paid_for(subject: Subject) -> str:
    """What names the fee an assessment's credit is a part of: services without a fee of their own
    share that of the agreement."""
    return "+".join(subject.services) if own_fees(subject) else ""
