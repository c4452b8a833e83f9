"""From requirements to Boolean structure: what an organisation's promises rest on.

Every service becomes a conjunction of leaves and gates (`engine.components`), with a contract as
the boundary that one does not look through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.engine.components import EMPTY, Bits, Components, Name, Node, bits_of, conjunction
from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.estate import Snapshot
from orchestrator.model.records import TermKey
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, Service, mentioned


@dataclass(frozen=True, slots=True)
class Commitment:
    """A term of a version in force that values a leaf; the term has its defaults filled in."""

    version: Version
    term: Term
    key: TermKey


@dataclass(frozen=True, slots=True)
class Leaf:
    """A component as one organisation sees it.

    Either a service behind a contract (`part` whole), valued by the agreements with its provider,
    or the own part of a service. No commitments means nobody has promised anything for it.
    `party` is who answers for it. A `joint` leaf stands for services that share a budget: it is
    down while one of them is.
    """

    id: str
    services: tuple[str, ...]
    part: str
    party: str
    commitments: tuple[Commitment, ...]
    joint: bool = False


_Beneath = tuple[tuple[Version, ...], tuple[str, ...]]
"""What of a service is bought whole; otherwise what it requires."""


def covered_as(version: Version, service: str) -> str:
    """The name a covered service is measured under: its own, or of all that it is joined with."""
    if version.jointly:
        return "+".join(sorted(cover.service for cover in version.covers))
    return service


class Structure:
    """What one organisation's commitments rest on, in one snapshot and for one metric.

    A service covered by a `whole` agreement that the organisation or a part of it has bought is a
    leaf: a contract is a boundary that one does not look through. Otherwise it is its own part,
    if it has one, and what it requires.

    To derive, what is promised jointly is one leaf, as it shares one budget, and what has no own
    part cannot fail by itself. To trace (`traced`), each service fails by itself: even a mere
    grouping, as somebody may report it down with nothing beneath to explain it.
    """

    def __init__(
        self,
        components: Components,
        snapshot: Snapshot,
        organisation: str,
        metric: str,
        *,
        traced: bool = False,
    ) -> None:
        self.components = components
        self.snapshot = snapshot
        self.organisation = organisation
        self.metric = metric
        self.traced = traced
        self.leaves: dict[int, Leaf] = {}
        self.deep: Bits = 0
        """The leaves behind whose contract more is known to lie."""
        self.seen_apart: Bits = 0
        """The leaves that one agreement sees in another way than all others do."""
        self.promised_twice: Bits = 0
        """The leaves that several agreements cover."""
        # What is a single leaf is kept as its number: a set is as long as the highest in it.
        self._nodes: dict[str, Node | int] = {}
        self._covers: dict[tuple[str, int], frozenset[tuple[str, str]]] = {}
        self._terms: dict[tuple[str, int], tuple[Term, ...]] = {}

    def below(self, version: Version, covers: Iterable[Cover]) -> Node:
        """What an agreement on services or own parts rests on; the agreement itself and those
        that only pass it on within the organisation are left out."""
        return conjunction(self._covered(version, cover) for cover in covers)

    def node(self, service: str) -> Node:
        """A service as a component of what the organisation provides; made when first asked for,
        together with all it requires, without recursion: dependencies may run deep."""
        if service not in self._nodes:
            needs, redundant = self._walked(service)
            for one in (*redundant, service):
                self._make(one, needs)
        return self._made(service)

    def _walked(self, service: str) -> tuple[dict[str, _Beneath], list[str]]:
        """What lies beneath each service that is not yet known, and those that stand in groups.

        The latter are made first: a set is as long as the highest number in it, and so the sets of
        groups stay short, however much stands in series beside them.
        """
        needs: dict[str, _Beneath] = {}
        redundant: list[str] = []
        stack = [service]
        while stack:
            id = stack.pop()
            if id in needs or id in self._nodes:
                continue
            known = self.snapshot.services[id]
            if (bought := self.promised(known, "whole")) or known.requires is None:
                needs[id] = bought, ()
                continue
            needs[id] = (), tuple(mentioned(known.requires))
            redundant += _in_groups(known.requires)
            stack.extend(reversed(needs[id][1]))
        return needs, redundant

    def _make(self, service: str, needs: Mapping[str, _Beneath]) -> None:
        stack = [service]
        while stack:
            id = stack[-1]
            if id in self._nodes:
                stack.pop()
                continue
            bought, needed = needs[id]
            missing = [one for one in needed if one not in self._nodes]
            if missing:
                stack.extend(reversed(missing))
            else:
                stack.pop()
                known = self.snapshot.services[id]
                made = self._whole(known, bought)
                single = not made.gates and (bought or known.requires is None)
                self._nodes[id] = made.leaves.bit_length() - 1 if single else made

    def _made(self, service: str) -> Node:
        known = self._nodes[service]
        return Node(1 << known) if isinstance(known, int) else known

    def required(self, service: str) -> Node:
        """What a service requires, without its own part."""
        self.node(service)
        requires = self.snapshot.services[service].requires
        return EMPTY if requires is None else self._requirement(requires)

    def own_number(self, service: str) -> int:
        """The number of a service's own part."""
        return self.components.leaf((self.leaf_id(service, "own"), ""))

    def hides_sharing(self, node: Node) -> bool:
        """Whether something behind a contract is also reached by another path."""
        support = self.components.support(node)
        deep = support & self.deep
        if not deep:
            return False
        numbers, reach = self.snapshot.numbers, self.snapshot.reach
        seen = 0
        for leaf in bits_of(support & ~deep):
            for service in self.leaves[leaf].services:
                seen |= 1 << numbers[service]
        for leaf in bits_of(deep):
            behind = 0
            for service in self.leaves[leaf].services:
                behind |= reach[service]
            if behind & seen:
                return True
            seen |= behind
        return False

    def _covered(self, version: Version, cover: Cover) -> Node:
        service = self.snapshot.services[cover.service]
        promised = self.promised(service, cover.scope)
        beneath = tuple(other for other in promised if self.may_underpin(other, version))
        seen_by = "" if beneath == promised else version.agreement
        if cover.scope == "own" and service.requires is not None:
            return self._own(service, beneath, seen_by)
        if not seen_by:
            return self.node(cover.service)
        for needed in mentioned(service.requires):
            self.node(needed)
        return self._whole(service, beneath, seen_by)

    def may_underpin(self, other: Version, version: Version) -> bool:
        if other.agreement == version.agreement:
            return False
        internal = self.snapshot.entity(version.customer) == self.organisation
        passed_on = self.snapshot.entity(other.provider) == self.organisation
        return not (internal and passed_on) or other.customer == version.provider

    def promised(self, service: Service, scope: str) -> tuple[Version, ...]:
        """What the organisation has been promised on a service; where nothing lies beneath it, its
        own part is the whole of it."""
        snapshot = self.snapshot
        return tuple(
            version
            for version in snapshot.covering.get(service.id, ())
            if snapshot.entity(version.customer) == self.organisation
            and (service.requires is None or (service.id, scope) in self._covered_by(version))
        )

    def _covered_by(self, version: Version) -> frozenset[tuple[str, str]]:
        """The services an agreement covers, each with the scope; asked for service by service."""
        key = version.agreement, version.number
        if key not in self._covers:
            self._covers[key] = frozenset((one.service, one.scope) for one in version.covers)
        return self._covers[key]

    def _whole(self, service: Service, promised: tuple[Version, ...], seen_by: str = "") -> Node:
        if promised or service.requires is None:
            bought = any((service.id, "whole") in self._covered_by(version) for version in promised)
            return self._leaf(service, "whole" if bought else "own", promised, seen_by)
        node = self._requirement(service.requires)
        if service.has_own_part or self.traced:
            node |= self._own(service, self.promised(service, "own"))
        return node

    def _own(self, service: Service, promised: tuple[Version, ...], seen_by: str = "") -> Node:
        return self._leaf(service, "own", promised if service.has_own_part else (), seen_by)

    def _leaf(
        self, service: Service, part: str, promised: tuple[Version, ...], seen_by: str
    ) -> Node:
        """A component, down as far as the budget of its own and every joint one allow."""
        alone: list[Version] = []
        joint: dict[str, list[Version]] = {}
        for version in promised:
            if version.jointly and len(version.covers) > 1 and not self.traced:
                joint.setdefault(self._joint_id(version), []).append(version)
            else:
                alone.append(version)
        parts = [self._shared_leaf(id, versions, seen_by) for id, versions in joint.items()]
        if alone or not parts:
            name = (self.leaf_id(service.id, part), seen_by)
            parts.append(self._add(name, (service.id,), part, alone))
        return self.components.same(parts)

    def _shared_leaf(self, id: str, versions: Sequence[Version], seen_by: str) -> Node:
        """What stands for services that share a budget: down while one of them is. It names those
        that have no other."""
        covers = sorted(versions[0].covers, key=lambda cover: cover.service)
        alone = [
            cover.service
            for cover in covers
            if self.promised(self.snapshot.services[cover.service], cover.scope) == tuple(versions)
        ]
        services = alone or [covers[0].service]
        return self._add((id, seen_by), services, covers[0].scope, versions, joint=True)

    def _joint_id(self, version: Version) -> str:
        return "+".join(
            sorted(self.leaf_id(cover.service, cover.scope) for cover in version.covers)
        )

    def _add(
        self,
        name: Name,
        services: Sequence[str],
        part: str,
        promised: Sequence[Version],
        *,
        joint: bool = False,
    ) -> Node:
        number = self.components.leaf(name)
        if number not in self.leaves:
            first = services[0]
            owner = self.snapshot.services[first].owner or self.organisation
            self.leaves[number] = Leaf(
                name[0],
                tuple(services),
                part,
                promised[0].provider if promised else owner,
                tuple(c for version in promised for c in self._commitments(version, first)),
                joint,
            )
            if name[1]:
                self.seen_apart |= 1 << number
            if len(promised) > 1:
                self.promised_twice |= 1 << number
            for one in services:
                if part == "whole" and self.snapshot.services[one].requires is not None:
                    self.deep |= 1 << number
        return Node(leaves=1 << number)

    def leaf_id(self, service: str, part: str) -> str:
        composite = self.snapshot.services[service].requires is not None
        return f"{service}:own" if part == "own" and composite else service

    def _commitments(self, version: Version, service: str) -> Iterator[Commitment]:
        key = version.agreement, version.number
        if key not in self._terms:
            self._terms[key] = tuple(
                version.resolved(term)
                for term in version.terms
                if term.metric == self.metric and not term.priority
            )
        for term in self._terms[key]:
            yield Commitment(version, term, TermKey(*key, term.id, covered_as(version, service)))

    def _requirement(self, expression: Expression) -> Node:
        match expression:
            case Needs():
                return self._made(expression.service)
            case AllOf():
                return conjunction(map(self._requirement, expression.parts))
            case AtLeast():
                parts = [self._requirement(part) for part in expression.parts]
                return self.components.group(expression.k, parts, expression.beta)


def _in_groups(expression: Expression | None) -> Iterator[str]:
    """The services that an expression names in redundant groups."""
    stack = [expression] if expression is not None else []
    while stack:
        part = stack.pop()
        if isinstance(part, AtLeast):
            yield from mentioned(part)
        elif isinstance(part, AllOf):
            stack.extend(reversed(part.parts))
