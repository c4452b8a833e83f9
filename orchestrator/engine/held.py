"""One composite over one period, kept so that another target beneath is answered at once.

Levels and capacities of leaves are kept with what they follow from. The independent figure is
linear in the level of each variable (Birnbaum 1969): one variable that changes costs a product,
several another sweep over the diagrams that are there. The floor follows its prices where these
still prove it, and is packed again from the cuts that are known where they do not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Final

from orchestrator.engine import diagram
from orchestrator.engine.cells import cells
from orchestrator.engine.collapse import Alone, Capacity, Together
from orchestrator.engine.components import bits_of
from orchestrator.engine.diagram import Diagram, Hard
from orchestrator.engine.floor import Floor
from orchestrator.engine.intervals import intersect
from orchestrator.engine.onecell import OneCell
from orchestrator.engine.packing import repacked
from orchestrator.engine.problem import Part, Problem
from orchestrator.engine.promises import MAINTENANCE, Promise
from orchestrator.engine.rueger import most_of
from orchestrator.engine.scenes import Scene
from orchestrator.engine.structure import Commitment

ZERO: Final = Fraction(0)

Name = tuple[str, str]
"""An agreement and a term of it, in whatever version."""

Maker = tuple[int, Name]
"""A promise by number, with who makes it."""

Made = tuple[Maker, ...]
"""All that is promised of a leaf."""

Leaves = Mapping[int, Counter[Made]]
"""The leaves of some groups, counted by what is promised of them."""

Rooms = Mapping[tuple[int, int], tuple[Fraction, Fraction]]
"""By group and promise, what one leaf may be down, and how fast that grows with its share."""


@dataclass(frozen=True, slots=True)
class Instead:
    """What would be promised instead: the committed level, and the share that may be down."""

    unavailability: Fraction
    budget: Fraction


Changed = Mapping[Maker, Instead]


@dataclass(frozen=True, slots=True)
class Sweep:
    """The independent figure of one scene: P(down) of every group and module, and by group how it
    follows the group's."""

    scene: Scene
    down: float
    level: Mapping[int, float]
    modules: tuple[float, ...]
    slope: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Held:
    """One composite's figures over one period with what they follow from.

    `reaches` has by term the groups it values, with their leaves, and `makers` its commitments, one
    of each that promises something else.
    """

    data: Problem
    floor: Floor
    cell: OneCell
    sweep: Sweep | None
    reaches: Mapping[Name, Leaves]
    makers: Mapping[Name, Mapping[int, Commitment]]
    rooms: Rooms
    capacity: Mapping[int, Capacity]
    """How long each group may be down."""
    limited: Capacity
    """How long the whole may be down, without regard to how long the cell is; None where nothing
    limits it."""
    on_top: frozenset[int]
    """The parts of the collapsed structure that stand in series."""
    part_of: Mapping[int, int]
    """Of each group that is redundant, the part of the collapsed structure."""
    users: Mapping[int, int]
    """Of each part of the collapsed structure, the part that is made of it."""
    load: Mapping[int, Fraction]
    """How much of each part the packing uses."""

    alone: frozenset[int]
    """The groups in series."""

    @property
    def part(self) -> Part:
        return self.data.parts[0]


