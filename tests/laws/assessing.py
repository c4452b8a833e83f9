"""Estates whose terms are measured from tickets and samples, and facts for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from orchestrator.engine.settle import settle
from orchestrator.engine.subjects import Subject
from orchestrator.engine.verdicts import as_designed
from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.measuring import Measuring
from orchestrator.model.metrics import Target
from orchestrator.model.parties import Party
from orchestrator.model.records import (
    Assessment,
    Facts,
    Sample,
    Tally,
    Ticket,
    TicketEvent,
    TicketOwner,
    Verdict,
)
from orchestrator.model.services import Needs, Service
from orchestrator.model.values import AskedPeriod, Instant, Span, parse_instant
from tests.laws.build import CALENDARS

APRIL = AskedPeriod.parse("2026-04")


def at(text: str) -> Instant:
    """`10 09:30` of April 2026, or `05-02 09:30`."""
    day, time = text.split()
    return parse_instant(f"2026-{day if '-' in day else '04-' + day}T{time}Z")


def term(metric: str, target: Target, **more: Any) -> Term:
    return Term(more.pop("id", metric), metric, target, more.pop("strength", "commitment"), **more)


def agreement(
    id: str, parties: tuple[str, str], services: Iterable[str], *terms: Term, **more: Any
) -> Version:
    """An agreement between a provider and a customer."""
    scope = more.pop("scope", "whole")
    covers = tuple(Cover(service, scope) for service in services)
    kind = more.pop("kind", "SLA")
    return Version(id, 1, kind, *parties, covers, terms, **more)


def estate(*agreements: Version, services: Iterable[Service] = ()) -> Estate:
    """We, with a desk and operations; a supplier; a customer. `service` rests on `gateway`."""
    teams = [Party(id, kind="team", parent="us") for id in ("desk", "ops")]
    usual = (
        Service("gateway", owner="supplier"),
        Service("service", "", "desk", requires=Needs("gateway")),
    )
    return Estate(
        Metadata("test", ("us",)),
        always(*CALENDARS),
        always(Party("us"), Party("customer"), Party("supplier"), *teams),
        always(*(services or usual)),
        {version.agreement: (version,) for version in agreements},
    ).normalised()


def promised(*terms: Term, **more: Any) -> Estate:
    """An estate in which we promise terms of `service` to the customer."""
    return estate(agreement("sla", ("us", "customer"), ["service"], *terms, **more))


def ticket(id: str, opened: str, *done: str, **more: Any) -> Ticket:
    """A ticket and what was done to it, such as `10 11:00 resolve` or `10 11:00 pause parts`."""
    events = []
    for text in done:
        day, time, do, *rest = text.split()
        word = rest[0] if rest else ""
        evidence = rest[1] if len(rest) > 1 else ""
        reason, to = ("", word) if do == "prioritise" else (word, "")
        events.append(TicketEvent(at(f"{day} {time}"), do, reason, to, evidence))
    service = more.pop("service", "service")
    return Ticket(id, service, at(opened), events=tuple(events), **more)


def held(party: str, start: str, end: str) -> TicketOwner:
    return TicketOwner(party, Span(at(start), at(end)))


def sample(
    id: str, metric: str, when: str, value: str | int, weight: int = 1, **more: Any
) -> Sample:
    service = more.pop("service", "service")
    return Sample(id, service, metric, at(when), Fraction(value), Fraction(weight), **more)


@dataclass(frozen=True)
class Found:
    """One term's assessment, with what it was counted from."""

    verdict: Verdict
    assessment: Assessment
    tally: Tally

    @property
    def counts(self) -> tuple[str, int, int | None, int | None]:
        point = self.tally.deciding
        return self.assessment.status, point.cases, point.missed, point.misses_allowed


def assessed(
    subject: Estate,
    facts: Facts,
    *,
    agreement: str = "sla",
    asked: AskedPeriod = APRIL,
    as_of: str = "",
    measuring: Callable[[Subject], Measuring] | Measuring | None = None,
) -> Found:
    """The verdict on an agreement of one term and period."""
    said: Callable[[Subject], Measuring] = as_designed
    if isinstance(measuring, Measuring):
        given = measuring
        said = lambda _: given  # noqa: E731 - the one thing every term says
    elif measuring is not None:
        said = measuring
    verdict = settle(subject, facts, asked, as_of=at(as_of) if as_of else None, measuring=said)
    (one,) = (one for one in verdict.assessments if one.key.agreement == agreement)
    (tally,) = (tally for tally in verdict.tallies if tally.key.agreement == agreement)
    return Found(verdict, one, tally)
