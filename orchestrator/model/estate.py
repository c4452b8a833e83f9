"""The estate: everything in force, at every instant, as one immutable value.

Each object is a timeline of dated values; an agreement is a list of versions with their own
effective spans. `Estate.at(instant)` is the snapshot in force then, `edit` a changed estate; see
`model.changes` for more. Nothing here touches a file, a database or the clock.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

import networkx as nx

from orchestrator.errors import refuse
from orchestrator.model.agreements import Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.ledger import Rate
from orchestrator.model.parties import Party
from orchestrator.model.services import Service, mentioned
from orchestrator.model.templates import Template
from orchestrator.model.values import ALWAYS, DAWN, FOREVER, Instant, Kept, Span

T = TypeVar("T", Party, Service, Calendar)


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """A value and the span it holds for."""

    span: Span
    value: T


Timeline = tuple[Dated[T], ...]
"""Dated values with disjoint spans, earliest first; equal neighbours are joined."""

TIMELINES: Final = ("calendars", "parties", "services")
OBJECTS: Final = (*TIMELINES, "agreements")
"""The lists of an estate document, in their order."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Whose estate it is. `home` lists the organisations that make an SLA, an OLA and a UC
    distinguishable; with `strict_demarcation` every edge between two owners needs a line drawn.
    `templates`, sorted by id, are what agreements are made from. `rates` are exchange rates as they
    were stated."""

    name: str = ""
    home: tuple[str, ...] = ()
    currency: str = "EUR"
    timezone: str = "UTC"
    strict_demarcation: bool = False
    templates: tuple[Template, ...] = ()
    rates: tuple[Rate, ...] = ()
    kept: Kept = ()


@dataclass(frozen=True)
class Snapshot:
    """What is in force during one epoch, a span in which nothing changes."""

    metadata: Metadata
    epoch: Span
    calendars: Mapping[str, Calendar]
    parties: Mapping[str, Party]
    services: Mapping[str, Service]
    versions: Mapping[str, Version]

    @cached_property
    def graph(self) -> nx.DiGraph[str]:
        """Services, with an edge from each to what it requires."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.services)
        graph.add_edges_from(
            (service.id, needed)
            for service in self.services.values()
            for needed in mentioned(service.requires)
        )
        return graph

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The services, each after all that it requires."""
        return tuple(reversed(list(nx.topological_sort(self.graph))))

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Each service's place in `order`."""
        return {id: number for number, id in enumerate(self.order)}

    def bits(self, services: Iterable[str]) -> int:
        """Some services as a bit set of `numbers`, as far as they exist."""
        flags = bytearray(len(self.order) // 8 + 1)
        for number in map(self.numbers.get, services):
            if number is not None:
                flags[number >> 3] |= 1 << (number & 7)
        return int.from_bytes(flags, "little")

    @cached_property
    def reach(self) -> Mapping[str, int]:
        """Each service with all it requires, directly or not, as a bit set of `numbers`."""
        reach: dict[str, int] = {}
        for id in self.order:
            bits = 1 << self.numbers[id]
            for needed in self.graph[id]:
                bits |= reach[needed]
            reach[id] = bits
        return reach

    @cached_property
    def covering(self) -> Mapping[str, tuple[Version, ...]]:
        """The binding versions that cover each service, by agreement id."""
        found: dict[str, list[Version]] = {}
        for _, version in sorted(self.versions.items()):
            for service in dict.fromkeys(cover.service for cover in version.covers):
                found.setdefault(service, []).append(version)
        return {service: tuple(versions) for service, versions in found.items()}

    def entity(self, party: str) -> str:
        """The legal entity of a party: the organisation it is or belongs to."""
        return entity_of(self.parties, party)

    @cached_property
    def home(self) -> frozenset[str]:
        """The home organisations as legal entities."""
        return frozenset(self.entity(party) for party in self.metadata.home)

    def kind_of(self, version: Version) -> str:
        """The kind an agreement has by who its parties are, whatever it is labelled.

        Within one legal entity it is an OLA; what a home organisation provides to others is an
        SLA and what it buys a UC. Where the parties do not tell, the label stands.
        """
        provider, customer = self.entity(version.provider), self.entity(version.customer)
        if provider == customer:
            return "OLA"
        if (provider in self.home) != (customer in self.home):
            return "SLA" if provider in self.home else "UC"
        return version.kind


def entity_of(parties: Mapping[str, Party], party: str) -> str:
    """The organisation that a party is, or that its teams belong to."""
    while (known := parties.get(party)) and known.kind == "team" and known.parent:
        party = known.parent
    return party


@dataclass(frozen=True)
class Estate:
    """All that is known of an estate, over all of valid time."""

    metadata: Metadata = field(default_factory=Metadata)
    calendars: Mapping[str, Timeline[Calendar]] = field(default_factory=dict)
    parties: Mapping[str, Timeline[Party]] = field(default_factory=dict)
    services: Mapping[str, Timeline[Service]] = field(default_factory=dict)
    agreements: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)

    @cached_property
    def changes(self) -> tuple[Instant, ...]:
        """The instants at which something begins or ends, sorted, `DAWN` first."""
        found = {DAWN}
        for table in TIMELINES:
            for timeline in getattr(self, table).values():
                for dated in timeline:
                    found.update((dated.span.start, dated.span.end))
        for versions in self.agreements.values():
            for version in versions:
                found.update((version.effective.start, version.effective.end))
        return tuple(sorted(found - {FOREVER}))

    @cached_property
    def _snapshots(self) -> dict[int, Snapshot]:
        return {}

    def at(self, instant: Instant) -> Snapshot:
        """What is in force at an instant; kept, so asking again costs nothing."""
        index = max(bisect.bisect_right(self.changes, instant) - 1, 0)
        if index not in self._snapshots:
            self._snapshots[index] = self._snapshot(index)
        return self._snapshots[index]

    def during(self, span: Span) -> Iterator[tuple[Span, Snapshot]]:
        """The epochs of a span, each clipped to it, with what is in force."""
        start = span.start
        while start < span.end:
            snapshot = self.at(start)
            end = min(snapshot.epoch.end, span.end)
            yield Span(start, end), snapshot
            start = end

    def _snapshot(self, index: int) -> Snapshot:
        start = self.changes[index]
        end = self.changes[index + 1] if index + 1 < len(self.changes) else FOREVER
        current: dict[str, dict[str, Any]] = {
            table: {
                id: dated.value
                for id, timeline in getattr(self, table).items()
                for dated in timeline
                if start in dated.span
            }
            for table in TIMELINES
        }
        versions = {
            id: version
            for id, numbered in self.agreements.items()
            for version in numbered
            if version.binds and start in version.effective
        }
        return Snapshot(self.metadata, Span(start, end), versions=versions, **current)

    def edit(
        self,
        at: Instant,
        put: Iterable[Party | Service | Calendar | Version] = (),
        remove: Iterable[tuple[str, str]] = (),
    ) -> Estate:
        """A changed estate: from `at` on, `put` objects hold as given and `remove`d ones, named as
        (list, id), are gone.

        A version in force replaces the one before it from `at` on, or from its own start if that
        is later; one in another state is put beside it.
        """
        tables: dict[str, dict[str, Any]] = {table: dict(getattr(self, table)) for table in OBJECTS}
        for table, id in remove:
            if id not in tables[table]:
                raise refuse(
                    "UNKNOWN_REFERENCE",
                    f"there is no {id!r} in {table} to remove",
                    "name an object of the estate",
                )
            kept = before(tables[table].pop(id), at)
            if kept:
                tables[table][id] = kept
        for value in put:
            if isinstance(value, Version):
                old = tables["agreements"].get(value.agreement, ())
                span = Span(max(value.effective.start, at), value.effective.end)
                number = 1 + max((version.number for version in old), default=0)
                fresh = replace(value, number=number, effective=span)
                kept = before(old, span.start) if value.binds else tuple(old)
                tables["agreements"][value.agreement] = (*kept, fresh)
            else:
                table = _TABLE_OF[type(value)]
                kept = before(tables[table].get(value.id, ()), at)
                tables[table][value.id] = (*kept, Dated(Span(at, FOREVER), value))
        return Estate(self.metadata, **tables).normalised()

    def normalised(self) -> Estate:
        """The same estate in canonical form: ids sorted, equal neighbours joined."""
        return Estate(
            self.metadata,
            {id: _joined(timeline) for id, timeline in sorted(self.calendars.items())},
            {id: _joined(timeline) for id, timeline in sorted(self.parties.items())},
            {id: _joined(timeline) for id, timeline in sorted(self.services.items())},
            {
                id: tuple(sorted(versions, key=lambda v: v.number))
                for id, versions in sorted(self.agreements.items())
            },
        )


