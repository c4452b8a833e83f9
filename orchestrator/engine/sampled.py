"""From samples to cases: what was measured at an instant, of a metric, at a term's point."""

from __future__ import annotations

from fractions import Fraction

from orchestrator.engine.casebook import Casebook, in_order
from orchestrator.engine.cases import ONE, ZERO, Case
from orchestrator.engine.subjects import Subject
from orchestrator.model.metrics import Target, Within
from orchestrator.model.records import Sample
from orchestrator.model.values import SECOND


def sample_cases(book: Casebook, subject: Subject, _point: Target) -> tuple[Case, ...]:
    """The samples of a term's metric, each with its value and weight; times are in seconds."""
    return in_order(
        Case(sample.id, sample.at, sample.value, sample.at, sample.weight, sample.source)
        for sample in _samples(book, subject)
    )


def call_cases(book: Casebook, subject: Subject, point: Target) -> tuple[Case, ...]:
    """Samples of a time in seconds, by whether it was within the promised one."""
    assert isinstance(point, Within)
    limit = Fraction(point.duration, SECOND)
    return in_order(
        Case(
            sample.id,
            sample.at,
            ONE if sample.value <= limit else ZERO,
            sample.at,
            sample.weight,
            sample.source,
        )
        for sample in _samples(book, subject)
    )


def _samples(book: Casebook, subject: Subject) -> list[Sample]:
    """Samples on what a term covers. Those of another measuring point never mix with its own."""
    point = subject.term.measurement.point
    return [
        sample
        for service in dict.fromkeys(subject.services)
        for sample in book.samples_of.get((subject.term.metric, service), ())
        if sample.point == point and book.holds(subject, sample.at)
    ]
