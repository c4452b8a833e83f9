"""The open tickets of an estate by the time they have left: what comes next to breach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.engine.casebook import Casebook
from orchestrator.engine.observations import Observations
from orchestrator.engine.subjects import parts_of, subjects
from orchestrator.engine.ticketed import points_of, ticket_cases, times_tickets
from orchestrator.engine.tickets import Reading
from orchestrator.engine.underpinning import Underpinning
from orchestrator.engine.verdicts import Moment
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import Within
from orchestrator.model.records import Facts, TermKey
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


def open_clocks(
    estate: Estate, facts: Facts, now: Instant, agreement: str | None = None
) -> tuple[OpenClock, ...]:
    """The clocks that have not stopped at an instant, by what is reported by then: those that run
    by when they are due, what is past it first; after them those that stand still, which are due
    at no instant until somebody does something, by the service time they have left."""
    seen = Observations(Underpinning(estate), facts.known_at(now))
    book = Casebook(seen, Moment(now + _AHEAD, now))
    found = [
        OpenClock(subject.key, subject.term.metric, point, case.clock.reading)
        for id, versions in estate.agreements.items()
        if agreement in {None, id}
        for version in versions
        if version.binds
        for subject in subjects(version)
        if times_tickets(subject.term.metric)
        for part in parts_of(subject)
        for point in points_of(part.term.target)
        for case in ticket_cases(book, part, point)
        if case.clock.reading.stopped == FOREVER
    ]
    return tuple(sorted(found, key=_next_to_breach))


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
