"""From tickets to cases: which tickets a term times, by which rules, and what its clocks show.

A term times the tickets on what it covers, and those that its customer passes on: tickets on a
service above of the customer's, for as long as the provider is recorded to have held them. An
agreement on a party's own part times a ticket only while the party holds it.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.casebook import Casebook, in_order
from orchestrator.engine.cases import ONE, ZERO, Case
from orchestrator.engine.intervals import intersect, subtract, total, union
from orchestrator.engine.promises import Hours, policies_of
from orchestrator.engine.subjects import Subject
from orchestrator.engine.ticket_forecast import MEMBERSHIP
from orchestrator.engine.ticket_history import RANK, history_of, waits_of
from orchestrator.engine.ticket_owners import holdings
from orchestrator.engine.tickets import Clocks, Reading, clocks_for, read_clocks
from orchestrator.model.agreements import Term
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.clocking import CUSTOMER_LATE, WATCHES, ClockRules, Goal
from orchestrator.model.lapses import Lapse
from orchestrator.model.metrics import Points, Target, Within
from orchestrator.model.records import Ticket, TicketEvent
from orchestrator.model.scopes import part_named, whole_of
from orchestrator.model.values import DAY, FOREVER, Duration, Instant, Span

WATCH_OF: Final = {watch.metric: watch for watch in WATCHES.values()}
"""What is timed for each metric."""

_LONGEST: Final = 3 * 366 * DAY
"""Nobody waits longer than some three years for hours that open."""

ELSEWHERE: Final = "held-elsewhere"
"""The reason for which a party's clock stands still while others hold the ticket."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One clock of a ticket, with all that it takes to look into it."""

    ticket: Ticket
    reading: Reading
    rules: ClockRules
    clocks: Clocks


def ticket_cases(book: Casebook, subject: Subject, point: Target) -> tuple[Case, ...]:
    """The clocks of a term's tickets against one of its targets in time and share."""
    assert isinstance(point, Within)
    membership = MEMBERSHIP[book.measuring(subject).membership]
    last = subject.version.effective.end - 1
    found = []
    for timed in _timed(book, subject, point):
        reading = timed.reading
        at = membership(reading)
        status = reading.status
        if status == "running" and book.moment.as_of is None and not reading.paused:
            # All is known, and nothing of an end: what is due is missed when it is due.
            status, at = "breached", reading.due if membership is MEMBERSHIP["due"] else FOREVER
        if at == FOREVER:
            at = reading.breached
        if status == "running" and reading.paused:
            at = FOREVER
        found.append(
            Case(
                timed.ticket.id,
                at if at == FOREVER else min(at, last),
                {"met": ONE, "breached": ZERO}.get(status),
                reading.begun,
                source=timed.ticket.source,
                used=Fraction(reading.consumed, reading.target) if reading.target else ONE,
                clock=timed,
                ticket=timed.ticket,
            )
        )
    return in_order(found)


def _timed(book: Casebook, subject: Subject, point: Within) -> Iterator[Timed]:
    """Every clock of every ticket that counts for a term, under the calendars that were in force
    when the ticket was opened."""
    clocks: dict[Instant, Clocks] = {}
    rules = rules_of(book, subject, point)
    for ticket in _tickets(book, subject, rules):
        known = _from_known_priority(ticket, rules)
        if known is None:
            continue
        snapshot = book.seen.estate.at(ticket.opened)
        epoch = snapshot.epoch.start
        if epoch not in clocks:
            clocks[epoch] = clocks_for(snapshot.calendars, rules, book.horizon)
        every = _with_every_priority(rules, known)
        for reading in read_clocks(known, every, clocks[epoch], book.now(ticket)):
            if covers_priority(subject, reading.priority) and book.holds(subject, reading.begun):
                yield Timed(known, reading, every, clocks[epoch])


def covers_priority(subject: Subject, priority: str) -> bool:
    """Whether a term is the one for a priority: it names it, or names none and no other does."""
    term = subject.term
    if term.priority:
        return priority == term.priority
    return priority not in {one.priority for one in _alike(subject)} - {""}


def _alike(subject: Subject) -> list[Term]:
    """The terms of one agreement that are of one metric, for whatever priorities."""
    return [one for one in subject.version.terms if one.metric == subject.term.metric]


# --- which tickets -------------------------------------------------------------------------------


