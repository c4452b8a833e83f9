"""What is billed under an agreement: its billing periods, and the fee of each.

A fee per quarter or year is spread over its months, as the base of credits is, so that a credit is
a part of what it is deducted from. What is billed is the fee by the end of a period less the fee by
its beginning, each rounded half up to the minor unit: twelve months of a fee per year come to that
fee exactly, while each may differ by a minor unit from the base of its credits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from fractions import Fraction

from orchestrator.model.agreements import Version
from orchestrator.model.credits import Fee
from orchestrator.model.values import DAY, MONTH, Instant, Period, Span, civil_date, zone

_MONTHS = 12


def billing_period(version: Version) -> Period:
    """The period of an agreement; calendar months where it is a rolling one, which has no ends."""
    return MONTH if version.period.rolling else version.period


def billing_periods(version: Version, span: Span) -> list[Span]:
    """The billing periods of a version that end within a finite span, clipped to the version."""
    held = span & version.effective
    if held is None:
        return []
    every = billing_period(version).over(held, zone(version.timezone))
    parts = (part & version.effective for part in every)
    return [part for part in parts if part is not None and part.end <= span.end]


def billed_under(versions: Iterable[Version], due: Instant) -> Version | None:
    """The version under which something is billed that came to be owed at an instant; None where
    none was in force."""
    return next(
        (one for one in versions if one.binds and one.effective.start < due <= one.effective.end),
        None,
    )


def billed_in(version: Version, due: Instant) -> Span:
    """The billing period of a version that ends at an instant, or in which it lies."""
    whole = billing_period(version).containing(due - 1, zone(version.timezone)) & version.effective
    assert whole is not None, "it was not in force"
    return whole


def fees_billed(version: Version, period: Span) -> dict[str, int]:
    """The fees of a billing period by currency, in minor units: that of each covered service that
    has one of its own, and that of the agreement, once, for all others. Where terms state fees of
    their own besides, the highest counts, as it does for the base of credits."""
    where, start_day = zone(version.timezone), billing_period(version).start_day

    def amount(fee: Fee) -> int:
        until, since = (
            fee.money.times(_months(at, start_day, where) / Period(fee.per).months).amount
            for at in (period.end, period.start)
        )
        return until - since

    found: dict[str, int] = {}
    for alternatives in _fees(version):
        highest: dict[str, int] = {}
        for fee in alternatives:
            code = fee.money.currency
            highest[code] = max(highest.get(code, 0), amount(fee))
        for code, most in highest.items():
            found[code] = found.get(code, 0) + most
    return found


def _fees(version: Version) -> list[Sequence[Fee]]:
    """What is paid for, each with the fees that are stated for it."""
    found: list[Sequence[Fee]] = [(one.fee,) for one in version.covers if one.fee]
    if len(found) < len(version.covers) or not version.covers:
        stated = (version.fee, *(term.fee for term in version.terms))
        found.append([fee for fee in stated if fee])
    return found


def _months(at: Instant, start_day: int, where: tzinfo) -> Fraction:
    """How many months, which begin on a day, have passed at an instant since the year 0; a part of
    one counts by its share of the month's time."""
    month = Period("month", start_day).containing(at, where)
    # The day after the first is in the month whatever the clock of a zone does at midnight.
    day = civil_date(month.start + DAY, where)
    index = day.year * _MONTHS + day.month - 1 - (day.day < start_day)
    return index + Fraction(at - month.start, month.length)
