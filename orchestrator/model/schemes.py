"""Credit schemes as data: what a miss costs, and the limits it is cut down to.

What they come to is computed by `engine.schemes`; published ones are read by `formats.schemes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.credits import Cap, CreditTier
from orchestrator.model.lapses import Lapse
from orchestrator.model.values import MINUTE, Duration, Money

NOTHING: Final = Fraction(0)
WHOLE: Final = Fraction(1)


@dataclass(frozen=True, slots=True)
class Row:
    """`worth` while the attained value lies from `low` to `high`: a ratio of the fee base in a
    table of credits, points in a table of points.

    Half-open unless said, `low` included and `high` not; published tables also have ends of the
    other kind. Rows that are `nested` reach down to nothing and lie within one another on purpose.
    """

    high: Fraction
    worth: Fraction
    low: Fraction = NOTHING
    low_included: bool = True
    high_included: bool = False
    nested: bool = False

    def __post_init__(self) -> None:
        empty = self.low == self.high and not (self.low_included and self.high_included)
        if not 0 <= self.low <= self.high or empty:
            raise refuse("END_BEFORE_START", "a credit row ends before it starts", "swap its ends")
        if self.worth < 0:
            raise refuse("BAD_NUMBER", "a credit is not negative", "use 0 or more")

    def __contains__(self, value: Fraction) -> bool:
        above = value >= self.low if self.low_included else value > self.low
        return above and (value <= self.high if self.high_included else value < self.high)


def rows_of(tiers: Iterable[CreditTier]) -> tuple[Row, ...]:
    """The rows of an agreement's half-open tiers."""
    return tuple(Row(one.high, one.percent, one.low, nested=one.nested) for one in tiers)


@dataclass(frozen=True, slots=True)
class Worth:
    """What one unit of something costs: a sum, or a ratio of the fee base."""

    amount: Money | None = None
    percent: Fraction | None = None

    def __post_init__(self) -> None:
        if (self.amount is None) == (self.percent is None):
            raise refuse(
                "BAD_SCHEME",
                "a unit is worth a sum or a percentage of the fee",
                "give one of `amount` and `percent`",
            )
        below = (self.amount is not None and self.amount.amount < 0) or (self.percent or 0) < 0
        if below:
            raise refuse("BAD_NUMBER", "a credit is not negative", "use 0 or more")


STEPS: Final = ("exact", "started", "complete")
"""Whether a unit that is not full counts by its part, as a whole, or not at all."""


@dataclass(frozen=True, slots=True)
class Slope:
    """`percent` of the fee for every `per` that the attained value lies below `below`."""

    below: Fraction
    percent: Fraction
    per: Fraction
    steps: str = "exact"

    def __post_init__(self) -> None:
        if self.per <= 0 or self.percent < 0 or self.steps not in STEPS:
            raise refuse(
                "BAD_SCHEME",
                "a slope needs a step above nothing and a credit that is not negative",
                'write {below: "99.9%", percent: "1", per: "0.1%"}',
            )


# ------------------------------------------------------------------------------------------- forms


