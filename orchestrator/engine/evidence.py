"""From facts to what was down when: the own part of each service, and whole services.

Rule 0 (measuring) and rule 3 (roots) of the responsibility rules. A service is down while its own
part is down or what it requires fails; reported downtime of the whole that nothing beneath explains
is a root at its own part. Every interval is exact; no grid, no sampling (rule 15).
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.components import Bits, Components, Node, bits_of
from orchestrator.engine.intervals import Intervals, clip, intersect, subtract, union
from orchestrator.engine.structure import Leaf, Structure
from orchestrator.model.estate import Snapshot
from orchestrator.model.records import Facts, Outage, Unknown
from orchestrator.model.values import FOREVER, Instant, Span

NOTHING: Final[Intervals] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A fact that something was down: an outage, or time that counts as down for want of data.

    `excused` is the part of it that the agreement in question does not answer for.
    """

    fact: Outage | Unknown
    excused: Intervals = NOTHING

    @property
    def id(self) -> str:
        return self.fact.id

    @property
    def service(self) -> str:
        return self.fact.service

    @property
    def start(self) -> Instant:
        return self.fact.span.start

    @property
    def end(self) -> Instant:
        return self.fact.span.end

    @property
    def interval(self) -> tuple[Instant, Instant]:
        return self.start, self.end

    @property
    def outage(self) -> Outage | None:
        return self.fact if isinstance(self.fact, Outage) else None

    @property
    def own(self) -> bool:
        """Whether it is about the own part of the service alone."""
        return isinstance(self.fact, Outage) and self.fact.part == "own"


class Reports:
    """The facts that say something was down, by service and in the order of time."""

    def __init__(self, found: Iterable[Report]) -> None:
        self.of: dict[str, list[Report]] = {}
        for report in sorted(found, key=lambda one: (one.start, one.end, one.id)):
            self.of.setdefault(report.service, []).append(report)
        self._bits: dict[int, Bits] = {}

    @staticmethod
    def among(facts: Facts, *, gaps_count: bool) -> Reports:
        """All outages; with `gaps_count` also the time nobody measured."""
        found: list[Outage | Unknown] = [*facts.outages]
        if gaps_count:
            found += facts.unknown
        return Reports(map(Report, found))

    def beneath(self, snapshot: Snapshot, services: Bits) -> list[Report]:
        """The reports on some services, by their numbers in a snapshot."""
        if id(snapshot) not in self._bits:
            numbers = (snapshot.numbers.get(service) for service in self.of)
            self._bits[id(snapshot)] = sum(1 << n for n in numbers if n is not None)
        concerned = bits_of(services & self._bits[id(snapshot)])
        return [report for number in concerned for report in self.of[snapshot.order[number]]]


def reaching_into(reports: Sequence[Report], span: Span) -> list[Report]:
    """The reports of a span, and those before it that they continue without a break."""
    start, earlier = span.start, FOREVER
    while start < earlier:
        earlier = start
        start = min((r.start for r in reports if r.start < start <= r.end), default=start)
    return [report for report in reports if report.start < span.end and report.end > start]


