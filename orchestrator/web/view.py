"""An estate during one epoch, indexed in the ways that clients walk it.

Made once for each revision and epoch and shared between requests: nothing in it changes, and no
step of a walk needs a query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from orchestrator.model.agreements import Version
from orchestrator.model.estate import Estate, Snapshot

T = TypeVar("T")

Keys = tuple[tuple[str], ...]
"""Sorted ids, as keys of a list."""


@dataclass(frozen=True)
class View:
    """What is in force in one epoch of one revision of an estate."""

    revision: int
    estate: Estate
    snapshot: Snapshot

    @cached_property
    def parties(self) -> Keys:
        return _keys(self.snapshot.parties)

    @cached_property
    def services(self) -> Keys:
        return _keys(self.snapshot.services)

    @cached_property
    def calendars(self) -> Keys:
        return _keys(self.snapshot.calendars)

    @cached_property
    def in_force(self) -> Keys:
        """Agreements with a version in force."""
        return _keys(self.snapshot.versions)

    @cached_property
    def agreements(self) -> Keys:
        """All agreements of the estate, in force or not."""
        return _keys(self.estate.agreements)

    @cached_property
    def owned(self) -> Mapping[str, Keys]:
        """The services of each owner."""
        return _grouped((one.owner, one.id) for one in self.snapshot.services.values())

    @cached_property
    def members(self) -> Mapping[str, Keys]:
        """The parties that name each party as their parent."""
        return _grouped((one.parent, one.id) for one in self.snapshot.parties.values())

    @cached_property
    def provided(self) -> Mapping[str, Keys]:
        """The agreements in force that each party provides."""
        return _grouped((one.provider, one.agreement) for one in self.snapshot.versions.values())

    @cached_property
    def bought(self) -> Mapping[str, Keys]:
        """The agreements in force of which each party is the customer."""
        return _grouped((one.customer, one.agreement) for one in self.snapshot.versions.values())

    @cached_property
    def covering(self) -> Mapping[str, Keys]:
        """The agreements in force that cover each service."""
        covering = self.snapshot.covering
        return {id: tuple((one.agreement,) for one in found) for id, found in covering.items()}

    def beneath(self, service: str, transitive: bool) -> Keys:
        """What a service requires, directly or all the way down."""
        snapshot = self.snapshot
        if not transitive:
            return _keys(snapshot.graph[service])
        return named(snapshot, snapshot.reach[service] & ~(1 << snapshot.numbers[service]))

    def above(self, service: str, transitive: bool) -> Keys:
        """What requires a service, directly or all the way up."""
        snapshot = self.snapshot
        if not transitive:
            return _keys(snapshot.graph.predecessors(service))
        bit = 1 << snapshot.numbers[service]
        reach = snapshot.reach.items()
        return _keys(id for id, bits in reach if bits & bit and id != service)

    def of_version(self, version: Version) -> bool:
        """Whether a version is effective in this epoch, in force or not."""
        return version.effective.meets(self.snapshot.epoch)


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """An object in the view it was reached through."""

    view: View
    value: T


def named(snapshot: Snapshot, bits: int) -> Keys:
    """The services of a bit set of `Snapshot.numbers`, by id."""
    found = []
    while bits:
        low = bits & -bits
        found.append(snapshot.order[low.bit_length() - 1])
        bits ^= low
    return _keys(found)


def _keys(ids: Iterable[str]) -> Keys:
    return tuple((id,) for id in sorted(ids))


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, Keys]:
    found: dict[str, list[str]] = {}
    for key, id in pairs:
        if key:
            found.setdefault(key, []).append(id)
    return {key: _keys(ids) for key, ids in found.items()}


def seen(view: View, table: str, id: str) -> Any:
    """An object of a table of the snapshot by its id; None where there is none."""
    value = getattr(view.snapshot, table).get(id)
    return None if value is None else Seen(view, value)