@dataclass(frozen=True, slots=True)
class Tiers:
    """A ratio of the fee base by the attained value. Where rows overlap the higher one holds, in a
    gap none."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Linear:
    """A credit that grows with the shortfall. Slopes add up, so that a second one, from further
    below, makes the credit accelerate."""

    slopes: tuple[Slope, ...]

    def __post_init__(self) -> None:
        if not self.slopes:
            raise refuse("EMPTY_LIST", "a linear formula without a slope", "give it one")


@dataclass(frozen=True, slots=True)
class PerTime:
    """`worth` for every unit of counted downtime, of which the first `free` brings nothing.

    As with all forms that go by downtime rather than by the attained value, nothing is due where
    the target is met, unless `always` says otherwise.
    """

    worth: Worth
    unit: Duration = MINUTE
    free: Duration = 0
    steps: str = "exact"
    always: bool = False

    def __post_init__(self) -> None:
        if self.unit <= 0 or self.free < 0 or self.steps not in STEPS:
            raise refuse(
                "BAD_SCHEME",
                "a credit by time needs a unit longer than nothing",
                "leave out `every` for a credit per minute",
            )


@dataclass(frozen=True, slots=True)
class PerOccurrence:
    """A fixed sum for every occurrence (an outage, a late case), the first `free` of a period left
    out."""

    worth: Worth
    free: int = 0
    always: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """Service points by the attained value, each point beyond the `free` ones of `worth`.

    Points alone may also give a right to terminate (`model.breaches.Chronic`); they then need no
    worth.
    """

    rows: tuple[Row, ...]
    worth: Worth | None = None
    free: Fraction = NOTHING

    def __post_init__(self) -> None:
        if self.free < 0:
            raise refuse("BAD_NUMBER", "points are not negative", "use 0 or more")


@dataclass(frozen=True, slots=True)
class Pool:
    """An at-risk pool: invoice x at-risk share x allocation of the category x credit.

    All terms that draw on the pool `name` together never get more than invoice x at-risk share.
    """

    at_risk: Fraction
    allocation: Fraction
    rows: tuple[Row, ...]
    name: str = ""

    def __post_init__(self) -> None:
        if not (0 <= self.at_risk <= 1 and self.allocation >= 0):
            raise refuse(
                "OUT_OF_RANGE",
                "at most the whole invoice is at risk, and an allocation is not negative",
                "correct the share",
            )


@dataclass(frozen=True, slots=True)
class Multiple:
    """`factor` times the fee of the down period: fee x downtime / service hours x factor.

    With `affected`, downtime counts by the share that was affected.
    """

    factor: Fraction
    affected: bool = False
    always: bool = False

    def __post_init__(self) -> None:
        if self.factor < 0:
            raise refuse("BAD_NUMBER", "a credit is not negative", "use 0 or more")


Form = Tiers | Linear | PerTime | PerOccurrence | Points | Pool | Multiple


@dataclass(frozen=True, slots=True)
class SchemeKind:
    """A row of the table of schemes: the key in documents, what it is called, its data.

    With `by_value` it pays by the attained value, whether the target is met or not; otherwise by
    what happened, and only where the target is missed.
    """

    id: str
    name: str
    form: type[Form]
    by_value: bool


SCHEME_KINDS: Final[dict[str, SchemeKind]] = {
    row.id: row
    for row in (
        SchemeKind("tiers", "percentage of the fee by attained value", Tiers, True),
        SchemeKind("linear", "linear or accelerated formula", Linear, True),
        SchemeKind("perMinute", "sum or percentage per unit of downtime", PerTime, False),
        SchemeKind("fixed", "fixed sum per occurrence", PerOccurrence, False),
        SchemeKind("points", "service points", Points, True),
        SchemeKind("pool", "at-risk pool", Pool, True),
        SchemeKind("multiple", "multiple of the fee of the down period", Multiple, False),
    )
}
"""Every scheme; `engine.schemes.FORMS` says what each comes to."""

KIND_OF_FORM: Final = {row.form: row for row in SCHEME_KINDS.values()}


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a miss of one term costs.

    `cap` is the most that this term alone may bring in a period, `minimum` what a credit has to
    exceed to be paid at all. `published` is the id of the published scheme it was taken from.
    """

    form: Form
    cap: Cap | None = None
    minimum: Money | None = None
    published: str = ""


SINGLE_EVENT: Final = ("sum", "highest_only", "per_service")
"""Of credits that one event is behind all are paid, or the highest, or the highest of each
service (rule 11)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the credits of an agreement are cut down to, in the order of rule 11.

    `caps` hold for a period and `annual` for a contract year; `minimum` is what a period's credits
    together have to exceed to be paid at all. The fee itself is always a limit.
    """

    single_event: str = "sum"
    caps: tuple[Cap, ...] = ()
    annual: tuple[Cap, ...] = ()
    minimum: Money | None = None


def of_the_fee(scheme: Scheme) -> bool:
    """Whether what it comes to is a part of the fee, and so nothing without one."""
    worth = getattr(scheme.form, "worth", Worth(percent=WHOLE))
    return worth is not None and worth.percent is not None


def tiers_of(scheme: Scheme) -> tuple[CreditTier, ...] | None:
    """The half-open tiers that a scheme is and nothing else (`rows_of` takes them back); None of
    any other."""
    form = scheme.form
    if scheme != Scheme(form) or not isinstance(form, Tiers):
        return None
    if any(row.low == row.high or row.high_included or not row.low_included for row in form.rows):
        return None
    return tuple(CreditTier(row.high, row.worth, row.low, row.nested) for row in form.rows)


# --------------------------------------------------------------------------------------- published

SOURCES: Final = ("primary", "mixed", "secondary")
"""Seen on the provider's own page; parts of it there; nowhere but in what others write of it, and
therefore not the provider's word."""


@dataclass(frozen=True, slots=True)
class PublishedScheme:
    """A scheme as a provider published it: figures are facts, the words are ours.

    `targets` are the levels it is offered with, `year` that of the text (0: not known), `down`
    what counts, `claim` by when a credit has to be claimed after the period, `sole_remedy`
    whether it excludes others.
    """

    id: str
    provider: str
    name: str
    targets: tuple[Fraction, ...]
    scheme: Scheme
    source: str
    year: int = 0
    period: str = "month"
    down: str = ""
    claim: Lapse | None = None
    sole_remedy: bool = False
    note: str = ""
