"""The structure beneath an agreement as a fault tree, for other tools to compute with.

The top event is "the service is down", a basic event a leaf, with its committed unavailability.
Independent basic events give the independent figure; declared common causes are basic events of
their own, modelled as they are for the figure `beta` (`engine.estimate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.components import Gate, Node, bits_of
from orchestrator.engine.diagram import Formula, at_least_down
from orchestrator.engine.faulttree import chance
from orchestrator.engine.intervals import intersect, total
from orchestrator.engine.promises import Promise, promise_of
from orchestrator.engine.structure import Leaf
from orchestrator.engine.subjects import Subject
from orchestrator.engine.underpinning import Ground, Underpinning
from orchestrator.errors import refuse
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.faulttrees import FaultGate, FaultTree
from orchestrator.model.metrics import METRICS
from orchestrator.model.services import mentioned
from orchestrator.model.values import Span, format_percent

_NAMED: Final = 5
"""So many commitments to one leaf are named in its label."""


@dataclass(frozen=True, slots=True)
class FaultModel:
    """A fault tree; the leaves that nobody has committed to, which count as always down; and in
    words what else sets its probability apart from the agreement's estimate."""

    tree: FaultTree
    uncommitted: tuple[str, ...]
    remarks: tuple[str, ...]


def fault_model(
    underpinning: Underpinning, subject: Subject, period: Span, *, common_causes: bool = True
) -> FaultModel:
    """What a subject rests on in a period, as a fault tree.

    Without remarks and uncommitted leaves the probability of its top event is one less the figure
    `beta`, or `independent` where no common cause is declared or `common_causes` is false. Where
    the structure changes in the period, it is the one of the longest part of the service hours;
    where commitments hold in part of these hours only, each counts at its committed level.

    A joint budget that several components draw on is one basic event, thinned where a component
    keeps to a stricter one of its own. Raises `OrchestratorError`: NOT_SUPPORTED for a term that
    is not about availability, TOO_COMPLEX where a leg of a group with a common cause is.
    """
    if METRICS[subject.term.metric].algebra != underpinning.metric_algebra:
        raise refuse(
            "NOT_SUPPORTED",
            f"the term {subject.key.term!r} is about {subject.term.metric}, not availability",
            "name a term of availability",
        )
    own = promise_of(subject.version, subject.term)
    window = underpinning.hours.open(own.hours, period)
    grounds = underpinning.ground(subject.version, subject.covers, period)
    ground = max(grounds, key=lambda one: total(intersect(window, one.intervals)))
    remarks = tuple(_remarks(underpinning, own, grounds, ground, period))
    making = _Making(underpinning, ground, _service_names(subject, ground), common_causes)
    name = "+".join(sorted(subject.services))
    tree = making.tree(name)
    said = "; ".join([*_description(subject, making.causes), *remarks])
    return FaultModel(replace(tree, label=said), tuple(sorted(making.uncommitted)), remarks)


def _remarks(
    underpinning: Underpinning,
    own: Promise,
    grounds: Sequence[Ground],
    ground: Ground,
    period: Span,
) -> list[str]:
    found = []
    if len(grounds) > 1:
        found.append(
            f"of the {len(grounds)} structures in this period this is the one that holds longest"
        )
    promises = {underpinning.promises[number] for kind in ground.kinds for number in kind}
    if not all(
        promise.hours in {ROUND_THE_CLOCK, own.hours} and promise.effective & period == period
        for promise in promises
    ):
        found.append(
            "some commitments hold in part of these hours only: each counts at its committed level"
        )
    return found


def _description(subject: Subject, causes: bool) -> list[str]:
    key = subject.key
    found = [f"what {key.agreement}/{key.term} v{key.version} rests on"]
    if causes:
        found.append("declared common causes are basic events of their own")
    return found


def _service_names(subject: Subject, ground: Ground) -> dict[Node, str]:
    """The services beneath that are exactly one node of the structure, by that node."""
    structure, found = ground.structure, dict[Node, str]()
    if _is_leaf(ground.node):
        return found
    services = structure.snapshot.services
    seen: set[str] = set()
    stack = [
        needed
        for cover in subject.covers
        if cover.scope == "whole"
        for needed in mentioned(services[cover.service].requires)
    ]
    while stack:
        service = stack.pop()
        if service in seen:
            continue
        seen.add(service)
        node = structure.node(service)
        if not _is_leaf(node):
            found.setdefault(node, service)
            stack.extend(mentioned(services[service].requires))
    return found


