"""The independent figure, and the one with declared common causes.

Parts fail independently, each exactly at its committed level: exact under sharing, by factoring
out what stands in series and evaluating the diagrams of the modules that remain (Dutuit and Rauzy
1996). Computed on the unavailability side, where digits are not lost.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Generic

from orchestrator.engine import diagram
from orchestrator.engine.causes import Parted, is_worse, lasting, more, parted, worst_case
from orchestrator.engine.cells import Stretch, cells
from orchestrator.engine.components import Bits, Components, Gate, Node, bits_from, bits_of
from orchestrator.engine.diagram import Diagram, Formula, Hard, at_least_down
from orchestrator.engine.fallback import DOUBT, Figure, Method, exactly, figure, worst
from orchestrator.engine.intervals import intersect, total
from orchestrator.engine.problem import Problem
from orchestrator.model.derivations import Number

EXACT_LEAVES: Final = 64
"""Up to so many leaves the figure is computed in fractions and rounded once."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Availability over the covered part of the window; None where nothing is covered.

    It lies between `low` and `high`, which are itself where it is exact, and are certain where it
    is bounded; where it is sampled they hold with at least 99 % confidence.
    """

    availability: Number | None
    covered_share: Fraction
    method: Method = "exact"
    low: Number | None = None
    high: Number | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Covered time in which the same levels hold: of a part, and of each group that matters."""

    part: int
    length: int
    unavailability: Mapping[int, Fraction]


def scenes(data: Problem) -> list[Scene]:
    """The covered time: stretches in which every leaf that matters has some promise."""
    found: Counter[tuple[int, tuple[tuple[int, Fraction], ...]]] = Counter()
    for index, part in enumerate(data.parts):
        relevant = {part.group_of[leaf] for module in part.modules for leaf in module.relevant}
        matter = sorted(relevant | set(part.series))
        promises = {number: data.promises[number] for number in data.promises_of(index)}
        window = intersect(data.window, part.intervals)
        for stretch in cells(window, promises, data.period, data.hours, {}):
            levels = [(group, _level(data, index, group, stretch)) for group in matter]
            known = tuple((group, level) for group, level in levels if level is not None)
            if len(known) == len(levels):
                found[index, known] += stretch.length
    return [Scene(part, length, dict(levels)) for (part, levels), length in found.items()]


def _level(data: Problem, part: int, group: int, stretch: Stretch) -> Fraction | None:
    """The least unavailability promised in a stretch, goals and best efforts included."""
    promises = data.groups[group].promises[part]
    levels = (data.promises[p].unavailability for p in promises if p in stretch.labels)
    return min(levels, default=None)


def independent(
    data: Problem, found: Sequence[Scene], components: Components, *, exact: bool = False
) -> Estimate:
    """The independent figure over all scenes."""
    return _averaged(data, found, components, declared=False, exact=exact)


def common_cause(
    data: Problem, found: Sequence[Scene], components: Components, *, exact: bool = False
) -> Estimate | None:
    """The figure with the common-cause share declared on redundant groups; None without one."""
    if all(gate.beta is None for gate in _gates(data, components)):
        return None
    return _averaged(data, found, components, declared=True, exact=exact)


def _gates(data: Problem, components: Components) -> Iterator[Gate]:
    bits = 0
    for part in data.parts:
        bits |= components.beneath(part.ground.node)
    return (components.gates[gate] for gate in bits_of(bits))


def _averaged(
    data: Problem,
    found: Sequence[Scene],
    components: Components,
    *,
    declared: bool,
    exact: bool,
) -> Estimate:
    """The mean over the scenes, each of which has its share of the doubt."""
    covered = sum(scene.length for scene in found)
    if not covered:
        return Estimate(None, Fraction(0))
    doubt = DOUBT / len(found)
    made = [
        _figure(data, scene, components, declared=declared, exact=exact, doubt=doubt)
        for scene in found
    ]

    def mean(values: Iterable[Number]) -> Number:
        pairs = zip(found, values, strict=True)
        return 1 - sum(scene.length * value for scene, value in pairs) / covered

    availability = mean(one.value for one in made)
    low = high = availability
    if (method := worst([one.method for one in made])) != "exact":
        low, high = mean(one.high for one in made), mean(one.low for one in made)
    share = Fraction(covered, total(data.window))
    return Estimate(availability, share, method, low, high)


