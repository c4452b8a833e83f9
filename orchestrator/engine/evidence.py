"""From facts to what was down when: the own part of each service, and whole services.

Rule 0 (measuring) and rule 3 (roots) of the responsibility rules. A service is down while its own
part is down or what it requires fails; reported downtime of the whole that nothing beneath explains
is a root at its own part. Every interval is exact; no grid, no sampling (rule 15).
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from orchestrator.engine.by_time import Near
from orchestrator.engine.components import Bits, Components, Node, bits_from, bits_of
from orchestrator.engine.games import Formulas, game, game_of
from orchestrator.engine.intervals import (
    Intervals,
    clip,
    intersect,
    sharing,
    subtract,
    union,
)
from orchestrator.engine.reports import Report
from orchestrator.engine.shares import Slice
from orchestrator.engine.structure import Leaf, Structure
from orchestrator.engine.subgames import Subgames
from orchestrator.model.agreements import Policies
from orchestrator.model.values import Instant, Span

NOTHING: Final[Intervals] = ()

GROUNDS: Final = 64
"""Beneath so many nodes is remembered what was ever down, those asked about the latest."""


Times = tuple[Intervals, Intervals]
"""When something was down, and when it was down by what is not excused."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of time in which services and dependencies stay as they are. `atoms` is their
    structure with no contract as a boundary: its leaves are the own parts of all services."""

    span: Span
    atoms: Structure


@dataclass(frozen=True, slots=True)
class Ground:
    """What of a structure was ever down beneath a node: the leaves, with some that are not known to
    have been, those of them that are known by their service alone, and the game of them all.
    `known` is what sets of its players have come to: all that failed, and what of it counts."""

    leaves: Bits
    apart: Bits
    games: Subgames
    structure: Structure
    known: dict[tuple[Policies, Bits, Bits], Slice] = field(default_factory=dict)


class Downtimes:
    """When services were down, by some reports; guards that all of it is found from the own parts.

    Intervals are not clipped: they reach from the beginning of an outage to its end.
    """

    def __init__(self, runs: Sequence[Run], reports: Iterable[Report]) -> None:
        self.runs = runs
        self.own: dict[str, Times] = {}
        """By service, when its own part was down."""
        self.unexplained: dict[str, Intervals] = {}
        """By service, when it was reported down and nothing beneath was."""
        self._whole: dict[str, Times] = {}
        self._atoms: dict[int, Times] = {}
        by_run: list[dict[str, list[Report]]] = [{} for _ in runs]
        starts, spans = [run.span.start for run in runs], []
        for report in reports:
            spans.append(report.interval)
            first = max(bisect.bisect_right(starts, report.start) - 1, 0)
            for place in range(first, bisect.bisect_left(starts, report.end)):
                by_run[place].setdefault(report.service, []).append(report)
        self._near = Near(spans)
        self._ground: dict[tuple[int, Bits, Bits], Ground] = {}
        self._formulas: dict[int, Formulas] = {}
        for run, by_service in zip(runs, by_run, strict=True):
            numbers = run.atoms.snapshot.numbers
            for service in sorted(by_service.keys() & numbers.keys(), key=numbers.__getitem__):
                self._add(run, service, by_service[service])

    def whole(self, service: str) -> Times:
        """When a service was down."""
        if service not in self._whole:
            found: tuple[list[tuple[Instant, Instant]], ...] = ([], [])
            for run in self.runs:
                if service in run.atoms.snapshot.services:
                    node = run.atoms.node(service)
                    for which in (0, 1):
                        found[which].extend(self._failing(run, node, run.span, which))
            self._whole[service] = _times(union(found[0]), union(found[1]))
        return self._whole[service]

    def of(self, leaf: Leaf) -> Times:
        """When a leaf was down."""
        if leaf.part == "own":
            return self.own.get(leaf.services[0], (NOTHING, NOTHING))
        (service,) = leaf.services
        return self.whole(service)

    def ground(self, structure: Structure, node: Node) -> Ground:
        """What of a structure was ever down, as far as a node depends on it."""
        key = id(structure), node.leaves, node.gates
        if (found := self._ground.get(key)) is None:
            if len(self._ground) == GROUNDS:
                self._ground.clear()
            # A leaf has the number of an own part, but where an agreement sees it in its own way,
            # or where it stands for all that lies behind a contract.
            apart = structure.deep | structure.seen_apart
            failing = self._near.ever | apart
            components = structure.components
            leaves = components.support(node) & failing
            if (formulas := self._formulas.get(id(structure))) is None:
                formulas = self._formulas[id(structure)] = Formulas(components, failing)
            formulas.players = failing
            games = Subgames(game_of(formulas.of(node, leaves)))
            found = self._ground[key] = Ground(leaves, apart, games, structure)
        return found

    def during(self, ground: Ground, span: Span) -> dict[int, Times]:
        """The leaves that were down at some time in a span, each with those of its intervals that
        share an instant with it, whole."""
        found = {}
        for number in bits_of(
            ground.leaves & (self._near.during(span.start, span.end) | ground.apart)
        ):
            down, unexcused = self.of(ground.structure.leaves[number])
            if here := sharing(down, span.start, span.end):
                same = down is unexcused
                found[number] = (
                    here,
                    here if same else sharing(unexcused, here[0][0], here[-1][1]),
                )
        return found

    def failed_before(self, service: str, instant: Instant) -> bool:
        """Whether what a service requires was failing up to an instant."""
        for run in self.runs:
            if instant - 1 in run.span and service in run.atoms.snapshot.services:
                moment = Span(instant - 1, instant)
                return bool(self._failing(run, run.atoms.required(service), moment, 0))
        return False

    def _add(self, run: Run, service: str, reports: Sequence[Report]) -> None:
        """Take up the reports on one service in a run, all beneath it being known."""
        start, end = run.span.start, run.span.end

        def during(own: bool) -> Times:
            of = [report for report in reports if report.own == own]
            down = clip(union(report.interval for report in of), start, end)
            if not any(report.excused for report in of):
                return down, down
            left = (one for r in of for one in subtract([r.interval], r.excused))
            return down, clip(union(left), start, end)

        own, whole = during(True), during(False)
        unexplained: Intervals = NOTHING
        if run.atoms.snapshot.services[service].requires is None:
            own = _joined(own, whole)
        elif whole[0]:
            required = run.atoms.required(service)
            explained = union(
                failing
                for interval in whole[0]
                for failing in self._failing(run, required, Span(*interval), 0)
            )
            unexplained = subtract(whole[0], union([*own[0], *explained]))
            found = unexplained, unexplained
            if whole[0] is not whole[1]:
                # What excuses a report is a cause of its own, whatever fails beneath it meanwhile.
                excused = subtract(*whole)
                found = union([*unexplained, *excused]), intersect(unexplained, whole[1])
            own = _joined(own, found)
        if own[0]:
            times = _joined(self.own.get(service, (NOTHING, NOTHING)), own)
            self.own[service] = times
            number = run.atoms.own_number(service)
            self._atoms[number] = times
            self._near.add(number, own[0])
        if unexplained:
            known = self.unexplained.get(service, NOTHING)
            self.unexplained[service] = union([*known, *unexplained])

    def _failing(self, run: Run, node: Node, span: Span, which: int) -> Intervals:
        """When a node of a run's atoms was failing within a span."""
        support = run.atoms.components.support(node) & self._near.during(span.start, span.end)
        start, end = max(span.start, run.span.start), min(span.end, run.span.end)
        times = {n: clip(self._atoms[n][which], start, end) for n in bits_of(support)}
        return failing(run.atoms.components, node, {n: down for n, down in times.items() if down})


