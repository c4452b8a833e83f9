"""From outages to cases: each time that a service was down, in whole, is an incident.

Outages count as they do for availability under the same agreement: within the term's hours, not
excused, not shorter than the term counts. An incident is what lies between two instants at which
the service is up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.casebook import Casebook, in_order
from orchestrator.engine.cases import Case
from orchestrator.engine.downtime import counting
from orchestrator.engine.slices import Stretch, cut, slices
from orchestrator.engine.subjects import Subject
from orchestrator.model.metrics import Lasting, Target
from orchestrator.model.values import FOREVER, SECOND, Duration, Instant, Span, union, zone

AVAILABILITY: Final = "availability"


@dataclass(frozen=True, slots=True)
class Incident:
    """A stretch without service, with the parts of it that count. FOREVER ends one that goes on."""

    start: Instant
    end: Instant
    stretches: tuple[Stretch, ...]

    @property
    def seconds(self) -> Fraction:
        """How long it lasted, by what counts of it."""
        lengths = (stretch.length * stretch.counted for stretch in self.stretches)
        return sum(lengths, Fraction(0)) / SECOND

    def until(self, instant: Instant) -> Incident:
        """As it stands at an instant, if it has begun by then."""
        end = max(instant, self.start + 1)
        return replace(self, stretches=tuple(cut(self.stretches, [(self.start, end)])))


def restored_cases(book: Casebook, subject: Subject, _point: Target) -> tuple[Case, ...]:
    """Incidents by when they were over, each with its length in seconds. One that goes on is in no
    period yet."""
    return in_order(map(_restored, _incidents(book, subject)))


def _restored(incident: Incident) -> Case:
    over = incident.end < FOREVER
    return Case(
        _name(incident),
        incident.end - 1 if over else FOREVER,
        incident.seconds if over else None,
        incident.start,
        stretches=incident.stretches,
    )


def recovery_cases(book: Casebook, subject: Subject, point: Target) -> tuple[Case, ...]:
    """Incidents by when they were over; one that goes on and has outlasted the promised time is
    missed when it did, and is as long as it was by the end of that period."""
    assert isinstance(point, Lasting)
    found = []
    for incident in _incidents(book, subject):
        late = None if incident.end < FOREVER else _late(incident, point.duration)
        if late is None:
            found.append(_restored(incident))
        else:
            by_then = incident.until(_period_end(subject, late))
            found.append(replace(_restored(by_then), at=late, value=by_then.seconds))
    return in_order(found)


def _period_end(subject: Subject, instant: Instant) -> Instant:
    """The end of a term's period that holds an instant; of a rolling period there is none."""
    period = subject.term.period
    if period is None or period.rolling:
        return FOREVER
    return period.containing(instant, zone(subject.version.timezone)).end


def _late(incident: Incident, limit: Duration) -> Instant | None:
    """The first instant at which more than a time of an incident has counted; None if none has."""
    left = Fraction(limit)
    for stretch in incident.stretches:
        counts = stretch.length * stretch.counted
        if counts > left:
            return stretch.start + math.floor(left / stretch.counted)
        left -= counts
    return None


def failure_cases(book: Casebook, subject: Subject, _point: Target) -> tuple[Case, ...]:
    """Incidents by when they began."""
    return in_order(
        Case(
            _name(incident),
            incident.start,
            incident.seconds,
            incident.start,
            stretches=incident.stretches,
        )
        for incident in _incidents(book, subject)
    )


def _name(incident: Incident) -> str:
    """The facts that say so."""
    found: set[str] = set()
    for stretch in incident.stretches:
        for leaf, share in stretch.verdict.shares.items():
            if share:
                found |= stretch.scene.evidence(leaf, [(stretch.start, stretch.end)])
    return "+".join(sorted(found))


def _incidents(book: Casebook, subject: Subject) -> Iterator[Incident]:
    hull = _hull(book)
    if hull is None:
        return
    # Counted as the availability of the same service would be, under the same agreement.
    term = replace(subject.term, metric=AVAILABILITY, target=Fraction(1), credits=())
    alike = replace(subject, term=term)
    gaps_count = term.policies is not None and term.policies.data_gaps == "counts_as_down"
    found = slices(book.seen, alike, hull, gaps_count=gaps_count)
    hours = book.seen.underpinning.hours.open(term.hours, hull)
    counted = counting(found, term.measurement, hours)
    index = 0
    for start, end in union((stretch.start, stretch.end) for stretch in found.stretches):
        inside = []
        while index < len(counted) and counted[index].start < end:
            inside.append(counted[index])
            index += 1
        if inside and end < hull.end:
            yield Incident(start, end, tuple(inside))
        elif inside:
            yield Incident(start, FOREVER, tuple(inside)).until(book.moment.now)


def _hull(book: Casebook) -> Span | None:
    """A span that holds every outage reported, as far as it is over by the moment of asking."""
    spans = [outage.span for outage in book.facts.outages]
    spans += [unknown.span for unknown in book.facts.unknown]
    if not spans:
        return None
    until = max(
        book.moment.horizon, *(span.end for span in spans if span.end < FOREVER), spans[0].start
    )
    if book.moment.as_of is not None:
        until = book.moment.as_of
    start = min(span.start for span in spans)
    return Span(start, until + 1) if start <= until else None
