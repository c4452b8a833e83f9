"""What follows from duties of the other side: pauses of a clock, proposals of relief, debtors.

A party that is kept waiting is not blamed for it (docs/semantics.md, rules 6 and 8); but only
within the agreed categories, only with the evidence agreed, and relief is proposed, never taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from orchestrator.engine.intervals import clip, union
from orchestrator.engine.lapses import due_after
from orchestrator.model.calendars import Calendar
from orchestrator.model.contracts import Contract
from orchestrator.model.duties import EFFECTS, Obligation, ReliefProposal, Request
from orchestrator.model.records import Finding
from orchestrator.model.values import Instant, Money, Span, split


@dataclass(frozen=True, slots=True)
class Waiting:
    """What requests of one party make of its clock over a span: when it stands still, what relief
    is proposed, and which requests have no effect and why."""

    pauses: tuple[tuple[Instant, Instant], ...] = ()
    proposals: tuple[ReliefProposal, ...] = ()
    findings: tuple[Finding, ...] = ()


def waiting(
    contract: Contract,
    requests: Iterable[Request],
    span: Span,
    calendars: Mapping[str, Calendar],
) -> Waiting:
    """The effect of requests on the clock of who made them, over a span.

    A request that is not answered has its effect to the end of the span.
    """
    pauses: list[tuple[Instant, Instant]] = []
    proposals: list[ReliefProposal] = []
    findings: list[Finding] = []
    for request in sorted(requests, key=lambda one: (one.asked, one.id)):
        duty = duty_for(contract.provisions.obligations, request)
        if duty is None or (duty.evidence and not request.evidence):
            findings.append(_without_effect(contract, request, duty))
            continue
        effect = EFFECTS[duty.effect]
        due = due_after(
            duty.within, request.asked, calendars, duty.hours, contract.version.timezone
        )
        answered = span.end if request.answered is None else request.answered
        starts = {"asked": request.asked, "due": due}
        if effect.pauses_from and starts[effect.pauses_from] < answered:
            pauses.append((starts[effect.pauses_from], answered))
        if effect.proposes:
            proposals += [
                ReliefProposal(
                    contract.version.agreement,
                    "obligation",
                    duty.id,
                    request.by,
                    request.of,
                    Span(*late),
                    request.evidence,
                )
                for late in clip([(due, answered)], span.start, span.end)
                if due < answered
            ]
    return Waiting(
        tuple(clip(union(pauses), span.start, span.end)), tuple(proposals), tuple(findings)
    )


def duty_for(obligations: Iterable[Obligation], request: Request) -> Obligation | None:
    """The duty that a request calls on: of its category, between these two parties."""
    return next(
        (
            duty
            for duty in obligations
            if duty.category == request.category and request.of in duty.by and request.by in duty.to
        ),
        None,
    )


def _without_effect(contract: Contract, request: Request, duty: Obligation | None) -> Finding:
    code, why = "REQUEST_NOT_AGREED", f"of a category, {request.category!r}, that is not agreed"
    if duty is not None:
        code, why = "NO_EVIDENCE", f"without the evidence that {duty.id} asks for"
    return Finding(
        code,
        "info",
        f"the request {request.id} of {request.by} to {request.of} is {why}: it has no effect",
        (contract.version.agreement, request.id),
        f"agreements[{contract.version.agreement}].obligations",
    )


def answerable(obligation: Obligation, loss: Money) -> dict[str, Money]:
    """The most each debtor answers for: of a joint and several duty all of it, otherwise an equal
    part, the cents by the largest remainder. Whoever is owed recovers no more than the loss."""
    debtors = tuple(dict.fromkeys(obligation.by))
    if obligation.joint_and_several:
        return dict.fromkeys(debtors, loss)
    parts = split(loss.amount, [Fraction(1)] * len(debtors))
    return {party: Money(part, loss.currency) for party, part in zip(debtors, parts, strict=True)}
