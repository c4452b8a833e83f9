"""The estate: everything in force, at every instant, as one immutable value.

Each object is a timeline of dated values; an agreement is a list of versions with their own
effective spans. `Estate.at(instant)` is the snapshot in force then, `edit` a changed estate,
`merge` two in one, `diff` what differs. Nothing here touches a file, a database or the clock.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Generic, TypeVar

import networkx as nx

from orchestrator.errors import refuse
from orchestrator.model.agreements import Term, Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.parties import Party
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, Service, mentioned
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
    distinguishable."""

    name: str = ""
    home: tuple[str, ...] = ()
    currency: str = "EUR"
    timezone: str = "UTC"
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
        current: dict[str, dict[str, object]] = {
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
        return Snapshot(self.metadata, Span(start, end), versions=versions, **current)  # type: ignore[arg-type]

    def edit(
        self,
        at: Instant,
        put: Iterable[Party | Service | Calendar | Version] = (),
        remove: Iterable[tuple[str, str]] = (),
    ) -> Estate:
        """A changed estate: from `at` on, `put` objects hold as given and `remove`d ones, named as
        (list, id), are gone. A version put replaces the one in force from `at` on."""
        tables: dict[str, dict[str, tuple[object, ...]]] = {
            table: dict(getattr(self, table)) for table in OBJECTS
        }
        for table, id in remove:
            if id not in tables[table]:
                raise refuse("UNKNOWN_REFERENCE", f"there is no {id!r} in {table} to remove")
            kept = _before(tables[table].pop(id), at)
            if kept:
                tables[table][id] = kept
        for value in put:
            if isinstance(value, Version):
                old = tables["agreements"].get(value.agreement, ())
                start = max(value.effective.start, at)
                span = Span(start, max(value.effective.end, start + 1))
                number = 1 + max((v.number for v in old), default=0)  # type: ignore[attr-defined]
                tables["agreements"][value.agreement] = (
                    *_before(old, at),
                    replace(value, number=number, effective=span),
                )
            else:
                table = _TABLE_OF[type(value)]
                old = _before(tables[table].get(value.id, ()), at)
                dated: tuple[object, ...] = (*old, Dated(Span(at, FOREVER), value))
                tables[table][value.id] = dated
        return Estate(self.metadata, **tables).normalised()  # type: ignore[arg-type]

    def normalised(self) -> Estate:
        """The same estate in canonical form: ids sorted, equal neighbours joined."""
        return Estate(
            self.metadata,
            *(
                {id: _joined(timeline) for id, timeline in sorted(getattr(self, table).items())}
                for table in TIMELINES
            ),
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


def _before(items: Sequence[object], at: Instant) -> tuple[object, ...]:
    """The part of a timeline, or of an agreement's versions, that lies before an instant."""
    kept: list[object] = []
    for item in items:
        span = item.effective if isinstance(item, Version) else item.span  # type: ignore[attr-defined]
        if isinstance(item, Version) and not item.binds:
            kept.append(item)
        elif span.start < at:
            cut = Span(span.start, min(span.end, at))
            kept.append(
                replace(item, effective=cut)
                if isinstance(item, Version)
                else replace(item, span=cut)  # type: ignore[type-var]
            )
    return tuple(kept)


def _after(items: Sequence[object], at: Instant) -> tuple[object, ...]:
    """The part of a timeline that lies from an instant on."""
    return tuple(
        replace(item, span=Span(max(item.span.start, at), item.span.end))  # type: ignore[attr-defined,type-var]
        for item in items
        if item.span.end > at  # type: ignore[attr-defined]
    )


def succeed(old: Estate, new: Estate, at: Instant) -> Estate:
    """The old estate before `at` and the new one from then on.

    What the new estate says of the time before `at` is not heard: timelines are cut and joined.
    The versions of an agreement keep who they are. A new version that agrees with an old one in
    all but its span and acceptances is that version: its start stands and its end may only move to
    an instant that is not before `at`; acceptances add up. What had begun by `at` cannot change
    otherwise, or CHANGED_HISTORY is raised; what is missing ends there; what has not begun, or is
    not in force, binds nobody and may change freely.
    """
    tables: dict[str, dict[str, tuple[object, ...]]] = {}
    for table in TIMELINES:
        before, after = getattr(old, table), getattr(new, table)
        tables[table] = {
            id: (*_before(before.get(id, ()), at), *_after(after.get(id, ()), at))
            for id in {**before, **after}
        }
    tables["agreements"] = {
        id: _succeeding(old.agreements.get(id, ()), new.agreements.get(id, ()), at)
        for id in {**old.agreements, **new.agreements}
    }
    kept = {
        table: {id: items for id, items in objects.items() if items}
        for table, objects in tables.items()
    }
    return Estate(new.metadata, **kept).normalised()  # type: ignore[arg-type]


def _succeeding(old: Sequence[Version], new: Sequence[Version], at: Instant) -> tuple[Version, ...]:
    """One agreement's versions: the old ones before `at`, the new ones from then on.

    A list of several versions names each by its number. A single one is the agreement as it
    stands, whatever its number: with other content it becomes a further version, and drafts that
    it does not mention stay.
    """
    numbered = {version.number: version for version in old}
    single = len(new) == 1
    result: dict[int, Version] = {}
    for version in new:
        known = _meant(version, old, at) if single else numbered.get(version.number)
        if known and _same_agreement(known, version):
            heir = _continued(known, version, at)
        elif known and known.binds and known.effective.start <= at:
            raise _changed(known, "its content is agreed")
        elif single and old and not known:
            number = max(version.number, 1 + max(numbered))
            heir = _from(replace(version, number=number), at)
        else:
            heir = _from(version, at)
        if heir:
            result[heir.number] = heir
    for version in old:
        start, end = version.effective.start, version.effective.end
        if version.number in result:
            continue
        if not version.binds:
            if single:
                result[version.number] = version
        elif start < at:
            result[version.number] = replace(version, effective=Span(start, min(end, at)))
        elif start == at and new:
            raise _changed(version, "it takes effect at that very instant")
    return tuple(result[number] for number in sorted(result))


def _meant(version: Version, old: Sequence[Version], at: Instant) -> Version | None:
    """The old version that the only version of a document is, if it is one of them: the very
    same, or the one it goes on from at `at`, or one that binds nobody yet."""
    start = version.effective.start
    same = [known for known in old if _same_agreement(known, version)]
    found = (
        *(known for known in same if known.effective == version.effective),
        *(
            known
            for known in same
            if known.binds and known.effective.start <= at <= known.effective.end and start <= at
        ),
        *(known for known in same if not known.binds or known.effective.start > at),
        *(known for known in old if not known.binds and known.number == version.number),
    )
    return found[0] if found else None


def _same_agreement(old: Version, new: Version) -> bool:
    """Whether two versions agree on all but when they hold and who accepted them."""
    return old == replace(
        new, number=old.number, effective=old.effective, acceptances=old.acceptances
    )


def _continued(known: Version, version: Version, at: Instant) -> Version | None:
    """A known version as a later document has it."""
    added = tuple(one for one in version.acceptances if one not in known.acceptances)
    heir = replace(version, number=known.number, acceptances=(*known.acceptances, *added))
    if not known.binds or known.effective == version.effective:
        return heir
    start, end = known.effective.start, version.effective.end
    if start > at:
        return _from(heir, at)
    if version.effective.start > at:
        raise _changed(known, "its start is agreed")
    if end != known.effective.end and min(end, known.effective.end) < at:
        raise _changed(known, "it would end, or would have ended, before that instant")
    return replace(heir, effective=Span(start, end)) if start < end else None


def _from(version: Version, at: Instant) -> Version | None:
    """A version that begins at `at` at the earliest; None where nothing of it is left."""
    start, end = max(version.effective.start, at), version.effective.end
    if not version.binds:
        return version
    return replace(version, effective=Span(start, end)) if start < end else None


def _changed(version: Version, why: str) -> Exception:
    return refuse(
        "CHANGED_HISTORY",
        f"version {version.number} of agreement {version.agreement!r} is history: {why}",
        "write the change as a further version, or import it as of a later instant (--from)",
        f"agreements[{version.agreement}]",
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two estates: `added`, `removed` or `changed`."""

    table: str
    id: str
    what: str
    before: object = None
    after: object = None


def diff(before: Estate, after: Estate) -> tuple[Change, ...]:
    """What differs, object by object, in the order of the document."""
    found = []
    if before.metadata != after.metadata:
        found.append(Change("metadata", "", "changed", before.metadata, after.metadata))
    for table in OBJECTS:
        old, new = getattr(before, table), getattr(after, table)
        for id in sorted({**old, **new}):
            if old.get(id) != new.get(id):
                what = "added" if id not in old else "removed" if id not in new else "changed"
                found.append(Change(table, id, what, old.get(id), new.get(id)))
    return tuple(found)


def merge(left: Estate, right: Estate, mapping: Mapping[tuple[str, str], str]) -> Estate:
    """Two estates in one. `mapping` renames the right one's objects, as (list, id) to the id they
    have in the result; what then has the same id must be equal, or MERGE_CONFLICT names it."""
    renamed = _renamed(right, mapping)
    tables = {}
    for table in OBJECTS:
        ours, theirs = getattr(left, table), getattr(renamed, table)
        for id in sorted(set(ours) & set(theirs)):
            if ours[id] != theirs[id]:
                raise refuse(
                    "MERGE_CONFLICT",
                    f"both estates have {id!r} in {table}, and they differ",
                    "map one of them to another id",
                    f"{table}[{id}]",
                )
        tables[table] = {**theirs, **ours}
    home = tuple(dict.fromkeys((*left.metadata.home, *renamed.metadata.home)))
    return Estate(replace(left.metadata, home=home), **tables).normalised()


def _renamed(estate: Estate, mapping: Mapping[tuple[str, str], str]) -> Estate:
    def name(table: str, id: str) -> str:
        return mapping.get((table, id), id)

    def party(value: Party) -> Party:
        return replace(value, id=name("parties", value.id), parent=name("parties", value.parent))

    def service(value: Service) -> Service:
        return replace(
            value,
            id=name("services", value.id),
            owner=name("parties", value.owner),
            requires=expression(value.requires) if value.requires else None,
        )

    def expression(value: Expression) -> Expression:
        match value:
            case Needs():
                return replace(value, service=name("services", value.service))
            case AllOf() | AtLeast():
                return replace(value, parts=tuple(expression(part) for part in value.parts))

    def calendar(value: Calendar) -> Calendar:
        return replace(value, id=name("calendars", value.id))

    def term(value: Term) -> Term:
        allowances = value.allowances
        if allowances is not None:
            allowances = tuple(replace(a, within=name("calendars", a.within)) for a in allowances)
        return replace(value, hours=name("calendars", value.hours), allowances=allowances)

    def version(value: Version) -> Version:
        return replace(
            value,
            agreement=name("agreements", value.agreement),
            provider=name("parties", value.provider),
            customer=name("parties", value.customer),
            covers=tuple(
                replace(cover, service=name("services", cover.service)) for cover in value.covers
            ),
            roles=tuple(replace(role, party=name("parties", role.party)) for role in value.roles),
            acceptances=tuple(
                replace(one, party=name("parties", one.party)) for one in value.acceptances
            ),
            terms=tuple(term(one) for one in value.terms),
            allowances=tuple(
                replace(one, within=name("calendars", one.within)) for one in value.allowances
            ),
        )

    rename = {"calendars": calendar, "parties": party, "services": service}
    tables: dict[str, dict[str, object]] = {
        table: {
            name(table, id): tuple(replace(d, value=rename[table](d.value)) for d in timeline)
            for id, timeline in getattr(estate, table).items()
        }
        for table in TIMELINES
    }
    tables["agreements"] = {
        name("agreements", id): tuple(version(one) for one in versions)
        for id, versions in estate.agreements.items()
    }
    home = tuple(name("parties", id) for id in estate.metadata.home)
    return Estate(replace(estate.metadata, home=home), **tables)  # type: ignore[arg-type]
