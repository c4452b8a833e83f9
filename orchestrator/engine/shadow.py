"""Shadow: a draft replayed over recorded facts, as if it had been in force all along."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from orchestrator.engine.settle import settle
from orchestrator.engine.signing import as_if
from orchestrator.errors import refuse
from orchestrator.model.agreements import Version
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import Credit, Facts, Verdict
from orchestrator.model.values import AskedPeriod, Span


@dataclass(frozen=True, slots=True)
class ShadowPeriod:
    """What a draft would have brought in one period: the breaches, and the credits owed."""

    period: Span
    breaches: int
    credits: tuple[Credit, ...]


def replayed(
    estate: Estate, facts: Facts, agreement: str, number: int, asked: AskedPeriod
) -> tuple[ShadowPeriod, ...]:
    """The would-be breaches and credits of a version in the periods that end in the span asked
    for, oldest first.

    The version takes the place of its agreement's others; what lies beneath is as it was. The
    same settlement as ever is asked, so that a replay says what the live one would have said.
    """
    verdict = _verdict(estate, facts, agreement, number, asked)
    assessments = [one for one in verdict.assessments if one.key.agreement == agreement]
    credits = [one for one in verdict.credits if one.key.agreement == agreement]
    return tuple(
        ShadowPeriod(
            period,
            sum(one.status == "BREACHED" for one in assessments if one.period == period),
            tuple(one for one in credits if one.period == period),
        )
        for period in sorted({one.period for one in assessments})
    )


def attained(
    estate: Estate, facts: Facts, agreement: str, number: int, term: str, asked: AskedPeriod
) -> tuple[Fraction, ...]:
    """What a term of a version would have come to in each of the periods that end in the span,
    oldest first; of several covered services, the worst. Periods nobody measured are left out."""
    verdict = _verdict(estate, facts, agreement, number, asked)
    found: dict[Span, Fraction] = {}
    for one in verdict.assessments:
        if (one.key.agreement, one.key.term) == (agreement, term) and one.attained is not None:
            worst = min if METRICS[one.metric].higher_is_better else max
            found[one.period] = worst(found.get(one.period, one.attained), one.attained)
    return tuple(found[period] for period in sorted(found))


def version_of(estate: Estate, agreement: str, number: int) -> Version:
    """One version of an agreement, or a refusal where there is none."""
    for version in estate.agreements.get(agreement, ()):
        if version.number == number:
            return version
    if agreement not in estate.agreements:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"there is no agreement {agreement!r}",
            "use an id of the estate",
        )
    raise refuse(
        "UNKNOWN_REFERENCE",
        f"there is no version {number} of {agreement!r}",
        "name a version of the estate",
    )


def _verdict(
    estate: Estate, facts: Facts, agreement: str, number: int, asked: AskedPeriod
) -> Verdict:
    held = as_if(estate, version_of(estate, agreement, number), always=True)
    return settle(held, facts, asked)
