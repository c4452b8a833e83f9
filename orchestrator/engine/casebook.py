"""Facts that become cases, by what they are about; and the cases of each term, found once."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property
from typing import Final

from orchestrator.engine.cases import Case
from orchestrator.engine.intervals import Intervals, clip, total
from orchestrator.engine.observations import Observations
from orchestrator.engine.subjects import Subject
from orchestrator.engine.verdicts import Moment
from orchestrator.model.measuring import Measuring
from orchestrator.model.records import Facts, Sample, Ticket
from orchestrator.model.scopes import part_named
from orchestrator.model.values import DAY, FOREVER, SECOND, Instant, Span

_LONGEST_CLOSURE: Final = 366 * DAY
"""Hours that open ever again are taken to do so within a year."""


class Casebook:
    """Guards that facts are looked through once, and that each term's cases are found once."""

    def __init__(self, seen: Observations, moment: Moment) -> None:
        self.seen = seen
        self.moment = moment
        self.found: dict[object, tuple[Case, ...]] = {}

    @property
    def facts(self) -> Facts:
        return self.seen.facts

    def measuring(self, subject: Subject) -> Measuring:
        """What the term says of how it is measured."""
        return self.moment.measuring(subject)

    def hours(self, subject: Subject, span: Span) -> Fraction:
        """Service hours of a term in a span, in seconds."""
        return Fraction(total(self.seen.underpinning.hours.open(subject.term.hours, span)), SECOND)

    def holds(self, subject: Subject, begun: Instant) -> bool:
        """Whether a term's target is the one for a case that begins at an instant: always, unless
        it is that of a window. Outside of service hours, the one that holds when they next open
        does."""
        hours = subject.term.hours
        part = part_named(hours)
        if part is None:
            return True
        service = self._opened(part.hours)
        place = bisect.bisect_right(service, begun, key=lambda one: one[1])
        if place == len(service) or service[place][0] > begun + _LONGEST_CLOSURE:
            return not part.within
        counts = max(begun, service[place][0])
        return bool(clip(self._opened(hours), counts, counts + 1))

    def _opened(self, hours: str) -> Intervals:
        """When hours are open in all the time that there are cases in, and a good while after."""
        return self.seen.underpinning.hours.open(hours, self._cases_in)

    @cached_property
    def _cases_in(self) -> Span:
        samples = [sample.at for sample in self.facts.samples]
        first = min(samples, default=self.horizon.start)
        last = max(samples, default=self.horizon.end)
        return Span(min(first, self.horizon.start), max(last, self.horizon.end) + _LONGEST_CLOSURE)

    @cached_property
    def tickets_of(self) -> dict[str, list[Ticket]]:
        """Tickets by the service they are on."""
        found: dict[str, list[Ticket]] = {}
        for ticket in self.facts.tickets:
            found.setdefault(ticket.service, []).append(ticket)
        return found

    @cached_property
    def tickets_held(self) -> dict[str, list[Ticket]]:
        """Tickets by each party that is recorded to have held them, and by its organisation."""
        found: dict[str, list[Ticket]] = {}
        for ticket in self.facts.tickets:
            snapshot = self.seen.estate.at(ticket.opened)
            owners = {owner.party for owner in ticket.owners}
            for party in sorted(owners | {snapshot.entity(owner) for owner in owners}):
                found.setdefault(party, []).append(ticket)
        return found

    @cached_property
    def samples_of(self) -> dict[tuple[str, str], list[Sample]]:
        """Samples by metric and service."""
        found: dict[tuple[str, str], list[Sample]] = {}
        for sample in self.facts.samples:
            found.setdefault((sample.metric, sample.service), []).append(sample)
        return found

    @cached_property
    def horizon(self) -> Span:
        """From the first ticket's opening to after everything known and asked about."""
        tickets = self.facts.tickets
        first = min((ticket.opened for ticket in tickets), default=self.moment.horizon)
        last = max((last_of(ticket) for ticket in tickets), default=first)
        return Span(
            min(first, self.moment.now), max(last, self.moment.now, self.moment.horizon) + 1
        )

    def now(self, ticket: Ticket) -> Instant:
        """When a ticket is looked at: at the moment asked for; where none is, when all that is
        known of it has happened."""
        moment = self.moment
        return moment.now if moment.as_of is not None else max(moment.horizon, last_of(ticket))


def last_of(ticket: Ticket) -> Instant:
    """The last thing known of a ticket, its passing from hand to hand included."""
    done = (event.at for event in ticket.events)
    held = (at for one in ticket.owners for at in (one.span.start, one.span.end) if at < FOREVER)
    return max((ticket.opened, *done, *held))


def in_order(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Cases in the order of the periods they count in; the order of the facts does not matter."""
    return tuple(sorted(cases, key=lambda case: (case.at, case.id, case.begun)))
