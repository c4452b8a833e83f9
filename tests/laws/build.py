"""Small estates made from model values directly, and strategies that make structures of them.

A structure is a dictionary from composite services to what they require; every other name in it is
a leaf, owned by a maker of its own and, where it is promised, bought under a contract of its own.
`top` is what the provider sells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st

from orchestrator.engine.derive import PLAIN, Depth, derive
from orchestrator.engine.settle import settle
from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.derivations import Derivation
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.parties import Party
from orchestrator.model.records import Assessment, Breach, Facts, Outage, Verdict
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, Service, mentioned
from orchestrator.model.values import (
    ALWAYS,
    HOUR,
    MONTH,
    SECOND,
    AskedPeriod,
    Duration,
    Instant,
    Period,
    Span,
    parse_instant,
)


def law_of(examples: int) -> settings:
    """How often a law is tried; time is no matter, a shared machine may be slow."""
    return settings(max_examples=examples, deadline=None)


law: Final = law_of(60)
long_law: Final = law_of(1500)

APRIL: Final = AskedPeriod.parse("2026-04")
START: Final[Instant] = parse_instant("2026-04-01T00:00:00Z")
END: Final[Instant] = parse_instant("2026-05-01T00:00:00Z")
TOP: Final = "top"

Structure = Mapping[str, Expression]


def percent(text: str) -> Fraction:
    """`99.9` as 0.999."""
    return Fraction(text) / 100


def all_of(*parts: str | Expression) -> Expression:
    return AllOf(tuple(map(_part, parts)))


def any_of(*parts: str | Expression, beta: Fraction | None = None) -> Expression:
    return AtLeast(1, tuple(map(_part, parts)), beta)


def at_least(k: int, *parts: str | Expression) -> Expression:
    return AtLeast(k, tuple(map(_part, parts)))


def _part(part: str | Expression) -> Expression:
    return Needs(part) if isinstance(part, str) else part


def leaves_of(structure: Structure) -> tuple[str, ...]:
    """The names in a structure that nothing is said about, sorted."""
    named = {name for expression in structure.values() for name in mentioned(expression)}
    return tuple(sorted(named - set(structure)))


@dataclass(frozen=True)
class Promise:
    """What an agreement says of one service, as far as tests vary it."""

    target: Fraction
    hours: str = "24x7"
    period: Period = MONTH
    timezone: str = "UTC"
    strength: str = "credit_backed"
    scope: str = "whole"
    effective: Span = ALWAYS
    term: Mapping[str, Any] = field(default_factory=dict)
    version: Mapping[str, Any] = field(default_factory=dict)


def agreement(
    id: str, kind: str, provider: str, customer: str, services: Sequence[str], promise: Promise
) -> Version:
    """An agreement of one availability term."""
    term = Term(
        "availability",
        "availability",
        promise.target,
        promise.strength,
        hours=promise.hours,
        **promise.term,
    )
    return Version(
        id,
        1,
        kind,
        provider,
        customer,
        tuple(Cover(service, promise.scope) for service in services),
        (term,),
        promise.effective,
        period=promise.period,
        timezone=promise.timezone,
        **promise.version,
    )


def sla(promise: Promise, services: Sequence[str] = (TOP,), id: str = "sla") -> Version:
    return agreement(id, "SLA", "us", "customer", services, promise)


def contract(service: str, promise: Promise, id: str = "", maker: str = "") -> Version:
    """What a maker promises us for a service."""
    return agreement(
        id or f"uc-{service}", "UC", maker or f"maker-{service}", "us", [service], promise
    )


def internal(
    service: str, promise: Promise, id: str = "", team: str = "ops", customer: str = "us"
) -> Version:
    """What a team of ours promises for a service, or for its own part in it."""
    return agreement(id or f"ola-{service}", "OLA", team, customer, [service], promise)


def estate(
    structure: Structure,
    agreements: Iterable[Version],
    *,
    owned: Iterable[str] = (),
    calendars: Iterable[Calendar] = (),
) -> Estate:
    """An estate of a structure; `owned` composites belong to our team `ops`, the others are mere
    groupings."""
    leaves, owned = leaves_of(structure), set(owned)
    makers = [Party(f"maker-{leaf}") for leaf in leaves]
    teams = [Party(id, kind="team", parent="us") for id in ("ops", "desk")]
    services = [Service(leaf, owner=f"maker-{leaf}") for leaf in leaves]
    services += [
        Service(id, owner="ops" if id in owned else "", requires=expression)
        for id, expression in structure.items()
    ]
    return Estate(
        Metadata("test", ("us",)),
        always(*calendars),
        always(Party("us"), Party("customer"), *teams, *makers),
        always(*services),
        {version.agreement: (version,) for version in agreements},
    ).normalised()


def plain(structure: Structure, targets: Mapping[str, Fraction], promised: Fraction) -> Estate:
    """Contracts round the clock over calendar months, and an SLA on top."""
    found = [contract(leaf, Promise(target)) for leaf, target in targets.items()]
    return estate(structure, [*found, sla(Promise(promised))])


def derived(
    subject: Estate, agreement: str = "sla", asked: AskedPeriod = APRIL, depth: Depth = PLAIN
) -> Derivation:
    (found,) = derive(subject, asked, agreement, depth)
    return found


def outage(service: str, start: int, end: int, part: str = "whole", id: str = "") -> Outage:
    """An outage in seconds since the start of April 2026."""
    span = Span(START + start * SECOND, START + end * SECOND)
    return Outage(id or f"o-{service}-{start}", service, span, part)


def minutes(outages: Mapping[str, Iterable[Sequence[int]]]) -> Facts:
    """Outages in minutes of 1 April 2026, by service."""
    return facts(
        outage(service, start * 60, end * 60)
        for service, spans in outages.items()
        for start, end in spans
    )


def facts(outages: Iterable[Outage], **more: Any) -> Facts:
    return Facts(tuple(sorted(outages, key=lambda one: one.id)), **more)


def assessed(verdict: Verdict, agreement: str = "sla") -> Assessment:
    (found,) = (one for one in verdict.assessments if one.key.agreement == agreement)
    return found


def breached(verdict: Verdict, agreement: str = "sla") -> Breach:
    (found,) = (one for one in verdict.breaches if one.key.agreement == agreement)
    return found


def verdict_on(subject: Estate, reported: Facts, asked: AskedPeriod = APRIL) -> Verdict:
    return settle(subject, reported, asked)


def seconds_by_service(breach: Breach) -> dict[str, Fraction]:
    """What each component contributed, in seconds, whatever follows from it."""
    found: dict[str, Fraction] = {}
    for one in breach.responsibility:
        found[one.service] = found.get(one.service, Fraction(0)) + one.seconds
    return found


def edited(version: Version, **changes: Any) -> Version:
    """A version whose only term is changed."""
    return replace(version, terms=(replace(version.terms[0], **changes),))


# --------------------------------------------------------------------------------------- strategies


def levels(low: int = 900, high: int = 1000) -> st.SearchStrategy[Fraction]:
    """A committed availability in thousandths, all of them included; often one that others have."""
    usual = [part for part in (900, 990, 999, 1000) if low <= part <= high]
    return st.one_of(st.sampled_from(usual), st.integers(low, high)).map(
        lambda part: Fraction(part, 1000)
    )


@st.composite
def expressions(draw: st.DrawFn, among: Sequence[str], depth: int = 2) -> Expression:
    """All, any or at least k of some names, nested, with names repeated."""
    if depth == 0 or draw(st.integers(0, 2)) == 0:
        return Needs(draw(st.sampled_from(among)))
    parts = tuple(
        draw(st.lists(expressions(among, depth - 1), min_size=1, max_size=4 if depth == 2 else 3))
    )
    k = draw(st.integers(1, len(parts)))
    return AllOf(parts) if draw(st.booleans()) else AtLeast(k, parts)


@st.composite
def structures(draw: st.DrawFn, most_leaves: int = 5, most_composites: int = 3) -> Structure:
    """Composites over leaves and one another, sharing parts; `top` is the last."""
    names = [f"leaf-{i}" for i in range(draw(st.integers(1, most_leaves)))]
    found: dict[str, Expression] = {}
    for i in range(draw(st.integers(0, most_composites - 1))):
        found[f"composite-{i}"] = draw(expressions(names))
        names.append(f"composite-{i}")
    found[TOP] = draw(expressions(names))
    return found


@st.composite
def outages(
    draw: st.DrawFn, services: Sequence[str], horizon: int = 60, most: int = 8
) -> list[Outage]:
    """Outages of whole seconds in the first minute of April."""
    found = []
    for number in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, horizon - 1))
        end = draw(st.integers(start + 1, horizon))
        service = draw(st.sampled_from(services))
        found.append(outage(service, start, end, id=f"o-{number}"))
    return found


WEEKDAYS_9_TO_17: Final[tuple[tuple[tuple[Duration, Duration], ...], ...]] = (
    ((9 * HOUR, 17 * HOUR),),
) * 5 + ((),) * 2
WEEKDAYS_8_TO_18: Final = (((8 * HOUR, 18 * HOUR),),) * 5 + ((),) * 2
NIGHTS: Final = (((20 * HOUR, 32 * HOUR),),) * 7
DAYS: Final = (((8 * HOUR, 20 * HOUR),),) * 7

CALENDARS: Final = (
    Calendar("office", "Europe/Berlin", WEEKDAYS_9_TO_17),
    Calendar("long-office", "UTC", WEEKDAYS_8_TO_18),
    Calendar("night", "UTC", NIGHTS),
    Calendar("day", "UTC", DAYS),
)
HOURS: Final = ("24x7", *(calendar.id for calendar in CALENDARS))
PERIODS: Final = (MONTH, Period("quarter"), Period("month", 16), Period("year"))
ZONES: Final = ("UTC", "Europe/Berlin", "America/New_York")
