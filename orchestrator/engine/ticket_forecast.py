"""Open tickets by the time they have left, and a period's tickets counted against a share.

A forecast is of the clocks that run at one moment: what is due first comes first. Those that stand
still are listed apart: they are due at no instant until somebody does something.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.ticket_pauses import Clocks
from orchestrator.engine.tickets import Reading, read_clocks
from orchestrator.errors import refuse
from orchestrator.model.clocking import ClockRules
from orchestrator.model.records import Ticket
from orchestrator.model.values import FOREVER, Instant, Span


@dataclass(frozen=True, slots=True)
class Forecast:
    """Readings of the clocks that have not stopped: `running` by due instant, those past it first;
    `paused` by the service time they have left."""

    running: tuple[Reading, ...]
    paused: tuple[Reading, ...]


def forecast(
    tickets: Iterable[Ticket], rules: ClockRules, clocks: Clocks, now: Instant
) -> Forecast:
    """The open tickets at `now`, next to breach first; ties by the ticket's id."""
    readings = [one for ticket in tickets for one in read_clocks(ticket, rules, clocks, now)]
    still_open = [one for one in readings if one.stopped == FOREVER]
    return Forecast(
        tuple(
            sorted(
                (one for one in still_open if not one.paused),
                key=lambda one: (one.due, one.remaining, one.ticket),
            )
        ),
        tuple(
            sorted(
                (one for one in still_open if one.paused),
                key=lambda one: (one.remaining, one.ticket),
            )
        ),
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """A period's clocks: `met` and `missed` are judged; `carried` are open and not past their
    target. A share of the judged must be met: `needed` of them, at least ceil(share * n)."""

    met: int
    missed: int
    carried: int
    needed: int

    @property
    def kept(self) -> bool:
        """Whether enough are met; so it is where there was nothing to judge."""
        return self.met >= self.needed


MEMBERSHIP: Final[dict[str, Callable[[Reading], Instant]]] = {
    "due": lambda reading: reading.due,
    "close": lambda reading: reading.stopped,
}
"""What puts a clock into a period: when it is due, or when it stopped. By `close`, one that is past
its target and still open belongs to the period in which it was breached."""


def tally(readings: Iterable[Reading], period: Span, share: Fraction, membership: str) -> Tally:
    """Count the clocks of a period; an open one past its target is a miss."""
    if membership not in MEMBERSHIP:
        raise refuse("BAD_CHOICE", f"{membership!r} is no choice", f"use {', '.join(MEMBERSHIP)}")
    counts = dict.fromkeys(("met", "breached", "running"), 0)
    for reading in readings:
        at = MEMBERSHIP[membership](reading)
        if at == FOREVER:
            at = reading.breached
        carried = reading.status == "running" and reading.begun < period.end
        if carried or (at in period and reading.status != "running"):
            counts[reading.status] += 1
    judged = counts["met"] + counts["breached"]
    return Tally(counts["met"], counts["breached"], counts["running"], math.ceil(share * judged))
