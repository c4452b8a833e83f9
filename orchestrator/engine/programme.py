"""The linear programme of a floor: what its rows and cells stand for (docs/semantics.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from orchestrator.engine import diagram
from orchestrator.engine.bounds import Block, Cell, Exact, Weight, series_block
from orchestrator.engine.cells import Stretch, cells
from orchestrator.engine.components import Node, bits_of
from orchestrator.engine.diagram import Diagram
from orchestrator.engine.intervals import Intervals, intersect, union
from orchestrator.engine.problem import Part, Problem
from orchestrator.engine.promises import budgets
from orchestrator.engine.reliefs import Choice, Relief, reliefs

ZERO: Final = Fraction(0)


class Row(NamedTuple):
    """A budget: of a group, under a promise, in one of its periods; all of its downtime, or
    (`outside`) only that where no relief may be taken."""

    group: int
    promise: int
    period: int
    outside: bool


@dataclass(frozen=True, slots=True)
class Room:
    """What one leaf may be down under a promise in one of its periods: in all (None: without
    limit), and where no relief may be taken; `growth` as in `Budget`."""

    everywhere: Fraction | None
    outside: Fraction
    growth: Fraction


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms of all promises that bind, by promise and period, and the windows in which each
    promise may take relief, where it may not at any time."""

    of: Mapping[tuple[int, int], Room]
    windows: Mapping[int, Intervals]


@dataclass(frozen=True, slots=True)
class Programme:
    """A linear programme with what its cells stand for: where they lie, and in which part; the
    blocks of a part are the same in all of its cells.

    `growth` is how fast each budget grows with the share that one leaf may be down.
    """

    cells: tuple[Cell[Row], ...]
    stretches: tuple[Stretch, ...]
    part_of: tuple[int, ...]
    budgets: Mapping[Row, Fraction]
    growth: Mapping[Row, Fraction]
    choice: Choice


def programme(data: Problem, choice: Choice) -> Programme:
    """The programme where reliefs are taken in one way."""
    rooms = _rooms(data, choice)
    limits: dict[Row, Fraction] = {}
    growth: dict[Row, Fraction] = {}
    made: list[tuple[Cell[Row], Stretch, int]] = []
    for index, part in enumerate(data.parts):
        binding = {p: data.promises[p] for p in data.promises_of(index) if data.binds(p)}
        window = intersect(data.window, part.intervals)
        blocks = Blocks(data, index)
        for stretch in cells(window, binding, data.period, data.hours, rooms.windows):
            uses = {}
            for group in part.groups:
                rows = _rows(data, index, group, stretch, rooms)
                uses[group] = tuple(rows)
                size = data.groups[group].size
                limits.update({row: size * length for row, (length, _) in rows.items()})
                growth.update({row: speed for row, (_, speed) in rows.items()})
            cell = Cell(Fraction(stretch.length), blocks, uses.__getitem__)
            made.append((cell, stretch, index))
    return Programme(
        tuple(cell for cell, _, _ in made),
        tuple(stretch for _, stretch, _ in made),
        tuple(index for _, _, index in made),
        limits,
        growth,
        choice,
    )


def _rooms(data: Problem, choice: Choice) -> Rooms:
    rooms: dict[tuple[int, int], Room] = {}
    windows: dict[int, Intervals] = {}
    binding = {p for group in data.groups for p in group.all_promises if data.binds(p)}
    for number in sorted(binding):
        promise = data.promises[number]
        for index, budget in enumerate(budgets(promise, data.period, data.hours)):
            taken = reliefs(promise, budget, data.hours, choice.barred)
            bounded = [r for r in taken if r.windows is not None]
            if bounded:
                inside = (i for r in bounded for i in r.windows or ())
                windows[number] = union([*windows.get(number, ()), *inside])
            anytime = _sum(r for r in taken if r.windows is None)
            if anytime is None:
                continue
            outside, more = budget.length + anytime, _sum(bounded)
            everywhere = None if more is None else outside + more
            rooms[number, index] = Room(everywhere, outside, budget.growth)
    return Rooms(rooms, windows)


