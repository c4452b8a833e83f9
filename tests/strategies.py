"""Hypothesis strategies: small valid estates, and facts about them.

`estates()` varies everything a document can say. Its keywords switch kinds of variation off, and
`estates(**MONTHLY)` leaves what a derivation by hand could follow: services round the clock,
calendar months in UTC, nothing excused, no history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

from hypothesis import strategies as st

from orchestrator.formats.nodes import json_text
from orchestrator.formats.source import read_source
from orchestrator.formats.text import dump_json
from orchestrator.model.agreements import (
    KINDS,
    NEGOTIABILITY,
    POLICY_CHOICES,
    STATES,
    STRENGTHS,
    Acceptance,
    Allowance,
    Claims,
    Cover,
    Measurement,
    Policies,
    Role,
    Term,
    Version,
)
from orchestrator.model.calendars import ROUND_THE_CLOCK, WEEKDAYS, Calendar, Holidays
from orchestrator.model.credits import Cap, CreditTier, Fee
from orchestrator.model.estate import Dated, Estate, Metadata, always
from orchestrator.model.flows import (
    Branch,
    FirstOf,
    Flow,
    InParallel,
    InSequence,
    OneOfBranches,
    Repeated,
    Stage,
    Step,
)
from orchestrator.model.metrics import METRICS, Labels, Lasting, Points, Target, Within
from orchestrator.model.parties import Party
from orchestrator.model.records import (
    Excuse,
    Facts,
    Maintenance,
    Outage,
    Sample,
    Ticket,
    TicketEvent,
    TicketOwner,
    Unknown,
)
from orchestrator.model.scopes import TargetWindow
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, Service
from orchestrator.model.strictness import at_least_as_strict
from orchestrator.model.templates import SECTIONS, Parameter, Slot, Template
from orchestrator.model.values import (
    ALWAYS,
    DAWN,
    DAY,
    FOREVER,
    HOUR,
    MINUTE,
    MONTH,
    Duration,
    Instant,
    Kept,
    Money,
    Period,
    Span,
    is_slug,
    parse_instant,
    union,
)
from tests.provisions import provisions

START: Final = parse_instant("2025-11-01T00:00:00Z")
END: Final = parse_instant("2026-08-01T00:00:00Z")
"""Between them everything dated begins and ends."""

MONTHLY: Final[dict[str, bool]] = dict.fromkeys(
    ("hours", "periods", "excuses", "policies", "histories", "details"), False
)
"""The keywords that leave services round the clock and months in UTC."""

ZONES: Final = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


# ----------------------------------------------------------------------------------------- scalars


def chosen(options: Sequence[Any]) -> st.SearchStrategy[Any]:
    """One of some things."""
    return st.sampled_from(list(options))


def texts(most: int = 12) -> st.SearchStrategy[str]:
    """Any text that a document may hold, hard ones among them."""
    hard = ("yes", "on", "null", "~", "1.0", "2026-01-01", "4:30", "0x1F", "- a", "a: b", "#", " ")
    letters = st.characters(codec="utf-8", exclude_characters="\0")
    return st.one_of(st.sampled_from(hard), st.text(letters, max_size=most))


def ratios(low: int = 0, high: int = 10_000, of: int = 10_000) -> st.SearchStrategy[Fraction]:
    """An exact ratio, of few decimals or of none that end."""
    return st.one_of(
        st.integers(low, high).map(lambda part: Fraction(part, of)),
        st.integers(1, 7).map(lambda part: Fraction(part, 7)),
    )


def levels() -> st.SearchStrategy[Fraction]:
    """A committed availability, as contracts have it: 90 % to 99.999 %."""
    return st.integers(90_000, 99_999).map(lambda part: Fraction(part, 100_000))


def instants(unit: Duration = 1) -> st.SearchStrategy[Instant]:
    """An instant of the time in which things happen."""
    return st.integers(START // unit, END // unit).map(lambda count: count * unit)


@st.composite
def spans(draw: st.DrawFn, unit: Duration = 1) -> Span:
    """A finite span."""
    start, end = sorted(draw(st.tuples(instants(unit), instants(unit))))
    return Span(start, end + unit)


def durations(longest: Duration = 30 * DAY) -> st.SearchStrategy[Duration]:
    """A duration, most often a round one."""
    return st.one_of(
        st.integers(0, longest // HOUR).map(lambda hours: hours * HOUR),
        st.integers(0, longest),
    )


def amounts(currency: str = "EUR") -> st.SearchStrategy[Money]:
    """A sum in minor units."""
    return st.integers(0, 10**9).map(lambda minor: Money(minor, currency))


def moneys() -> st.SearchStrategy[Money]:
    """A sum in a currency with two, three or no decimals."""
    return chosen(("EUR", "JPY", "BHD")).flatmap(amounts)


_JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts()
    | st.decimals(allow_nan=False, allow_infinity=False).filter(
        lambda number: abs(number.adjusted()) < 400
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(200), inner, max_size=3),
    max_leaves=6,
)


def kept(filed: Sequence[str] = ()) -> st.SearchStrategy[Kept]:
    """Keys kept as written: those of one's own, and those that are filed."""
    names = texts(8).map(lambda text: f"x-{text}")
    return st.dictionaries(
        st.one_of(names, chosen(filed)) if filed else names, _JSON, max_size=2
    ).map(lambda found: tuple(sorted((key, _as_json_text(found[key])) for key in found)))


