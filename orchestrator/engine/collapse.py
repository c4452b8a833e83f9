"""Redundant groups made smaller before their worst case is sought, where that changes nothing.

In one cell of time a part is bounded by one number, its capacity. Parts that always stand together
in series are one part with the sum of their capacities; a group of parts that occur nowhere else
is one part with Rueger's bound (1978): at least m of n down for no longer than the least, over
0 <= r < m, of the sum of the n-r smallest capacities over m-r. Both are reached, and so is any
less: the worst case of what remains is that of the whole, and its witness unfolds into one.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from orchestrator.engine.components import Bits, Components, bits_of
from orchestrator.engine.rueger import Limit, most_of

Capacity = Limit
"""How long a part may be down; None: without limit."""

Item = int
"""A part by its number, 0 and up, or a gate g as -1 - g."""

Cut = frozenset[int]

ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Alone:
    """A part as it was given."""

    group: int


@dataclass(frozen=True, slots=True)
class Either:
    """Parts in series: down while one of them is."""

    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """A group: down while so many of its parts are."""

    down: int
    parts: tuple[int, ...]


Origin = Alone | Either | Together


@dataclass(frozen=True, slots=True)
class Gate:
    """Down while at least `down` of its legs are, a leg while one of its items is."""

    down: int
    legs: tuple[frozenset[Item], ...]


@dataclass(frozen=True, slots=True)
class Collapsed:
    """What is left: parts by number with what they are and how long they may be down, the gates
    that remain, and what stands in series on top, by item."""

    origins: Sequence[Origin]
    capacity: Sequence[Capacity]
    gates: Mapping[int, Gate]
    top: frozenset[Item]


@dataclass(slots=True)
class _Work:
    """The structure while it is being made smaller. Guards that what an item occurs in and what
    the legs hold agree."""

    origins: list[Origin] = field(default_factory=list)
    capacity: list[Capacity] = field(default_factory=list)
    down: dict[int, int] = field(default_factory=dict)
    legs: dict[int, list[set[Item]]] = field(default_factory=dict)
    places: dict[Item, set[tuple[int, int]]] = field(default_factory=dict)

    def part(self, origin: Origin, capacity: Capacity) -> int:
        self.origins.append(origin)
        self.capacity.append(capacity)
        return len(self.origins) - 1

    def put(self, item: Item, places: set[tuple[int, int]]) -> None:
        self.places[item] = places
        for gate, leg in places:
            self.legs[gate][leg].add(item)

    def drop(self, gate: int) -> None:
        """A gate that occurs nowhere."""
        self.places.pop(-1 - gate, None)
        for index, leg in enumerate(self.legs.pop(gate)):
            for item in leg:
                self.places[item].discard((gate, index))

    def take(self, item: Item) -> set[tuple[int, int]]:
        places = self.places.pop(item)
        for gate, leg in places:
            self.legs[gate][leg].discard(item)
        return places


TOP: Final = -1
"""The gate, so to speak, whose one leg is everything in series on top."""


def collapse(
    components: Components,
    top: Bits,
    group_of: Mapping[int, int],
    capacity: Mapping[int, Capacity],
) -> Collapsed:
    """Gates made smaller. `group_of` names the group of every leaf that is free, of the others
    none fails; `capacity` is by group."""
    work = _Work()
    free = sum(1 << leaf for leaf in group_of)
    numbers: dict[int, int] = {}
    work.legs[TOP], work.down[TOP] = [set()], 1
    # A gate comes after those it is made of, so what never fails is known by then.
    for gate in bits_of(_needed(components, top)):
        known = components.gates[gate]
        work.down[gate], work.legs[gate] = known.cut, [set() for _ in known.parts]
        for index, node in enumerate(known.parts):
            for leaf in bits_of(node.leaves & free):
                group = group_of[leaf]
                if leaf not in numbers:
                    numbers[leaf] = work.part(Alone(group), capacity[group])
                work.places.setdefault(numbers[leaf], set()).add((gate, index))
                work.legs[gate][index].add(numbers[leaf])
            # A gate on top takes the whole down by itself: inside another it need not be looked at,
            # as a cut that holds one of its own is not minimal.
            for inner in bits_of(node.gates & ~top):
                if -1 - inner in work.places:
                    work.put(-1 - inner, work.places[-1 - inner] | {(gate, index)})
        if sum(map(bool, work.legs[gate])) >= work.down[gate]:
            work.places[-1 - gate] = set()
            if top >> gate & 1:
                work.put(-1 - gate, {(TOP, 0)})
    for gate in sorted(work.legs, reverse=True):
        if gate != TOP and not work.places.get(-1 - gate):
            work.drop(gate)
    while _in_series(work) | _in_groups(work):
        pass
    return Collapsed(
        work.origins,
        work.capacity,
        {
            gate: Gate(work.down[gate], tuple(frozenset(leg) for leg in legs if leg))
            for gate, legs in work.legs.items()
            if gate != TOP and work.places.get(-1 - gate)
        },
        frozenset(work.legs[TOP][0]),
    )


def _needed(components: Components, top: Bits) -> Bits:
    """The gates on top and what they are made of, as far as that is not on top itself."""
    found, stack = top, list(bits_of(top))
    while stack:
        inner = 0
        for node in components.gates[stack.pop()].parts:
            inner |= node.gates
        inner &= ~found
        found |= inner
        stack.extend(bits_of(inner))
    return found


def _in_series(work: _Work) -> bool:
    """Parts that occur in the same places become one."""
    alike: dict[frozenset[tuple[int, int]], list[int]] = {}
    for item, places in work.places.items():
        if item >= 0 and places:
            alike.setdefault(frozenset(places), []).append(item)
    merged = [(set(places), items) for places, items in alike.items() if len(items) > 1]
    for places, items in merged:
        for item in items:
            work.take(item)
        limits = [limit for item in items if (limit := work.capacity[item]) is not None]
        most = sum(limits, ZERO) if len(limits) == len(items) else None
        work.put(work.part(Either(tuple(items)), most), places)
    return bool(merged)


def _in_groups(work: _Work) -> bool:
    """Gates all of whose parts occur in them alone, one to a leg, become a part."""
    found = False
    for gate in [gate for gate in work.legs if gate != TOP and -1 - gate in work.places]:
        legs = [leg for leg in work.legs[gate] if leg]
        items = [next(iter(leg)) for leg in legs if len(leg) == 1]
        if len(items) < len(legs) or any(item < 0 or len(work.places[item]) > 1 for item in items):
            continue
        for item in items:
            work.take(item)
        places = work.take(-1 - gate)
        del work.legs[gate]
        if places:
            most = most_of(work.down[gate], [work.capacity[item] for item in items])
            work.put(work.part(Together(work.down[gate], tuple(items)), most), places)
        found = True
    return found


# --- unfolding -----------------------------------------------------------------------------------

Piece = tuple[frozenset[int], Fraction]
"""Groups that are down together, for how long."""


def unfold(found: Collapsed, packed: Iterable[tuple[Cut, Fraction]]) -> Iterator[Piece]:
    """What is down of the groups as they were given, while cuts of parts are down for a time."""
    pieces: list[Piece] = list(packed)
    waiting = [-part for part in {part for cut, _ in pieces for part in cut}]
    heapq.heapify(waiting)
    # A part comes after those it is made of, so that each is met once, when all that use it are.
    seen: set[int] = set()
    while waiting:
        part = -heapq.heappop(waiting)
        origin = found.origins[part]
        if part in seen or isinstance(origin, Alone):
            continue
        seen.add(part)
        for inner in origin.parts:
            heapq.heappush(waiting, -inner)
        amount = sum((length for cut, length in pieces if part in cut), ZERO)
        pieces = list(_spread(pieces, part, _menu(found, origin, amount)))
    for cut, length in pieces:
        origins = (found.origins[part] for part in cut)
        yield frozenset(one.group for one in origins if isinstance(one, Alone)), length


def _spread(pieces: Iterable[Piece], part: int, menu: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces with one part replaced by what it is made of, one way of its being down after the
    other."""
    ways = iter(menu)
    down, room = frozenset[int](), ZERO
    for cut, length in pieces:
        left = length
        while left > 0 and part in cut:
            if not room:
                down, room = next(ways)
            here = min(left, room)
            yield (cut - {part}) | down, here
            left, room = left - here, room - here
        if part not in cut:
            yield cut, length