def unavailability(
    data: Problem, scene: Scene, components: Components, *, exact: bool = False
) -> Number:
    """P(down) in one scene, of independent leaves."""
    return _figure(data, scene, components, declared=False, exact=exact, doubt=DOUBT).value


def _figure(
    data: Problem,
    scene: Scene,
    components: Components,
    *,
    declared: bool,
    exact: bool,
    doubt: float,
) -> Figure:
    """P(down) in one scene, with common causes or without."""
    if exact or is_small(data, scene):
        return _computed(data, scene, components, declared, doubt, EXACT, _exactly)
    return _computed(data, scene, components, declared, doubt, NEARLY, _nearly)


def _computed(
    data: Problem,
    scene: Scene,
    components: Components,
    declared: bool,
    doubt: float,
    exact: Arithmetic[diagram.Number],
    in_series: Callable[[Problem, Scene, Sequence[diagram.Number]], diagram.Number],
) -> Figure:
    if declared or any(gate.same for gate in _gates(data, components)):
        made = _Causes(data, scene, components, declared, doubt, exact).modules()
    else:
        levels = leaf_levels(data, scene, exact)
        modules: Sequence[Diagram | Hard] = data.parts[scene.part].modules
        made = [_down(module, levels, levels, doubt / len(modules), exact) for module in modules]
    method = worst([one.method for one in made])
    if method == "exact":
        return exactly(in_series(data, scene, [one.value for one in made]))  # type: ignore[misc]
    value, low, high = (
        _nearly(data, scene, [float(end) for end in side])
        for side in zip(*((one.value, one.low, one.high) for one in made), strict=True)
    )
    return Figure(value, low, high, method)


def is_small(data: Problem, scene: Scene) -> bool:
    """Whether a scene is computed in fractions."""
    return sum(data.groups[group].size for group in scene.unavailability) <= EXACT_LEAVES


@dataclass(frozen=True, slots=True)
class Arithmetic(Generic[diagram.Number]):
    """Numbers to compute with. `any_of` is P(down) of so many independent parts in series."""

    number: Callable[[Fraction], diagram.Number]
    any_of: Callable[[Fraction, int], diagram.Number]
    zero: diagram.Number


def _any_of_exactly(level: Fraction, many: int) -> Fraction:
    return 1 - (1 - level) ** many


def _any_of_nearly(level: Fraction, many: int) -> float:
    return -math.expm1(many * math.log1p(-float(level))) if level < 1 else 1.0


EXACT: Final = Arithmetic(Fraction, _any_of_exactly, Fraction(0))
NEARLY: Final = Arithmetic(float, _any_of_nearly, 0.0)


def leaf_levels(
    data: Problem, scene: Scene, exact: Arithmetic[diagram.Number]
) -> dict[int, diagram.Number]:
    """P(down) of what each leaf of the modules' diagrams stands for; groups that do not matter
    never fail."""
    part = data.parts[scene.part]
    return {
        leaf: exact.any_of(scene.unavailability.get(group, Fraction(0)), data.groups[group].size)
        for leaf, group in part.group_of.items()
    }


def _down(
    module: Diagram | Hard,
    low: Mapping[int, diagram.Number],
    high: Mapping[int, diagram.Number],
    doubt: float,
    exact: Arithmetic[diagram.Number],
) -> Figure:
    """P(down) of a module whose leaves are each between two levels, the same if they are known."""
    if isinstance(module, Hard):
        return figure(module, lambda leaf: (float(low[leaf]), float(high[leaf])), doubt=doubt)
    most = diagram.probability(module, high.__getitem__, exact.zero)
    if low is high:
        return exactly(most)
    return Figure(most, diagram.probability(module, low.__getitem__, exact.zero), most, "sampled")


def _series(data: Problem, scene: Scene) -> list[tuple[int, Fraction]]:
    """The groups in series, as (how many, unavailability of each)."""
    series = data.parts[scene.part].series
    return [(data.groups[group].size, scene.unavailability[group]) for group in series]


