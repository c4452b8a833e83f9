"""What is promised, to be derived or measured: terms, with what they cover, and their periods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from orchestrator.engine.prime import split
from orchestrator.engine.structure import Commitment, covered_as
from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.estate import Estate, Snapshot
from orchestrator.model.records import TermKey
from orchestrator.model.values import MONTH, AskedPeriod, Instant, Span, zone


@dataclass(frozen=True, slots=True)
class Subject:
    """A resolved term of a version, for one covered service, or for all that it covers jointly."""

    version: Version
    term: Term
    covers: tuple[Cover, ...]

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(cover.service for cover in self.covers)

    @property
    def key(self) -> TermKey:
        version = self.version
        return TermKey(
            version.agreement,
            version.number,
            self.term.id,
            covered_as(version, self.covers[0].service),
        )


def acting(snapshot: Snapshot, version: Version, party: str) -> str:
    """Who acts where a party does, as an agreement sees it: its legal entity; or within the one
    that both sides belong to the party itself, as teams answer to one another there."""
    entity = snapshot.entity
    inside = entity(version.provider) == entity(version.customer) == entity(party)
    return party if inside else entity(party)


def subjects(version: Version) -> Iterator[Subject]:
    """Everything a version promises, term by term and covered service by covered service."""
    together = sorted(version.covers, key=lambda cover: cover.service)
    sets = [tuple(together)] if version.jointly else [(cover,) for cover in version.covers]
    for term in version.terms:
        resolved = version.resolved(term)
        for covers in sets:
            yield Subject(version, resolved, covers)


def parts_of(subject: Subject) -> tuple[Subject, ...]:
    """What a subject promises in each of its windows, and in the rest of its hours; the subject
    itself where it has no windows."""
    return tuple(replace(subject, term=part) for part in split(subject.term))


def subject_of(commitment: Commitment) -> Subject:
    """What a commitment promises, with all that it promises it for."""
    version, service = commitment.version, commitment.key.service
    covers = tuple(
        sorted(
            (c for c in version.covers if version.jointly or c.service == service),
            key=lambda cover: cover.service,
        )
    )
    return Subject(version, commitment.term, covers)


def periods_ending(subject: Subject, asked: AskedPeriod) -> list[Span]:
    """What a subject is assessed over, of the span asked for: its own periods that end inside it.

    Of a rolling period, a stretch for each month of the agreement's zone in which windows end: what
    a month comes to is the same, whatever is asked about besides.
    """
    version, period = subject.version, subject.term.period
    assert period is not None
    if not period.rolling:
        return spans_ending(subject, asked)
    where = zone(version.timezone)
    span = asked.span(where)
    parts = (month & span for month in MONTH.over(span, where))
    return [
        stretch
        for part in parts
        if part is not None
        for stretch in spans_ending(subject, AskedPeriod(part.start, part.end))
    ]


def spans_ending(subject: Subject, asked: AskedPeriod) -> list[Span]:
    """The subject's own periods that end inside the span asked for, clipped to the version.

    Of a rolling period: the stretch in which every window that ends inside lies, as one span.
    """
    version, period = subject.version, subject.term.period
    assert period is not None
    where = zone(version.timezone)
    span = asked.span(where)
    held = span & version.effective
    if held is None:
        return []
    if period.rolling:
        # A window that ends where the span begins belongs to the span before.
        first = max(span.start - period.rolling + 1, version.effective.start)
        return [Span(first, held.end)]
    parts = (part & version.effective for part in period.over(held, where))
    return [part for part in parts if part is not None and part.end <= span.end]


def first_start(estate: Estate, asked: AskedPeriod) -> Instant:
    """When the first of the periods that end inside a span may begin, whatever the zone."""
    starts = [asked.span(zone(estate.metadata.timezone)).start]
    for version in (one for versions in estate.agreements.values() for one in versions):
        where = zone(version.timezone)
        start = asked.span(where).start
        starts.append(start)
        for term in map(version.resolved, version.terms):
            assert term.period is not None
            rolling = term.period.rolling
            starts.append(
                start - rolling if rolling else term.period.containing(start, where).start
            )
    return min(starts)
