"""Between parties: edges without a demarcation, chains of hand-offs, planned and done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.engine.lapses import due_after
from orchestrator.errors import refuse
from orchestrator.model.boundaries import Demarcation, Handoff
from orchestrator.model.calendars import Calendar
from orchestrator.model.clocking import ENDS
from orchestrator.model.estate import Snapshot
from orchestrator.model.records import Finding, Ticket
from orchestrator.model.services import mentioned
from orchestrator.model.values import FOREVER, Duration, Instant


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


@dataclass(frozen=True, slots=True)
class Pass:
    """A hand-off as it was done: the giver got the work at `got`, had to hand it over by `due`, and
    the taker had it at `taken`; None for what has not happened."""

    leg: Leg
    got: Instant | None
    due: Instant | None
    taken: Instant | None
    late: bool


def chains(handoffs: Iterable[Handoff]) -> tuple[tuple[Handoff, ...], ...]:
    """Hand-offs in the order they are written, cut where the taker of one is not the giver of the
    next."""
    found: list[list[Handoff]] = []
    for handoff in handoffs:
        if found and found[-1][-1].taker == handoff.giver:
            found[-1].append(handoff)
        else:
            found.append([handoff])
    return tuple(tuple(one) for one in found)


def passes(
    legs: Sequence[Leg],
    ticket: Ticket,
    now: Instant,
    calendars: Mapping[str, Calendar],
    timezone: str,
) -> tuple[Pass, ...]:
    """How a ticket went through a chain, by who is recorded to have held it up to an instant. Each
    limit counts from when the giver had it; the first, where nobody says, from its opening."""
    held = sorted((one.span.start, one.party) for one in ticket.owners if one.span.start <= now)
    found: list[Pass] = []
    got: Instant | None = next(
        (at for at, party in held if legs and party == legs[0].handoff.giver), ticket.opened
    )
    for leg in legs:
        due = taken = None
        late = False
        if got is not None:
            since = got
            due = due_after(leg.handoff.within, since, calendars, leg.handoff.hours, timezone)
            taken = next(
                (at for at, party in held if at >= since and party == leg.handoff.taker), None
            )
            ended = taken if taken is not None else min(now, last_end(ticket))
            late = ended > due
        found.append(Pass(leg, got, due, taken, late))
        got = taken
    return tuple(found)


def last_end(ticket: Ticket) -> Instant:
    """When work on a ticket ended for good; FOREVER while it goes on."""
    last = max(ticket.events, key=lambda one: one.at, default=None)
    return last.at if last is not None and last.do in ENDS else FOREVER