def _exactly(data: Problem, scene: Scene, modules: Sequence[Fraction]) -> Fraction:
    """Unavailability of the series and independent modules together."""
    up = Fraction(1)
    for many, down in (*_series(data, scene), *((1, down) for down in modules)):
        up *= (1 - down) ** many
    return 1 - up


def _nearly(data: Problem, scene: Scene, modules: Sequence[float]) -> float:
    """The same in floats, without losing what is small."""
    series = _series(data, scene)
    if any(down >= 1 for _, down in series) or any(down >= 1 for down in modules):
        return 1.0
    exponents = [many * math.log1p(-float(down)) for many, down in series]
    return -math.expm1(math.fsum([*exponents, *(math.log1p(-down) for down in modules)]))


# --- common causes -------------------------------------------------------------------------------

_Leg = tuple[Formula | bool, Formula | bool]
"""When what a leg has of its own is down, and when the rest of it is."""


class _Causes:
    """Modules in which common causes are leaves of their own.

    A common cause takes what two or more legs have of their own (`engine.causes`):
    u_cc = beta * min u_i, over those legs, and what is each leg's own keeps its marginal u_i: it
    fails by itself with u_i', where 1 - u_i = (1 - u_cc)(1 - u_i'), by an independent chance of
    healing, u_i'/u_i. Where all legs have to fail that makes the group worse whatever else fails.
    Where fewer do, it may make it better; there only legs that are wholly their own take part, and
    for each number of other legs that are down the worse of the two counts.

    A component under several budgets fails within the least of those that are shared, and then by
    so much that it keeps to its own.

    Guards that every leaf has a level before it is used. `low` and `high` are one and the same as
    long as everything is exact; they part with the first marginal that is only bounded or sampled.
    """

    def __init__(
        self,
        data: Problem,
        scene: Scene,
        components: Components,
        declared: bool,
        doubt: float,
        exact: Arithmetic[Any],
    ) -> None:
        self.part, self.components = data.parts[scene.part], components
        self.declared, self.exact = declared, exact
        self.low: dict[int, Any] = leaf_levels(data, scene, exact)
        self.high = self.low
        self.free: Bits = sum(1 << leaf for leaf in self.low)
        relevant = {leaf for module in self.part.modules for leaf in module.relevant}
        self.relevant: Bits = bits_from(relevant)
        self.gates: dict[int, Formula | bool] = {}
        self.unused = itertools.count(components.leaf_count)
        # Every marginal may have to be sampled.
        self.doubt = doubt / (1 + sum(1 + len(gate.parts) for gate in _gates(data, components)))

    def modules(self) -> list[Figure]:
        """P(down) of each module."""
        node = self.part.ground.node
        groups = parted(self.components, node, self.relevant) if self.declared else {}
        for index in bits_of(self.components.beneath(node)):
            gate = self.components.gates[index]
            if index in groups and gate.beta:
                self.gates[index] = self.with_cause(gate.beta, groups[index])
                continue
            legs = [self.down(leg) for leg in gate.parts]
            if gate.same:
                self.gates[index] = self.carried(gate) if False not in legs else False
            else:
                self.gates[index] = at_least_down(gate.cut, legs)
        modules = self.components.modules(node)
        return [self.chance(self.down(Node(gates=module))) for module in modules]

    def chance(self, formula: Formula | bool) -> Figure:
        return _down(diagram.attempt(formula), self.low, self.high, self.doubt, self.exact)

    def cause(self, low: Any, high: Any) -> Formula:
        """A leaf of its own, with its level."""
        fresh = next(self.unused)
        if low != high and self.low is self.high:
            self.high = dict(self.low)
        self.low[fresh], self.high[fresh] = low, high
        return fresh

    def down(self, node: Node) -> Formula | bool:
        found: list[Formula | bool] = [*bits_of(node.leaves & self.free)]
        return at_least_down(1, [*found, *(self.gates[gate] for gate in bits_of(node.gates))])

    def with_cause(self, beta: Fraction, group: Parted) -> Formula | bool:
        """A group that may fail of one cause."""
        cut = group.cut
        legs = [(self.down(leg.own), self.down(leg.rest)) for leg in group.legs]
        legs = [leg for leg in legs if any(one is not False for one in leg)]
        if cut >= len(legs):
            whole = at_least_down(cut, self.thinned(beta, legs))
        else:
            whole = self.worse(cut, beta, legs)
        return at_least_down(1, [self.down(group.common), whole])

    def common(self, beta: Fraction, marginals: Sequence[Figure]) -> tuple[Any, Any]:
        """u_cc, at its least and at its most."""
        share: Any = self.exact.number(beta)
        return share * min(one.low for one in marginals), share * min(one.high for one in marginals)

    def thinned(self, beta: Fraction, legs: Sequence[_Leg]) -> list[Formula | bool]:
        """Legs that fail of one cause as far as they are their own."""
        if sum(own is not False for own, _ in legs) < 2:
            return [at_least_down(1, leg) for leg in legs]
        marginals = [self.chance(own) for own, _ in legs if own is not False]
        common = self.common(beta, marginals)
        shared, waiting = self.cause(*common), iter(marginals)
        made = []
        for own, rest in legs:
            if own is False:
                made.append(rest)
                continue
            marginal = next(waiting)
            # The most is left to fail alone where the leg fails most and the common cause least.
            least = self.lasting(marginal.low, marginal.high, common[1])
            most = self.lasting(marginal.high, marginal.low, common[0])
            alone = self.cause(max(least, self.exact.zero), min(most, self.exact.zero + 1))
            made.append(at_least_down(1, [shared, at_least_down(2, [own, alone]), rest]))
        return made

    def worse(self, cut: int, beta: Fraction, legs: Sequence[_Leg]) -> Formula | bool:
        """A group of which fewer than all legs have to fail."""
        own = [leg for leg in legs if leg[1] is False]
        others = [at_least_down(1, leg) for leg in legs if leg[1] is not False]
        plain = at_least_down(cut, [*(leg for leg, _ in own), *others])
        if len(own) < 2:
            return plain
        marginals = [self.chance(leg) for leg, _ in own]
        common = self.common(beta, marginals)
        lows, highs = [one.low for one in marginals], [one.high for one in marginals]
        counts = range(cut - min(len(others), cut - 1), cut + 1)
        counted = {many: is_worse(many, highs, common[1], self.exact.zero) for many in counts}
        if not any(counted.values()):
            return plain
        thinned = self.thinned(beta, own)
        if all(counted.values()):
            return at_least_down(cut, [*thinned, *others])
        chain = [at_least_down(cut, thinned if counted[cut] else [leg for leg, _ in own])]
        before = self.ends(cut, lows, highs, common)
        for down in range(1, len(counts)):
            here = self.ends(cut - down, lows, highs, common)
            least, most = more(here[0], before[1]), more(here[1], before[0])
            chain.append(at_least_down(2, [at_least_down(down, others), self.cause(least, most)]))
            before = here
        return at_least_down(1, [*chain, at_least_down(cut, others)])

    def ends(self, many: int, lows: Any, highs: Any, common: tuple[Any, Any]) -> tuple[Any, Any]:
        """The worse of P(at least so many are down) with the cause and without it."""
        low = worst_case(many, lows, common[0], self.exact.zero)
        return low, worst_case(many, highs, common[1], self.exact.zero)

    def lasting(self, marginal: Any, over: Any, common: Any) -> Any:
        """u_i'/u_i, the marginal above the line and below it each at an end of its own."""
        return lasting(marginal, common) / over if over else self.exact.zero

    def carried(self, gate: Gate) -> Formula | bool:
        """The shared budget with the least level, thinned to the least level of all."""
        found: dict[int, Any] = {i: self.low[i] for leg in gate.parts for i in bits_of(leg.leaves)}
        shared = [leaf for leaf in found if self.part.ground.leaf(leaf).joint]
        carrier = min(shared, key=lambda leaf: (found[leaf], leaf))
        least, most = min(found.values()), found[carrier]
        lasting = least / most if most else self.exact.zero
        return at_least_down(2, [carrier, self.cause(lasting, lasting)])
