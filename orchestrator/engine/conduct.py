"""Measures that reward bad conduct of either side: clocks that can be stopped at will, and metrics
in the hands of somebody else (rule 18)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from orchestrator.engine.ticket_pauses import Ignored
from orchestrator.model.agreements import Term, Version
from orchestrator.model.clocking import ClockRules
from orchestrator.model.duties import EFFECTS, Obligation
from orchestrator.model.estate import Snapshot
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import Finding
from orchestrator.model.services import AllOf, Needs
from orchestrator.model.values import format_instant

_MADE_BY_OTHERS: Final = frozenset(("contribution",))
"""Algebras of metrics to which nobody's part is known unless it is declared."""


def _place(version: Version, term: str = "") -> str:
    path = f"agreements[{version.agreement}]"
    return f"{path}.terms[{term}]" if term else path


# ------------------------------------------------------------------------------ out of one's hands


def control_findings(
    snapshot: Snapshot, version: Version, terms: Iterable[Term]
) -> Iterator[Finding]:
    """Terms with money behind them that the provider cannot keep by its own doing: what others'
    opinion or business decides, and a service that fails with one of the customer's own, where
    failures of the customer do not excuse."""
    for one in terms:
        term = version.resolved(one)
        if METRICS[term.metric].algebra in _MADE_BY_OTHERS:
            yield Finding(
                "METRIC_OUT_OF_CONTROL",
                "warning",
                f"{version.agreement}/{term.id}: {term.metric} does not depend on "
                f"{version.provider} alone, and a credit is due for it",
                (version.agreement, term.id),
                _place(version, term.id),
            )
        if "customer" in (term.exclusions or ()):
            continue
        for cover in version.covers:
            theirs = sorted(_of_the_customer(snapshot, version, cover.service))
            if cover.scope == "whole" and theirs:
                yield Finding(
                    "METRIC_OUT_OF_CONTROL",
                    "warning",
                    f"{version.agreement}/{term.id}: {cover.service} fails with "
                    f"{', '.join(theirs)} of {version.customer}, whose failures are not excluded",
                    (version.agreement, term.id, *theirs),
                    _place(version, term.id),
                )


def _of_the_customer(snapshot: Snapshot, version: Version, service: str) -> set[str]:
    """The customer's own services that a service cannot do without."""
    customer, found, seen = snapshot.entity(version.customer), set(), {service}
    pending = [service]
    while pending:
        held = snapshot.services.get(pending.pop())
        parts = [held.requires] if held is not None and held.requires is not None else []
        while parts:
            part = parts.pop()
            match part:
                case AllOf():
                    parts.extend(part.parts)
                case Needs() if part.service not in seen:
                    seen.add(part.service)
                    pending.append(part.service)
    for name in seen - {service}:
        needed = snapshot.services.get(name)
        if needed is not None and needed.owner and snapshot.entity(needed.owner) == customer:
            found.add(name)
    return found


# ------------------------------------------------------------------------------------------- clocks


def clock_findings(
    version: Version, rules: Iterable[ClockRules], obligations: Iterable[Obligation]
) -> Iterator[Finding]:
    """How a provider could stop its own clock, or set it back, without anybody's leave."""
    said = [one for held in rules for one in _rules_said(held)]
    said += [
        f"a request under {one.id} stops the clock without evidence of it"
        for one in obligations
        if EFFECTS[one.effect].pauses_from and not one.evidence
    ]
    for text in dict.fromkeys(said):
        yield Finding(
            "CLOCK_CAN_BE_GAMED",
            "warning",
            f"{version.agreement}: {text}",
            (version.agreement,),
            _place(version),
        )


def _rules_said(rules: ClockRules) -> Iterator[str]:
    for reason in rules.pauses:
        if reason not in rules.customer_reasons:
            yield f"{reason} stops the {rules.watch} clock on the word of who holds the ticket"
    if rules.customer_late != "none" and not rules.evidence:
        yield f"waiting for the customer stops the {rules.watch} clock without evidence"
    if rules.reprioritised == "reset":
        yield f"a change of priority sets the {rules.watch} clock back to nothing"


def late_pauses(
    version: Version, term: str, ticket: str, ignored: Iterable[Ignored]
) -> Iterator[Finding]:
    """Pauses that were begun when the target had already passed: they stop no clock, and should
    not have been asked for."""
    for one in ignored:
        if one.why == "after_target":
            yield Finding(
                "PAUSE_AFTER_BREACH",
                "warning",
                f"{version.agreement}/{term}: {ticket} was set to {one.reason} at "
                f"{format_instant(one.start)}, after its target had passed",
                (version.agreement, term, ticket),
                _place(version, term),
            )