def _as_json_text(value: Any) -> str:
    return json_text(read_source(dump_json({"value": value}), "a.json").root.value["value"])


# ------------------------------------------------------------------------------- calendars


@st.composite
def windows(draw: st.DrawFn) -> tuple[tuple[Duration, Duration], ...]:
    """The windows of a day, some past midnight."""
    found = []
    for start in draw(st.lists(st.integers(0, 47), max_size=2)):
        length = draw(st.integers(1, 48))
        found.append((start * 30 * MINUTE, (start + length) * 30 * MINUTE))
    return tuple(union(found))


@st.composite
def calendars(draw: st.DrawFn, id: str) -> Calendar:
    """Weekly hours with holidays, closures and openings."""
    weekly = draw(st.tuples(*[windows()] * len(WEEKDAYS)).filter(any))
    dates = draw(st.lists(st.dates(), max_size=2, unique=True))
    country, subdivision = draw(chosen([("", ""), ("GB", ""), ("GB", "ENG"), ("DE", "BY")]))
    days = st.lists(spans(DAY), max_size=1).map(tuple)
    return Calendar(
        id,
        draw(chosen(ZONES)),
        weekly,
        draw(texts()),
        Holidays(country, subdivision, tuple(sorted(dates))),
        draw(days),
        draw(days),
        draw(kept()),
    )


# ------------------------------------------------------------------------------------- expressions


@st.composite
def expressions(draw: st.DrawFn, among: Sequence[str], depth: int = 2) -> Expression:
    """What a service requires of some others: all, any, at least k, nested, with common causes."""
    one_visit = st.just(Fraction(1))
    visits = draw(st.one_of(one_visit, one_visit, ratios(1).filter(bool)))
    if depth == 0 or len(among) == 1 or draw(st.booleans()):
        return Needs(draw(chosen(among)), visits)
    inner = st.lists(expressions(among, depth - 1), min_size=1, max_size=3).map(tuple)
    parts = draw(inner)
    if draw(st.booleans()):
        return AllOf(parts, visits)
    beta = draw(st.none() | ratios())
    return AtLeast(draw(st.integers(1, len(parts))), parts, beta, visits)


# ------------------------------------------------------------------------------------------- flows


def steps(stages: st.SearchStrategy[Stage]) -> st.SearchStrategy[Step]:
    """A flow of some stages: one after another, at once, in branches and loops, nested."""
    return st.recursive(stages | st.just(InSequence(())), _over_steps, max_leaves=5)


