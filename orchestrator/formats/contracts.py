"""Agreements in documents: versions, terms, and what they are made of."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from orchestrator.formats.clauses import PERIOD_OF_TIME
from orchestrator.formats.context import Context
from orchestrator.formats.measuring import MEASURING
from orchestrator.formats.nodes import Json
from orchestrator.formats.provisions import PROVISIONS, WINDOWS, template_of
from orchestrator.formats.quantities import (
    DURATION,
    EFFECTIVE,
    INSTANT,
    LABEL,
    MONEY,
    PRIORITY,
    SLUG_ID,
    ZONE,
    whole,
)
from orchestrator.formats.record import InContext, Inline, Key, Record
from orchestrator.formats.remedies import CONSEQUENCES
from orchestrator.formats.schemes import CAP, SCHEME
from orchestrator.formats.shapes import (
    ByKey,
    Choice,
    Converted,
    Flag,
    ListOf,
    OneOf,
    Ref,
    Schema,
    Shape,
    choice,
)
from orchestrator.formats.targets import TARGET_FORMS, TARGETS, by_metric
from orchestrator.model.agreements import (
    KINDS,
    NEGOTIABILITY,
    POLICY_CHOICES,
    SCOPES,
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
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.credits import CreditTier, Fee
from orchestrator.model.lapses import Lapse
from orchestrator.model.metrics import METRICS
from orchestrator.model.schemes import Scheme, Tiers, rows_of, tiers_of
from orchestrator.model.values import Duration, Period

_FLAG: Final = Flag()

# ------------------------------------------------------------------------------- periods and money

CALENDAR_PERIODS: Final = ("month", "quarter", "year")


def _starting(kind: str) -> Record[Period]:
    """`{month: {startDay: 16}}`, as billing months are."""
    start = Record(
        lambda start_day: Period(kind, start_day),
        Key("startDay", whole(1, 28, code="BAD_PERIOD")),
    )
    return Record(lambda period: period, Key(kind, start, "period", get=lambda period: period))


def _rolling(rolling: Duration) -> Period:
    return Period("rolling", rolling=rolling)


_PLAIN_PERIOD: Final = Choice(
    {kind: Period(kind) for kind in CALENDAR_PERIODS}, code="BAD_PERIOD", says="period"
)
_LONG_PERIOD: Final = ByKey[Period](
    {
        "rolling": Record(_rolling, Key("rolling", DURATION), blame={"BAD_PERIOD": "rolling"}),
        **{kind: _starting(kind) for kind in CALENDAR_PERIODS},
    },
    lambda period: period.kind,
    "{rolling: 30d} or {month: {startDay: 16}}",
)


def _period_form(period: Period, _: Context) -> Shape[Period]:
    plain = period.start_day == 1 and not period.rolling
    return _PLAIN_PERIOD if plain else _LONG_PERIOD


_PERIOD: Final = OneOf[Period](
    "month, quarter, year, {rolling: 30d} or {month: {startDay: 16}}",
    _period_form,
    text=_PLAIN_PERIOD,
    mapping=_LONG_PERIOD,
)

PERIOD: Final = Ref[Period]("period", lambda: _PERIOD)

_FEE: Final = Record(
    Fee,
    Inline("money", MONEY),
    Key("per", choice(CALENDAR_PERIODS, says="period of a fee")),
    says='{amount: "50000.00", currency, per}',
)
FEE: Final = Ref[Fee]("fee", lambda: _FEE)

# ------------------------------------------------------------------------------------- measurement


class _Rounding(NamedTuple):
    places: int
    mode: str = "half_up"


_NOT_ROUNDED: Final = _Rounding(-1)


def _measurement(rounding: _Rounding = _NOT_ROUNDED, **others: Any) -> Measurement:
    return Measurement(rounding_places=rounding.places, rounding_mode=rounding.mode, **others)


def _rounding(measurement: Measurement) -> _Rounding:
    return _Rounding(measurement.rounding_places, measurement.rounding_mode)


_MEASUREMENT: Final = Record(
    _measurement,
    Key("source", LABEL, about="The tool whose figures count."),
    Key("point", LABEL, about="Where it measures."),
    Key("minimumOutage", DURATION, about="Shorter outages do not count."),
    Key("wholeMinutes", _FLAG, about="An outage counts by its whole minutes."),
    Key(
        "rounding",
        Record(
            _Rounding,
            Key("places", whole(0, 12)),
            Key("mode", choice(("half_up", "half_even", "down"), says="way to round")),
        ),
        get=_rounding,
        about="Of the attained percentage.",
    ),
    Key("weighting", choice(("none", "affected_share"), says="weighting")),
    Key("minimumSamples", whole(0, 10**12)),
    Inline("measuring", MEASURING),
    like=Measurement,
)


MEASUREMENT: Final = Ref[Measurement]("measurement", lambda: _MEASUREMENT)


def _words(name: str) -> str:
    """`excluded_time` as the key `excludedTime`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _policy(name: str, choices: tuple[str, ...]) -> Key:
    """A policy that is not named is as the agreement has it, or else the design."""
    default = InContext(lambda ctx: getattr(ctx.policies, name))
    return Key(_words(name), choice(choices, says="policy"), name, default=default)