def _menu(found: Collapsed, origin: Either | Together, amount: Fraction) -> Iterator[Piece]:
    """A way for a part to be down for a time, by what it is made of."""
    limits = [found.capacity[inner] for inner in origin.parts]
    if isinstance(origin, Together):
        for indices, length in wrapped(origin.down, limits, amount):
            yield frozenset(origin.parts[index] for index in indices), length
        return
    left = amount
    for inner, limit in zip(origin.parts, limits, strict=True):
        here = left if limit is None else min(left, limit)
        if here > 0:
            yield frozenset((inner,)), here
            left -= here


def wrapped(
    down: int, limits: Sequence[Capacity], amount: Fraction
) -> Iterator[tuple[frozenset[int], Fraction]]:
    """Exactly `down` of some parts down at any moment of a time, each within its limit, laid out
    one after the other around so many rows (McNaughton 1959)."""
    rows: list[list[tuple[Fraction, int]]] = [[] for _ in range(down)]
    row, at = 0, ZERO
    for index, limit in enumerate(limits):
        left = amount if limit is None else min(limit, amount)
        while left > 0 and row < down:
            here = min(left, amount - at)
            at, left = at + here, left - here
            rows[row].append((at, index))
            if at == amount:
                row, at = row + 1, ZERO
    before = ZERO
    for mark in sorted({end for ends in rows for end, _ in ends}):
        down_now = (next(index for end, index in ends if end >= mark) for ends in rows)
        yield frozenset(down_now), mark - before
        before = mark
