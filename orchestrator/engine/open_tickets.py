"""The clocks of an estate's tickets: the open ones by the time they have left, what comes next to
breach first; and all those of one ticket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.casebook import Casebook
from orchestrator.engine.observations import Observations
from orchestrator.engine.subjects import Subject, parts_of, subjects
from orchestrator.engine.ticket_explanation import Segment, explain_due
from orchestrator.engine.ticket_ledger import Ledger, ledger_of
from orchestrator.engine.ticketed import Timed, points_of, ticket_cases, times_tickets
from orchestrator.engine.tickets import Reading
from orchestrator.engine.underpinning import Underpinning
from orchestrator.engine.verdicts import Moment
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import Within
from orchestrator.model.records import Facts, TermKey, Ticket
from orchestrator.model.values import DAY, FOREVER, Instant

_AHEAD: Final = 400 * DAY
"""How far ahead hours are laid out; what is due later still is due then at the earliest."""


@dataclass(frozen=True, slots=True)
class OpenClock:
    """One clock that has not stopped, against one of its term's targets."""

    key: TermKey
    metric: str
    target: Within
    reading: Reading


@dataclass(frozen=True, slots=True)
class TicketClock:
    """One clock of a ticket: why it is due then, segment by segment, and whose hands it ran in."""

    key: TermKey
    metric: str
    target: Within
    reading: Reading
    segments: tuple[Segment, ...]
    ledger: Ledger


def open_clocks(
    estate: Estate, facts: Facts, now: Instant, agreement: str | None = None
) -> tuple[OpenClock, ...]:
    """The clocks that have not stopped at an instant, by what is reported by then: those that run
    by when they are due, what is past it first; after them those that stand still, which are due
    at no instant until somebody does something, by the service time they have left."""
    found = [
        OpenClock(subject.key, subject.term.metric, point, timed.reading)
        for subject, point, timed in _clocks(estate, facts.known_at(now), now, agreement)
        if timed.reading.stopped == FOREVER
    ]
    return tuple(sorted(found, key=_next_to_breach))


def clocks_of(estate: Estate, ticket: Ticket, now: Instant) -> tuple[TicketClock, ...]:
    """Every clock of a ticket as it is at an instant, by agreement, term and service, and in the
    order in which they begin."""
    found = [
        TicketClock(
            subject.key,
            subject.term.metric,
            point,
            timed.reading,
            explain_due(timed.reading, timed.clocks),
            ledger_of(
                timed.reading, timed.ticket, timed.rules, timed.clocks, subject.version.provider
            ),
        )
        for subject, point, timed in _clocks(estate, Facts(tickets=(ticket,)), now, None)
    ]
    return tuple(sorted(found, key=_by_term))


def _clocks(
    estate: Estate, facts: Facts, now: Instant, agreement: str | None
) -> Iterator[tuple[Subject, Within, Timed]]:
    """Every clock of every ticket against every target, as it is at an instant."""
    book = Casebook(Observations(Underpinning(estate), facts), Moment(now + _AHEAD, now))
    for id, versions in estate.agreements.items():
        for version in versions if agreement in {None, id} else ():
            for subject in subjects(version) if version.binds else ():
                for part in parts_of(subject) if times_tickets(subject.term.metric) else ():
                    for point in points_of(part.term.target):
                        for case in ticket_cases(book, part, point):
                            yield subject, point, case.clock


def _by_term(one: TicketClock) -> tuple[str, str, str, int, Instant]:
    key = one.key
    return key.agreement, key.term, key.service, key.version, one.reading.begun


def _next_to_breach(one: OpenClock) -> tuple[bool, int, int, str, str, str]:
    reading, key = one.reading, one.key
    due = 0 if reading.paused else reading.due
    return (
        reading.paused,
        due,
        reading.remaining,
        reading.ticket,
        key.agreement,
        key.term,
    )