def _over_steps(inner: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    few = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        few.map(InSequence),
        few.map(InParallel),
        few.map(FirstOf),
        st.lists(st.tuples(st.integers(1, 9), inner), min_size=1, max_size=3).map(_branches),
        st.builds(Repeated, st.integers(1, 5), inner),
    )


def _branches(weighed: Sequence[tuple[int, Step]]) -> Step:
    total = sum(weight for weight, _ in weighed)
    return OneOfBranches(tuple(Branch(Fraction(weight, total), step) for weight, step in weighed))


# ------------------------------------------------------------------------------- agreements


def periods() -> st.SearchStrategy[Period]:
    """A calendar period, one with a start day, or a rolling one."""
    calendar = chosen(("month", "quarter", "year"))
    return st.one_of(
        calendar.map(Period),
        st.builds(Period, calendar, st.integers(1, 28)),
        st.integers(1, 90).map(lambda days: Period("rolling", rolling=days * DAY)),
    )


def fees() -> st.SearchStrategy[Fee]:
    """What is paid per month, quarter or year."""
    return st.builds(Fee, moneys(), chosen(("month", "quarter", "year")))


def policies() -> st.SearchStrategy[Policies]:
    """Any of the policies."""
    return st.builds(Policies, **{name: chosen(of) for name, of in POLICY_CHOICES.items()})


def measurements() -> st.SearchStrategy[Measurement]:
    """How facts become a measurement."""
    rounding = st.just((-1, "half_up")) | st.tuples(
        st.integers(0, 5), chosen(("half_up", "half_even", "down"))
    )
    return st.builds(
        lambda rounding, **others: Measurement(
            rounding_places=rounding[0], rounding_mode=rounding[1], **others
        ),
        rounding=rounding,
        source=texts(),
        point=chosen(("service", "edge", "user")),
        minimum_outage=durations(HOUR),
        whole_minutes=st.booleans(),
        weighting=chosen(("none", "affected_share")),
        minimum_samples=st.integers(0, 100),
    )


@st.composite
def credit_rows(draw: st.DrawFn) -> tuple[CreditTier, ...]:
    """Nested rows, or rows with both ends: gaps and overlaps occur in real contracts."""
    rows = []
    for _ in range(draw(st.integers(0, 3))):
        low, high = sorted(draw(st.tuples(ratios(), ratios())))
        percent = draw(ratios(0, 20_000))
        if draw(st.booleans()):
            rows.append(CreditTier(high or Fraction(1), percent, nested=True))
        elif low < high:
            rows.append(CreditTier(high, percent, low))
    return tuple(rows)


@dataclass(frozen=True)
class Vary:
    """What varies in the agreements of an estate."""

    calendars: tuple[str, ...] = ()
    periods: bool = True
    excuses: bool = True
    policies: bool = True
    details: bool = True
    metrics: tuple[str, ...] = ()

    def hours(self) -> st.SearchStrategy[str]:
        return chosen((ROUND_THE_CLOCK, *self.calendars))

    def allowances(self) -> st.SearchStrategy[tuple[Allowance, ...]]:
        if not self.excuses:
            return st.just(())
        one = st.builds(
            Allowance,
            category=chosen(("maintenance", "planned")),
            duration=durations(8 * HOUR),
            per=periods() if self.periods else st.just(MONTH),
            within=chosen(("", ROUND_THE_CLOCK, *self.calendars)),
            notice=durations(3 * DAY),
        )
        return st.lists(one, max_size=2).map(tuple)

    def exclusions(self) -> st.SearchStrategy[tuple[str, ...]]:
        words = ("customer", "force_majeure", "maintenance")
        most = len(words) if self.excuses else 0
        return st.lists(chosen(words), max_size=most, unique=True).map(tuple)