def _times(down: Intervals, unexcused: Intervals) -> Times:
    """When something was down; the same thing twice where none of it is excused, so that this is
    seen at once."""
    return (down, down) if down == unexcused else (down, unexcused)


def _joined(left: Times, right: Times) -> Times:
    """When either of two things was down."""
    down = union([*left[0], *right[0]])
    if left[0] is left[1] and right[0] is right[1]:
        return down, down
    return _times(down, union([*left[1], *right[1]]))


def failing(components: Components, node: Node, times: Mapping[int, Intervals]) -> Intervals:
    """When a node was down, given when its leaves were."""
    found = Subgames(game(components, node, bits_from(times)))
    if not found.players:
        return NOTHING
    known: dict[Bits, bool] = {}
    down_at = []
    tracks = {place: times[leaf] for place, leaf in enumerate(found.players)}
    for start, end, (down,) in sweep([tracks]):
        if down not in known:
            known[down] = found.lost(down)
        if known[down]:
            down_at.append((start, end))
    return union(down_at)


def sweep(
    layers: Sequence[Mapping[int, Intervals]], cuts: Iterable[Instant] = ()
) -> Iterator[tuple[Instant, Instant, tuple[Bits, ...]]]:
    """Time cut wherever something changes state, in any layer, and where it is asked for: the
    stretches in which something is down in the first layer, in order, with what is in each."""
    width = max((number for layer in layers for number in layer), default=0) + 1
    marks: dict[Instant, Bits] = dict.fromkeys(cuts, 0)
    for shift, times in enumerate(layers):
        for number, intervals in times.items():
            bit = 1 << number + shift * width
            for start, end in intervals:
                marks[start] = marks.get(start, 0) ^ bit
                marks[end] = marks.get(end, 0) ^ bit
    first = (1 << width) - 1
    shifts = [shift * width for shift in range(1, len(layers))]
    down = since = 0
    for instant in sorted(marks):
        if now := down & first:
            yield since, instant, (now, *(down >> shift & first for shift in shifts))
        down ^= marks[instant]
        since = instant


def onset(times: Mapping[int, Intervals], instant: Instant) -> Callable[[int], Instant]:
    """When each thing that is down at an instant went down."""

    def since(number: int) -> Instant:
        intervals = times[number]
        index = bisect.bisect_right(intervals, instant, key=lambda interval: interval[0]) - 1
        return intervals[index][0]

    return since
