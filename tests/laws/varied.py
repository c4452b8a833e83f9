"""Estates several levels deep whose terms are of every kind that facts say something of, and facts
of every kind about them, most of which matter: targets are tight, and things go wrong often.

`leaf-*` are bought from two makers, one contract for one or for several of them; `mid-*` are made
of leaves by teams or by a home organisation of its own, and sold inside; `top-*` are sold.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from hypothesis import strategies as st

from orchestrator.model.agreements import (
    POLICY_CHOICES,
    Allowance,
    Claims,
    Cover,
    Measurement,
    Policies,
    Term,
    Version,
)
from orchestrator.model.clocking import NEVER_PAUSES
from orchestrator.model.credits import Cap, CreditTier, Fee
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.flows import Branch, Flow, InSequence, OneOfBranches, Stage
from orchestrator.model.measuring import MEMBERSHIPS, Measuring
from orchestrator.model.metrics import METRICS, Lasting, Points, Target, Within
from orchestrator.model.parties import Party
from orchestrator.model.records import (
    FACT_KINDS,
    Excuse,
    Fact,
    Facts,
    Maintenance,
    Outage,
    Sample,
    Ticket,
    TicketEvent,
    TicketOwner,
    Unknown,
)
from orchestrator.model.schemes import (
    Multiple,
    PerOccurrence,
    PerTime,
    Pool,
    Row,
    Scheme,
    Worth,
)
from orchestrator.model.scopes import TargetWindow
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, Service
from orchestrator.model.values import (
    DAWN,
    DAY,
    FOREVER,
    HOUR,
    MINUTE,
    MONTH,
    Instant,
    Money,
    Period,
    Span,
)
from tests.laws.build import CALENDARS, END, START

LEAVES: Final = ("leaf-0", "leaf-1", "leaf-2", "leaf-3")
MIDS: Final = ("mid-0", "mid-1")
TOPS: Final = ("top-0", "top-1")
SERVICES: Final = (*LEAVES, *MIDS, *TOPS)
MAKERS: Final = ("maker-0", "maker-1")
PARTIES: Final = ("us", "ops", "desk", "branch", *MAKERS, "shop")
PRIORITIES: Final = ("", "P1", "P2")

_SOURCES: Final = st.just("") | st.sampled_from(("", "probe", "desk"))
_POINTS: Final = st.just("service") | st.sampled_from(("service", "service", "edge"))

_SHARE: Final = Fraction(9, 10)
TARGETS: Final[dict[str, tuple[Target, ...]]] = {
    "availability": (Fraction(9999, 10_000), Fraction(999, 1000), Fraction(99, 100)),
    "response_time": (Within(_SHARE, HOUR), Within(Fraction(1), 4 * HOUR)),
    "resolution_time": (
        Within(_SHARE, 8 * HOUR),
        Within(_SHARE, business_days=1),
        Points((Within(Fraction(1, 2), 2 * HOUR), Within(_SHARE, 20 * HOUR))),
    ),
    "handoff_time": (Within(_SHARE, 2 * HOUR),),
    "latency": (Within(_SHARE, HOUR // 3600),),
    "recovery_time": (Lasting(HOUR), Lasting(20 * HOUR)),
    "recovery_point": (Lasting(HOUR),),
    "time_to_restore": (Lasting(2 * HOUR), Lasting(9 * HOUR)),
    "time_between_failures": (Lasting(20 * DAY), Lasting(5 * DAY)),
    "throughput": (Fraction(100),),
    "error_rate": (Fraction(1, 100),),
    "quality": (Fraction(99, 100),),
    "on_time": (Fraction(9, 10),),
    "defect_density": (Fraction(5),),
    "satisfaction": (Fraction(4),),
    "business_result": (Fraction(100),),
}
VALUES: Final[dict[str, tuple[Fraction, ...]]] = {
    "latency": (Fraction(1, 2), Fraction(3, 2), Fraction(2)),
    "recovery_time": (Fraction(1800), Fraction(90_000)),
    "recovery_point": (Fraction(1800), Fraction(7200)),
    "time_to_restore": (Fraction(1800), Fraction(90_000)),
    "time_between_failures": (Fraction(86_400), Fraction(9_000_000)),
    "throughput": (Fraction(99), Fraction(101)),
    "error_rate": (Fraction(0), Fraction(1, 100), Fraction(1, 20)),
    "quality": (Fraction(1), Fraction(9, 10)),
    "on_time": (Fraction(1), Fraction(1, 2)),
    "defect_density": (Fraction(1), Fraction(9)),
    "satisfaction": (Fraction(2), Fraction(5)),
    "business_result": (Fraction(90), Fraction(110)),
}
"""Of what is sampled: values on both sides of the target."""
MODELLED: Final = frozenset({"defect_density", "satisfaction", "business_result"})
"""What a flow may split."""


# --------------------------------------------------------------------------------------- agreements

TICKETED: Final = ("handoff_time", "resolution_time", "response_time")
_METRICS: Final = st.lists(
    # Tickets reach agreements by more ways than other facts.
    st.sampled_from((*sorted(TARGETS), *TICKETED * 3)),
    min_size=1,
    max_size=2,
    unique=True,
)
_HOURS: Final = st.sampled_from(("24x7", "24x7", "24x7", *(one.id for one in CALENDARS)))
_PERIODS: Final = st.sampled_from((MONTH, MONTH, MONTH, Period("rolling", rolling=10 * DAY)))
_POLICIES: Final = st.builds(
    Policies,
    # The defaults more often than not.
    **{name: st.just(of[0]) | st.sampled_from(of) for name, of in POLICY_CHOICES.items()},
)
_MEASURING: Final = st.just(Measuring()) | st.builds(
    Measuring,
    membership=st.sampled_from(MEMBERSHIPS),
    pauses=st.sampled_from(((), ("parts",))),
    reopening=st.sampled_from((0, DAY)),
    trust=st.sampled_from(((), ("probe", "desk"))),
    tolerance=st.sampled_from((Fraction(0), Fraction(1, 1000))),
)
_MEASUREMENTS: Final = st.just(Measurement()) | st.builds(
    Measurement,
    source=_SOURCES,
    point=_POINTS,
    minimum_outage=st.sampled_from((0, 0, HOUR)),
    whole_minutes=st.booleans(),
    weighting=st.sampled_from(("none", "affected_share")),
    minimum_samples=st.sampled_from((0, 0, 2)),
    measuring=_MEASURING,
)
_EXCLUSIONS: Final = st.sampled_from(((), (), ("customer",), ("customer", "maintenance")))
_ALLOWANCES: Final = st.sampled_from(
    (
        (),
        (),
        (Allowance("maintenance", 4 * HOUR),),
        (Allowance("maintenance", 10 * HOUR, within="night", notice=2 * DAY),),
        (Allowance("customer", HOUR, Period("rolling", rolling=7 * DAY)),),
    )
)
_ROWS: Final = st.lists(
    st.tuples(st.sampled_from((990, 999, 1000)), st.integers(1, 100)), min_size=1, max_size=2
).map(
    lambda rows: tuple(
        CreditTier(Fraction(high, 1000), Fraction(part, 100), nested=True) for high, part in rows
    )
)
_MONEY: Final = st.integers(100, 1_000_000).map(lambda cents: Money(cents, "EUR"))
_PART: Final = st.integers(1, 100).map(lambda part: Fraction(part, 100))
_WORTHS: Final = st.builds(Worth, percent=_PART)
_BY_EVENT: Final = st.builds(PerOccurrence, _WORTHS, st.integers(0, 1)).map(Scheme)
_BY_TIME: Final = st.one_of(
    _BY_EVENT,
    st.builds(PerTime, _WORTHS, st.just(HOUR)).map(Scheme),
    st.builds(Multiple, st.integers(1, 20).map(Fraction), st.booleans()).map(Scheme),
    st.builds(
        lambda part: Scheme(Pool(part, Fraction(1, 2), (Row(Fraction(1), part, nested=True),))),
        _PART,
    ),
)
_BY_CARRIER: Final = {"ratio": _ROWS, "within": _ROWS}
_CREDITS: Final = {
    metric: _ROWS | _BY_TIME
    if metric == "availability"
    else _BY_CARRIER.get(METRICS[metric].carrier, _BY_EVENT)
    for metric in TARGETS
}
_CAPS: Final = st.just(()) | st.tuples(
    st.builds(Cap, percent=st.integers(1, 60).map(lambda part: Fraction(part, 100)))
)


_PRIORITIES: Final = st.sampled_from(("", "", "", "P1"))
_STRENGTHS: Final = st.sampled_from((*("credit_backed",) * 5, "commitment", "goal"))


@st.composite
def terms(draw: st.DrawFn, id: str, metric: str) -> Term:
    """A term of a metric with a tight target, plain as often as not."""
    target = draw(st.sampled_from(TARGETS[metric]))
    windows: tuple[TargetWindow, ...] = ()
    if metric in {"availability", "resolution_time"} and draw(st.integers(0, 5)) == 0:
        windows = (TargetWindow("day", draw(st.sampled_from(TARGETS[metric]))),)
    return Term(
        id,
        metric,
        target,
        draw(_STRENGTHS),
        hours="24x7" if windows else draw(_HOURS),
        measurement=draw(_MEASUREMENTS),
        credits=draw(_CREDITS[metric]),
        recovery_allowance=draw(st.sampled_from((0, HOUR))),
        period=draw(_PERIODS),
        windows=windows,
        priority=draw(_PRIORITIES) if metric in TICKETED else "",
        policies=draw(_POLICIES),
    )


@st.composite
def versions(
    draw: st.DrawFn,
    id: str,
    kind: str,
    provider: str,
    customer: str,
    covers: Sequence[Cover],
    metrics: Sequence[str],
) -> Version:
    kept = [metric for metric in metrics if draw(st.integers(0, 4))]
    return Version(
        id,
        1,
        kind,
        provider,
        customer,
        tuple(covers),
        tuple(
            draw(terms(f"t-{metric}", metric)) for metric in dict.fromkeys(("availability", *kept))
        ),
        jointly=len(covers) > 1 and draw(st.booleans()),
        fee=Fee(draw(_MONEY)),
        allowances=draw(_ALLOWANCES),
        exclusions=draw(_EXCLUSIONS),
        caps=draw(_CAPS),
        annual_caps=draw(_CAPS),
        claims=Claims(10 * DAY),
    )


@st.composite
def _requirement(draw: st.DrawFn, among: Sequence[str]) -> Expression:
    parts = draw(st.lists(st.sampled_from(among), min_size=1, max_size=3, unique=True))
    needs = tuple(map(Needs, parts))
    k = draw(st.integers(1, len(parts)))
    return AllOf(needs) if k == len(parts) else AtLeast(k, needs)


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """An estate of three levels, and what is agreed on each."""
    metrics = draw(_METRICS)
    owners = {mid: draw(st.sampled_from(("ops", "desk", "branch"))) for mid in MIDS}
    services = [Service(leaf, owner=MAKERS[n % 2]) for n, leaf in enumerate(LEAVES)]
    services += [
        Service(mid, owner=owners[mid], requires=draw(_requirement(LEAVES))) for mid in MIDS
    ]
    flows = draw(_flows([metric for metric in metrics if metric in MODELLED]))
    services += [
        Service(top, owner="us", requires=draw(_requirement((*MIDS, *LEAVES))), flows=flows)
        for top in TOPS
    ]
    made: list[Version] = []

    def agree(id: str, kind: str, provider: str, customer: str, *covers: Cover) -> None:
        made.append(draw(versions(id, kind, provider, customer, covers, metrics)))

    if draw(st.booleans()):
        agree("sla", "SLA", "us", "shop", *(Cover(top, "whole") for top in TOPS))
    else:
        for top in TOPS:
            agree(f"sla-{top}", "SLA", "us", "shop", Cover(top, "whole"))
    for mid in MIDS:
        if draw(st.integers(0, 4)):
            scope = draw(st.sampled_from(("whole", "whole", "own")))
            agree(f"ola-{mid}", "OLA", owners[mid], "us", Cover(mid, scope))
    for maker, leaves in zip(MAKERS, (LEAVES[::2], LEAVES[1::2]), strict=True):
        if draw(st.booleans()):
            agree(f"uc-{maker}", "UC", maker, "us", *(Cover(leaf, "whole") for leaf in leaves))
        else:
            for leaf in leaves:
                buyer = draw(st.sampled_from(("us", "us", "branch")))
                agree(f"uc-{leaf}", "UC", maker, buyer, Cover(leaf, "whole"))
    teams = [Party(id, kind="team", parent="us") for id in ("ops", "desk")]
    others = map(Party, ("us", "branch", *MAKERS, "shop"))
    return Estate(
        Metadata("test", ("us", "branch")),
        always(*CALENDARS),
        always(*teams, *others),
        always(*services),
        {one.agreement: draw(_history(one)) for one in made},
    ).normalised()


@st.composite
def _flows(draw: st.DrawFn, metrics: Sequence[str]) -> tuple[Flow, ...]:
    found = []
    for metric in metrics:
        if draw(st.integers(0, 3)):
            half = Branch(Fraction(1, 2), InSequence(()))
            stage = Stage(
                draw(st.sampled_from(("uc-maker-0", "uc-leaf-1", "ola-mid-0"))), f"t-{metric}"
            )
            found.append(Flow(metric, OneOfBranches((half, Branch(Fraction(1, 2), stage)))))
    return tuple(found)


@st.composite
def _history(draw: st.DrawFn, version: Version) -> tuple[Version, ...]:
    """A version as it is, or followed by another in the middle of the month."""
    if draw(st.integers(0, 5)):
        return (version,)
    cut = START + draw(st.integers(1, 29)) * DAY
    return (
        replace(version, effective=Span(DAWN, cut)),
        replace(version, number=2, effective=Span(cut, FOREVER)),
    )


# ------------------------------------------------------------------------------------------- facts

_HOUR: Final = st.integers(-15 * 24, 32 * 24).map(lambda hours: START + hours * HOUR)
_LENGTH: Final = st.sampled_from((10 * MINUTE, 45 * MINUTE, 2 * HOUR, 9 * HOUR, 30 * HOUR))
_SPANS: Final = st.builds(lambda start, length: Span(start, start + length), _HOUR, _LENGTH)
_FAR: Final = st.integers(1, 400).map(lambda days: Span(END + days * DAY, END + days * DAY + HOUR))
_EXCUSES: Final = (
    st.none()
    | st.none()
    | st.builds(
        Excuse,
        st.sampled_from(("customer", "force_majeure")),
        st.sampled_from(("", "shop", "maker-0")),
        st.sampled_from(("", "log")),
    )
)
_NAMED: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "service": st.sampled_from(SERVICES),
    "source": _SOURCES,
    "point": _POINTS,
    "affected_share": st.sampled_from((Fraction(1), Fraction(1), Fraction(1, 3))),
}
_OUTAGES: Final = st.builds(
    Outage,
    st.just("o"),
    span=_SPANS | _SPANS | _SPANS | _HOUR.map(lambda start: Span(start, FOREVER)) | _FAR,
    part=st.sampled_from(("whole", "whole", "own")),
    excuse=_EXCUSES,
    **_NAMED,
)
_MAINTENANCE: Final = st.builds(
    lambda fact, before: replace(fact, announced=fact.span.start - before),
    st.builds(Maintenance, st.just("m"), span=_SPANS, **_NAMED),
    st.sampled_from((-HOUR, HOUR, 5 * DAY)),
)
_UNKNOWN: Final = st.builds(Unknown, st.just("u"), span=_SPANS, **_NAMED)
_AT: Final = st.integers(1, 300).map(lambda quarters: quarters * 15 * MINUTE)
_EVENTS: Final = st.lists(
    st.tuples(
        _AT,
        st.sampled_from(("respond", "pause", "resume", "prioritise", "resolve", "reopen")),
        st.sampled_from(("waiting_customer", "parts", NEVER_PAUSES)),
        st.sampled_from(PRIORITIES[1:]),
        st.sampled_from(("", "mail")),
    ),
    max_size=4,
)
_HOLDERS: Final = st.lists(st.tuples(_AT, st.sampled_from((*PARTIES[:6], *MAKERS))), max_size=3)
_TICKETS: Final = st.builds(
    lambda opened, events, holders, **named: Ticket(
        "t",
        opened=opened,
        events=tuple(
            TicketEvent(
                opened + at,
                do,
                reason if do in {"pause", "resume"} else "",
                priority if do == "prioritise" else "",
                evidence,
            )
            for at, do, reason, priority, evidence in events
        ),
        owners=_held(opened, holders),
        **named,
    ),
    _HOUR | _HOUR | _HOUR | _FAR.map(lambda span: span.start),
    _EVENTS,
    _HOLDERS,
    priority=st.sampled_from(PRIORITIES),
    **_NAMED,
)


def _held(opened: Instant, holders: Sequence[tuple[int, str]]) -> tuple[TicketOwner, ...]:
    """One after the other, from the opening on."""
    since = dict(holders)
    marks = [*sorted(since), FOREVER - opened]
    return tuple(
        TicketOwner(since[at], Span(opened + (at if n else 0), opened + end))
        for n, (at, end) in enumerate(itertools.pairwise(marks))
    )


_SAMPLES: Final = {
    metric: st.builds(
        Sample,
        st.just("s"),
        metric=st.just(metric),
        value=st.sampled_from(values),
        at=_HOUR,
        **_NAMED,
    )
    for metric, values in VALUES.items()
}


def kinds_for(estate: Estate) -> tuple[st.SearchStrategy[Any], ...]:
    """Facts of each kind that says something of what is agreed, downtime most of all."""
    metrics = {term.metric for held in estate.agreements.values() for term in held[0].terms}
    samples = tuple(_SAMPLES[metric] for metric in sorted(metrics & _SAMPLES.keys()))
    tickets = (_TICKETS,) * 3 if metrics & set(TICKETED) else ()
    return (_OUTAGES, _OUTAGES, _MAINTENANCE, _UNKNOWN, *tickets, *samples, *samples)


@st.composite
def facts_about(draw: st.DrawFn, estate: Estate, least: int = 6, most: int = 20) -> list[Fact]:
    """Facts with ids of their own."""
    kinds = kinds_for(estate)
    many = draw(st.integers(least, most))
    return [renamed(draw(draw(st.sampled_from(kinds))), n) for n in range(many)]


def renamed(fact: Fact, number: int) -> Fact:
    return replace(fact, id=f"{fact.id}-{number}")


def by_kind(facts: Sequence[Fact]) -> Facts:
    """The same as what a document of facts holds."""
    return Facts(
        *(
            tuple(sorted((one for one in facts if isinstance(one, kind)), key=lambda one: one.id))
            for kind in FACT_KINDS.values()
        )
    )