_POLICIES: Final = Record(
    Policies, *(_policy(name, choices) for name, choices in POLICY_CHOICES.items())
)

POLICIES: Final = Ref[Policies]("policies", lambda: _POLICIES)

_ALLOWANCE: Final = Record(
    Allowance,
    Key("category", SLUG_ID),
    Key("per", PERIOD),
    Key("duration", DURATION),
    Key("within", SLUG_ID, about="The calendar in which alone it may be taken."),
    Key("notice", DURATION, about="How long before it must be announced."),
)
ALLOWANCE: Final = Ref[Allowance]("allowance", lambda: _ALLOWANCE)
_ALLOWANCES: Final = ListOf(ALLOWANCE)
_EXCLUSIONS: Final = ListOf(SLUG_ID)

# ----------------------------------------------------------------------------------------- credits


Credits = tuple[CreditTier, ...] | Scheme


def _plain(scheme: Scheme, _: Context) -> Credits:
    """Half-open rows alone are the agreement's own, in whatever way they were written."""
    tiers = tiers_of(scheme)
    return scheme if tiers is None else tiers


def _scheme(credits: Credits, _: Context) -> Scheme:
    return credits if isinstance(credits, Scheme) else Scheme(Tiers(rows_of(credits)))


CREDITS: Final = Converted[Credits](SCHEME, _plain, _scheme)


def credits_json(term: Term) -> Json:
    """What a miss of a term costs, as its document has it; null for nothing."""
    return CREDITS.write(term.credits, Context()) if term.credits else None


def consequences_json(term: Term) -> dict[str, Json]:
    """The rules over a term's periods, as its document has them."""
    return CONSEQUENCES.write(term.consequences, Context(metric=term.metric))


# ------------------------------------------------------------------------------------------- terms


class _Terms(Record[Term]):
    """A term, whose targets are what its metric makes them."""

    def schema(self) -> Schema:
        return super().schema() | {"allOf": by_metric("target", "internalTarget")}


_TERM: Final = _Terms(
    Term,
    Key("id", SLUG_ID),
    Key("metric", choice(METRICS, code="UNKNOWN_METRIC", says="metric"), sets="metric"),
    Key("target", TARGET_FORMS),
    Key("internalTarget", TARGET_FORMS, about="A stricter one that the provider keeps to itself."),
    Key("priority", PRIORITY),
    Key("hours", SLUG_ID, about="A calendar, or 24x7."),
    Key(
        "strength",
        choice(STRENGTHS, says="strength"),
        default=InContext(lambda ctx: KINDS[ctx.kind].strength if ctx.kind in KINDS else ""),
    ),
    Key("measurement", MEASUREMENT),
    Key("credits", CREDITS),
    Inline("consequences", CONSEQUENCES),
    Key("recoveryAllowance", DURATION),
    Key("period", PERIOD),
    Key("fee", FEE),
    Key("allowances", _ALLOWANCES),
    Key("exclusions", _EXCLUSIONS),
    Key("policies", POLICIES),
    Key("windows", WINDOWS, about="Targets of their own within the hours: prime time."),
    Key("provenance", LABEL, about="The minute it was drafted from, as meeting/resolution."),
    keeps=True,
)

