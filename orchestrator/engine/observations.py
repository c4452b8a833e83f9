"""Facts against an estate: what every agreement sees of them, and what one agreement does."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial

from orchestrator.engine.components import Bits, bits_of
from orchestrator.engine.evidence import Downtimes, Run
from orchestrator.engine.excuses import Claims, Refusal, excuse, lookback
from orchestrator.engine.promises import policies_of, promise_of
from orchestrator.engine.reports import Report, Reports, reaching_into
from orchestrator.engine.sources import Choice, Sources, contractual, sources_of
from orchestrator.engine.subjects import Subject, acting
from orchestrator.engine.underpinning import Underpinning
from orchestrator.model.estate import Snapshot
from orchestrator.model.measuring import Measuring
from orchestrator.model.records import Facts, TermKey
from orchestrator.model.scopes import whole_of
from orchestrator.model.values import FOREVER, Instant, Span


class Observations:
    """Guards that what all agreements see alike is found once."""

    def __init__(self, underpinning: Underpinning, facts: Facts) -> None:
        self.underpinning = underpinning
        self.estate = underpinning.estate
        self.facts = facts
        self.claims = Claims(facts)
        self._reports: dict[bool, Reports] = {}
        self._downtimes: dict[bool, Downtimes] = {}
        self._claimed: dict[int, Bits] = {}
        self._reaching: tuple[object, list[Report]] = None, []
        self._upstream: dict[tuple[Instant, TermKey], frozenset[str]] = {}

    def reports(self, *, gaps_count: bool) -> Reports:
        """All facts that say something was down."""
        gaps_count = gaps_count and bool(self.facts.unknown)
        if gaps_count not in self._reports:
            self._reports[gaps_count] = Reports.among(self.facts, gaps_count=gaps_count)
        return self._reports[gaps_count]

    def downtimes(self, *, gaps_count: bool) -> Downtimes:
        """When everything was down, by all facts and with nothing excused."""
        gaps_count = gaps_count and bool(self.facts.unknown)
        if gaps_count not in self._downtimes:
            found = self.reports(gaps_count=gaps_count).of.values()
            self._downtimes[gaps_count] = Downtimes(self.runs, (r for one in found for r in one))
        return self._downtimes[gaps_count]

    def reaching(self, subject: Subject, hull: Span, *, gaps_count: bool) -> list[Report]:
        """The reports on what a subject rests on that reach into a span; the latest are kept, as
        they are asked for in turn."""
        everything = self.reports(gaps_count=gaps_count)
        key = (id(everything), subject.services, hull)
        if self._reaching[0] != key:
            services = partial(reach, subject=subject)
            found = reaching_into(partial(_of, self, everything, services, hull), hull)
            self._reaching = key, found
        return self._reaching[1]

    def claimed(self, snapshot: Snapshot) -> Bits:
        """The services of a snapshot of which something may be excused."""
        if id(snapshot) not in self._claimed:
            self._claimed[id(snapshot)] = snapshot.bits(self.claims.services)
        return self._claimed[id(snapshot)]

    @cached_property
    def sourced(self) -> bool:
        """Whether any fact of downtime names its source."""
        facts = self.facts
        return any(one.source for one in facts.outages) or any(one.source for one in facts.unknown)

    @cached_property
    def runs(self) -> list[Run]:
        """The runs that facts fall in."""
        starts = [outage.span.start for outage in self.facts.outages]
        starts += [unknown.span.start for unknown in self.facts.unknown]
        if not starts:
            return []
        first = min(starts)
        changes = {
            instant
            for timeline in self.estate.services.values()
            for dated in timeline
            for instant in (dated.span.start, dated.span.end)
            if first < instant < FOREVER
        }
        borders = [first, *sorted(changes), FOREVER]
        structure = self.underpinning.structure
        return [
            Run(Span(start, end), structure(self.estate.at(start), "", traced=True))
            for start, end in itertools.pairwise(borders)
        ]

    def is_upstream(self, subject: Subject, party: str, instant: Instant) -> bool:
        """Whether the provider of an agreement answers for a party: its own, those that own what
        the agreement rests on, and whoever supplies one of them with it, however far down. The
        customer is none of them."""
        snapshot = self.estate.at(instant)
        key = (snapshot.epoch.start, subject.key)
        if key not in self._upstream:
            self._upstream[key] = _upstream(snapshot, subject)
        return acting(snapshot, subject.version, party) in self._upstream[key]


def _upstream(snapshot: Snapshot, subject: Subject) -> frozenset[str]:
    """Who is upstream of an agreement's customer."""
    entity = partial(acting, snapshot, subject.version)
    beneath = {snapshot.order[number] for number in bits_of(reach(snapshot, subject))}
    customer, provider = entity(subject.version.customer), entity(subject.version.provider)
    suppliers: dict[str, set[str]] = {}
    for version in snapshot.versions.values():
        if any(cover.service in beneath for cover in version.covers):
            # What one part of an organisation buys it buys for all of it.
            ours = snapshot.entity(version.customer) == snapshot.entity(subject.version.provider)
            buyer = provider if ours else entity(version.customer)
            suppliers.setdefault(buyer, set()).add(entity(version.provider))
    owners = {entity(owner) for id in beneath if (owner := snapshot.services[id].owner)}
    found, waiting = {provider}, [provider, *sorted(owners - {customer, provider})]
    while waiting:
        one = waiting.pop()
        found.add(one)
        waiting += sorted(suppliers.get(one, set()) - found - {customer})
    return frozenset(found)


