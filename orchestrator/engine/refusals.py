"""What was claimed as excused and counts all the same, and why (rules 6 and 18).

Only time that counted is told: a refusal that changed nothing is of no interest. What the customer
caused, with evidence, under an agreement that says nothing of it, is proposed as relief, and so is
time for which an assumption of the agreement did not hold, while it was valid: the parties decide,
and nothing is excused by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.excuses import RULES, Refusal
from orchestrator.engine.findings import place
from orchestrator.engine.intervals import Intervals, clip, intersect, total, union
from orchestrator.engine.subjects import Subject, acting
from orchestrator.model.boundaries import Assumption
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
    """Counted time that the agreement does not excuse: what the customer caused, by category, and
    that for which one of its `assumptions` did not hold. `whole` is whether that is all that was
    claimed of the categories."""

    categories: tuple[str, ...]
    facts: tuple[str, ...]
    time: Duration
    assumptions: tuple[Assumption, ...] = ()
    whole: bool = True


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
    excuse, and what falls to an assumption that did not hold."""
    customer = acting(snapshot, subject.version, subject.version.customer)
    taken = _assumed(subject, snapshot)
    categories, facts, violated = set[str](), set[str](), dict[str, Assumption]()
    spans: list[tuple[int, int]] = []
    whole = True
    for one in refusals:
        excuse = one.report.outage and one.report.outage.excuse
        if one.rule != "CATEGORY" or not excuse or excuse.category != one.category:
            continue
        inside = intersect(one.intervals, counted)
        if assumption := taken.get(one.category):
            valid = clip(inside, assumption.valid.start, assumption.valid.end)
            whole = whole and valid == inside
            inside, caused = valid, True
        elif excuse.party:
            caused = acting(snapshot, subject.version, excuse.party) == customer
        else:
            caused = excuse.category == CUSTOMER
        if caused and excuse.evidence and inside:
            categories.add(excuse.category)
            facts.add(one.report.id)
            spans += inside
            if assumption:
                violated[assumption.id] = assumption
    if not spans:
        return None
    return Relief(
        tuple(sorted(categories)),
        tuple(sorted(facts)),
        total(union(spans)),
        tuple(violated[id] for id in sorted(violated)),
        whole,
    )


def _assumed(subject: Subject, snapshot: Snapshot) -> dict[str, Assumption]:
    """The assumptions whose violation brings a proposal of relief: an excuse claims it by their id
    as its category. What the provider has to see to itself relieves it of nothing."""
    version = subject.version
    provider = acting(snapshot, version, version.provider)
    return {
        one.id: one
        for one in version.provisions.assumptions
        if one.effect == "relief" and acting(snapshot, version, one.party) != provider
    }


def refusal_findings(assessment: Assessment, found: Sequence[Refused]) -> Iterator[Finding]:
    """Every refusal, and the rule that refuses it."""
    key = assessment.key
    for one in found:
        yield Finding(
            "EXCUSE_REFUSED",
            "info",
            f"{key.agreement}/{key.term} on {key.service} in {assessment.period}: "
            f"{seconds(one.time)} s claimed as {one.category} by {named(one.facts)} count: "
            f"{RULES[one.rule]} ({one.rule})",
            (key.agreement, key.term, key.service, *one.facts[:NAMED]),
            place(key),
        )


def relief_finding(
    subject: Subject, assessment: Assessment, found: Relief, without: Assessment
) -> Finding:
    """The proposal of relief; `without` is what the term would come to, where all that was claimed
    would be excused."""
    key, version = assessment.key, subject.version
    caused = set(found.categories) - {one.id for one in found.assumptions}
    duties = sorted(
        duty.id
        for duty in version.provisions.obligations
        if duty.category in caused and version.customer in duty.by
    )
    why = []
    if caused:
        duty = f", against its duty {', '.join(duties)}" if duties else ""
        why.append(f"caused by {version.customer}{duty}")
    why += [f"as {one.party} let the assumption {one.id} fail" for one in found.assumptions]
    would = ""
    if found.whole:
        attained = without.attained if without.attained is not None else Fraction(0)
        would = f"; with relief {float(attained):.7g} would be attained ({without.status})"
    return Finding(
        "RELIEF_PROPOSED",
        "warning",
        f"{key.agreement}/{key.term} on {key.service} in {assessment.period}: "
        f"{seconds(found.time)} s ({named(found.facts)}) {' and '.join(why)}, which the "
        f"agreement does not excuse{would}. It counts until the parties agree",
        (key.agreement, key.term, key.service, *found.facts[:NAMED]),
        place(key),
    )


def named(facts: Sequence[str]) -> str:
    """The first few of some facts by name, and how many more there are."""
    more = f" and {len(facts) - NAMED:,} more" if len(facts) > NAMED else ""
    return ", ".join(facts[:NAMED]) + more


def seconds(time: Duration) -> str:
    """A time in seconds, exactly."""
    return format_exact(Fraction(time, SECOND))