@st.composite
def terms(draw: st.DrawFn, id: str, kind: str, vary: Vary) -> Term:
    """A term: availability, or with details one of any metric."""
    metric = "availability"
    if vary.details and id != "availability":
        metric = draw(chosen(("availability", *vary.metrics)))

    def maybe(strategy: st.SearchStrategy[Any], when: bool = True) -> Any:
        return draw(st.none() | strategy) if when else None

    more: dict[str, Any] = {}
    if vary.details:
        more = {
            "strength": draw(chosen(STRENGTHS)),
            "priority": draw(texts()),
            "measurement": draw(measurements()),
            "recovery_allowance": draw(durations()),
            "fee": maybe(fees()),
            "kept": draw(kept(("bonus",))),
        }
    target = draw(targets(metric))
    if vary.details:
        window = st.builds(TargetWindow, vary.hours(), targets(metric))
        more["windows"] = draw(st.lists(window, max_size=1).map(tuple))
        published = [target, *(one.target for one in more["windows"])]
        internal = maybe(targets(metric))
        if internal and all(at_least_as_strict(METRICS[metric], internal, p) for p in published):
            more["internal_target"] = internal
        more["provenance"] = draw(texts())
    return Term(
        **{"strength": KINDS[kind].strength} | more,
        id=id,
        metric=metric,
        target=target,
        hours=draw(vary.hours()),
        credits=draw(credit_rows()),
        period=maybe(periods(), vary.periods),
        allowances=maybe(vary.allowances(), vary.excuses),
        exclusions=maybe(vary.exclusions(), vary.excuses),
        policies=maybe(policies(), vary.policies),
    )


@st.composite
def templates(draw: st.DrawFn, vary: Vary) -> Template:
    """A template of one or two terms, with the first one's target and hours left open."""
    kind = draw(chosen(sorted(KINDS)))
    ids = draw(st.sampled_from((("availability",), ("availability", "second"))))
    level = Parameter("level", "ratio", "50%", "99.99%", default=draw(chosen(("", "99%"))))
    desk = Parameter("desk", "word", words=draw(chosen(((), ("24x7",)))))
    slots = (Slot(ids[0], "target", "level"), Slot(ids[0], "hours", "desk"))
    return Template(
        draw(chosen(("gold", "silver"))),
        draw(st.integers(1, 9)),
        kind,
        tuple(draw(terms(id, kind, vary)) for id in ids),
        (level, desk),
        draw(chosen((slots, slots[:1], ()))),
        draw(st.lists(chosen(sorted(SECTIONS)), max_size=3, unique=True).map(tuple)),
    )


def targets(metric: str) -> st.SearchStrategy[Target]:
    """A target of a metric's carrier."""
    return _TARGETS[METRICS[metric].carrier]


@st.composite
def _points(draw: st.DrawFn) -> Points:
    """Targets in time and share of the same cases, each larger share within a longer time."""
    shares = draw(st.lists(levels(), min_size=2, max_size=4, unique=True))
    times = st.lists(durations(), min_size=len(shares), max_size=len(shares), unique=True)
    in_days = draw(st.booleans())
    if in_days:
        times = st.lists(
            st.integers(1, 99), min_size=len(shares), max_size=len(shares), unique=True
        )
    pairs = zip(sorted(shares), sorted(draw(times)), strict=True)
    return Points(
        tuple(
            Within(share, business_days=time) if in_days else Within(share, time)
            for share, time in pairs
        )
    )


_LABEL: Final = st.text("abc019-._", min_size=1, max_size=8).filter(is_slug)
_TARGETS: Final[dict[str, st.SearchStrategy[Target]]] = {
    "ratio": levels(),
    "fault": ratios(0, 9_999).filter(lambda share: share < 1),
    "within": st.one_of(
        st.builds(Within, levels(), durations()),
        st.builds(Within, levels(), business_days=st.integers(1, 30)),
        _points(),
    ),
    "lasting": durations().filter(bool).map(Lasting),
    "number": st.integers(0, 10**9).map(Fraction) | ratios(0, 10**9, 1000),
    "labels": st.sets(_LABEL, min_size=1, max_size=3).map(
        lambda names: Labels(tuple(sorted(names)))
    ),
}


