"""The structure beneath an agreement as a fault tree, for other tools to compute with.

The top event is "the service is down", a basic event a leaf, with its committed unavailability.
Independent basic events give the independent figure; declared common causes are basic events of
their own, modelled as they are for the figure `beta` (`engine.coupled`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.causes import Parted, is_worse, lasting, more, parted, worst_case
from orchestrator.engine.components import Gate, Node, bits_from, bits_of
from orchestrator.engine.diagram import Formula, at_least_down
from orchestrator.engine.faultnames import description, leaf_label, remarks_on, service_names
from orchestrator.engine.faulttree import chance
from orchestrator.engine.intervals import intersect, total
from orchestrator.engine.promises import promise_of
from orchestrator.engine.subjects import Subject
from orchestrator.engine.underpinning import Ground, Underpinning
from orchestrator.errors import refuse
from orchestrator.model.faulttrees import FaultGate, FaultTree
from orchestrator.model.metrics import METRICS
from orchestrator.model.values import Span

ZERO: Final = Fraction(0)


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
    own = promise_of(subject.version, replace(subject.term, windows=()))
    window = underpinning.hours.open(own.hours, period)
    grounds = underpinning.ground(subject.version, subject.covers, period)
    ground = max(grounds, key=lambda one: total(intersect(window, one.intervals)))
    remarks = tuple(remarks_on(underpinning, own, grounds, ground, period))
    making = _Making(underpinning, ground, service_names(subject, ground), common_causes)
    name = "+".join(sorted(subject.services))
    tree = making.tree(name)
    said = "; ".join([*description(subject, making.causes), *remarks])
    return FaultModel(replace(tree, label=said), tuple(sorted(making.uncommitted)), remarks)


@dataclass(slots=True)
class _Part:
    """A part of the tree in the making: its number, gates as ~number as long as the number of
    events is not known, and when it is down."""

    number: int
    formula: Formula


@dataclass(frozen=True, slots=True)
class _Leg:
    """A leg of a group: what it has of its own, if that can fail, and what else brings it down."""

    own: _Part | None
    rest: list[_Part]


@dataclass(frozen=True, slots=True)
class _Cause:
    """A common cause: the group that declares it, how likely it is, the legs it takes and how often
    what they have of their own is down."""

    group: str
    common: Fraction
    legs: Sequence[_Leg]
    marginals: Sequence[Fraction]


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
        groups = self._parted() if self.common_causes else {}
        for number in bits_of(components.beneath(ground.node)):
            gate = components.gates[number]
            self._groups[number] = self._group(number, gate, groups.get(number))
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

    def _parted(self) -> dict[int, Parted]:
        """The groups that declare a common cause; leaves that no failure hangs on have no part."""
        components, node = self.underpinning.components, self.ground.node
        if all(components.gates[gate].beta is None for gate in bits_of(components.beneath(node))):
            return {}
        free = self.ground.support & ~node.leaves
        modules = (self.underpinning.module(gates, free) for gates in components.modules(node))
        relevant = {leaf for module in modules for leaf in module.relevant}
        return parted(components, node, bits_from(relevant))

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
            leaf.id, Fraction(1) if level is None else level, leaf_label(leaf)
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

    def _group(self, number: int, gate: Gate, apart: Parted | None) -> _Part | None:
        name = self.services.get(Node(gates=1 << number), "")
        label = f"{name or 'a group'} is down: {gate.cut} of its {len(gate.parts)} parts are"
        name = name or "group"
        if apart is not None and gate.beta:
            parts = self._with_common_cause(gate.beta, apart, name)
            if parts:
                return self._gate(1, [*self._parts(apart.common), *parts], name, label)
        legs = [leg for leg in map(self._leg, gate.parts) if leg is not None]
        if gate.same:
            return self._component(gate) if len(legs) == len(gate.parts) else None
        return self._gate(gate.cut, legs, name, label) if len(legs) >= gate.cut else None

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

    def _with_common_cause(self, beta: Fraction, group: Parted, name: str) -> list[_Part]:
        """What brings down a group with a cause that takes what its legs have of their own, as the
        figure `beta` has it; nothing where no cause can."""
        cut = group.cut
        legs = [_Leg(self._leg(leg.own), self._parts(leg.rest)) for leg in group.legs]
        legs = [leg for leg in legs if leg.own is not None or leg.rest]
        all_fail = cut == len(legs)
        own = [leg for leg in legs if leg.own is not None and (all_fail or not leg.rest)]
        marginals = [chance(leg.own.formula, self._levels) for leg in own if leg.own is not None]
        if cut > len(legs) or len(own) < 2 or not (common := beta * min(marginals)):
            return []
        others = [self._whole(leg) for leg in legs if leg not in own]
        fewest = cut - min(len(others), cut - 1)
        counted = {cut: True}
        if not all_fail:
            counted = {many: is_worse(many, marginals, common, ZERO) for many in _down(cut, fewest)}
        if not any(counted.values()):
            return []
        self.causes = True
        causes = _Cause(name, common, own, marginals)
        if all(counted.values()):
            return self._coupled(cut, causes, others)
        chain = []
        if counted[cut]:
            chain += self._coupled(cut, causes, [])
        elif cut <= len(own):
            label = f"{cut} of the own parts of {name} are down"
            chain.append(self._gate(cut, [self._whole(leg) for leg in own], f"{name}:own", label))
        before = worst_case(cut, marginals, common, ZERO)
        for many in _down(cut - 1, fewest):
            here = worst_case(many, marginals, common, ZERO)
            chain.append(self._further(name, cut - many, others, more(here, before)))
            before = here
        if cut <= len(others):
            label = f"{cut} of the other parts of {name} are down"
            chain.append(self._gate(cut, others, f"{name}:others", label))
        return chain

    def _coupled(self, cut: int, by: _Cause, others: Sequence[_Part]) -> list[_Part]:
        """Legs with a cause that takes what is their own, and that thinned so that it keeps its own
        level: u_cc = beta * min u_i, 1 - u_i = (1 - u_cc)(1 - u_i')."""
        name = by.group
        cause = self._event(f"{name}:common-cause", by.common, f"all of {name} fails of one cause")
        takes_all = len(by.legs) >= cut
        thinned = [
            self._thinned(leg, u, by, [] if takes_all else [cause])
            for leg, u in zip(by.legs, by.marginals, strict=True)
        ]
        apart = [*(part for part in thinned if part is not None), *others]
        label = f"{name} is down by failures of its own parts"
        found = [cause] if takes_all else []
        if cut <= len(apart):
            found.append(self._gate(cut, apart, f"{name}:apart", label))
        return found

    def _thinned(
        self, leg: _Leg, marginal: Fraction, by: _Cause, cause: Sequence[_Part]
    ) -> _Part | None:
        """A leg as far as it fails by itself; None where it does not."""
        assert leg.own is not None
        group, alone = by.group, lasting(marginal, by.common)
        number = leg.own.number
        was = self._gates[~number].name if number < 0 else self._events[number]
        parts = [*cause, *leg.rest]
        if alone and by.common < 1:
            rest = self._event(
                f"{was}:in:{group}",
                alone / marginal,
                f"the share of {was} that is not of the common cause of {group}",
            )
            name, label = f"{was}:apart:{group}", f"{was} fails by itself"
            parts.append(self._gate(2, [leg.own, rest], name, label))
        if len(parts) < 2:
            return parts[0] if parts else None
        return self._gate(1, parts, f"{was}:leg:{group}", f"the leg of {group} with {was} is down")

    def _whole(self, leg: _Leg) -> _Part:
        """A leg as it is."""
        parts = [*leg.rest, *([leg.own] if leg.own is not None else [])]
        return parts[0] if len(parts) == 1 else self._gate(1, parts, "leg", "a leg is down")

    def _further(self, name: str, down: int, rest: Sequence[_Part], chance: Fraction) -> _Part:
        """What fails further once so many of the other legs are down."""
        event = self._event(
            f"{name}:own:{down}", chance, f"so much oftener the own parts of {name} suffice"
        )
        among = self._gate(down, rest, f"{name}:others", f"{down} of the other parts are down")
        return self._gate(2, [among, event], f"{name}:with:{down}", f"{name} is down with these")


def _down(many: int, fewest: int) -> range:
    return range(many, fewest - 1, -1)


def _final(number: int, events: int) -> int:
    return number if number >= 0 else events + ~number
