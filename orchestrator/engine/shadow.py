"""Shadow: a draft replayed over recorded facts, as if it had been in force all along."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orchestrator.engine.settle import settle
from orchestrator.errors import refuse
from orchestrator.model.estate import Estate
from orchestrator.model.records import Credit, Facts
from orchestrator.model.values import ALWAYS, AskedPeriod, Span


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
    versions = estate.agreements.get(agreement, ())
    draft = next((version for version in versions if version.number == number), None)
    if draft is None:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"there is no version {number} of {agreement!r}",
            "name a version of the estate",
        )
    as_if = replace(draft, state="in_force", effective=ALWAYS)
    verdict = settle(
        replace(estate, agreements={**estate.agreements, agreement: (as_if,)}), facts, asked
    )
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