@st.composite
def versions(  # noqa: PLR0917 - an agreement has as many sides
    draw: st.DrawFn,
    id: str,
    kind: str,
    provider: str,
    customer: str,
    covered: Sequence[str],
    scope: str,
    vary: Vary,
) -> Version:
    """A version of an agreement over some services, in force for ever."""
    listed = draw(st.lists(chosen(covered), min_size=1, max_size=3, unique=True))
    fee_of_cover = fees() if vary.details else st.none()
    covers = tuple(Cover(service, scope, draw(st.none() | fee_of_cover)) for service in listed)
    ids = ["availability", *draw(st.lists(chosen(("second", "third")), max_size=1))]
    more: dict[str, Any] = {}
    if vary.details:
        party = chosen((provider, customer))
        more = {
            "name": draw(texts()),
            "roles": draw(st.lists(st.builds(Role, party, texts()), max_size=1).map(tuple)),
            "negotiability": draw(chosen(NEGOTIABILITY)),
            "acceptances": draw(
                st.lists(st.builds(Acceptance, party, instants(), texts()), max_size=2).map(tuple)
            ),
            "claims": draw(st.none() | st.builds(Claims, durations())),
            "caps": draw(
                st.lists(
                    st.builds(Cap, percent=ratios()) | st.builds(Cap, amount=moneys()), max_size=2
                ).map(tuple)
            ),
            "kept": draw(kept()),
            "provisions": draw(
                provisions((provider, customer), covered, vary.hours(), texts(), instants(HOUR))
            ),
        }
    return Version(
        agreement=id,
        number=1,
        kind=kind,
        provider=provider,
        customer=customer,
        covers=covers,
        terms=tuple(draw(terms(one, kind, vary)) for one in ids[: 2 if vary.details else 1]),
        jointly=draw(st.booleans()) if vary.details else False,
        period=draw(periods()) if vary.periods else MONTH,
        timezone=draw(chosen(ZONES)) if vary.periods else "UTC",
        fee=draw(st.none() | fees()),
        allowances=draw(vary.allowances()),
        exclusions=draw(vary.exclusions()),
        policies=draw(policies()) if vary.policies else Policies(),
        **more,
    )


# ------------------------------------------------------------------------------- estates


@st.composite
def estates(
    draw: st.DrawFn,
    *,
    most_leaves: int = 4,
    most_composites: int = 4,
    hours: bool = True,
    periods: bool = True,
    excuses: bool = True,
    policies: bool = True,
    histories: bool = True,
    details: bool = True,
) -> Estate:
    """A small valid estate: suppliers' services, composites over them that share parts, an SLA
    above, OLAs and UCs beneath; some of what is needed has no agreement.

    Without `details` no names, kept keys, further kinds of terms or other states occur.
    """
    suppliers = [f"supplier-{i}" for i in range(draw(st.integers(1, 3)))]
    parties = [
        Party("us"),
        Party("customer"),
        *(Party(team, parent="us", kind="team") for team in ("ops", "desk")),
        *(Party(id, draw(texts()) if details else "", kept=draw(kept(("contacts",))) if details
                else ()) for id in suppliers),
    ]  # fmt: skip
    hour_ids = tuple(f"hours-{i}" for i in range(draw(st.integers(0, 2)))) if hours else ()
    services = draw(_services(suppliers, most_leaves, most_composites, details))
    leaves = [service for service in services if service.requires is None]
    composites = [service for service in services if service.requires is not None]
    # few, so that what is promised and what lies beneath are often of one kind
    metrics = draw(st.lists(chosen(list(METRICS)), min_size=1, max_size=2)) if details else ()
    vary = Vary(hour_ids, periods, excuses, policies, details, tuple(metrics))
    whole = [service.id for service in composites] or [leaves[0].id]
    agreements = [
        *draw(st.lists(versions("sla", "SLA", "us", "customer", whole, "whole", vary),
                       min_size=1, max_size=1)),
        *(draw(versions(f"uc-{leaf.id}", "UC", leaf.owner, "us", [leaf.id], "whole", vary))
          for leaf in leaves if draw(st.integers(0, 9))),
        *(draw(versions(f"ola-{one.id}", "OLA", one.owner, "us", [one.id], "own", vary))
          for one in composites if one.owner and draw(st.booleans())),
    ]  # fmt: skip
    metadata = Metadata("", ("us",))
    if details:
        metadata = Metadata(
            draw(texts()),
            ("us",),
            draw(chosen(("EUR", "JPY"))),
            draw(chosen(ZONES)),
            draw(st.booleans()),
            draw(st.lists(templates(vary), max_size=1).map(tuple)),
            draw(kept()),
        )
    estate = Estate(
        metadata,
        always(*(draw(calendars(id)) for id in hour_ids)),
        always(*parties),
        always(*services),
        {version.agreement: (version,) for version in agreements},
    )
    if details:
        estate = draw(with_flows(estate))
    return (draw(with_history(estate)) if histories else estate).normalised()