def _tickets(book: Casebook, subject: Subject, rules: ClockRules) -> Iterator[Ticket]:
    """The tickets that a term times, each as far as it does."""
    whole = any(cover.scope == "whole" for cover in subject.covers)
    holds = WATCHES[rules.watch].holding
    for service in dict.fromkeys(subject.services):
        for ticket in _taken(subject, book.tickets_of.get(service, ())):
            if whole or holds or not ticket.owners:
                yield ticket
            else:
                yield from held_parts(ticket, rules, _ours(book, subject, ticket), book.now(ticket))
    for ticket in _taken(subject, book.tickets_held.get(subject.version.provider, ())):
        if ticket.service in subject.services or not _passed_on(book, subject, ticket):
            continue
        if holds:
            yield ticket
        else:
            yield from held_parts(ticket, rules, _ours(book, subject, ticket), book.now(ticket))


def _taken(subject: Subject, tickets: Iterable[Ticket]) -> Iterator[Ticket]:
    """Tickets at the term's measuring point that were opened while its version was in force: a case
    is worked on by the terms in force when it starts."""
    point, effective = subject.term.measurement.point, subject.version.effective
    return (one for one in tickets if one.point == point and one.opened in effective)


def _passed_on(book: Casebook, subject: Subject, ticket: Ticket) -> bool:
    """Whether a ticket on another service is passed on under an agreement: the service rests on
    what the agreement covers, and whoever answers for it is the agreement's customer."""
    snapshot, version = book.seen.estate.at(ticket.opened), subject.version
    bits, numbers = snapshot.reach.get(ticket.service, 0), snapshot.numbers
    if not any(one in numbers and bits >> numbers[one] & 1 for one in subject.services):
        return False
    answering = {one.provider for one in snapshot.covering.get(ticket.service, ())}
    answering.add(snapshot.services[ticket.service].owner)
    return snapshot.entity(version.customer) in {snapshot.entity(one) for one in answering if one}


def _ours(book: Casebook, subject: Subject, ticket: Ticket) -> set[str]:
    """The parties whose holding is the provider's: itself, and the teams of an organisation."""
    provider = subject.version.provider
    snapshot = book.seen.estate.at(ticket.opened)
    teams = {one.party for one in ticket.owners if snapshot.entity(one.party) == provider}
    return teams | {provider}


def held_parts(
    ticket: Ticket, rules: ClockRules, parties: Collection[str], now: Instant
) -> Iterator[Ticket]:
    """Each case of a ticket as it is for parties that hold it at times: it begins when they first
    have it, stands still while others do, and ends when they hand it on for good. There is none
    where they never had it."""
    history = history_of(ticket, rules, now)
    held = union(
        (start, end)
        for start, end, party in holdings(ticket, rules.holders, waits_of(history.waits), "")
        if party in parties
    )
    for run in history.runs:
        open_time = [(run.begun, run.stopped)] if run.begun < run.stopped else []
        theirs = subtract(intersect(open_time, held), run.gaps)
        if theirs:
            yield _part(ticket, theirs)


def _part(ticket: Ticket, theirs: Sequence[tuple[Instant, Instant]]) -> Ticket:
    """A ticket that is worked on in some stretches alone."""
    begun, ended = theirs[0][0], theirs[-1][1]
    reasons = {event.reason for event in ticket.events if event.do == "pause"} - {""}
    events = []
    for event in ticket.events:
        if event.do == "resume" and not event.reason:
            # It ends every wait there is, but it does not hand the ticket back.
            events += [replace(event, reason=reason) for reason in sorted(reasons)]
        elif event.do in {"pause", "resume", "prioritise"}:
            events.append(event)
    # What was said before the part begins holds in it.
    earlier = [event for event in events if event.at < begun]
    events = [event for event in events if begun <= event.at <= ended]
    for (_, left), (back, _) in itertools.pairwise(theirs):
        events += [
            TicketEvent(left, "pause", ELSEWHERE),
            TicketEvent(back, "resume", ELSEWHERE),
        ]
    if ended < FOREVER:
        events.append(TicketEvent(ended, "resolve"))
    return replace(
        ticket,
        opened=begun,
        priority=_priority(ticket, earlier),
        events=(*_still_waiting(earlier, begun), *events),
    )


def _priority(ticket: Ticket, earlier: Iterable[TicketEvent]) -> str:
    changes = [(event.at, event.priority) for event in earlier if event.do == "prioritise"]
    return max(changes, default=(0, ticket.priority))[1]


def _still_waiting(earlier: Iterable[TicketEvent], begun: Instant) -> Iterator[TicketEvent]:
    """Waits that began before an instant and go on, as begun at it."""
    latest: dict[str, TicketEvent] = {}
    for event in sorted(earlier, key=lambda event: (event.at, RANK[event.do])):
        if event.do in {"pause", "resume"}:
            latest[event.reason] = event
    for event in latest.values():
        if event.do == "pause":
            yield replace(event, at=begun)


