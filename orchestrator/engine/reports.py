"""The facts that say something was down, found by service and by when they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from orchestrator.engine.by_time import STRETCHES, ByTime, Near
from orchestrator.engine.components import Bits, bits_of
from orchestrator.engine.intervals import Intervals, union
from orchestrator.model.estate import Snapshot
from orchestrator.model.records import Facts, Outage, Unknown
from orchestrator.model.values import Instant, Span


@dataclass(frozen=True, slots=True)
class Report:
    """A fact that something was down: an outage, or time that counts as down for want of data.

    `excused` is the part of it that the agreement in question does not answer for.
    """

    fact: Outage | Unknown
    excused: Intervals = ()

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
        self._by_time: dict[str, ByTime[Report]] = {}
        self._known: dict[tuple[int, Bits], Bits] = {}
        self._named: dict[int, Bits] = {}
        self._others: dict[tuple[int, str, frozenset[str] | None], Bits] = {}

    @staticmethod
    def among(facts: Facts, *, gaps_count: bool) -> Reports:
        """All outages; with `gaps_count` also the time nobody measured."""
        found: list[Outage | Unknown] = [*facts.outages]
        if gaps_count:
            found += facts.unknown
        return Reports(map(Report, found))

    def on(self, service: str, start: Instant, end: Instant) -> list[Report]:
        """The reports on a service that share an instant with a stretch."""
        if (known := self._by_time.get(service)) is None:
            reports = self.of.get(service, [])
            known = self._by_time[service] = ByTime(reports, lambda report: report.fact.span)
        return known.sharing(start, end)

    def beneath(
        self, snapshot: Snapshot, services: Bits, start: Instant, end: Instant
    ) -> list[Report]:
        """The reports on some services, by their numbers in a snapshot, that share an instant with
        a stretch."""
        concerned = bits_of(services & self._about(snapshot, start, end))
        return [r for number in concerned for r in self.on(snapshot.order[number], start, end)]

    def _about(self, snapshot: Snapshot, start: Instant, end: Instant) -> Bits:
        """The services of a snapshot on which there are reports about a stretch."""
        near = self._near.during(start, end)
        key = id(snapshot), near
        if key not in self._known:
            if len(self._known) == STRETCHES:
                self._known.clear()
            self._known[key] = snapshot.bits(self._names[number] for number in bits_of(near))
        return self._known[key]

    @cached_property
    def _names(self) -> Sequence[str]:
        return list(self.of)

    @cached_property
    def _near(self) -> Near:
        """When there are reports on services, by their places in `_names`."""
        found = Near(report.interval for reports in self.of.values() for report in reports)
        for number, service in enumerate(self._names):
            found.add(number, [report.interval for report in self.of[service]])
        return found

    def named(self, snapshot: Snapshot) -> Bits:
        """The services of a snapshot of which any report names its source."""
        if id(snapshot) not in self._named:
            self._named[id(snapshot)] = snapshot.bits(
                service
                for service, kinds in self._kinds.items()
                if any(source for _, source in kinds)
            )
        return self._named[id(snapshot)]

    def others(self, snapshot: Snapshot, point: str, sources: frozenset[str] | None) -> Bits:
        """The services of a snapshot with any report that was not taken at a point, or not by one
        of some sources."""
        key = id(snapshot), point, sources
        if key not in self._others:
            self._others[key] = snapshot.bits(
                service
                for service, kinds in self._kinds.items()
                if any(
                    at != point or (sources is not None and source not in sources)
                    for at, source in kinds
                )
            )
        return self._others[key]

    @cached_property
    def _kinds(self) -> Mapping[str, Set[tuple[str, str]]]:
        """At which points and by which sources there are reports, by service."""
        return {
            service: {(report.fact.point, report.fact.source) for report in reports}
            for service, reports in self.of.items()
        }

    @cached_property
    def of_wholes(self) -> frozenset[str]:
        """The services that are reported on as a whole."""
        return frozenset(
            service
            for service, reports in self.of.items()
            if not all(report.own for report in reports)
        )


def reaching_into(found: Callable[[Instant, Instant], list[Report]], span: Span) -> list[Report]:
    """The reports of a span, and those before it that they continue without a break; `found` knows
    those that share an instant with a stretch."""
    start, back = span.start, span.start - 1
    while True:
        reports = found(back, span.end)
        before = union(report.interval for report in reports if report.start < span.start)
        if before and before[-1][1] >= span.start:
            start = before[-1][0]
        if start > back:
            return [report for report in reports if report.end > start]
        # What touches the edge may be continued before it: twice as far back, so that all of it
        # is looked at no more than twice.
        back = start - 1 - (span.start - start)