@st.composite
def _services(
    draw: st.DrawFn, suppliers: Sequence[str], most_leaves: int, most_composites: int, details: bool
) -> list[Service]:
    """Leaves owned by suppliers, then composites, each over some of those before it."""
    found = [
        Service(f"leaf-{i}", owner=draw(chosen(suppliers)))
        for i in range(draw(st.integers(1, most_leaves)))
    ]
    for i in range(draw(st.integers(0, most_composites))):
        found.append(
            Service(
                f"composite-{i}",
                draw(texts()) if details else "",
                draw(chosen(("ops", "desk", ""))),
                draw(st.booleans()),
                draw(expressions([service.id for service in found])),
                recover_after=draw(_restored_after(found)) if details else None,
                crews=draw(st.integers(0, 3)) if details else 0,
                kept=draw(kept()) if details else (),
            )
        )
    return found


def _restored_after(earlier: Sequence[Service]) -> st.SearchStrategy[tuple[str, ...] | None]:
    """What has to be back first: what a service requires, or some of those before it."""
    ids = [service.id for service in earlier]
    return st.none() | st.lists(chosen(ids), max_size=2, unique=True).map(tuple)


@st.composite
def with_flows(draw: st.DrawFn, estate: Estate) -> Estate:
    """The estate with flows through its agreements, for whatever metrics they have terms of."""
    stages: dict[str, list[Stage]] = {}
    for id, (version,) in estate.agreements.items():
        metrics = [term.metric for term in version.terms]
        for term in version.terms:
            found = stages.setdefault(term.metric, [])
            found.append(Stage(id, term.id))
            if metrics.count(term.metric) == 1:
                found.append(Stage(id))
    for metric in ("availability", "time_to_restore", "time_between_failures"):
        stages.pop(metric, None)  # what no flow says anything about
    timelines = dict(estate.services)
    for id, (only,) in estate.services.items():
        keys = st.tuples(chosen(sorted(stages)), st.just("") | texts()) if stages else st.nothing()
        flows = [
            Flow(metric, draw(steps(chosen(stages[metric]))), priority)
            for metric, priority in draw(st.sets(keys, max_size=2 if stages else 0))
        ]
        flows.sort(key=lambda flow: (flow.metric, not flow.priority, flow.priority))
        timelines[id] = (replace(only, value=replace(only.value, flows=tuple(flows))),)
    return replace(estate, services=timelines)


