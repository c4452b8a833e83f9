"""What was done to a ticket, replayed: when each clock ran, what was waited for, its priorities.

Events are taken as a set and put in their order here, so that neither the order they were reported
in nor a repetition matters. At one instant a stop comes first, then a pause, then a start. What
was done before the opening, or is not done yet at the moment of asking, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.intervals import Intervals, intersect, subtract
from orchestrator.engine.ticket_owners import holdings
from orchestrator.model.clocking import ENDS, WATCHES, ClockRules, Watch
from orchestrator.model.records import Ticket, TicketEvent
from orchestrator.model.values import FOREVER, Duration, Instant

RANK: Final = {
    "resolve": 0,
    "close": 0,
    "respond": 0,
    "pause": 1,
    "resume": 2,
    "reopen": 2,
    "prioritise": 2,
}
"""Stop, then pause, then start."""


@dataclass(frozen=True, slots=True)
class Run:
    """One clock of a ticket: from `begun` to `stopped` (FOREVER: it still runs), less the
    stretches in which the ticket was resolved (`gaps`)."""

    begun: Instant
    stopped: Instant
    gaps: tuple[tuple[Instant, Instant], ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """A ticket was waiting for something; FOREVER ends a wait that goes on."""

    reason: str
    start: Instant
    end: Instant
    evidenced: bool


@dataclass(frozen=True, slots=True)
class History:
    """A ticket's clocks in order, its waits by start, and its priorities since when."""

    runs: tuple[Run, ...]
    waits: tuple[Wait, ...]
    priorities: tuple[tuple[Instant, str], ...]

    def priority_at(self, instant: Instant) -> str:
        return next(name for at, name in reversed(self.priorities) if at <= instant)


def history_of(ticket: Ticket, rules: ClockRules, now: Instant) -> History:
    """What was done to a ticket up to and at `now`, as far as the clock of `rules` is concerned."""
    events = _in_order(ticket, now)
    watch = WATCHES[rules.watch]
    runs = tuple(_runs(events, ticket.opened, watch, rules.reopening))
    waits = tuple(sorted(_waits(events), key=lambda wait: (wait.start, wait.end, wait.reason)))
    if watch.holding:
        held = holdings(ticket, rules.holders, waits_of(waits), "")
        runs = tuple(_while_held(runs, [(a, b) for a, b, party in held if party == rules.party]))
    changes = [(event.at, event.priority) for event in events if event.do == "prioritise"]
    # Owners may be recorded ahead of time.
    runs = tuple(run for run in runs if run.begun <= now)
    return History(runs, waits, ((ticket.opened, ticket.priority), *changes))


def waits_of(waits: Sequence[Wait]) -> tuple[tuple[Instant, Instant, str], ...]:
    """Waits as (start, end, reason)."""
    return tuple((wait.start, wait.end, wait.reason) for wait in waits)


def _in_order(ticket: Ticket, now: Instant) -> list[TicketEvent]:
    return sorted(
        {event for event in ticket.events if ticket.opened <= event.at <= now},
        key=lambda event: (
            event.at,
            RANK[event.do],
            event.do,
            # What ends a wait with evidence ends it before what does without.
            not event.evidence,
            event.reason,
            event.priority,
            event.evidence,
        ),
    )


def _runs(
    events: Sequence[TicketEvent], opened: Instant, watch: Watch, window: Duration
) -> Iterator[Run]:
    begun, stopped, ended = opened, FOREVER, FOREVER
    gaps: list[tuple[Instant, Instant]] = []
    for event in events:
        if event.do in ENDS:
            ended = min(ended, event.at)
        if event.do in watch.stops:
            stopped = min(stopped, event.at)
        if event.do == "reopen" and ended < FOREVER:
            if event.at - ended > window:
                yield Run(begun, stopped, tuple(gaps))
                begun, stopped, gaps = event.at, FOREVER, []
            elif watch.resumes:
                gaps.append((stopped, event.at))
                stopped = FOREVER
            ended = FOREVER
    yield Run(begun, stopped, tuple(gaps))


def _waits(events: Sequence[TicketEvent]) -> Iterator[Wait]:
    """Waits by reason. A resumption that gives no reason ends all of them, and so do a resolution
    (there is nothing left to wait for) and the reopening after it (which is a start)."""
    waiting: dict[str, tuple[Instant, bool]] = {}
    ended = False
    for event in events:
        if event.do == "pause":
            since, evidenced = waiting.get(event.reason, (event.at, False))
            waiting[event.reason] = since, evidenced or bool(event.evidence)
        resumed = event.do == "resume"
        if resumed or event.do in ENDS or (event.do == "reopen" and ended):
            for reason in [event.reason] if resumed and event.reason else list(waiting):
                if reason in waiting:
                    since, evidenced = waiting.pop(reason)
                    evidenced |= resumed and bool(event.evidence)
                    yield Wait(reason, since, event.at, evidenced)
        ended = event.do in ENDS or (ended and event.do != "reopen")
    for reason, (since, evidenced) in waiting.items():
        yield Wait(reason, since, FOREVER, evidenced)


def _while_held(runs: Sequence[Run], held: Intervals) -> Iterator[Run]:
    """Each holding is a clock of its own, within the time in which the ticket is open."""
    for run in runs:
        stretch = [(run.begun, run.stopped)] if run.begun < run.stopped else []
        for start, end in intersect(stretch, held):
            gaps = intersect([(start, end)], run.gaps)
            # What is resolved when it begins or ends belongs to no holding.
            whole = subtract([(start, end)], gaps)
            if whole:
                begun, stopped = whole[0][0], whole[-1][1]
                yield Run(begun, stopped, tuple(intersect([(begun, stopped)], gaps)))
