"""Derivations of a changed estate, made anew only where the change reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.engine.derive import PLAIN, Depth, derivation_of, promises_to_check
from orchestrator.engine.subjects import Subject
from orchestrator.engine.underpinning import Underpinning
from orchestrator.model.agreements import Version
from orchestrator.model.derivations import Derivation
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import TermKey
from orchestrator.model.services import mentioned
from orchestrator.model.values import AskedPeriod

DOWNTIME: Final = "downtime"
"""The algebra that rests on requirements, agreements and hours alone."""


@dataclass(frozen=True, slots=True)
class Rederived:
    """All derivations, sorted as `derive` sorts them, and those that were made anew."""

    derivations: tuple[Derivation, ...]
    anew: tuple[TermKey, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two estates, as far as a derivation can depend on it: everything, or
    some services, with all that stands above them, and some agreements."""

    everything: bool
    services: frozenset[str]
    agreements: frozenset[str]

    def reaches(self, subject: Subject) -> bool:
        """Whether a promise may come out otherwise."""
        if self.everything or subject.version.agreement in self.agreements:
            return True
        if METRICS[subject.term.metric].algebra != DOWNTIME:
            return bool(self.services or self.agreements)
        return not self.services.isdisjoint(subject.services)


def rederive(
    before: Estate,
    after: Estate,
    asked: AskedPeriod,
    known: Iterable[Derivation],
    depth: Depth = PLAIN,
    progress: Callable[[int, int], None] | None = None,
) -> Rederived:
    """The derivations of `after`, of which those of `before` over the same span and to the same
    depth are `known`. What a derivation rests on is the promise itself, the services beneath, the
    agreements on those and their calendars; where none of them changed it stands."""
    change = changed(before, after)
    kept = {one.key: one for one in known}
    wanted = [
        subject
        for versions in after.agreements.values()
        for version in versions
        for subject in promises_to_check(after, version, asked)
    ]
    fresh = [one for one in wanted if one.key not in kept or change.reaches(one)]
    made: dict[TermKey, Derivation] = {}
    underpinning = Underpinning(after)
    for number, subject in enumerate(fresh):
        made[subject.key] = derivation_of(underpinning, subject, asked, depth)
        if progress is not None:
            progress(number + 1, len(fresh))
    found = [made.get(one.key) or kept[one.key] for one in wanted]
    found.sort(key=lambda one: _order(one.key))
    return Rederived(tuple(found), tuple(sorted(made, key=_order)))


def changed(before: Estate, after: Estate) -> Change:
    """What a change reaches. Parties and metadata say who is one organisation, so that a change of
    them may reach everything."""
    if before.metadata != after.metadata or before.parties != after.parties:
        return Change(everything=True, services=frozenset(), agreements=frozenset())
    calendars = _differing(before.calendars, after.calendars)
    agreements = _differing(before.agreements, after.agreements)
    agreements |= {
        version.agreement
        for estate in (before, after)
        for version in _versions(estate)
        if calendars and not calendars.isdisjoint(_hours(version))
    }
    services = _differing(before.services, after.services)
    services |= {
        cover.service
        for estate in (before, after)
        for version in _versions(estate, agreements)
        for cover in version.covers
    }
    # What shares a budget is one leaf, named by all that have no other.
    for estate in (before, after):
        for version in _versions(estate):
            together = {cover.service for cover in version.covers}
            if version.jointly and not services.isdisjoint(together):
                services |= together
    return Change(
        everything=False,
        services=frozenset(_above((before, after), services)),
        agreements=frozenset(agreements),
    )


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    return {id for id in {**old, **new} if old.get(id) != new.get(id)}


def _versions(estate: Estate, among: set[str] | None = None) -> Iterable[Version]:
    for id, versions in estate.agreements.items():
        if among is None or id in among:
            yield from versions


def _hours(version: Version) -> set[str]:
    """The calendars a version counts by."""
    terms = [version.resolved(term) for term in version.terms]
    allowances = [one for term in terms for one in term.allowances or ()]
    windows = [window.hours for term in terms for window in term.windows]
    return {*(term.hours for term in terms), *(one.within for one in allowances), *windows}


def _above(estates: Sequence[Estate], services: set[str]) -> set[str]:
    """Some services with all that requires them, at any time."""
    users: dict[str, set[str]] = {}
    for estate in estates:
        for id, timeline in estate.services.items():
            for dated in timeline:
                for needed in mentioned(dated.value.requires):
                    users.setdefault(needed, set()).add(id)
    found, stack = set(services), list(services)
    while stack:
        more = users.get(stack.pop(), set()) - found
        found |= more
        stack.extend(more)
    return found


def _order(key: TermKey) -> tuple[str, str, str, int]:
    return key.agreement, key.term, key.service, key.version