@st.composite
def with_history(draw: st.DrawFn, estate: Estate) -> Estate:
    """The estate with a past: services that changed, versions one after the other, a draft, and a
    party and a calendar that come and go."""
    cut = draw(instants(HOUR))
    timelines = dict(estate.services)
    for id, (only,) in estate.services.items():
        if draw(st.integers(0, 3)) == 0:
            earlier = Service(id, draw(texts()), only.value.owner, kept=draw(kept()))
            timelines[id] = (Dated(Span(DAWN, cut), earlier), Dated(Span(cut, FOREVER), only.value))
    agreements = {id: draw(_versions_of(only, cut)) for id, (only,) in estate.agreements.items()}
    visitor = {"visitor": (Dated(draw(spans()), Party("visitor", draw(texts()))),)}
    season = {"season": (Dated(draw(spans(DAY)), draw(calendars("season"))),)}
    return Estate(
        estate.metadata,
        {**estate.calendars, **season},
        {**estate.parties, **visitor},
        timelines,
        agreements,
    )


@st.composite
def _versions_of(draw: st.DrawFn, version: Version, cut: Instant) -> tuple[Version, ...]:
    """A version as it is, or cut in two, or with a draft beside it; the numbers may have gaps."""
    form = draw(chosen(("one", "bounded", "two", "draft")))
    first, second = sorted(draw(st.sets(st.integers(1, 9), min_size=2, max_size=2)))
    if form == "one":
        return (version,)
    if form == "bounded":
        span = draw(st.just(ALWAYS) | spans())
        return (replace(version, number=first, effective=span),)
    if form == "two":
        return (
            replace(version, number=first, effective=Span(DAWN, cut)),
            replace(version, number=second, effective=Span(cut, FOREVER), name=draw(texts())),
        )
    state = draw(chosen(STATES[1:]))
    return (version, replace(version, number=second + 1, state=state, effective=draw(spans())))


# ------------------------------------------------------------------------------- facts


@st.composite
def facts(
    draw: st.DrawFn, services: Sequence[str] = ("s",), parties: Sequence[str] = ("p",)
) -> Facts:
    """Facts of all kinds about some services."""

    def named(prefix: str) -> dict[str, st.SearchStrategy[Any]]:
        return {
            "id": st.integers(0, 99).map(lambda number: f"{prefix}-{number}"),
            "service": chosen(services),
            "source": texts(),
            "point": chosen(("service", "edge")),
            "reported": st.none() | instants(),
            "affected_share": st.just(Fraction(1)) | ratios(),
            "kept": kept(),
        }

    def some(strategy: st.SearchStrategy[Any]) -> Any:
        found = draw(st.lists(strategy, max_size=3, unique_by=lambda fact: fact.id))
        return tuple(sorted(found, key=lambda fact: fact.id))

    excuse = st.builds(
        Excuse, chosen(("customer", "force_majeure")), chosen(("", *parties)), texts(),
        st.none() | instants(),
    )  # fmt: skip
    ongoing = instants().map(lambda start: Span(start, FOREVER))
    actions = ("respond", "pause", "resume", "prioritise", "resolve", "reopen", "close")
    events = st.builds(TicketEvent, instants(), chosen(actions), texts(), texts())
    owners = st.builds(TicketOwner, chosen(parties), spans() | ongoing)
    return Facts(
        some(
            st.builds(
                Outage, span=spans() | ongoing, part=chosen(("whole", "own")),
                excuse=st.none() | excuse, **named("o"),
            )
        ),
        some(st.builds(Maintenance, span=spans(), announced=st.none() | instants(), **named("m"))),
        some(st.builds(Unknown, span=spans(), **named("u"))),
        some(
            st.builds(
                Sample, metric=chosen(("availability", "error_rate")), at=instants(),
                value=ratios(-10_000), weight=ratios(1).filter(bool), **named("s"),
            )
        ),
        some(
            st.builds(
                Ticket, opened=instants(), priority=texts(),
                events=st.lists(events, max_size=3).map(tuple),
                owners=st.lists(owners, max_size=2).map(tuple), **named("t"),
            )
        ),
    )  # fmt: skip


def facts_of(estate: Estate) -> st.SearchStrategy[Facts]:
    """Facts about the services of an estate."""
    return facts(tuple(estate.services), tuple(estate.parties))
