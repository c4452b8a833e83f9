"""The independent figure, and the one with declared common causes.

Parts fail independently, each exactly at its committed level: exact under sharing, by factoring
out what stands in series and evaluating the diagrams of the modules that remain (Dutuit and Rauzy
1996). Computed on the unavailability side, where digits are not lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine import diagram
from orchestrator.engine.components import Components
from orchestrator.engine.coupled import Causes
from orchestrator.engine.diagram import Diagram, Hard
from orchestrator.engine.fallback import DOUBT, Figure, Method, exactly, worst
from orchestrator.engine.intervals import total
from orchestrator.engine.problem import Problem
from orchestrator.engine.scenes import (
    EXACT,
    NEARLY,
    Arithmetic,
    Scene,
    chance_of,
    gates_of,
    leaf_levels,
)
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


def independent(
    data: Problem, found: Sequence[Scene], components: Components, *, exact: bool = False
) -> Estimate:
    """The independent figure over all scenes."""
    return _averaged(data, found, components, declared=False, exact=exact)


def common_cause(
    data: Problem, found: Sequence[Scene], components: Components, *, exact: bool = False
) -> Estimate | None:
    """The figure with the common-cause share declared on redundant groups; None without one."""
    if all(gate.beta is None for gate in gates_of(data, components)):
        return None
    return _averaged(data, found, components, declared=True, exact=exact)


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
    if declared or any(gate.same for gate in gates_of(data, components)):
        made = Causes(data, scene, components, declared, doubt, exact).modules()
    else:
        levels = leaf_levels(data, scene, exact)
        modules: Sequence[Diagram | Hard] = data.parts[scene.part].modules
        made = [
            chance_of(module, levels, levels, doubt / len(modules), exact) for module in modules
        ]
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