# --- by which rules ------------------------------------------------------------------------------


def rules_of(book: Casebook, subject: Subject, point: Within) -> ClockRules:
    """How a term times tickets, with the goals of the other priorities of its agreement, for those
    that change theirs."""
    version, term, measuring = subject.version, subject.term, book.measuring(subject)
    watch = WATCH_OF[term.metric]
    place = points_of(term.target).index(point)
    goals = {one.priority: _goal(_where(one, term.hours), place) for one in _alike(subject)}
    goals[term.priority] = _goal(term, place)
    late, allowance, hours, evidence = _customer_late(subject, measuring.awaiting)
    return ClockRules(
        tuple(goals.values()),
        watch.id,
        (*measuring.pauses, ELSEWHERE),
        measuring.awaiting,
        # The response clock does not pause unless its own term says so.
        late if watch.resumes else "none",
        allowance,
        hours,
        evidence,
        measuring.reopening,
        measuring.reprioritised,
        measuring.holders,
        version.provider,
        version.timezone,
    )


def _goal(term: Term, place: int) -> Goal:
    points = points_of(term.target)
    point = points[min(place, len(points) - 1)]
    return Goal(point.duration, point.business_days, whole_of(term.hours), term.priority)


def _where(term: Term, hours: str) -> Term:
    """A term as it is where another one holds: in the same window, if it has it."""
    part = part_named(hours)
    within = part.within if part else ""
    target = next((one.target for one in term.windows if one.hours == within), term.target)
    return replace(term, target=target)


def points_of(target: Target) -> tuple[Within, ...]:
    """The targets in time and share that a target is made of."""
    if isinstance(target, Points):
        return target.points
    assert isinstance(target, Within)
    return (target,)


def _customer_late(subject: Subject, reasons: Iterable[str]) -> tuple[str, int, str, bool]:
    """What a customer's lateness does to the clock: as the customer's duty to answer such requests
    has it, or else by the policy, which allows no time."""
    version = subject.version
    policy = policies_of(subject.term).customer_late
    for duty in version.provisions.obligations:
        agreed = duty.category in reasons and version.customer in duty.by
        effect = policy if duty.effect == "none" else duty.effect
        # A clock counts an allowance in time, not in business days or months.
        if agreed and effect in CUSTOMER_LATE and duty.within == Lapse(duty.within.duration):
            return effect, duty.within.duration, duty.hours, duty.evidence
    return policy, 0, ROUND_THE_CLOCK, True


def times_tickets(metric: str) -> bool:
    """Whether a kind of commitment is measured by the clocks of tickets."""
    return metric in WATCH_OF


def longest_wait(hours: Hours, term: Term, until: Instant) -> Duration:
    """How long before an instant a term's time may begin and be used up only then: found by
    doubling, so at most twice as long as need be."""
    wait: Duration = DAY
    targets = (term.target, *(window.target for window in term.windows))
    for point in (point for target in targets for point in points_of(target)):
        # A service day a week, at least, and a fortnight in which there is none.
        wait = max(wait, (point.business_days + 2) * 7 * DAY if point.business_days else DAY)
        while wait < _LONGEST:
            if total(hours.open(term.hours, Span(until - wait, until))) >= point.duration:
                break
            wait *= 2
    return wait


def _from_known_priority(ticket: Ticket, rules: ClockRules) -> Ticket | None:
    """A ticket from when it has a priority that a time is agreed for; None if it never has."""
    known = {goal.priority for goal in rules.goals}
    if "" in known or ticket.priority in known:
        return ticket
    changes = [
        event
        for event in sorted(ticket.events, key=lambda event: (event.at, event.priority))
        if event.do == "prioritise" and event.priority in known and event.at >= ticket.opened
    ]
    if not changes:
        return None
    return replace(ticket, opened=changes[0].at, priority=changes[0].priority)


def _with_every_priority(rules: ClockRules, ticket: Ticket) -> ClockRules:
    """Rules that know every priority a ticket ever has: one that no time is agreed for is never
    due."""
    known: Mapping[str, Goal] = {goal.priority: goal for goal in rules.goals}
    given = {event.priority for event in ticket.events if event.do == "prioritise"}
    unknown = sorted(given - known.keys()) if "" not in known else []
    if not unknown:
        return rules
    more = tuple(Goal(FOREVER, priority=priority) for priority in unknown)
    return replace(rules, goals=(*rules.goals, *more))
