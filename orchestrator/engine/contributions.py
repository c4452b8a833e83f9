"""Who contributed what to the downtime of many structures: a portfolio traced in one pass.

When each structure was down comes from the graph of all of them (`composite`); time is cut where a
leaf beneath changes state (`segments`), as far as the structure was down; and what each set of
failed leaves comes to is judged once (`shares`). Sums are exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Final

import numpy as np

from orchestrator.engine.components import Components, Node, bits_from, bits_of
from orchestrator.engine.composite import composite, graph_beneath
from orchestrator.engine.games import game
from orchestrator.engine.segments import Segments, segments
from orchestrator.engine.shares import IDLE, Slice, judge
from orchestrator.engine.steps import Int64s
from orchestrator.engine.timelines import Timelines, ranges
from orchestrator.model.agreements import Policies
from orchestrator.model.values import Instant

BY_ORDER: Final = frozenset({"first_cause", "last_straw"})
"""The share policies for which the set of failed leaves is not all that matters."""

PLAIN: Final = Policies()


Sums = dict[int, int]
"""A sum of fractions, by denominator."""


@dataclass(slots=True)
class Contributions:
    """What one structure's downtime in one period comes to; guards that adding up takes no
    fractions."""

    _counted: Sums = field(default_factory=dict)
    _parts: dict[int, Sums] = field(default_factory=dict)

    def add(self, verdict: Slice, time: int) -> None:
        """Add so many microseconds of a slice."""
        whole = verdict.counted
        _add(self._counted, whole, time)
        for leaf, share in verdict.shares.items():
            _add(self._parts.setdefault(leaf, {}), share if whole == 1 else share * whole, time)

    @property
    def counted(self) -> Fraction:
        """What counts of it, in microseconds."""
        return _sum(self._counted)

    @property
    def parts(self) -> dict[int, Fraction]:
        """What each leaf contributed, in microseconds, ascending."""
        return {leaf: _sum(sums) for leaf, sums in sorted(self._parts.items())}


def _add(sums: Sums, share: Fraction, time: int) -> None:
    below = share.denominator
    sums[below] = sums.get(below, 0) + share.numerator * time


def _sum(sums: Sums) -> Fraction:
    return sum((Fraction(above, below) for below, above in sums.items()), Fraction(0))


def cut_downtime(
    components: Components,
    nodes: Sequence[Node],
    down: Timelines,
    borders: Int64s,
    unexcused: Timelines | None = None,
) -> Segments:
    """The time in which structures were down, cut at borders and where a leaf changes state.

    `down` is when each leaf was, by number; with `unexcused`, the part of it that is not excused,
    tracks from the number of leaves on are those.
    """
    leaves = components.leaf_count
    graph, places = graph_beneath(components, nodes)
    wanted = np.array(places, np.int64)
    found = composite(graph, down, wanted).down
    rows = found.rows(graph.leaves + graph.gates)
    lengths = rows[wanted + 1] - rows[wanted]
    index = ranges(rows[wanted], lengths)
    within = Timelines(
        np.repeat(np.arange(len(nodes)), lengths), found.start[index], found.end[index]
    )
    failing = bits_from(np.unique(down.owner).tolist())
    watched = [list(bits_of(components.support(node) & failing)) for node in nodes]
    tracks = down
    if unexcused is not None:
        tracks = Timelines(
            np.concatenate((down.owner, unexcused.owner + leaves)),
            np.concatenate((down.start, unexcused.start)),
            np.concatenate((down.end, unexcused.end)),
        )
        watched = [[*some, *(leaf + leaves for leaf in some)] for some in watched]
    owner = np.repeat(np.arange(len(nodes)), len(borders))
    return segments(watched, tracks, (owner, np.tile(borders, len(nodes))), within)


def contributions(
    components: Components,
    nodes: Sequence[Node],
    down: Timelines,
    borders: Int64s,
    policies: Policies = PLAIN,
    unexcused: Timelines | None = None,
) -> Mapping[tuple[int, int], Contributions]:
    """What each leaf contributed to the downtime of structures, by structure and period between two
    borders, for those in which something counts. The share policy is one by sets of failed leaves.
    """
    assert policies.shares not in BY_ORDER, "who failed first is no matter of sets"
    found = cut_downtime(components, nodes, down, borders, unexcused)
    made: dict[tuple[int, int], Contributions] = {}
    judged, verdict = -1, IDLE
    for state, period, time in zip(*(one.tolist() for one in found.times(borders)), strict=True):
        owner = found.owners[state]
        if state != judged:
            judged = state
            down_now, leaves = found.down(state), components.leaf_count
            failed = down_now & ((1 << leaves) - 1)
            counts = failed if unexcused is None else down_now >> leaves
            of = partial(game, components, nodes[owner])
            verdict = judge(of, failed & ~counts, counts, policies, _no_onset)
        if verdict.counted:
            made.setdefault((owner, period), Contributions()).add(verdict, time)
    return made


def _no_onset(_: int) -> Instant:
    raise AssertionError("a share policy by sets asked who failed first")