def held(
    data: Problem,
    found: Floor,
    covered: Sequence[Scene],
    number_of: Callable[[Commitment], int],
) -> Held | None:
    """What can be kept of a composite; None where a changed target may change more than levels and
    capacities, so that it has to be derived anew: where hours or periods cut its time into cells,
    where budgets roll, where time is excused, and where figures are no more than bounds."""
    cell = found.cell
    if cell is None or not cell.exact or len(data.parts) != 1:
        return None
    part = data.parts[0]
    components = part.ground.structure.components
    promises = {p: data.promises[p] for p in data.promises_of(0)}
    stretches = cells(intersect(data.window, part.intervals), promises, data.period, data.hours, {})
    if (
        any(isinstance(module, Hard) for module in part.modules)
        or not all(map(_is_plain, (*promises.values(), data.own)))
        or len(stretches) != 1
        or len(stretches[0].labels) < len(promises)
        or any(
            components.gates[gate].beta is not None or components.gates[gate].same
            for gate in bits_of(components.beneath(part.ground.node))
        )
    ):
        return None
    reaches: dict[Name, dict[int, Counter[Made]]] = {}
    makers: dict[Name, dict[int, Commitment]] = {}
    budgets, growth = found.programme.budgets, found.programme.growth
    rooms = {
        (row.group, row.promise): (length / data.groups[row.group].size, growth[row])
        for row, length in budgets.items()
    }
    capacity: dict[int, Capacity] = {}
    for index, group in enumerate(data.groups):
        leaves: Counter[Made] = Counter()
        for leaf in bits_of(group.leaves):
            made: list[Maker] = []
            for commitment in part.ground.leaf(leaf).commitments:
                name = (commitment.key.agreement, commitment.key.term)
                number = number_of(commitment)
                makers.setdefault(name, {}).setdefault(number, commitment)
                made.append((number, name))
            leaves[tuple(made)] += 1
        for name in {name for one in leaves for _, name in one}:
            reaches.setdefault(name, {})[index] = leaves
        capacity[index] = _capacity(rooms, index, leaves, {})
    series = [capacity[group] for group in part.series]
    known = [one for one in series if one is not None]
    limited = len(known) == len(series)
    origins = list(enumerate(cell.collapsed.origins))
    load: dict[int, Fraction] = {}
    for cut, amount in cell.packed.amounts.items():
        for item in cut:
            load[item] = load.get(item, ZERO) + amount
    return Held(
        data,
        found,
        cell,
        _sweep(data, covered[0]) if covered else None,
        reaches,
        makers,
        rooms,
        capacity,
        sum(known, cell.value) if cell.value is not None and limited else None,
        frozenset(item for item in cell.collapsed.top if item >= 0),
        {origin.group: number for number, origin in origins if isinstance(origin, Alone)},
        {
            inner: number
            for number, origin in origins
            if not isinstance(origin, Alone)
            for inner in origin.parts
        },
        load,
        frozenset(part.series),
    )


def _is_plain(promise: Promise) -> bool:
    return not (
        promise.period.rolling
        or promise.allowances
        or promise.shrinks
        or MAINTENANCE in promise.exclusions
    )


def reached(kept: Held, names: Iterable[Name]) -> Leaves:
    """The groups that some terms value, with what is promised of their leaves."""
    found = [kept.reaches[name] for name in names if name in kept.reaches]
    if len(found) == 1:
        return found[0]
    return {group: leaves for one in found for group, leaves in one.items()}


# --- the independent figure ----------------------------------------------------------------------


def _level(data: Problem, group: int, scene: Scene) -> float:
    """P(down) of a group: of any of its leaves."""
    u = scene.unavailability.get(group, ZERO)
    return _any(((float(u), data.groups[group].size),))


def _any(levels: Iterable[tuple[float, int]]) -> float:
    """P(down) of leaves in series, as (level, how many)."""
    total = 0.0
    for u, many in levels:
        if u >= 1:
            return 1.0
        total += many * math.log1p(-u)
    return -math.expm1(total)


def _sweep(data: Problem, scene: Scene) -> Sweep:
    part = data.parts[0]
    diagrams = [module for module in part.modules if isinstance(module, Diagram)]
    level = {group: _level(data, group, scene) for group in part.groups}
    module_level = {leaf: level[group] for leaf, group in part.group_of.items()}
    modules = tuple(diagram.probability(m, module_level.__getitem__, 0.0) for m in diagrams)
    down = _any((one, 1) for one in (*(level[group] for group in part.series), *modules))
    slope = {}
    for group in part.series:
        slope[group] = _rest(down, level[group], partial(_without, part, level, modules, group))
    for number, module in enumerate(diagrams):
        elsewhere = _rest(
            down, modules[number], partial(_without, part, level, modules, None, number)
        )
        for leaf, value in diagram.birnbaum(module, module_level.__getitem__, 0.0).items():
            slope[part.group_of[leaf]] = value * elsewhere
    return Sweep(scene, down, level, modules, slope)


def _rest(down: float, one: float, otherwise: Callable[[], float]) -> float:
    """P(all else up), by division where that is safe."""
    return (1 - down) / (1 - one) if one < 1 else otherwise()


def _without(
    part: Part,
    level: Mapping[int, float],
    modules: Sequence[float],
    group: int | None,
    module: int | None = None,
) -> float:
    ups = [1 - level[one] for one in part.series if one != group]
    return math.prod([*ups, *(1 - m for i, m in enumerate(modules) if i != module)])


def independent(kept: Held, leaves: Leaves, changes: Changed) -> float | None:
    """The independent figure where some leaves are promised otherwise."""
    sweep = kept.sweep
    if sweep is None:
        return None
    fresh = {
        group: _any((_promised(kept, made, changes), many) for made, many in counted.items())
        for group, counted in leaves.items()
        if group in sweep.slope
    }
    if len(fresh) > 1:
        return 1 - _swept(kept, sweep, fresh)
    moved = sum(sweep.slope[one] * (level - sweep.level[one]) for one, level in fresh.items())
    return 1 - (sweep.down + moved)