TERM: Final = Ref[Term]("term", lambda: _TERM)

TEMPLATE: Final = template_of(TERM)

# ---------------------------------------------------------------------------------------- versions


def _default_scope(ctx: Context) -> str:
    return KINDS[ctx.kind].scope if ctx.kind in KINDS else ""


_PLAIN_COVER: Final = Converted[Cover](
    SLUG_ID,
    lambda service, ctx: Cover(service, _default_scope(ctx)),
    lambda cover, _: cover.service,
)
_LONG_COVER: Final = Record(
    Cover,
    Key("service", SLUG_ID),
    Key("scope", choice(SCOPES, says="scope"), default=InContext(_default_scope)),
    Key("fee", FEE),
)


def _cover_form(cover: Cover, ctx: Context) -> Shape[Cover]:
    plain = cover.fee is None and cover.scope == _default_scope(ctx)
    return _PLAIN_COVER if plain else _LONG_COVER


_COVER: Final = OneOf[Cover](
    "a service, or {service, scope, fee}", _cover_form, text=_PLAIN_COVER, mapping=_LONG_COVER
)

COVER: Final = Ref[Cover]("cover", lambda: _COVER)


def _claims(within: Lapse, after: str = "period_end", hours: str = ROUND_THE_CLOCK) -> Claims:
    return Claims(within.duration, after, within.business_days, within.months, hours)


CLAIMS: Final = Record(
    _claims,
    Key("within", PERIOD_OF_TIME, get=lambda claims: claims.lapse, about="`30d`, `2 months`."),
    Key("after", choice(("period_end",), says="start of a claim's time")),
    Key("hours", SLUG_ID, about="The calendar on which the time runs, or 24x7."),
    says="{within: 30d}",
)

VERSION: Final = Record(
    Version,
    Key("id", SLUG_ID, "agreement"),
    Key(
        "version",
        whole(1, 10**9),
        "number",
        default=InContext(lambda ctx: ctx.position),
        about="Its number; its place among the versions unless said.",
    ),
    Key("name", LABEL),
    Key("kind", choice(KINDS, says="kind of agreement"), sets="kind"),
    Key("provider", SLUG_ID),
    Key("customer", SLUG_ID),
    Key("roles", ListOf(Record(Role, Key("party", SLUG_ID), Key("role", LABEL)))),
    Key("covers", ListOf(COVER)),
    Key("jointly", _FLAG, about="The covered services share one budget."),
    Key("effective", EFFECTIVE, about="When this version is in force."),
    Key("period", PERIOD),
    Key("timezone", ZONE, default=InContext(lambda ctx: ctx.zone), sets="zone"),
    Key("fee", FEE),
    Key("negotiability", choice(NEGOTIABILITY, says="negotiability")),
    Key("state", choice(STATES, says="state")),
    Key(
        "acceptances",
        ListOf(
            Record(
                Acceptance,
                Key("party", SLUG_ID),
                Key("at", INSTANT),
                Key("content", LABEL, about="The hash of the content that was accepted."),
            )
        ),
    ),
    Key("terms", ListOf(TERM, unique="id"), default=()),
    Key("allowances", _ALLOWANCES),
    Key("exclusions", _EXCLUSIONS, about="Categories of events that excuse."),
    Key("policies", POLICIES, sets="policies"),
    Key("claims", CLAIMS, about="Within which time a credit has to be claimed."),
    Key("caps", ListOf(CAP), about="The most that a period's credits may reach."),
    Key("annualCaps", ListOf(CAP), about="The most that a contract year's credits may reach."),
    Key("minimumCredit", MONEY, about="What a period's credits have to exceed to be paid."),
    Inline("provisions", PROVISIONS),
    keeps=True,
)

DEFINITIONS: Final[tuple[Ref[Any], ...]] = (
    ALLOWANCE,
    COVER,
    FEE,
    MEASUREMENT,
    PERIOD,
    POLICIES,
    SCHEME,
    TERM,
    *TARGETS.values(),
)
"""What the schema has by name."""