def _is_leaf(node: Node) -> bool:
    return not node.gates and node.leaves.bit_count() <= 1


@dataclass(slots=True)
class _Part:
    """A part of the tree in the making: its number, gates as ~number as long as the number of
    events is not known, and when it is down."""

    number: int
    formula: Formula


@dataclass
class _Making:
    """A fault tree in the making. Guards that a node of the structure is one gate, however often
    it occurs, and that no two names are the same."""

    underpinning: Underpinning
    ground: Ground
    services: dict[Node, str]
    common_causes: bool
    causes: bool = False
    uncommitted: list[str] = field(default_factory=list)
    _events: list[str] = field(default_factory=list)
    _levels: list[Fraction] = field(default_factory=list)
    _gates: list[FaultGate] = field(default_factory=list)
    _labels: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _leaves: dict[int, _Part] = field(default_factory=dict)
    _groups: dict[int, _Part | None] = field(default_factory=dict)
    """What the gates of the structure became; None where one cannot fail by itself."""
    _nodes: dict[tuple[int, ...], _Part] = field(default_factory=dict)

    def tree(self, name: str) -> FaultTree:
        """The tree of the ground."""
        components, ground = self.underpinning.components, self.ground
        top = self._free(name)
        for promises, leaves in ground.kinds.items():
            levels = [self.underpinning.promises[number].unavailability for number in promises]
            for leaf in bits_of(leaves):
                self._leaf(leaf, min(levels, default=None))
        for number in bits_of(components.beneath(ground.node)):
            self._groups[number] = self._group(number, components.gates[number])
        series = [self._leaves[leaf] for leaf in bits_of(ground.node.leaves)]
        parts = [*series, *self._parts(Node(gates=ground.node.gates))]
        self._gates.append(FaultGate(top, 1, tuple(part.number for part in parts)))
        self._labels[top] = f"{name} is down"
        many = len(self._events)
        return FaultTree(
            name,
            many + len(self._gates) - 1,
            tuple(self._events),
            tuple(self._levels),
            tuple(
                FaultGate(gate.name, gate.k, tuple(_final(part, many) for part in gate.parts))
                for gate in self._gates
            ),
            labels=self._labels,
        )

    def _free(self, name: str) -> str:
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}-{number}"
        self._taken.add(found)
        return found

    # --- events ---

    def _event(self, name: str, level: Fraction, label: str) -> _Part:
        name = self._free(name)
        self._events.append(name)
        self._levels.append(level)
        self._labels[name] = label
        return _Part(len(self._events) - 1, len(self._events) - 1)

    def _leaf(self, number: int, level: Fraction | None) -> None:
        leaf = self.ground.leaf(number)
        if level is None:
            self.uncommitted.append(leaf.id)
        self._leaves[number] = self._event(
            leaf.id, Fraction(1) if level is None else level, _leaf_label(leaf)
        )

    # --- gates ---

    def _gate(self, k: int, parts: Sequence[_Part], name: str, label: str) -> _Part:
        name = self._free(name)
        self._gates.append(FaultGate(name, k, tuple(part.number for part in parts)))
        self._labels[name] = label
        formula = at_least_down(k, [part.formula for part in parts])
        assert not isinstance(formula, bool), "a gate that is decided"
        return _Part(~(len(self._gates) - 1), formula)

    def _parts(self, node: Node) -> list[_Part]:
        """What brings a node down, other than what brings the whole down by itself."""
        leaves = node.leaves & ~self.ground.node.leaves
        groups = (self._groups[gate] for gate in bits_of(node.gates))
        return [
            *(self._leaves[leaf] for leaf in bits_of(leaves)),
            *(part for part in groups if part is not None),
        ]

    def _leg(self, node: Node) -> _Part | None:
        """A leg of a group as one part; None where it cannot fail by itself."""
        parts = self._parts(node)
        if len(parts) < 2:
            return parts[0] if parts else None
        key = tuple(part.number for part in parts)
        if key not in self._nodes:
            name = self.services.get(node, "")
            self._nodes[key] = self._gate(
                1, parts, name or "leg", f"{name or 'what stands in series'} is down"
            )
        return self._nodes[key]

    def _group(self, number: int, gate: Gate) -> _Part | None:
        legs = [leg for leg in map(self._leg, gate.parts) if leg is not None]
        if gate.same:
            return self._component(gate) if len(legs) == len(gate.parts) else None
        if len(legs) < gate.cut:
            return None
        name = self.services.get(Node(gates=1 << number), "")
        label = f"{name or 'a group'} is down: {gate.cut} of its {len(gate.parts)} parts are"
        name = name or "group"
        # A leg that cannot fail by itself leaves nothing that all legs could have in common.
        if self.common_causes and gate.beta and len(legs) == len(gate.parts):
            return self._with_common_cause(gate, gate.beta, legs, name, label)
        return self._gate(gate.cut, legs, name, label)

    def _component(self, gate: Gate) -> _Part:
        """A component under several budgets: down with the strictest of those that are shared, and
        then by so much that it keeps to its own."""
        numbers = [leaf for part in gate.parts for leaf in bits_of(part.leaves)]
        shared = [leaf for leaf in numbers if self.ground.leaf(leaf).joint]
        carrier = min(shared, key=lambda leaf: (self._level(leaf), leaf))
        least, most = min(map(self._level, numbers)), self._level(carrier)
        if least == most:
            return self._leaves[carrier]
        id = self.ground.leaf(carrier).id
        name = f"{id}:part"
        kept = self._event(
            f"{id}:kept", least / most, f"{id} takes a component down that keeps to less"
        )
        return self._gate(2, [self._leaves[carrier], kept], name, "a component of a joint budget")

    def _level(self, leaf: int) -> Fraction:
        return self._levels[self._leaves[leaf].number]

    def _with_common_cause(
        self, gate: Gate, beta: Fraction, legs: Sequence[_Part], name: str, label: str
    ) -> _Part:
        """With a cause that takes every leg, and legs thinned so that each keeps its own level:
        u_cc = beta * min u_i, 1 - u_i = (1 - u_cc)(1 - u_i')."""
        marginals = [chance(leg.formula, self._levels) for leg in legs]
        common = beta * min(marginals)
        if not common:
            return self._gate(gate.cut, legs, name, label)
        self.causes = True
        cause = self._event(f"{name}:common-cause", common, f"all of {name} fails of one cause")
        if common == 1:
            return self._gate(1, [cause], name, label)
        thinned = [
            self._thinned(leg, (1 - (1 - u) / (1 - common)) / u, name)
            for leg, u in zip(legs, marginals, strict=True)
        ]
        by_themselves = self._gate(
            gate.cut, thinned, f"{name}:apart", f"{name} is down by failures of its own parts"
        )
        return self._gate(1, [cause, by_themselves], name, label)

    def _thinned(self, leg: _Part, share: Fraction, group: str) -> _Part:
        was = self._gates[~leg.number].name if leg.number < 0 else self._events[leg.number]
        rest = self._event(
            f"{was}:in:{group}",
            share,
            f"the share of {was} that is not of the common cause of {group}",
        )
        return self._gate(2, [leg, rest], f"{was}:apart:{group}", f"{was} fails by itself")


def _leaf_label(leaf: Leaf) -> str:
    terms = [
        f"{one.key.agreement}/{one.key.term} v{one.key.version} at {format_percent(target)}"
        for one in leaf.commitments
        if isinstance(target := one.term.target, Fraction)
    ]
    if not terms:
        return f"{leaf.id} of {leaf.party}: nobody has committed to it, taken to be always down"
    more = f", and {len(terms) - _NAMED} more" if len(terms) > _NAMED else ""
    return f"{leaf.id} of {leaf.party}: {', '.join(terms[:_NAMED])}{more}"


def _final(number: int, events: int) -> int:
    return number if number >= 0 else events + ~number