def reach(snapshot: Snapshot, subject: Subject) -> Bits:
    """The services a subject covers with all beneath them, by number, as far as they exist."""
    bits = 0
    for service in subject.services:
        bits |= snapshot.reach.get(service, 0)
    return bits


def sources(seen: Observations, subject: Subject, measuring: Measuring, hull: Span) -> Sources:
    """Who speaks of a subject in a span, and which of them decides."""
    if not seen.sourced or not any(
        seen.reports(gaps_count=True).named(snapshot) & reach(snapshot, subject)
        for _, snapshot in seen.estate.during(hull)
    ):
        return Sources(contractual(subject), subject.term.measurement.source)
    found = seen.reaching(subject, hull, gaps_count=True)
    return sources_of(subject, measuring, (report.fact for report in found))


def _of(
    seen: Observations,
    everything: Reports,
    services: Callable[[Snapshot], Bits],
    hull: Span,
    start: Instant,
    end: Instant,
) -> list[Report]:
    """The reports that share an instant with a stretch, on some services of a span."""
    beneath: dict[int, Report] = {}
    for _, snapshot in seen.estate.during(hull):
        found = everything.beneath(snapshot, services(snapshot), start, end)
        beneath |= {id(report): report for report in found}
    return list(beneath.values())


def _excusable(snapshot: Snapshot, subject: Subject) -> Bits:
    """The services of which a subject may excuse something."""
    if all(cover.scope == "own" for cover in subject.covers):
        return snapshot.bits(subject.services)
    return reach(snapshot, subject)


def observed(
    seen: Observations, subject: Subject, hull: Span, choice: Choice, *, gaps_count: bool
) -> tuple[Downtimes, Reports, list[Refusal]] | None:
    """What was down in a span as one agreement counts it, by the sources it is taken from, by which
    reports, and what it refuses to excuse; None where nothing was reported."""
    everything = seen.reports(gaps_count=gaps_count)
    if _takes_all(seen, subject, hull, choice, everything):
        return seen.downtimes(gaps_count=gaps_count), everything, []
    found = seen.reaching(subject, hull, gaps_count=gaps_count)
    if not found:
        return None
    taken = partial(_counts, seen, subject, choice)
    judged, refused = [report for report in found if taken(report)], list[Refusal]()
    if seen.claims:
        judged, refused = _excused(seen, subject, judged, everything, taken, hull)
    if len(judged) == len(found) and not any(report.excused for report in judged):
        return seen.downtimes(gaps_count=gaps_count), everything, refused
    return Downtimes(seen.runs, judged), Reports(judged), refused


def _takes_all(
    seen: Observations, subject: Subject, hull: Span, choice: Choice, everything: Reports
) -> bool:
    """Whether it is plain, without a look at any report, that a term is measured by all that is
    reported of what it rests on, and that nothing of it may be excused."""
    if choice.of:
        return False
    if policies_of(subject.term).measured == "composed" and not everything.of_wholes.isdisjoint(
        subject.services
    ):
        return False
    point = subject.term.measurement.point
    for _, snapshot in seen.estate.during(hull):
        if everything.others(snapshot, point, choice.otherwise) & reach(snapshot, subject):
            return False
        if seen.claims and seen.claimed(snapshot) & _excusable(snapshot, subject):
            return False
    return True


def _counts(seen: Observations, subject: Subject, choice: Choice, report: Report) -> bool:
    """Whether a term is measured by a report: taken at its point, by a source that it is taken
    from, and not of the whole service where it is measured `composed`."""
    fact = report.fact
    if fact.point != subject.term.measurement.point or not choice.takes(fact):
        return False
    if policies_of(subject.term).measured != "composed" or report.own:
        return True
    service = seen.estate.at(report.start).services.get(report.service)
    return report.service not in subject.services or service is None or service.requires is None


def _excused(
    seen: Observations,
    subject: Subject,
    reports: list[Report],
    everything: Reports,
    taken: Callable[[Report], bool],
    hull: Span,
) -> tuple[list[Report], list[Refusal]]:
    """The reports with what the agreement excuses of each, and what it refuses of them. Earlier
    ones have used up allowances."""
    # What a term excuses is one quantity, whatever its windows.
    whole = replace(subject.term, hours=whole_of(subject.term.hours), windows=())
    promise = promise_of(subject.version, whole)
    span = Span(min(lookback(promise, hull), hull.start), hull.end)
    services = partial(_excusable, subject=subject)
    reported = _of(seen, everything, services, hull, span.start, span.end)
    claimable = [report for report in reported if taken(report)]
    claims = list(seen.claims.of(claimable, partial(seen.is_upstream, subject)))
    if not claims:
        return reports, []
    judged, refused = excuse(claimable, claims, promise, seen.underpinning.hours, span)
    by_fact = {id(report.fact): report for report in judged}
    ours = {id(report.fact) for report in reports}
    return (
        [by_fact.get(id(report.fact), report) for report in reports],
        [one for one in refused if id(one.report.fact) in ours],
    )
