"""Where results come from: what a run booked, read page by page, or a verdict that was not booked.

Evidence is looked up once for a page of breaches.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

from orchestrator.model.estate import Estate
from orchestrator.model.records import (
    Assessment,
    Breach,
    Finding,
    Outage,
    Reward,
    Tally,
    Unknown,
    Verdict,
)
from orchestrator.model.values import AskedPeriod, Instant, Span
from orchestrator.store.read import (
    RESULTS,
    Key,
    Page,
    Run,
    count_results,
    load_facts,
    period_key,
    results,
)
from orchestrator.web.asking import Asking
from orchestrator.web.view import View

_PART: Final = {cls: part for part, cls in RESULTS.items()}


class Booking(Protocol):
    """The results for one period as asked."""

    @property
    def asked(self) -> str:
        """The period, as the text it is booked under."""

    @property
    def revision(self) -> int:
        """Which booking of that period it is, or would be."""

    @property
    def estate_revision(self) -> int:
        """The revision of the estate it follows from."""

    @property
    def recorded_at(self) -> Instant | None:
        """When it was booked; None where it was not."""

    @property
    def known_at(self) -> Instant:
        """The knowledge it follows from."""

    def page(
        self,
        asking: Asking,
        cls: type[Any],
        after: Key | None,
        first: int,
        agreements: Collection[str] | None,
    ) -> Page[Any]:
        """A page of one kind of results."""

    def count(self, asking: Asking, cls: type[Any], agreements: Collection[str] | None) -> int:
        """How many there are."""


@dataclass(frozen=True, slots=True)
class Booked:
    """What a run booked."""

    run: Run

    @property
    def asked(self) -> str:
        return self.run.asked

    @property
    def revision(self) -> int:
        return self.run.revision

    @property
    def estate_revision(self) -> int:
        return self.run.estate_revision

    @property
    def recorded_at(self) -> Instant | None:
        return self.run.recorded_at

    @property
    def known_at(self) -> Instant:
        return self.run.known_at

    def page(
        self,
        asking: Asking,
        cls: type[Any],
        after: Key | None,
        first: int,
        agreements: Collection[str] | None,
    ) -> Page[Any]:
        if not asking.sees(cls):
            return Page((), (), False)
        among = asking.among(self.estate_revision, agreements)
        with asking.read() as session:
            found = results(session, self.run, cls, after, first, among)
        shown = tuple(asking.shown(self.estate_revision, one) for one in found.items)
        return Page(shown, found.keys, found.more)

    def count(self, asking: Asking, cls: type[Any], agreements: Collection[str] | None) -> int:
        if not asking.sees(cls):
            return 0
        among = asking.among(self.estate_revision, agreements)
        with asking.read() as session:
            return count_results(session, self.run, cls, among)


@dataclass(frozen=True, slots=True)
class Unbooked:
    """A verdict in memory: of a dry run, or of a request that came before."""

    period: AskedPeriod
    revision: int
    estate_revision: int
    known_at: Instant
    verdict: Verdict
    recorded_at: Instant | None = None

    @property
    def asked(self) -> str:
        return period_key(self.period)

    def page(
        self,
        asking: Asking,
        cls: type[Any],
        after: Key | None,
        first: int,
        agreements: Collection[str] | None,
    ) -> Page[Any]:
        found = self._sorted(cls, agreements)
        keys = [key for key, _ in found]
        start = bisect_right(keys, after) if after is not None else 0
        shown = found[start : start + first]
        return Page(
            tuple(item for _, item in shown),
            tuple(key for key, _ in shown),
            start + first < len(found),
        )

    def count(self, asking: Asking, cls: type[Any], agreements: Collection[str] | None) -> int:
        return len(self._sorted(cls, agreements))

    def _sorted(self, cls: type[Any], agreements: Collection[str] | None) -> list[tuple[Key, Any]]:
        found = enumerate(getattr(self.verdict, _PART[cls]))
        keyed = [(result_key(item, place), item) for place, item in found]
        return sorted(
            (
                (key, item)
                for key, item in keyed
                if agreements is None or item.key.agreement in agreements
            ),
            key=lambda pair: pair[0],
        )


def result_key(item: Any, place: int = 0) -> Key:
    """The key by which results are paged: what tells two of them apart; findings have their place
    alone."""
    if isinstance(item, Finding):
        return (place,)
    key = item.key
    common = (key.agreement, key.version, key.term, key.service, item.period.start)
    return (*common, item.kind) if isinstance(item, Reward) else common


@dataclass(frozen=True)
class Evidence:
    """The facts that the breaches of one page rest on."""

    asking: Asking
    booking: Booking
    breaches: Sequence[Breach]

    @cached_property
    def facts(self) -> dict[str, Outage | Unknown]:
        """The facts by id, read in one go."""
        estate = self.asking.estate(self.booking.estate_revision)
        services: set[str] = set()
        for breach in self.breaches:
            services |= _beneath(estate, breach)
        span = Span(
            min(breach.period.start for breach in self.breaches),
            max(breach.period.end for breach in self.breaches),
        )
        with self.asking.read() as session:
            booking = self.booking
            known = booking.known_at if booking.recorded_at is not None else None
            facts = load_facts(session, self.asking.site.tenant, span, known, services)
        found: list[Outage | Unknown] = [*facts.unknown, *facts.outages]
        return {fact.id: fact for fact in found}

    def of(self, ids: Sequence[str]) -> list[Outage | Unknown]:
        """The facts of those ids that are still on record."""
        self.asking.spend(len(ids))
        return [self.facts[id] for id in ids if id in self.facts]


def _beneath(estate: Estate, breach: Breach) -> set[str]:
    """The breached services with all that they required during the period."""
    found: set[str] = set()
    for _, snapshot in estate.during(breach.period):
        for service in breach.key.service.split("+"):
            if service in snapshot.services:
                bits = snapshot.reach[service]
                found.update(id for id, number in snapshot.numbers.items() if bits >> number & 1)
    return found


@dataclass(frozen=True)
class Tallies:
    """What the assessments of one page were counted from."""

    asking: Asking
    booking: Booking
    assessments: Sequence[Assessment]

    def of(self, assessment: Assessment) -> Tally | None:
        """The tally of one of them; None of what is measured by downtime."""
        return self._known.get(result_key(assessment))

    @cached_property
    def _known(self) -> dict[Key, Tally]:
        """Read in one go: tallies are some of the assessments, in the same order."""
        keys = sorted(map(result_key, self.assessments))
        *named, start = keys[0]
        assert isinstance(start, int)
        agreements = {one.key.agreement for one in self.assessments}
        page = self.booking.page(
            self.asking, Tally, (*named, start - 1), len(keys), sorted(agreements)
        )
        return {result_key(one): one for one in page.items}


@dataclass(frozen=True, slots=True)
class Found:
    """A result, in the estate that it follows from as its period began."""

    view: View
    booking: Booking
    value: Any
    evidence: Evidence
    tallies: Tallies