def _sum(found: Iterable[Relief]) -> Fraction | None:
    """What reliefs come to; None where one has no limit."""
    most = ZERO
    for relief in found:
        if relief.most is None:
            return None
        most += relief.most
    return most


def _rows(
    data: Problem, part: int, group: int, stretch: Stretch, rooms: Rooms
) -> dict[Row, tuple[Fraction, Fraction]]:
    """The rows that a leaf of a group draws on while it is down in a stretch: by row how much it
    may draw, and how fast that grows."""
    rows: dict[Row, tuple[Fraction, Fraction]] = {}
    for promise in data.groups[group].promises[part]:
        label = stretch.labels.get(promise)
        room = rooms.of.get((promise, label[0])) if label else None
        if label is None or room is None:
            continue
        if room.everywhere is not None:
            rows[Row(group, promise, label[0], False)] = (room.everywhere, room.growth)
        if promise in rooms.windows and not label[1]:
            rows[Row(group, promise, label[0], True)] = (room.outside, room.growth)
    return rows


class Blocks:
    """The ways in which a part can fail, in terms of groups: a cut of gates in series is a cut of
    one of them, so that each is asked by itself. Guards that they are made once, when they are
    first asked for; `hard` where a gate is too complex and a path set stands in for it."""

    def __init__(self, data: Problem, index: int) -> None:
        self._data, self._index = data, index
        self._made: tuple[Block, ...] | None = None
        self._hard = False

    @property
    def hard(self) -> bool:
        """Whether what they give is a bound."""
        self._blocks()
        return self._hard

    def _blocks(self) -> tuple[Block, ...]:
        if self._made is None:
            part = self._data.parts[self._index]
            components, free = part.ground.structure.components, _free(part)
            series: list[int] = list(part.series)
            blocks: list[Block] = []
            for gate in bits_of(part.ground.node.gates):
                made = diagram.attempt(components.formula(Node(gates=1 << gate), free))
                if isinstance(made, Diagram):
                    blocks.append(_gate_block(made, part.group_of))
                else:
                    self._hard = True
                    series += _path(self._data, self._index, gate)
            first = [series_block(series)] if series else []
            self._made = (*first, *blocks)
        return self._made

    def __iter__(self) -> Iterator[Block]:
        return iter(self._blocks())


def _free(part: Part) -> int:
    return sum(1 << leaf for leaf in part.group_of)


def _path(data: Problem, index: int, gate: int) -> list[int]:
    """Groups that keep a gate up while all of them are up, of those the ones that promise most:
    every cut holds one of them, so that they in series bound the gate."""
    part = data.parts[index]
    components, free = part.ground.structure.components, _free(part)
    known: dict[int, tuple[Fraction, frozenset[int]]] = {}

    def weight(group: int) -> Fraction:
        counting = [data.promises[p] for p in data.groups[group].promises[index] if data.binds(p)]
        return min((promise.budget for promise in counting), default=Fraction(1))

    for number in bits_of(components.beneath(Node(gates=1 << gate))):
        one = components.gates[number]
        legs = []
        for node in one.parts:
            inside = {part.group_of[leaf] for leaf in bits_of(node.leaves & free)}
            inside = inside.union(*(known[inner][1] for inner in bits_of(node.gates)))
            legs.append((sum(map(weight, inside), ZERO), frozenset(inside)))
        legs.sort(key=lambda leg: (leg[0], sorted(leg[1])))
        kept = frozenset[int]().union(*(inside for _, inside in legs[: one.k]))
        known[number] = (sum(map(weight, kept), ZERO), kept)
    return sorted(known[gate][1])


def _gate_block(made: Diagram, group_of: Mapping[int, int]) -> Block:
    def cheapest(weight: Weight) -> tuple[Exact, frozenset[int]] | None:
        found = diagram.cheapest_cut(made, lambda leaf: weight(group_of[leaf]))
        return found and (found[0], frozenset(group_of[leaf] for leaf in found[1]))

    return cheapest