_TABLE_OF: Final[dict[type, str]] = {Calendar: "calendars", Party: "parties", Service: "services"}


def always(*values: T) -> dict[str, Timeline[T]]:
    """Objects that hold for ever, by id."""
    return {value.id: (Dated(ALWAYS, value),) for value in values}


def _joined(timeline: Timeline[T]) -> Timeline[T]:
    joined: list[Dated[T]] = []
    for dated in sorted(timeline, key=lambda dated: dated.span):
        last = joined[-1] if joined else None
        if last and last.span.end == dated.span.start and last.value == dated.value:
            joined[-1] = Dated(Span(last.span.start, dated.span.end), dated.value)
        else:
            joined.append(dated)
    return tuple(joined)


def before(items: Iterable[Any], at: Instant) -> tuple[Any, ...]:
    """The part of a timeline, or of an agreement's versions, that lies before an instant; versions
    that are not in force lie at no time and stay."""
    kept: list[Any] = []
    for item in items:
        if isinstance(item, Version):
            start, end = item.effective.start, item.effective.end
            if not item.binds:
                kept.append(item)
            elif start < at:
                kept.append(replace(item, effective=Span(start, min(end, at))))
        elif item.span.start < at:
            kept.append(Dated(Span(item.span.start, min(item.span.end, at)), item.value))
    return tuple(kept)
