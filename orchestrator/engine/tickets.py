"""A ticket's clock: how much of its time is used, when it is due, whether and when it was breached.

The clock is walked from one thing that happened to the next; between two of them it counts the
open time of the calendar then in force, or stands still. It keeps its promise if what it consumed
is not above the target; the breach instant is the first microsecond at which it is, and a breach
is never taken back. Everything is exact and a function of the facts known at one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from orchestrator.engine.clock import Clock, clock
from orchestrator.engine.schedule import close_of_day, segments_of
from orchestrator.engine.ticket_history import History, Run, history_of
from orchestrator.engine.ticket_pauses import Clocks, Ignored, Pause, pauses_of
from orchestrator.model.calendars import WEEKDAYS, Calendar
from orchestrator.model.clocking import ClockRules, Goal
from orchestrator.model.records import Ticket
from orchestrator.model.values import DAY, FOREVER, Duration, Instant, Span

__all__ = ["Clocks", "Leg", "Reading", "Stretch", "clocks_for", "read_clocks"]

COUNTS: Final = "counts"
PAUSED: Final = "paused"
RESOLVED: Final = "resolved"


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch in which a clock ran (`counts`, within `hours`), was `paused` for reasons, or in
    which the ticket was `resolved` before it was reopened. `consumed` is what it began with."""

    start: Instant
    end: Instant
    state: str
    reasons: tuple[str, ...]
    hours: str
    consumed: Duration


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time under one priority: its goal as a target of service time, what was consumed when it
    began and ended, and when the ticket was due as it stood at the end of it."""

    start: Instant
    end: Instant
    priority: str
    hours: str
    target: Duration
    before: Duration
    consumed: Duration
    due: Instant


@dataclass(frozen=True, slots=True)
class Reading:
    """What one clock of a ticket shows.

    `at` is when it was read: when it stopped, or else the moment of asking. `stopped` is FOREVER
    while it runs, `breached` if it never was. `consumed` is what counts against the target;
    `counted` all service time it ran, which differs where a change of priority set it back.
    `status` is `met`, `breached` or `running`. `due` of a clock that is `paused` is as if it went
    on at once.
    """

    ticket: str
    number: int
    begun: Instant
    stopped: Instant
    at: Instant
    status: str
    breached: Instant
    due: Instant
    target: Duration
    consumed: Duration
    counted: Duration
    paused: bool
    stretches: tuple[Stretch, ...]
    legs: tuple[Leg, ...]
    pauses: tuple[Pause, ...]
    ignored: tuple[Ignored, ...]

    @property
    def remaining(self) -> Duration:
        """Service time left; below zero past the target."""
        return self.target - self.consumed

    @property
    def priority(self) -> str:
        return self.stretches[-1].priority

    @property
    def hours(self) -> str:
        return self.stretches[-1].hours


def clocks_for(
    calendars: Mapping[str, Calendar], rules: ClockRules, span: Span
) -> dict[str, Clock]:
    """The clocks that rules run on, over a horizon that holds every instant asked about."""
    return {hours: clock(calendars, hours, span) for hours in rules.hours}


def read_clocks(
    ticket: Ticket, rules: ClockRules, clocks: Clocks, now: Instant
) -> tuple[Reading, ...]:
    """What the clocks of a ticket show at `now`, by what was done up to then, in order of time.

    There is more than one where it was reopened after the window, or held more than once. None
    shows a ticket that is not open yet.
    """
    if now < ticket.opened:
        return ()
    history = history_of(ticket, rules, now)
    return tuple(
        _read(ticket.id, number, run, history, rules, clocks, now)
        for number, run in enumerate(history.runs)
    )


def _read(
    id: str,
    number: int,
    run: Run,
    history: History,
    rules: ClockRules,
    clocks: Clocks,
    now: Instant,
) -> Reading:
    at, stopped = min(run.stopped, now), run.stopped <= now
    pauses, ignored = pauses_of(history.waits, rules, clocks)
    pauses = _within(pauses, run.begun, run.stopped)
    meter = _Meter(rules, clocks, run.begun, at, history.priority_at(run.begun))
    changes = _changes(history, run, at, stopped)
    gaps = [Pause("", start, end) for start, end in run.gaps]
    for start, end in pairwise(_marks(run.begun, at, [*pauses, *gaps], changes)):
        meter.admit(start, [pause for pause in pauses if pause.start == start])
        if start in changes:
            meter.change(start, changes[start])
        resolved = any(gap.start <= start < gap.end for gap in gaps)
        meter.advance(start, end, resolved)
    meter.admit(at, [pause for pause in pauses if pause.start == at])
    if at in changes:
        meter.change(at, changes[at])
    late = [Ignored(one.reason, one.start, one.end, "after_target") for one in meter.refused]
    status = "breached" if meter.breached < FOREVER else "met" if stopped else "running"
    return Reading(
        ticket=id,
        number=number,
        begun=run.begun,
        stopped=run.stopped if stopped else FOREVER,
        at=at,
        status=status,
        breached=meter.breached,
        due=meter.due(at),
        target=meter.target,
        consumed=meter.consumed,
        counted=meter.counted,
        paused=not stopped and bool(meter.standing(at)),
        stretches=(*meter.stretches, meter.stretch(at)),
        legs=tuple(meter.legs),
        pauses=tuple(meter.admitted),
        ignored=tuple(
            sorted([*_within_ignored(ignored, run), *late], key=lambda one: (one.start, one.reason))
        ),
    )


def _changes(history: History, run: Run, at: Instant, stopped: bool) -> dict[Instant, str]:
    """Priorities by the instant at which the clock takes note of them.

    A stop comes before a change at the same instant, a change before the moment of asking. What is
    changed while the ticket is resolved takes effect when it is reopened.
    """
    found = {}
    for when, priority in history.priorities:
        since = next((end for start, end in run.gaps if start <= when < end), when)
        if run.begun < since < at or (run.begun < since == at and not stopped):
            found[since] = priority
    return found


def _within(pauses: Sequence[Pause], start: Instant, end: Instant) -> list[Pause]:
    """Pauses as far as they concern a run; one that lasts no time concerns none."""
    return [
        Pause(pause.reason, max(pause.start, start), min(pause.end, end))
        for pause in pauses
        if max(pause.start, start) < min(pause.end, end)
    ]


def _within_ignored(ignored: Sequence[Ignored], run: Run) -> list[Ignored]:
    return [one for one in ignored if one.start < run.stopped and one.end > run.begun]


def _marks(
    start: Instant, end: Instant, pauses: Sequence[Pause], changes: Mapping[Instant, str]
) -> list[Instant]:
    inner = {mark for pause in pauses for mark in (pause.start, pause.end)} | changes.keys()
    return sorted({start, *(mark for mark in inner if start < mark < end), end})


def _carry_over(consumed: Duration, _old: Duration, _new: Duration) -> Duration:
    return consumed


def _proportional(consumed: Duration, old: Duration, new: Duration) -> Duration:
    return consumed * new // old if old else consumed


def _reset(_consumed: Duration, _old: Duration, _new: Duration) -> Duration:
    return 0


_CARRIED: Final[dict[str, Callable[[Duration, Duration, Duration], Duration]]] = {
    "carry_over": _carry_over,
    "proportional": _proportional,
    "reset": _reset,
}


@dataclass(slots=True)
class _Meter:
    """The state of a clock on its walk: what it has consumed, and of which target.

    `reached` is the target instant: the first at which all of the target in force is consumed,
    FOREVER before. What is admitted stands still the clock for as long as it lasts.
    """

    rules: ClockRules
    clocks: Clocks
    begun: Instant
    end: Instant
    priority: str
    goal: Goal = field(init=False)
    since: Instant = field(init=False)
    target: Duration = field(init=False)
    before: Duration = 0
    consumed: Duration = 0
    counted: Duration = 0
    reached: Instant = FOREVER
    breached: Instant = FOREVER
    stretches: list[Stretch] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    admitted: list[Pause] = field(default_factory=list)
    refused: list[Pause] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._aim(self.begun, self.priority, self.begun)
        self._arrive(self.begun)

    @property
    def clock(self) -> Clock:
        return self.clocks[self.goal.hours]

    def change(self, at: Instant, priority: str) -> None:
        """Another priority from here on."""
        if self.rules.goal(priority) == self.goal and priority == self.priority:
            return
        self.stretches.append(self.stretch(at))
        old, anew = self.target, self.rules.reprioritised == "reset"
        self._aim(at, priority, at if anew else self.begun)
        self.consumed = _CARRIED[self.rules.reprioritised](self.consumed, old, self.target)
        self.before = self.consumed
        self.reached = FOREVER
        self._arrive(at)

    def admit(self, at: Instant, pauses: Sequence[Pause]) -> None:
        """Pauses that begin here, unless the target instant has passed."""
        (self.admitted if self.reached >= at else self.refused).extend(pauses)

    def standing(self, at: Instant) -> tuple[str, ...]:
        """The reasons for which the clock stands still."""
        reasons = (pause.reason for pause in self.admitted if pause.start <= at < pause.end)
        return tuple(sorted(dict.fromkeys(reasons)))

    def advance(self, start: Instant, end: Instant, resolved: bool) -> None:
        """On to the next thing that happens."""
        reasons = () if resolved else self.standing(start)
        state = RESOLVED if resolved else PAUSED if self._stands(start) else COUNTS
        self.legs.append(Leg(start, end, state, reasons, self.goal.hours, self.consumed))
        if state != COUNTS:
            return
        amount, left = self.clock.elapsed(start, end), self.target - self.consumed
        if amount >= left and self.reached == FOREVER:
            self.reached = self.clock.due(start, left)
        if amount > left and self.breached == FOREVER:
            self.breached = self.clock.due(start, left + 1)
        self.consumed += amount
        self.counted += amount

    def due(self, at: Instant) -> Instant:
        """The target instant, as it stands."""
        if self.reached < FOREVER:
            return self.reached
        return self.clock.due(at, self.target - self.consumed)

    def stretch(self, at: Instant) -> Stretch:
        """The time since the priority last changed."""
        return Stretch(
            self.since,
            at,
            self.priority,
            self.goal.hours,
            self.target,
            self.before,
            self.consumed,
            self.due(at),
        )

    def _stands(self, at: Instant) -> bool:
        return any(pause.start <= at < pause.end for pause in self.admitted)

    def _aim(self, at: Instant, priority: str, received: Instant) -> None:
        self.since, self.priority, self.goal = at, priority, self.rules.goal(priority)
        self.target = target_of(self.goal, self.clock, received, self.rules.timezone)

    def _arrive(self, at: Instant) -> None:
        """What is consumed already may be all of the target, or more than it."""
        if self.consumed >= self.target:
            self.reached = at
        if self.consumed > self.target:
            self.breached = min(self.breached, at)


def target_of(goal: Goal, clock: Clock, received: Instant, timezone: str) -> Duration:
    """A goal as service time from the receipt on; FOREVER if it is never due.

    `n` business days are the service time up to the close of the nth service day, so that what a
    pause takes from them moves the close by as much.
    """
    if not goal.business_days:
        return goal.duration
    calendar = clock.calendar or _round_the_clock(timezone)
    close = close_of_day(calendar, received, goal.business_days)
    if close == FOREVER:
        return FOREVER
    # The close may lie past the horizon.
    span = Span(received, close)
    return sum(end - start for start, end in segments_of(clock.calendar, span))


def _round_the_clock(timezone: str) -> Calendar:
    """Round the clock every civil day is a service day."""
    return Calendar("24x7", timezone, (((0, DAY),),) * len(WEEKDAYS))
