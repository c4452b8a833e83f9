"""Between parties: edges without a demarcation, violated assumptions, chains of hand-offs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.engine.lapses import due_after
from orchestrator.errors import refuse
from orchestrator.model.boundaries import Demarcation, Handoff, Violation
from orchestrator.model.calendars import Calendar
from orchestrator.model.contracts import Contract
from orchestrator.model.duties import ReliefProposal
from orchestrator.model.estate import Snapshot
from orchestrator.model.records import Finding
from orchestrator.model.services import mentioned
from orchestrator.model.values import Duration, Instant


def undemarcated(
    snapshot: Snapshot, demarcations: Iterable[Demarcation], *, strict: bool
) -> Iterator[Finding]:
    """The edges between services of two owners that no agreement in force draws a line on: errors
    in strict mode, otherwise for information."""
    drawn = {(line.service, line.requires) for line in demarcations}
    for service in snapshot.services.values():
        for needed in dict.fromkeys(mentioned(service.requires)):
            beneath = snapshot.services[needed]
            apart = service.owner and beneath.owner and service.owner != beneath.owner
            if apart and (service.id, needed) not in drawn:
                yield Finding(
                    "NO_DEMARCATION",
                    "error" if strict else "info",
                    f"nothing says where the work of {beneath.owner} on {needed} ends and that of "
                    f"{service.owner} on {service.id} begins",
                    (service.id, needed),
                    f"services[{service.id}].requires",
                )


def proposals(contract: Contract, violations: Iterable[Violation]) -> tuple[ReliefProposal, ...]:
    """What violated assumptions lead to: proposals of relief for the time the assumption was
    valid, in the order of time. Nothing is excluded by them."""
    known = {assumption.id: assumption for assumption in contract.provisions.assumptions}
    found = []
    for violation in sorted(violations, key=lambda one: (one.span, one.id)):
        if violation.assumption not in known:
            raise refuse(
                "UNKNOWN_REFERENCE",
                f"{contract.version.agreement!r} has no assumption {violation.assumption!r}",
                "name one of the agreement's assumptions",
            )
        assumption = known[violation.assumption]
        span = violation.span & assumption.valid
        if span is not None and assumption.effect == "relief":
            found.append(
                ReliefProposal(
                    contract.version.agreement,
                    "assumption",
                    assumption.id,
                    contract.version.provider,
                    assumption.party,
                    span,
                    violation.evidence,
                )
            )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Leg:
    """One hand-off of a chain in time: who holds the work from `start`, and by when at the latest
    the next party must have it."""

    handoff: Handoff
    start: Instant
    due: Instant


def chain(
    handoffs: Sequence[Handoff], start: Instant, calendars: Mapping[str, Calendar], timezone: str
) -> tuple[Leg, ...]:
    """A chain of hand-offs from an instant, each beginning when the one before is due.

    Refused where the taker of one is not the giver of the next.
    """
    legs: list[Leg] = []
    for handoff in handoffs:
        if legs and legs[-1].handoff.taker != handoff.giver:
            raise refuse(
                "BROKEN_CHAIN",
                f"{legs[-1].handoff.id} ends with {legs[-1].handoff.taker}, and {handoff.id} "
                f"begins with {handoff.giver}",
                "put a hand-off between the two",
            )
        due = due_after(handoff.within, start, calendars, handoff.hours, timezone)
        legs.append(Leg(handoff, start, due))
        start = due
    return tuple(legs)


def chain_total(legs: Sequence[Leg]) -> Duration:
    """The time that a chain may take from its beginning, as it passes."""
    return legs[-1].due - legs[0].start if legs else 0


def holder(handoffs: Sequence[Handoff], taken: Sequence[Instant], at: Instant) -> str:
    """Who holds the work at an instant, such as that of a breach: `taken` is when each taker in
    turn had it, as far as it got. At the very instant of a hand-off it is the taker."""
    assert handoffs, "nobody hands over"
    assert len(taken) <= len(handoffs), "more were handed over than agreed"
    assert list(taken) == sorted(taken), "work is not handed back in time"
    passed = sum(instant <= at for instant in taken)
    return handoffs[passed - 1].taker if passed else handoffs[0].giver
