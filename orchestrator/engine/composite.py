"""Composite downtime of a whole graph: when each gate was down, given when its leaves were.

Level by level, gates that are made of known things alone are found at once, some hundred thousand
intervals at a time: those of all their parts are laid on one line and the gate is where enough of
them hold (`timelines.reached`). What no gate still asks for is let go, so memory is that of the
leaves, of what is asked for, and of what lies between two levels.

It is the structure function over intervals, exact, and no product of percentages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from orchestrator.engine.components import Components, Node, bits_of
from orchestrator.engine.steps import Int64s
from orchestrator.engine.timelines import Line, Timelines, line_of, ranges, reached

CHUNK: Final = 1 << 17
"""Intervals worked on at a time, which stay in the cache while they are sorted; a gate that has
more is worked on by itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Leaves and gates in columns. Nodes are numbered leaves first; gate g is node `leaves + g`.

    Gate g is down while at least `cut[g]` of its parts are, which are the nodes
    `parts[first[g]:first[g + 1]]`, all of them before the gate.
    """

    leaves: int
    cut: Int64s
    first: Int64s
    parts: Int64s

    @property
    def gates(self) -> int:
        return len(self.cut)


def graph_of(leaves: int, gates: Sequence[tuple[int, Sequence[int]]]) -> Graph:
    """A graph of gates `(cut, parts)`, each after the gates it is made of."""
    counts = [len(parts) for _, parts in gates]
    for number, (cut, parts) in enumerate(gates):
        assert 0 < cut <= len(parts), "a gate that is always down, or never"
        assert min(parts) >= 0, "a node that there is not"
        assert max(parts) < leaves + number, "a gate comes after what it is made of"
    return Graph(
        leaves,
        np.array([cut for cut, _ in gates], np.int64),
        np.concatenate(([0], np.cumsum(np.array(counts, np.int64)))),
        np.array([part for _, parts in gates for part in parts], np.int64),
    )


def graph_beneath(components: Components, nodes: Sequence[Node]) -> tuple[Graph, list[int]]:
    """The graph of some structures, and where each of them is in it. A conjunction of several
    things is a gate that any of them brings down; what is shared is there once. A structure that
    is empty never fails and is refused by an assertion."""
    leaves = components.leaf_count
    gates: list[tuple[int, list[int]]] = []
    place: dict[int, int] = {}
    known: dict[Node, int] = {}

    def of(node: Node) -> int:
        if node not in known:
            parts = [*bits_of(node.leaves), *(place[gate] for gate in bits_of(node.gates))]
            assert parts, "a structure that never fails"
            if len(parts) > 1:
                gates.append((1, parts))
            known[node] = parts[0] if len(parts) == 1 else leaves + len(gates) - 1
        return known[node]

    beneath = 0
    for node in nodes:
        beneath |= components.beneath(node)
    for number in bits_of(beneath):
        gate = components.gates[number]
        parts = [of(part) for part in gate.parts]
        place[number] = leaves + len(gates)
        gates.append((gate.cut, parts))
    places = [of(node) for node in nodes]
    return graph_of(leaves, gates), places


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """How long each gate was down, in microseconds; and when the nodes asked for were, by their
    numbers in the graph."""

    time: Int64s
    down: Timelines


def composite(graph: Graph, down: Timelines, wanted: Int64s, chunk: int = CHUNK) -> Composite:
    """When gates were down, `down` being when each leaf was, by number. `chunk` is how many
    intervals are worked on at a time."""
    line = line_of(1, down.start, down.end)
    starts, ends = line.offset(down.start), line.offset(down.end)
    rows = down.rows(graph.leaves)
    pool = _Pool(graph, starts, ends, rows)
    time = np.zeros(graph.gates, np.int64)
    levels, releases = _levels(graph, wanted)
    for level, released in zip(levels, releases, strict=True):
        for some in _chunks(graph, pool, level, line, chunk):
            starts, ends, rows = _gates(graph, pool, some, line)
            running = np.concatenate(([0], np.cumsum(line.instant(ends) - line.instant(starts))))
            time[some] = running[rows[1:]] - running[rows[:-1]]
            pool.add(graph.leaves + some, starts, ends, rows)
        pool.release(released)
    return Composite(time, pool.timelines(np.unique(wanted), line))


class _Pool:
    """When nodes were down, as far as that is still asked for; guards that what is let go takes no
    more memory than what is held. Node n has the intervals `first[n]` to `last[n]`."""

    def __init__(self, graph: Graph, starts: Int64s, ends: Int64s, rows: Int64s) -> None:
        nodes = graph.leaves + graph.gates
        self.first, self.last = np.zeros(nodes, np.int64), np.zeros(nodes, np.int64)
        self.first[: graph.leaves], self.last[: graph.leaves] = rows[:-1], rows[1:]
        self.starts, self.ends = starts, ends
        self._size = self._held = len(starts)

    def length(self, nodes: Int64s) -> Int64s:
        """How many intervals nodes have."""
        return self.last[nodes] - self.first[nodes]

    def add(self, nodes: Int64s, starts: Int64s, ends: Int64s, rows: Int64s) -> None:
        """Take up nodes: `rows` is where the intervals of each begin."""
        before, after = self._size, self._size + len(starts)
        if after > len(self.starts):
            room = np.empty(after, np.int64)
            self.starts, self.ends = (
                np.concatenate((column[:before], room)) for column in (self.starts, self.ends)
            )
        self.starts[before:after], self.ends[before:after] = starts, ends
        self.first[nodes], self.last[nodes] = before + rows[:-1], before + rows[1:]
        self._size, self._held = after, self._held + len(starts)

    def release(self, nodes: Int64s) -> None:
        """Let go what is no longer asked for."""
        self._held -= int(self.length(nodes).sum())
        self.first[nodes] = self.last[nodes] = 0
        if 2 * self._held < self._size:
            lengths = self.last - self.first
            index = ranges(self.first, lengths)
            self.starts, self.ends = self.starts[index], self.ends[index]
            self.last = np.cumsum(lengths)
            self.first, self._size = self.last - lengths, self._held

    def timelines(self, nodes: Int64s, line: Line) -> Timelines:
        """When nodes, ascending, were down."""
        index = ranges(self.first[nodes], self.length(nodes))
        owner = np.repeat(nodes, self.length(nodes))
        return Timelines(owner, line.instant(self.starts[index]), line.instant(self.ends[index]))


def _levels(graph: Graph, wanted: Int64s) -> tuple[list[Int64s], list[Int64s]]:
    """The gates by level, each above all it is made of; and by level, the nodes that no gate asks
    for after it, nor anybody."""
    first, parts, leaves = graph.first.tolist(), graph.parts.tolist(), graph.leaves
    level = [-1] * (leaves + graph.gates)
    of = level.__getitem__
    for gate in range(graph.gates):
        level[leaves + gate] = 1 + max(map(of, parts[first[gate] : first[gate + 1]]))
    above = np.array(level[leaves:], np.int64)
    many = int(above.max()) + 1 if graph.gates else 0
    last_use = np.array(level)
    np.maximum.at(last_use, graph.parts, np.repeat(above, np.diff(graph.first)))
    last_use[wanted] = many
    # What no gate asks for at all goes with the first level, or its own.
    return _by_level(above, many), _by_level(np.maximum(last_use, 0), many)


def _by_level(level: Int64s, many: int) -> list[Int64s]:
    """Numbers by their level, those of the first levels."""
    order = np.argsort(level, kind="stable")
    ends = np.cumsum(np.bincount(level, minlength=many))[:many]
    return np.split(order, ends)[:many]


def _chunks(graph: Graph, pool: _Pool, gates: Int64s, line: Line, chunk: int) -> Iterator[Int64s]:
    """Gates in groups whose parts have few enough intervals, and which are few enough to lie on
    one line."""
    most = 1 << (62 - line.bits)
    lengths = np.diff(graph.first)[gates]
    edges = ranges(graph.first[gates], lengths)
    events = np.cumsum(pool.length(graph.parts[edges]))[np.cumsum(lengths) - 1]
    begin = 0
    while begin < len(gates):
        before = int(events[begin - 1]) if begin else 0
        end = int(np.searchsorted(events, before + chunk, "right"))
        end = min(max(end, begin + 1), begin + most)
        yield gates[begin:end]
        begin = end


def _gates(graph: Graph, pool: _Pool, gates: Int64s, line: Line) -> tuple[Int64s, Int64s, Int64s]:
    """When some gates were down: intervals one gate after the other, and where each begins."""
    degrees = np.diff(graph.first)[gates]
    parts = graph.parts[ranges(graph.first[gates], degrees)]
    lengths = pool.length(parts)
    index = ranges(pool.first[parts], lengths)
    owner = np.repeat(np.repeat(np.arange(len(gates)) << line.bits, degrees), lengths)
    starts, ends = pool.starts[index], pool.ends[index]
    starts += owner
    ends += owner
    # The parts are sorted already, each by itself: a stable sort merges what is in order.
    starts.sort(kind="stable")
    ends.sort(kind="stable")
    cut = graph.cut[gates]
    if (cut == cut[0]).all():
        starts, ends = reached(starts, ends, int(cut[0]))
    else:
        events = np.add.reduceat(lengths, np.cumsum(degrees) - degrees)
        starts, ends = reached(starts, ends, np.repeat(cut, events))
    rows = np.searchsorted(starts, np.arange(len(gates) + 1) << line.bits)
    inside = (1 << line.bits) - 1
    return starts & inside, ends & inside, rows.astype(np.int64)