def _promised(kept: Held, made: Made, changes: Changed) -> float:
    """The committed level of a leaf."""
    promises = kept.data.promises
    levels = [(changes[one] if one in changes else promises[one[0]]).unavailability for one in made]
    return float(min(levels) if len(levels) > 1 else levels[0])


def _swept(kept: Held, sweep: Sweep, fresh: Mapping[int, float]) -> float:
    """P(down) by another sweep over the diagrams that a change reaches."""
    part = kept.part
    level = {**sweep.level, **fresh}
    modules = []
    for module, before in zip(part.modules, sweep.modules, strict=True):
        assert isinstance(module, Diagram)
        if any(part.group_of[leaf] in fresh for leaf in module.leaves):
            chances = {leaf: level[part.group_of[leaf]] for leaf in module.leaves}
            modules.append(diagram.probability(module, chances.__getitem__, 0.0))
        else:
            modules.append(before)
    return _any((one, 1) for one in (*(level[group] for group in part.series), *modules))


# --- the floor -----------------------------------------------------------------------------------


def share(kept: Held, leaves: Leaves, changes: Changed) -> Fraction | None:
    """The floor where some leaves are promised otherwise; None where it could not be proved."""
    if kept.limited is None:
        return kept.floor.share
    downtime, inside = kept.limited, {}
    for group, counted in leaves.items():
        before, after = kept.capacity[group], _capacity(kept.rooms, group, counted, changes)
        if before is None or after is None or after == before:
            continue
        if group in kept.part_of:
            inside[kept.part_of[group]] = after
        elif group in kept.alone:
            downtime += after - before
    if inside:
        more = _more(kept, inside)
        if more is None:
            return None
        downtime += more
    length = kept.floor.programme.cells[0].length
    return 1 - min(downtime, length) / kept.floor.hours


def _capacity(rooms: Rooms, group: int, counted: Mapping[Made, int], changes: Changed) -> Capacity:
    """How long a group may be down."""
    found = []
    for made, many in counted.items():
        limits = []
        for one in made:
            room = rooms.get((group, one[0]))
            if room is not None:
                limits.append(room[1] * changes[one].budget if one in changes else room[0])
        if not limits:
            return None
        least = min(limits) if len(limits) > 1 else limits[0]
        found.append(least if many == 1 else many * least)
    return found[0] if len(found) == 1 else sum(found, ZERO)


def _more(kept: Held, fresh: Mapping[int, Fraction]) -> Fraction | None:
    """How much longer the redundant groups may be down with other capacities of some parts; None
    where it could not be proved."""
    packing = kept.cell.packed
    now = _upwards(kept, fresh)
    # Prices that undercut no cut bound the optimum whatever the capacities are; what is packed,
    # less what no longer fits, is reached. Where both agree nothing has to be solved.
    alone, most, lost = [], [], []
    for part, capacity in now.items():
        if part in kept.on_top:
            alone.append(capacity - kept.cell.limits[part])
        if price := packing.prices.get(part):
            most.append(price * (capacity - kept.cell.limits[part]))
        if (used := kept.load.get(part)) and used > capacity:
            lost.append(used - capacity)
    above = alone[0] if len(alone) == 1 else sum(alone, ZERO)
    if not (most or lost):
        return above
    gained = sum(most, ZERO)
    if gained == -sum(lost, ZERO):
        return above + gained
    limits = {**kept.cell.limits, **now}
    again = repacked(packing, limits, kept.cell.drawn)
    return None if again is None else above + again.value - packing.value


def _upwards(kept: Held, fresh: Mapping[int, Fraction]) -> dict[int, Fraction]:
    """The capacities of the parts that change with some, as far as they are limited; parts that
    others are made of no longer included."""
    found = kept.cell.collapsed
    now = dict(fresh)
    above: set[int] = set()
    for start in fresh:
        part = kept.users.get(start)
        while part is not None and part not in above:
            above.add(part)
            part = kept.users.get(part)
    # A part comes after those it is made of.
    for part in sorted(above):
        origin = found.origins[part]
        assert not isinstance(origin, Alone)
        limits = [now[one] if one in now else found.capacity[one] for one in origin.parts]
        known = [one for one in limits if one is not None]
        if isinstance(origin, Together):
            most = most_of(origin.down, limits)
        else:
            most = sum(known, ZERO) if len(known) == len(limits) else None
        if most is not None:
            now[part] = most
    return now
