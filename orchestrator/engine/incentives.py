"""What is odd about the measures of an agreement, joined to its lints: schemes that do not say what
they mean, metrics out of the obligor's hands, clocks that can be gamed (rule 18)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from orchestrator.engine.conduct import clock_findings, control_findings
from orchestrator.engine.schemelint import Promise, bonus_defects, scheme_defects
from orchestrator.engine.ticketed import WATCH_OF, times_tickets
from orchestrator.model.agreements import Term, Version, scheme_of
from orchestrator.model.clocking import ClockRules
from orchestrator.model.estate import Snapshot
from orchestrator.model.metrics import METRICS, Within
from orchestrator.model.records import Finding
from orchestrator.model.schemes import Limits, PublishedScheme

_PERCENTAGES: Final = frozenset(("ratio", "fault", "within"))
"""The carriers of which a table of percentages can speak."""


def scheme_findings(_: Snapshot, version: Version) -> Iterator[Finding]:
    """Overlaps, gaps, cliffs, credits where the target is met, and what else a table of credits or
    of bonuses may have."""
    for term in version.terms:
        promise = promise_of(version, term)
        if promise is None:
            continue
        scheme, bonus = scheme_of(term), term.consequences.bonus
        found = [("credits", one) for one in (scheme_defects(scheme, promise) if scheme else ())]
        found += [("bonus", one) for one in (bonus_defects(bonus, promise) if bonus else ())]
        for key, one in found:
            yield Finding(
                one.code,
                one.severity,
                f"{version.agreement}/{term.id}: {one.text}",
                (version.agreement, term.id),
                f"agreements[{version.agreement}].terms[{term.id}].{key}",
            )


def promise_of(version: Version, term: Term) -> Promise | None:
    """What the credits of a term are read against; None of one whose target is no percentage."""
    metric, target = METRICS[term.metric], term.target
    if isinstance(target, Within):
        target = target.share
    if metric.carrier not in _PERCENTAGES or not isinstance(target, Fraction):
        return None
    fee = term.fee or version.fee
    return Promise(
        target,
        metric.higher_is_better or metric.carrier == "within",
        term.measurement.rounding_places,
        Limits(caps=version.caps),
        fee.money if fee else None,
    )


def conduct_findings(snapshot: Snapshot, version: Version) -> Iterator[Finding]:
    """Measures that reward bad conduct of either side: of the terms that money hangs on, and of
    those that time tickets."""
    paid = [term for term in version.terms if scheme_of(term)]
    yield from control_findings(snapshot, version, paid)
    rules = [_clock(version.resolved(term)) for term in version.terms if times_tickets(term.metric)]
    yield from clock_findings(version, rules, version.provisions.obligations)


def _clock(term: Term) -> ClockRules:
    """How the clock of a term can be stopped. Whether a wait for the customer needs evidence is
    said by the customer's obligations."""
    measuring = term.measurement.measuring
    late = term.policies.customer_late if term.policies else "none"
    return ClockRules(
        (),
        WATCH_OF[term.metric].id,
        measuring.pauses,
        measuring.awaiting,
        late,
        reprioritised=measuring.reprioritised,
    )


def library_findings(schemes: tuple[PublishedScheme, ...]) -> tuple[Finding, ...]:
    """What is odd about published schemes, with each of the levels they are offered with."""
    found: dict[tuple[str, str, str], Finding] = {}
    for one in schemes:
        for target in one.targets:
            for defect in scheme_defects(one.scheme, Promise(target)):
                finding = Finding(
                    defect.code,
                    defect.severity,
                    f"{one.id}: {defect.text}",
                    (one.id,),
                    f"schemes[{one.id}].credits",
                )
                found.setdefault((one.id, defect.code, defect.text), finding)
    return tuple(found.values())
