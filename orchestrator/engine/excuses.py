"""What an agreement does not answer for (rule 6): excuses, maintenance, and allowances.

An excuse is of a category that the agreement excludes or allows, has evidence, was given notice of
in time, and is not the failure of somebody upstream. An allowance is used up in the order of time,
so that an overrun counts from its first excess second. What is not excused says by which of these
it is refused, to the second.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.engine.by_time import ByTime
from orchestrator.engine.intervals import (
    Intervals,
    clip,
    intersect,
    sharing,
    subtract,
    total,
    union,
)
from orchestrator.engine.promises import MAINTENANCE, Hours, Promise
from orchestrator.engine.reports import Report
from orchestrator.model.agreements import Allowance
from orchestrator.model.records import Facts, Maintenance, Outage
from orchestrator.model.values import DAWN, Duration, Instant, Span, zone

Spans = list[tuple[Instant, Instant]]

RULES: Final = {
    "CATEGORY": "of no category that the agreement excuses",
    "EVIDENCE": "without evidence",
    "UPSTREAM": "caused by somebody the provider answers for",
    "NOTICE": "without notice in time",
    "WINDOW": "outside the agreed window",
    "ALLOWANCE": "beyond the agreed quantity",
    "OVERRUN": "after the announced end",
}
"""Why an excuse is refused, by the part of rule 6 that refuses it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Downtime that an agreement is asked to excuse: of which report, by its place, when, and how
    long before it was told (-1 where it was not). `refused` is one of `RULES` where the claim is
    not valid whatever the agreement allows."""

    category: str
    report: int
    interval: tuple[Instant, Instant]
    notice: Duration
    refused: str = ""

    def meets(self, allowance: Allowance) -> bool:
        return not allowance.notice or self.notice >= allowance.notice


@dataclass(frozen=True, slots=True)
class Refusal:
    """Time of a report that was claimed and is not excused, and by which of `RULES`."""

    report: Report
    category: str
    rule: str
    intervals: Intervals


class Claims:
    """What excuses and maintenance notices there are.

    A fact that was cut in two is one event: alike facts that abut are taken together, so that
    notice is measured from the beginning of the event.
    """

    def __init__(self, facts: Facts) -> None:
        self._events: dict[object, Spans] = {}
        notices: dict[str, list[Maintenance]] = {}
        self.services = {outage.service for outage in facts.outages if outage.excuse is not None}
        """Those of which something may be excused."""
        for outage in facts.outages:
            if outage.excuse is not None:
                self._events.setdefault(_event(outage), []).append(_ends(outage.span))
        for notice in facts.maintenance:
            notices.setdefault(notice.service, []).append(notice)
            self._events.setdefault(_event(notice), []).append(_ends(notice.span))
        self._events = {event: union(spans) for event, spans in self._events.items()}
        self._notices = {id: ByTime(told, lambda one: one.span) for id, told in notices.items()}
        self.services |= notices.keys()

    def __bool__(self) -> bool:
        return bool(self._events)

    def of(
        self, reports: Iterable[Report], upstream: Callable[[str, Instant], bool]
    ) -> Iterator[Claim]:
        """What reports may be excused by; `upstream` knows whose failure is no excuse."""
        reports = list(reports)
        down: dict[tuple[str, bool], Spans] = {}
        for report in reports:
            down.setdefault((report.service, report.own), []).append(report.interval)
        down = {key: union(spans) for key, spans in down.items()}
        for index, report in enumerate(reports):
            if report.outage is not None:
                yield from self._told(index, report.outage, upstream)
                yield from self._overruns(index, report, down[report.service, report.own])

    def _overruns(self, index: int, report: Report, down: Spans) -> Iterator[Claim]:
        """The part of a report that follows on announced maintenance without a break."""
        for since, until in sharing(down, *report.interval):
            for planned in self._during(report.service, since, report.end):
                end = planned.span.end
                rest = [(end, until)] if since < end < until else []
                for late in intersect([report.interval], rest):
                    yield Claim(MAINTENANCE, index, late, -1, "OVERRUN")

    def _during(self, service: str, start: Instant, end: Instant) -> list[Maintenance]:
        """The notices of a service that share an instant with a stretch."""
        known = self._notices.get(service)
        return known.sharing(start, end) if known else []

    def _told(
        self, index: int, outage: Outage, upstream: Callable[[str, Instant], bool]
    ) -> Iterator[Claim]:
        excuse = outage.excuse
        if excuse is not None:
            noticed = excuse.noticed
            notice = -1 if noticed is None else self._began(outage) - noticed
            refused = "" if excuse.evidence else "EVIDENCE"
            if excuse.party and upstream(excuse.party, outage.span.start):
                refused = "UPSTREAM"
            yield Claim(excuse.category, index, _ends(outage.span), notice, refused)
        for planned in self._during(outage.service, outage.span.start, outage.span.end):
            common = planned.span & outage.span
            if common is None:
                continue
            notice = -1 if planned.announced is None else self._began(planned) - planned.announced
            refused = "NOTICE" if notice < 0 else ""
            yield Claim(MAINTENANCE, index, _ends(common), notice, refused)

    def _began(self, fact: Outage | Maintenance) -> Instant:
        """When the event began that a fact is of."""
        found = self._events[_event(fact)]
        index = bisect.bisect_right(found, fact.span.start, key=lambda interval: interval[0])
        return found[index - 1][0]


def _event(fact: Outage | Maintenance) -> object:
    """What makes two facts the same event where they abut."""
    if isinstance(fact, Outage):
        return fact.service, fact.part, fact.excuse
    return fact.service, fact.announced


def _ends(span: Span) -> tuple[Instant, Instant]:
    return span.start, span.end


def excuse(
    reports: Sequence[Report],
    claims: Sequence[Claim],
    promise: Promise,
    hours: Hours,
    span: Span,
) -> tuple[list[Report], list[Refusal]]:
    """Reports with the part of each that an agreement excuses within a span, and what of the claims
    it refuses."""
    agreed = excusable(promise)
    by_category: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.category in agreed and not claim.refused:
            by_category.setdefault(claim.category, []).append(claim)
    excused: dict[int, Spans] = {}
    for category, made in sorted(by_category.items()):
        granted = _granted(category, made, promise, hours, span)
        for claim in made:
            excused.setdefault(claim.report, []).extend(clip(granted, *claim.interval))
    judged = [
        replace(report, excused=union(excused[index])) if excused.get(index) else report
        for index, report in enumerate(reports)
    ]
    return judged, list(_refusals(judged, claims, promise, hours, span))


def _refusals(
    judged: Sequence[Report],
    claims: Sequence[Claim],
    promise: Promise,
    hours: Hours,
    span: Span,
) -> Iterator[Refusal]:
    """What was claimed and is not excused, each by the first rule that refuses it. What overran one
    announcement may be within another."""
    agreed = excusable(promise)
    announced: dict[int, Spans] = {}
    for claim in claims:
        if claim.refused != "OVERRUN":
            announced.setdefault(claim.report, []).append(claim.interval)
    for claim in claims:
        report = judged[claim.report]
        left: Intervals = subtract(clip([claim.interval], span.start, span.end), report.excused)
        if claim.refused == "OVERRUN":
            left = subtract(left, union(announced.get(claim.report, ())))
        if not left:
            continue
        if claim.category not in agreed:
            if claim.refused != "OVERRUN":
                yield Refusal(report, claim.category, "CATEGORY", left)
        elif claim.refused:
            yield Refusal(report, claim.category, claim.refused, left)
        else:
            for rule, intervals in _by_allowance(claim, left, promise, hours):
                yield Refusal(report, claim.category, rule, intervals)


def _by_allowance(
    claim: Claim, left: Intervals, promise: Promise, hours: Hours
) -> Iterator[tuple[str, Intervals]]:
    """Time that no allowance of a category excused, by why."""
    told = [a for a in promise.allowances if a.category == claim.category and claim.meets(a)]
    if not told:
        yield "NOTICE", left
        return
    hull = Span(left[0][0], left[-1][1])
    inside = left
    if all(allowance.within for allowance in told):
        windows = [hours.open(allowance.within, hull) for allowance in told]
        inside = intersect(left, union(one for window in windows for one in window))
    if outside := subtract(left, inside):
        yield "WINDOW", outside
    if inside:
        yield "ALLOWANCE", inside


def lookback(promise: Promise, span: Span) -> Instant:
    """From when on claims use up the allowances that hold in a span: the beginning of the period
    they are for, or one window of a rolling length before."""
    start = span.start
    for allowance in promise.allowances:
        per = allowance.per
        if per.rolling:
            start = min(start, span.start - per.rolling)
        else:
            start = min(start, per.containing(span.start, zone(promise.timezone)).start)
    return max(start, promise.effective.start)


def excusable(promise: Promise) -> frozenset[str]:
    """The categories that an agreement excuses at all."""
    return frozenset(allowance.category for allowance in promise.allowances) | set(
        promise.exclusions
    )


def _granted(
    category: str, claims: Sequence[Claim], promise: Promise, hours: Hours, span: Span
) -> Intervals:
    """As much of the claimed time as the agreement grants, the earliest first, one allowance after
    the other."""
    allowances = [a for a in promise.allowances if a.category == category]
    if not allowances:
        return union(claim.interval for claim in claims) if category in promise.exclusions else []
    granted: Intervals = []
    start = max(span.start, min((claim.interval[0] for claim in claims), default=DAWN))
    if start >= span.end:
        return granted
    reach = Span(start, span.end)
    for allowance in allowances:
        wanted = union(claim.interval for claim in claims if claim.meets(allowance))
        wanted = intersect(wanted, hours.open(promise.hours, reach))
        if allowance.within:
            wanted = intersect(wanted, hours.open(allowance.within, reach))
        wanted = subtract(wanted, granted)
        granted = union([*granted, *_first(wanted, allowance, promise, reach)])
    return granted


def _first(wanted: Intervals, allowance: Allowance, promise: Promise, span: Span) -> Spans:
    """The earliest of the wanted time that an allowance holds out for."""
    if allowance.per.rolling:
        return _first_of_window(wanted, allowance.duration, allowance.per.rolling)
    found: Spans = []
    for period in allowance.per.over(span, zone(promise.timezone)):
        left = allowance.duration
        for start, end in clip(wanted, period.start, period.end):
            if left <= 0:
                break
            found.append((start, min(end, start + left)))
            left -= end - start
    return found


def _first_of_window(wanted: Intervals, most: Duration, window: Duration) -> Spans:
    """The earliest time of which no window of that length holds more than the allowance.

    While an earlier use leaves the window as fast as a new one enters it, nothing is used up.
    """
    found: Spans = []
    for start, end in wanted:
        here = start
        while here < end:
            leaving = next((b for a, b in found if a <= here - window < b), None)
            later = min((a + window for a, _ in found if a + window > here), default=end)
            left = most - total(clip(found, here - window, here))
            if leaving is not None:
                until = min(end, leaving + window)
            elif left > 0:
                until = min(end, here + left, later)
            else:
                here = later
                continue
            found = union([*found, (here, until)])
            here = until
    return found
