"""What a party that is no operator may see: an estate of its own.

The view is an estate like any other, so that every question asked of it is answered from what the
party may see, and nothing has to be forbidden afterwards. It holds the agreements that the party's
legal entity is a party of, once they were put to it; the services those cover, without what they
rest on; and the parties and calendars they name. What a provider keeps to itself (`PRIVATE`), and
notes, are left out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, TypeVar

from orchestrator.model.agreements import Term, Version
from orchestrator.model.calendars import ROUND_THE_CLOCK, Calendar
from orchestrator.model.estate import Dated, Estate, Metadata
from orchestrator.model.parties import Party
from orchestrator.model.provisions import Provisions
from orchestrator.model.records import Breach
from orchestrator.model.references import references
from orchestrator.model.services import Service
from orchestrator.model.values import Kept

T = TypeVar("T")
D = TypeVar("D", Calendar, Party, Service)

PRIVATE: Final[dict[type, frozenset[str]]] = {
    Term: frozenset(("internal_target", "provenance")),
    Provisions: frozenset(("meetings", "goals", "gate", "overrides", "template")),
}
"""The fields that a provider keeps to itself: none of them is bound by an acceptance."""

BEFORE_IT_IS_PUT: Final = frozenset(("draft", "shadow"))
"""The states in which a version is its provider's alone."""


def as_seen_by(estate: Estate, party: str) -> Estate:
    """The estate as a party may see it; that of a party it does not know holds nothing."""
    agreements = {
        id: seen
        for id, versions in estate.agreements.items()
        if (seen := tuple(_versions(estate, versions, party)))
    }
    every = [version for versions in agreements.values() for version in versions]
    named = _Named.by(every)
    parties = _with_parents(estate, {party, *named.parties})
    return Estate(
        Metadata(
            estate.metadata.name,
            tuple(one for one in estate.metadata.home if one in parties),
            estate.metadata.currency,
            estate.metadata.timezone,
        ),
        _kept(estate.calendars, named.calendars, lambda one: replace(one, kept=())),
        _kept(estate.parties, parties, lambda one: _party(one, parties)),
        _kept(estate.services, named.services, lambda one: _service(one, parties)),
        agreements,
    )


def breach_as_seen_by(estate: Estate, breach: Breach, party: str) -> Breach:
    """A breach with the part of a party's own legal entity in it alone: who else contributed is
    between the provider and those."""
    snapshot = estate.at(breach.period.start)
    own = snapshot.entity(party)
    return replace(
        breach,
        responsibility=tuple(
            one for one in breach.responsibility if snapshot.entity(one.party) == own
        ),
        borne_by=tuple(one for one in breach.borne_by if snapshot.entity(one.party) == own),
    )


def _versions(estate: Estate, versions: Iterable[Version], party: str) -> Iterator[Version]:
    for version in versions:
        snapshot = estate.at(version.effective.start)
        own = snapshot.entity(party)
        sides = (version.provider, version.customer, *(role.party for role in version.roles))
        if own not in map(snapshot.entity, sides):
            continue
        if own == snapshot.entity(version.provider):
            yield version
        elif version.state not in BEFORE_IT_IS_PUT:
            yield replace(
                version,
                terms=tuple(
                    replace(_public(term), kept=_without_notes(term.kept)) for term in version.terms
                ),
                provisions=_public(version.provisions),
                kept=_without_notes(version.kept),
            )


def _without_notes(kept: Kept) -> Kept:
    return tuple(pair for pair in kept if not pair[0].startswith("x-"))


def _public(value: T) -> T:
    """A value without what a provider keeps to itself."""
    found: Any = value
    private = PRIVATE[type(found)]
    default = {field.name: field.default for field in fields(found) if field.name in private}
    public: T = replace(found, **default)
    return public


@dataclass(frozen=True, slots=True)
class _Named:
    """What agreements name, by list."""

    parties: frozenset[str]
    services: frozenset[str]
    calendars: frozenset[str]

    @staticmethod
    def by(versions: Iterable[Version]) -> _Named:
        parties: set[str] = set()
        services: set[str] = set()
        calendars: set[str] = set()
        for version in versions:
            parties.update((version.provider, version.customer))
            parties.update(role.party for role in version.roles)
            services.update(cover.service for cover in version.covers)
            for term in map(version.resolved, version.terms):
                calendars.add(term.hours)
                calendars.update(window.hours for window in term.windows)
                calendars.update(one.within for one in term.allowances or ())
            for one in references(version.provisions):
                if one.table == "calendars":
                    calendars.add(one.id)
        return _Named(
            frozenset(parties),
            frozenset(services),
            frozenset(calendars - {ROUND_THE_CLOCK, ""}),
        )


def _with_parents(estate: Estate, parties: set[str]) -> frozenset[str]:
    """Parties that are known, with the organisations they belong to."""
    found: set[str] = set()
    stack = list(parties)
    while stack:
        id = stack.pop()
        if id not in found and id in estate.parties:
            found.add(id)
            teams = (one.value for one in estate.parties[id] if one.value.kind == "team")
            stack += [team.parent for team in teams if team.parent]
    return frozenset(found)


def _kept(
    timelines: Mapping[str, tuple[Dated[D], ...]], ids: frozenset[str], shown: Callable[[D], D]
) -> dict[str, tuple[Dated[D], ...]]:
    return {
        id: tuple(replace(one, value=shown(one.value)) for one in timeline)
        for id, timeline in timelines.items()
        if id in ids
    }


def _party(party: Party, known: frozenset[str]) -> Party:
    return replace(party, parent=party.parent if party.parent in known else "", kept=())


def _service(service: Service, known: frozenset[str]) -> Service:
    """A service without what it rests on, how work on it passes, and owners that are not seen."""
    owner = service.owner if service.owner in known else ""
    return Service(service.id, service.name, owner, service.own)
