"""Estates with other terms: what would follow had other targets been agreed all along.

A revision replaces what a term says in every version that is in force during a span, over the
whole of that version: budgets are then those of undivided periods, as a plan for the time to come
has them. `Estate.edit`, which makes history, would divide them at the instant of the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from orchestrator.engine.derive import promises_to_check
from orchestrator.engine.prime import at_all_times
from orchestrator.engine.problem import problem
from orchestrator.engine.promises import promise_of
from orchestrator.engine.structure import Commitment
from orchestrator.engine.subjects import Subject, subjects
from orchestrator.engine.underpinning import Underpinning
from orchestrator.model.agreements import Term, Version, underpins
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import TermKey
from orchestrator.model.values import AskedPeriod, Period, Span, zone

Place = tuple[str, str]
"""An agreement and one of its terms, by their ids."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What a term is to say, at all times; None and "" leave what it says. With `at_least` a higher
    target stays as well."""

    target: Fraction
    period: Period | None = None
    strength: str = ""
    at_least: bool = False

    def of(self, term: Term) -> Term:
        """The term as revised."""
        target = self.target
        if self.at_least and isinstance(term.target, Fraction):
            target = max(target, term.target)
        return replace(
            term,
            target=target,
            windows=(),
            period=self.period or term.period,
            strength=self.strength or term.strength,
        )


def revised(
    estate: Estate,
    changes: Mapping[Place, Revision],
    asked: AskedPeriod,
    signed: Iterable[Version] = (),
) -> Estate:
    """The estate with terms revised in all versions that meet the span asked for, and with
    further agreements signed. Everything else is shared with the estate given."""
    by_agreement: dict[str, dict[str, Revision]] = {}
    for (agreement, term), revision in changes.items():
        by_agreement.setdefault(agreement, {})[term] = revision
    agreements = dict(estate.agreements)
    for agreement, revisions in by_agreement.items():
        agreements[agreement] = tuple(
            _version(version, revisions) if in_force(version, asked) else version
            for version in agreements[agreement]
        )
    for version in signed:
        agreements[version.agreement] = (version,)
    return Estate(estate.metadata, estate.calendars, estate.parties, estate.services, agreements)


def in_force(version: Version, asked: AskedPeriod) -> Span | None:
    """The part of a span in which a version binds; None where it does not."""
    return asked.span(zone(version.timezone)) & version.effective if version.binds else None


def _version(version: Version, revisions: Mapping[str, Revision]) -> Version:
    terms = tuple(
        revisions[term.id].of(term) if term.id in revisions else term for term in version.terms
    )
    return replace(version, terms=terms)


# --- what is promised, and what it rests on ------------------------------------------------------


def goals(estate: Estate, asked: AskedPeriod) -> Iterator[Subject]:
    """Every promise of availability about a composite: those that `derive` compares."""
    for versions in estate.agreements.values():
        for version in versions:
            for subject in promises_to_check(estate, version, asked):
                if METRICS[subject.term.metric].algebra == "downtime":
                    yield _plain(subject)


def _plain(subject: Subject) -> Subject:
    """A promise without windows: the strictest of them at all times, to the safe side."""
    return replace(subject, term=at_all_times(subject.term))


def subject_in(estate: Estate, key: TermKey) -> Subject:
    """A promise by its key, as a revised estate has it."""
    return next(
        _plain(subject)
        for version in estate.agreements[key.agreement]
        if version.number == key.version
        for subject in subjects(version)
        if subject.key == key
    )


def beneath(
    underpinning: Underpinning, subject: Subject, asked: AskedPeriod
) -> dict[Place, list[Commitment]]:
    """The commitments that a promise rests on at any time of a span and that count towards its
    floor, by place."""
    held = in_force(subject.version, asked)
    if held is None:
        return {}
    grounds = underpinning.ground(subject.version, subject.covers, held)
    data = problem(underpinning, promise_of(subject.version, subject.term), grounds, held)
    found: dict[Place, list[Commitment]] = {}
    for leaf in data.leaves_of(data.groups):
        for commitment in leaf.commitments:
            if underpins(commitment.version, commitment.term):
                place = (commitment.key.agreement, commitment.key.term)
                found.setdefault(place, []).append(commitment)
    return found
