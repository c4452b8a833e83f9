"""What an organisation's services require, as a graph that keeps what sets do not: groups as they
are declared, how often each part is called, and what has to be back first.

The boundaries are those of `engine.structure`: a contract is not looked through.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from orchestrator.engine.structure import Structure
from orchestrator.model.agreements import Cover, Version
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, Service, mentioned

Call = tuple[int, Fraction]
"""The number of a node, and how often one request calls it."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A service behind a contract or the own part of one, with the agreements that value it."""

    id: str
    service: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """At least `k` of some parts; all of them where k is their number."""

    k: int
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A service: its own part, if it has one, and what it requires, if anything is looked at.

    `after` names what has to be back before it can be restored; None: what it requires.
    """

    service: str
    own: int | None
    requires: int | None
    after: tuple[str, ...] | None


Node = Leaf | Group | Whole


class Requirements:
    """The graph of one organisation in one snapshot.

    Guards that each service and each leaf is one node, however many paths lead to it, and that a
    node's number is larger than those of its parts.
    """

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.snapshot = structure.snapshot
        self.nodes: list[Node] = []
        self.ledgers: dict[tuple[str, str], Any] = {}
        """What is known of the leaves by kind of commitment and priority; see `resting`."""
        self._known: dict[Node, int] = {}
        self._services: dict[str, int] = {}

    def top(self, version: Version, covers: Sequence[Cover]) -> int:
        """What an agreement on services or own parts rests on; the agreement itself is left out."""
        found = [self._covered(version, cover) for cover in covers]
        return found[0] if len(found) == 1 else self._all(found)

    def service(self, id: str) -> int:
        """The node of a service, made with all beneath it; no recursion, as it may run deep."""
        stack = [id]
        while stack:
            current = stack[-1]
            known = self.snapshot.services[current]
            bought = self.structure.promised(known, "whole")
            missing = [
                needed
                for needed in (() if bought else mentioned(known.requires))
                if needed not in self._services
            ]
            if current in self._services or not missing:
                stack.pop()
            if missing:
                stack.extend(missing)
            elif current not in self._services:
                self._services[current] = self._whole(known, bought)
        return self._services[id]

    def parts(self, number: int) -> tuple[int, ...]:
        """The nodes that a node is made of."""
        return tuple(part for part, _ in self.calls(number))

    def calls(self, number: int) -> tuple[Call, ...]:
        match self.nodes[number]:
            case Leaf():
                return ()
            case Group(_, calls):
                return calls
            case Whole(_, own, requires):
                return tuple((part, Fraction(1)) for part in (own, requires) if part is not None)

    def beneath(self, top: int, ends: Container[int] = ()) -> list[int]:
        """A node and all it is made of, each after its parts; nothing from beneath `ends`."""
        seen, stack = {top}, [top]
        while stack:
            number = stack.pop()
            if number in ends:
                continue
            fresh = [part for part in self.parts(number) if part not in seen]
            seen.update(fresh)
            stack.extend(fresh)
        return sorted(seen)

    def leaves(self, numbers: Iterable[int]) -> Iterator[tuple[int, Leaf]]:
        for number in numbers:
            node = self.nodes[number]
            if isinstance(node, Leaf):
                yield number, node

    def is_redundant(self, number: int) -> bool:
        """Whether a node can do without one of its parts."""
        node = self.nodes[number]
        return isinstance(node, Group) and node.k < len(node.calls)

    def _add(self, node: Node) -> int:
        number = self._known.setdefault(node, len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(node)
        return number

    def _all(self, numbers: Sequence[int]) -> int:
        return self._add(Group(len(numbers), tuple((one, Fraction(1)) for one in numbers)))

    def _covered(self, version: Version, cover: Cover) -> int:
        service = self.snapshot.services[cover.service]
        promised = self.structure.promised(service, cover.scope)
        beneath = tuple(one for one in promised if self.structure.may_underpin(one, version))
        if cover.scope == "own" and service.requires is not None:
            return self._own(service, beneath)
        if beneath == promised:
            return self.service(cover.service)
        for needed in mentioned(service.requires):
            self.service(needed)
        return self._whole(service, beneath)

    def _whole(self, service: Service, promised: tuple[Version, ...]) -> int:
        own: int | None = None
        requires: int | None = None
        if promised or service.requires is None:
            bought = any(
                cover.service == service.id and cover.scope == "whole"
                for version in promised
                for cover in version.covers
            )
            own = self._leaf(service, "whole" if bought else "own", promised)
        else:
            requires = self._add(Group(1, (self._expression(service.requires),)))
            if service.has_own_part:
                own = self._own(service, self.structure.promised(service, "own"))
        return self._add(Whole(service.id, own, requires, service.recover_after))

    def _own(self, service: Service, promised: tuple[Version, ...]) -> int:
        return self._leaf(service, "own", promised if service.has_own_part else ())

    def _leaf(self, service: Service, part: str, promised: tuple[Version, ...]) -> int:
        return self._add(Leaf(self.structure.leaf_id(service.id, part), service.id, promised))

    def _expression(self, expression: Expression) -> Call:
        match expression:
            case Needs():
                return self._services[expression.service], expression.visits
            case AllOf():
                calls = tuple(map(self._expression, expression.parts))
                return self._add(Group(len(calls), calls)), expression.visits
            case AtLeast():
                calls = tuple(map(self._expression, expression.parts))
                return self._add(Group(expression.k, calls)), expression.visits