Times = tuple[Intervals, Intervals]
"""When something was down, and when it was down by what is not excused."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of time in which services and dependencies stay as they are. `atoms` is their
    structure with no contract as a boundary: its leaves are the own parts of all services."""

    span: Span
    atoms: Structure


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
        by_service: dict[str, list[Report]] = {}
        for report in reports:
            by_service.setdefault(report.service, []).append(report)
        for run in runs:
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
            self._whole[service] = (union(found[0]), union(found[1]))
        return self._whole[service]

    def of(self, leaf: Leaf) -> Times:
        """When a leaf was down."""
        if leaf.part == "own":
            return self.own.get(leaf.services[0], (NOTHING, NOTHING))
        (service,) = leaf.services
        return self.whole(service)

    def leaves(self, structure: Structure, support: Bits) -> list[int]:
        """The leaves among some of a structure that were ever down."""
        if support.bit_count() > len(self.own):
            bits = support & structure.deep
            for service in self.own:
                bits |= structure.leaves_of.get(service, 0)
            support &= bits
        return [number for number in bits_of(support) if self.of(structure.leaves[number])[0]]

    def failed_before(self, service: str, instant: Instant) -> bool:
        """Whether what a service requires was failing up to an instant."""
        for run in self.runs:
            if instant - 1 in run.span and service in run.atoms.snapshot.services:
                moment = Span(instant - 1, instant)
                return bool(self._failing(run, run.atoms.required(service), moment, 0))
        return False

    def _add(self, run: Run, service: str, reports: Sequence[Report]) -> None:
        """Take up the reports on one service, all beneath it being known."""
        start, end = run.span.start, run.span.end

        def during(own: bool, which: int) -> Intervals:
            found = (
                interval
                for report in reports
                if report.own == own
                for interval in (
                    subtract([report.interval], report.excused) if which else [report.interval]
                )
            )
            return clip(union(found), start, end)

        own, own_unexcused = during(True, 0), during(True, 1)
        whole, whole_unexcused = during(False, 0), during(False, 1)
        unexplained: Intervals = NOTHING
        if run.atoms.snapshot.services[service].requires is None:
            own, own_unexcused = union([*own, *whole]), union([*own_unexcused, *whole_unexcused])
        elif whole:
            hull = Span(whole[0][0], whole[-1][1])
            explained = self._failing(run, run.atoms.required(service), hull, 0)
            unexplained = subtract(whole, union([*own, *explained]))
            # What excuses a report is a cause of its own, whatever fails beneath at the same time.
            own = union([*own, *unexplained, *subtract(whole, whole_unexcused)])
            unexcused = intersect(unexplained, whole_unexcused)
            own_unexcused = union([*own_unexcused, *unexcused])
        if own:
            before = self.own.get(service, (NOTHING, NOTHING))
            times = (union([*before[0], *own]), union([*before[1], *own_unexcused]))
            self.own[service] = times
            self._atoms[run.atoms.own_number(service)] = times
        if unexplained:
            known = self.unexplained.get(service, NOTHING)
            self.unexplained[service] = union([*known, *unexplained])

    def _failing(self, run: Run, node: Node, span: Span, which: int) -> Intervals:
        """When a node of a run's atoms was failing within a span."""
        support = run.atoms.components.support(node)
        start, end = max(span.start, run.span.start), min(span.end, run.span.end)
        numbers = (
            bits_of(support)
            if support.bit_count() < len(self._atoms)
            else [number for number in self._atoms if support >> number & 1]
        )
        times = {n: clip(self._atoms[n][which], start, end) for n in numbers if n in self._atoms}
        return failing(run.atoms.components, node, times)


def failing(components: Components, node: Node, times: Mapping[int, Intervals]) -> Intervals:
    """When a node was down, given when its leaves were."""
    known: dict[Bits, bool] = {}
    fails = components.failure(node)
    found = []
    for start, end, (down,) in sweep([times]):
        if down not in known:
            known[down] = fails(down)
        if known[down]:
            found.append((start, end))
    return union(found)


def sweep(
    layers: Sequence[Mapping[int, Intervals]], cuts: Iterable[Instant] = ()
) -> Iterator[tuple[Instant, Instant, list[Bits]]]:
    """Time cut wherever something changes state, in any layer, and where it is asked for: the
    stretches in which something is down in the first layer, in order, with what is in each."""
    marks: dict[Instant, list[Bits]] = {}
    for layer, times in enumerate(layers):
        for number, intervals in times.items():
            for interval in intervals:
                for instant in interval:
                    marks.setdefault(instant, [0] * len(layers))[layer] ^= 1 << number
    for instant in cuts:
        marks.setdefault(instant, [0] * len(layers))
    down, since = [0] * len(layers), 0
    for instant in sorted(marks):
        if down[0]:
            yield since, instant, down
        down = [bits ^ flips for bits, flips in zip(down, marks[instant], strict=True)]
        since = instant


def onset(times: Mapping[int, Intervals], instant: Instant) -> Callable[[int], Instant]:
    """When each thing that is down at an instant went down."""

    def since(number: int) -> Instant:
        intervals = times[number]
        index = bisect.bisect_right(intervals, instant, key=lambda interval: interval[0]) - 1
        return intervals[index][0]

    return since
