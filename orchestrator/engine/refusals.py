"""What was claimed as excused and counts all the same, and why (rules 6 and 18).

Only time that counted is told: a refusal that changed nothing is of no interest. What the customer
caused, with evidence, under an agreement that says nothing of it, is proposed as relief: the
parties decide, and nothing is excused by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.excuses import RULES, Refusal
from orchestrator.engine.findings import place
from orchestrator.engine.intervals import Intervals, intersect, total, union
from orchestrator.engine.subjects import Subject
from orchestrator.model.estate import Snapshot
from orchestrator.model.records import Assessment, Finding
from orchestrator.model.values import SECOND, Duration, format_exact

CUSTOMER: Final = "customer"
"""The category of what the customer of an agreement caused."""

NAMED: Final = 5
"""So many facts are named in a finding; the message says how many there are in all."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Counted time that was claimed of a category and is refused by one of `excuses.RULES`."""

    category: str
    rule: str
    facts: tuple[str, ...]
    time: Duration


@dataclass(frozen=True, slots=True)
class Relief:
    """Counted time that the customer caused, of categories that the agreement does not excuse."""

    categories: tuple[str, ...]
    facts: tuple[str, ...]
    time: Duration


def refused(refusals: Sequence[Refusal], counted: Intervals) -> tuple[Refused, ...]:
    """What refusals come to within the time that counted, by category and rule."""
    together: dict[tuple[str, str], dict[str, list[tuple[int, int]]]] = {}
    for one in refusals:
        if inside := intersect(one.intervals, counted):
            facts = together.setdefault((one.category, one.rule), {})
            facts.setdefault(one.report.id, []).extend(inside)
    return tuple(
        Refused(
            category,
            rule,
            tuple(sorted(facts)),
            total(union(interval for spans in facts.values() for interval in spans)),
        )
        for (category, rule), facts in sorted(together.items())
    )


def relief(
    refusals: Sequence[Refusal], counted: Intervals, subject: Subject, snapshot: Snapshot
) -> Relief | None:
    """What the customer caused of the time that counted, as far as the agreement knows no such
    excuse."""
    customer = snapshot.entity(subject.version.customer)
    categories, facts = set[str](), set[str]()
    spans: list[tuple[int, int]] = []
    for one in refusals:
        excuse = one.report.outage and one.report.outage.excuse
        if one.rule != "CATEGORY" or not excuse or excuse.category != one.category:
            continue
        caused = snapshot.entity(excuse.party) == customer if excuse.party else (
            excuse.category == CUSTOMER
        )  # fmt: skip
        inside = intersect(one.intervals, counted)
        if caused and excuse.evidence and inside:
            categories.add(excuse.category)
            facts.add(one.report.id)
            spans += inside
    if not spans:
        return None
    return Relief(tuple(sorted(categories)), tuple(sorted(facts)), total(union(spans)))


def refusal_findings(assessment: Assessment, found: Sequence[Refused]) -> Iterator[Finding]:
    """Every refusal, and the rule that refuses it."""
    key = assessment.key
    for one in found:
        yield Finding(
            "EXCUSE_REFUSED",
            "info",
            f"{key.agreement}/{key.term} on {key.service} in {assessment.period}: "
            f"{_seconds(one.time)} s claimed as {one.category} by {_named(one.facts)} count: "
            f"{RULES[one.rule]} ({one.rule})",
            (key.agreement, key.term, key.service, *one.facts[:NAMED]),
            place(key),
        )


def relief_finding(
    subject: Subject, assessment: Assessment, found: Relief, without: Assessment
) -> Finding:
    """The proposal of relief; `without` is what the term would come to."""
    key, version = assessment.key, subject.version
    duties = sorted(
        duty.id
        for duty in version.provisions.obligations
        if duty.category in found.categories and version.customer in duty.by
    )
    duty = f", against its duty {', '.join(duties)}" if duties else ""
    attained = without.attained if without.attained is not None else Fraction(0)
    return Finding(
        "RELIEF_PROPOSED",
        "warning",
        f"{key.agreement}/{key.term} on {key.service} in {assessment.period}: {version.customer} "
        f"caused {_seconds(found.time)} s ({_named(found.facts)}){duty}, which the agreement does "
        f"not excuse; with relief {float(attained):.7g} would be attained ({without.status}). "
        "It counts until the parties agree",
        (key.agreement, key.term, key.service, *found.facts[:NAMED]),
        place(key),
    )


def _named(facts: Sequence[str]) -> str:
    more = f" and {len(facts) - NAMED:,} more" if len(facts) > NAMED else ""
    return ", ".join(facts[:NAMED]) + more


def _seconds(time: Duration) -> str:
    return format_exact(Fraction(time, SECOND))
