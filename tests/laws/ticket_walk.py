"""A ticket's clock by a walk minute by minute, and random tickets whose every mark is a minute.

The walk keeps no intervals and computes no instant: at each minute it does what was done to the
ticket then (stops, then pauses, then starts), and asks whether that one minute counts. Whether a
calendar is open is asked of the wall clock (`test_hours.owners`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from orchestrator.model.calendars import WEEKDAYS, Calendar, Holidays
from orchestrator.model.clocking import CUSTOMER_LATE, REPRIORITISED, ClockRules, Goal
from orchestrator.model.records import Ticket, TicketEvent, TicketOwner
from orchestrator.model.values import DAY, FOREVER, MINUTE, Duration, Instant, Span
from tests.laws.test_hours import owners

PLACES = (
    ("Australia/Lord_Howe", "2026-04-04"),
    ("Australia/Lord_Howe", "2026-10-03"),
    ("Pacific/Apia", "2011-12-29"),
    ("Pacific/Apia", "2012-04-01"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Sao_Paulo", "2018-02-17"),
    ("Europe/London", "2026-03-29"),
    ("Europe/London", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Asia/Kolkata", "2026-01-01"),
    ("Pacific/Auckland", "2026-04-05"),
    ("America/St_Johns", "2026-03-08"),
)
ENDS = ("resolve", "close")
OTHERWISE = "provider"


@dataclass(frozen=True)
class World:
    """Two calendars over some days, minute by minute: whether each is open."""

    calendars: Mapping[str, Calendar]
    span: Span
    open: Mapping[str, Sequence[bool]]

    def is_open(self, hours: str, at: Instant) -> bool:
        return hours == "24x7" or self.open[hours][(at - self.span.start) // MINUTE]


def world(rng: Random, days: int = 4) -> World:
    """Random calendars in a zone, around a day on which its wall clock does something."""
    zone, near = rng.choice(PLACES)
    day = date.fromisoformat(near)
    start = (day - date(1970, 1, 1)).days * DAY - DAY
    span = Span(start, start + days * DAY)
    calendars = {name: _calendar(rng, name, zone, day) for name in ("a", "b")}
    return World(
        calendars,
        span,
        {
            name: [bool(owners(one, at)) for at in range(span.start, span.end + MINUTE, MINUTE)]
            for name, one in calendars.items()
        },
    )


def _calendar(rng: Random, name: str, zone: str, day: date) -> Calendar:
    def window() -> tuple[Duration, Duration]:
        start = rng.choice((0, 1, 2, 8, 9, 12, 22, 23)) * 60 + rng.choice((0, 0, 15, 30, 59))
        return start * MINUTE, (start + rng.choice((20, 60, 240, 480, 600, 1440))) * MINUTE

    weekly = tuple(tuple(window() for _ in range(rng.choice((0, 1, 1, 2)))) for _ in WEEKDAYS)
    if not any(weekly):
        weekly = ((window(),), *weekly[1:])
    free = tuple(
        sorted({day + timedelta(days=rng.randint(-1, 2)) for _ in range(rng.randint(0, 1))})
    )
    closed = (
        datetime(day.year, day.month, day.day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    ) // timedelta(minutes=1) + rng.randint(-600, 2000)
    closures = (Span(closed * MINUTE, (closed + rng.randint(1, 300)) * MINUTE),)
    return Calendar(
        name,
        zone,
        weekly,
        holidays=Holidays(dates=free),
        closures=closures if rng.random() < 0.3 else (),
    )


def rules_for(rng: Random) -> ClockRules:
    """Random rules over the calendars a and b and the priorities P1, P2 and any other."""

    def goal(priority: str) -> Goal:
        minutes = rng.choice((0, 1, 30, 60, 240, 480, 600, 3000))
        return Goal(minutes * MINUTE, hours=rng.choice(("a", "b", "24x7")), priority=priority)

    return ClockRules(
        tuple(goal(priority) for priority in ("P1", "P2", "")),
        watch=rng.choice(("resolution", "resolution", "response")),
        pauses=rng.choice(((), ("waiting_parts",), ("waiting_parts", "waiting_visit"))),
        customer_reasons=("waiting_customer",),
        customer_late=rng.choice(CUSTOMER_LATE),
        allowance=rng.choice((0, 30, 240)) * MINUTE,
        allowance_hours=rng.choice(("a", "24x7")),
        evidence=rng.random() < 0.5,
        reopening=rng.choice((0, 60, 1440)) * MINUTE,
        reprioritised=rng.choice(REPRIORITISED),
        holders=(("waiting_customer", "customer"),) if rng.random() < 0.5 else (),
    )


def ticket(rng: Random, span: Span, id: str = "t") -> Ticket:
    """A random ticket; its events fall on few minutes, so that many fall on one."""
    minutes = [rng.randrange(span.start, span.end, MINUTE) for _ in range(8)]
    opened = min(minutes) if rng.random() < 0.7 else minutes[0]
    doing = ("pause", "pause", "resume", "resume", "prioritise", "resolve", "reopen", "respond")
    events = []
    for _ in range(rng.randint(0, 12)):
        do = rng.choice(doing) if rng.random() < 0.95 else "close"
        reasons = ("waiting_customer", "waiting_parts", "waiting_visit", "")
        events.append(
            TicketEvent(
                rng.choice(minutes),
                do,
                rng.choice(reasons) if do in ("pause", "resume") else "",
                rng.choice(("P1", "P2", "P3")) if do == "prioritise" else "",
                rng.choice(("", "mail")) if do in ("pause", "resume") else "",
            )
        )
    held = []
    for _ in range(rng.randint(0, 3)):
        one, two = rng.choice(minutes), rng.choice([*minutes, FOREVER])
        if one < two:
            held.append(TicketOwner(rng.choice(("desk", "team", "supplier")), Span(one, two)))
    return Ticket(id, "s", opened, rng.choice(("P1", "P2")), tuple(events), tuple(held))


# The walk


@dataclass
class Walked:
    """What one clock shows, by the walk. `breached` and `reached` are FOREVER if it never was."""

    begun: Instant
    target: Duration
    priority: str
    hours: str
    stopped: Instant = FOREVER
    consumed: Duration = 0
    counted: Duration = 0
    reached: Instant = FOREVER
    breached: Instant = FOREVER
    by_party: Counter[str] = field(default_factory=Counter)
    standing: set[tuple[str, Instant]] = field(default_factory=set)

    def aim(self, goal: Goal, priority: str, at: Instant) -> None:
        self.target, self.priority, self.hours = goal.duration, priority, goal.hours
        self.reached = at if self.consumed >= self.target else FOREVER
        if self.consumed > self.target:
            self.breached = min(self.breached, at)

    def minute(self, at: Instant) -> None:
        if self.reached == FOREVER and self.consumed + MINUTE >= self.target:
            self.reached = at + self.target - self.consumed
        if self.breached == FOREVER and self.consumed + MINUTE > self.target:
            self.breached = at + self.target - self.consumed + 1
        self.consumed += MINUTE
        self.counted += MINUTE


@dataclass
class Waiting:
    since: Instant
    evidenced: bool
    left: Duration
    """What the customer is still allowed."""
    noted: bool = False


def walk(told: Ticket, rules: ClockRules, place: World, now: Instant) -> list[Walked]:
    """Every clock of a ticket at `now`."""
    by_minute: dict[Instant, list[TicketEvent]] = {}
    for event in set(told.events):
        by_minute.setdefault(event.at, []).append(event)
    clocks: list[Walked] = []
    waiting: dict[str, Waiting] = {}
    priority, ended = told.priority, FOREVER
    for at in range(told.opened, now + MINUTE, MINUTE):
        done = by_minute.get(at, [])
        words = {event.do for event in done}
        # stops
        if words & set(ENDS):
            ended, waiting = min(ended, at), {}
        stops = {*ENDS, "respond"} if rules.watch == "response" else set(ENDS)
        if not clocks:
            clocks.append(_anew(rules, told.opened, _last_priority(done, priority)))
        current = clocks[-1]
        if words & stops and current.stopped == FOREVER:
            current.stopped = at
        # pauses
        for event in done:
            if event.do == "pause":
                found = waiting.setdefault(event.reason, Waiting(at, False, rules.allowance))
                found.evidenced |= bool(event.evidence) or _evidenced(event, by_minute, now)
        _take_note(current, waiting, rules, at)
        # starts
        for event in done:
            if event.do == "resume":
                waiting = {
                    reason: one
                    for reason, one in waiting.items()
                    if event.reason not in ("", reason)
                }
        priority = _last_priority(done, priority)
        if "reopen" in words and ended < FOREVER:
            waiting = {}
            if at - ended > rules.reopening:
                clocks.append(_anew(rules, at, priority))
            elif rules.watch == "resolution":
                current.stopped = FOREVER
            ended = FOREVER
        current = clocks[-1]
        if current.stopped == FOREVER and priority != current.priority:
            _reprioritise(current, rules, priority, at)
        if at < now:
            _advance(told, current, waiting, rules, place, at)
    return clocks


def _anew(rules: ClockRules, at: Instant, priority: str) -> Walked:
    found = Walked(at, 0, priority, "")
    found.aim(rules.goal(priority), priority, at)
    return found


def _last_priority(done: Sequence[TicketEvent], priority: str) -> str:
    return max((event.priority for event in done if event.do == "prioritise"), default=priority)


def _evidenced(
    asked: TicketEvent, by_minute: Mapping[Instant, list[TicketEvent]], now: int
) -> bool:
    """Whether the wait that is asked for, or goes on, at a minute will have had evidence: that of
    a request repeated while it lasts, or of the receipt that ends it."""
    for at in sorted(minute for minute in by_minute if asked.at <= minute <= now):
        done = by_minute[at]
        if at > asked.at and any(event.do in ENDS for event in done):
            return False
        if any(e.do == "pause" and e.reason == asked.reason and e.evidence for e in done):
            return True
        ends = [e for e in done if e.do == "resume" and e.reason in ("", asked.reason)]
        if ends:
            return any(event.evidence for event in ends)
    return False


def _take_note(
    clock: Walked, waiting: Mapping[str, Waiting], rules: ClockRules, at: Instant
) -> None:
    """Waits that begin to stop the clock at this minute, unless its target is reached before."""
    for reason, one in waiting.items():
        if one.noted or not _stops(reason, one, rules):
            continue
        one.noted = True
        if clock.reached >= at:
            clock.standing.add((reason, one.since))


def _stops(reason: str, one: Waiting, rules: ClockRules) -> bool:
    if reason != "waiting_customer":
        return reason in rules.pauses
    if rules.customer_late == "none" or (rules.evidence and not one.evidenced):
        return False
    return rules.customer_late == "pause_all" or one.left == 0


def _reprioritise(clock: Walked, rules: ClockRules, priority: str, at: Instant) -> None:
    goal, old = rules.goal(priority), clock.target
    if rules.reprioritised == "reset":
        clock.consumed = 0
    if rules.reprioritised == "proportional" and old:
        clock.consumed = clock.consumed * goal.duration // old
    clock.aim(goal, priority, at)


def _advance(
    told: Ticket,
    clock: Walked,
    waiting: Mapping[str, Waiting],
    rules: ClockRules,
    place: World,
    at: Instant,
) -> None:
    for one in waiting.values():
        if one.left and place.is_open(rules.allowance_hours, at):
            one.left -= MINUTE
    standing = any((reason, one.since) in clock.standing for reason, one in waiting.items())
    if clock.stopped == FOREVER and not standing and place.is_open(clock.hours, at):
        clock.minute(at)
        clock.by_party[_holder(told, waiting, rules, at)] += MINUTE


def _holder(told: Ticket, waiting: Mapping[str, Waiting], rules: ClockRules, at: Instant) -> str:
    takers = [(one.span.start, one.party) for one in told.owners if at in one.span]
    takers += [
        (waiting[reason].since, party) for reason, party in rules.holders if reason in waiting
    ]
    return max(takers)[1] if takers else OTHERWISE


def shuffled(rng: Random, told: Ticket) -> Ticket:
    """The same ticket, told in another order and some of it twice."""
    events = [*told.events, *rng.sample(told.events, len(told.events) // 2)]
    held = [*told.owners, *told.owners[:1]]
    rng.shuffle(events)
    rng.shuffle(held)
    return replace(told, events=tuple(events), owners=tuple(held))
