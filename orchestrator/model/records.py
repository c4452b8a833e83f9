"""Facts as reported, and what is concluded from them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.model.metrics import Target
from orchestrator.model.values import Instant, Kept, Money, Span


@dataclass(frozen=True, slots=True)
class Excuse:
    """The claim that an outage is excused, with what supports it. `noticed` is when the other
    side was told; None where it was not."""

    category: str
    party: str = ""
    evidence: str = ""
    noticed: Instant | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """A service, or its own part alone, was down. An end of `FOREVER` is an ongoing outage.

    `reported` is when it was made known (None: from the beginning); a knowledge cut-off leaves
    out what was reported later.
    """

    id: str
    service: str
    span: Span
    part: str = "whole"
    excuse: Excuse | None = None
    source: str = ""
    point: str = "service"
    reported: Instant | None = None
    affected_share: Fraction = Fraction(1)
    kept: Kept = ()


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Announced planned maintenance of a service."""

    id: str
    service: str
    span: Span
    announced: Instant | None = None
    source: str = ""
    point: str = "service"
    reported: Instant | None = None
    affected_share: Fraction = Fraction(1)
    kept: Kept = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody measured the service: neither up nor down."""

    id: str
    service: str
    span: Span
    source: str = ""
    point: str = "service"
    reported: Instant | None = None
    affected_share: Fraction = Fraction(1)
    kept: Kept = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured value of a metric."""

    id: str
    service: str
    metric: str
    at: Instant
    value: Fraction
    weight: Fraction = Fraction(1)
    source: str = ""
    point: str = "service"
    reported: Instant | None = None
    affected_share: Fraction = Fraction(1)
    kept: Kept = ()


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """Something done to a ticket at an instant. `evidence` supports it, as that of a request to the
    customer does."""

    at: Instant
    do: str
    reason: str = ""
    priority: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class TicketOwner:
    """Who held a ticket, and when."""

    party: str
    span: Span


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket with its events, as reported."""

    id: str
    service: str
    opened: Instant
    priority: str = ""
    events: tuple[TicketEvent, ...] = ()
    owners: tuple[TicketOwner, ...] = ()
    source: str = ""
    point: str = "service"
    reported: Instant | None = None
    affected_share: Fraction = Fraction(1)
    kept: Kept = ()


Fact = Outage | Maintenance | Unknown | Sample | Ticket

FACT_KINDS: Final[dict[str, type[Fact]]] = {
    "outages": Outage,
    "maintenance": Maintenance,
    "unknown": Unknown,
    "samples": Sample,
    "tickets": Ticket,
}
"""The lists of a facts document, in their order."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """By whom and why a fact that was recorded is taken back, with none in its place."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts by kind, each list sorted by id."""

    outages: tuple[Outage, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    samples: tuple[Sample, ...] = ()
    tickets: tuple[Ticket, ...] = ()

    def known_at(self, instant: Instant) -> Facts:
        """Only what had been reported by then."""
        return Facts(
            *(
                tuple(
                    fact
                    for fact in getattr(self, kind)
                    if fact.reported is None or fact.reported <= instant
                )
                for kind in FACT_KINDS
            )
        )


SEVERITIES: Final = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a reader should know, as a value: never raised.

    `subjects` are ids; `path` names a place by ids, such as `agreements[c1].terms[availability]`,
    which a document's reader turns into file and line.
    """

    code: str
    severity: str
    message: str
    subjects: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True)
class TermKey:
    """One term of one version for one covered service (or several, measured jointly)."""

    agreement: str
    version: int
    term: str
    service: str


@dataclass(frozen=True, slots=True)
class WindowValue:
    """What one window of a term came to, or the rest of its hours; `hours` names them."""

    hours: str
    target: Fraction
    attained: Fraction | None
    status: str
    counted_seconds: Fraction
    hours_seconds: Fraction


@dataclass(frozen=True, slots=True)
class Assessment:
    """Measurement against target for one term and period.

    `target` and `attained` are of one unit: the ratio or share, the seconds, the number of the
    metric; of several targets in time and share, the shares of the one that decides. Seconds are
    exact. `attained` is None where there is nothing to measure, or too little.
    `attained_low` takes unknown time as down, `attained_high` as up. Of a term with `windows`,
    every one of which has to be kept, all figures are those of the one that decides.
    """

    key: TermKey
    metric: str
    period: Span
    target: Fraction
    attained: Fraction | None
    status: str
    counted_seconds: Fraction
    excused_seconds: Fraction
    unknown_seconds: Fraction
    hours_seconds: Fraction
    attained_low: Fraction | None
    attained_high: Fraction | None
    windows: tuple[WindowValue, ...] = ()


@dataclass(frozen=True, slots=True)
class PointTally:
    """One target and what is counted for it.

    `cases` are tickets, samples or incidents; `missed` of them are on the wrong side of the target,
    where one can tell of a single case, and `misses_allowed` may be.
    """

    target: Target
    attained: Fraction | None
    cases: int
    missed: int | None = None
    misses_allowed: int | None = None


@dataclass(frozen=True, slots=True)
class SourceValue:
    """What one source says was attained, from so many cases; None where it says too little."""

    source: str
    attained: Fraction | None
    cases: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What an assessment by tickets or samples was counted from.

    `points` has every promised target, `decides` is the place of the one that decides. `carried`
    are the cases that began and count in no period yet. `values` are given where sources were
    compared, the one that decides first; `decided` is what it says, as a status.
    """

    key: TermKey
    period: Span
    promised: Target
    points: tuple[PointTally, ...]
    decides: int = 0
    carried: int = 0
    values: tuple[SourceValue, ...] = ()
    decided: str = ""

    @property
    def deciding(self) -> PointTally:
        return self.points[self.decides]


@dataclass(frozen=True, slots=True)
class Responsibility:
    """What one component contributed to a breach, and what follows from it.

    `basis` is BREACHED_COMMITMENT (liable), STRUCTURAL_GAP, OWN_PART, UNCOMMITTED or EXCUSED
    (excluded or uncounted in the agreement beneath). `through` are the agreements of the provider
    with itself that it was traced through, the nearest first.
    """

    party: str
    service: str
    seconds: Fraction
    share: Fraction
    liable: bool
    basis: str
    agreement: str
    evidence: tuple[str, ...]
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bearer:
    """Where a share of a breach ends. `basis` is empty for a liable party."""

    party: str
    share: Fraction
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Breach:
    """An assessment that misses, traced to the parties. `breach_class` says how grave it is, where
    the term has classes."""

    key: TermKey
    period: Span
    policy: str
    responsibility: tuple[Responsibility, ...]
    borne_by: tuple[Bearer, ...]
    breach_class: str = ""


@dataclass(frozen=True, slots=True)
class CreditStage:
    """What is left of a credit after one of its limits, in minor units."""

    stage: str
    amount: int


@dataclass(frozen=True, slots=True)
class Credit:
    """A service credit. `percent` is of the fee base, in hundredths of it, before any limit.

    `uncapped` is what it would be without any limit, `repeated` how much of that repetition adds,
    in minor units, and `stages` what each limit in turn leaves (rule 11). `scheme` is the kind of
    scheme it comes from.
    """

    key: TermKey
    period: Span
    debtor: str
    creditor: str
    money: Money
    percent: Fraction
    uncapped: Money
    scheme: str = "tiers"
    points: Fraction = Fraction(0)
    repeated: int = 0
    stages: tuple[CreditStage, ...] = ()

    @property
    def capped(self) -> bool:
        """Whether a cap cut it down: its scheme's, a pool's, or one of the agreement. What gives
        way to a higher credit for the same event, or is too little to be paid, is not capped."""
        left = {one.stage: one.amount for one in self.stages}
        asked = left.get("single_event", self.money.amount)
        return asked > 0 and min(left.get("annual_cap", asked), asked) < self.uncapped.amount


@dataclass(frozen=True, slots=True)
class Reward:
    """What the customer owes or gives back for good performance.

    A `bonus` is owed for its own `period`; an `earn_back` cancels the credit of its `period`, and
    `earned` is the later period whose end does so. `percent` is of the fee base, or of the credit.
    """

    key: TermKey
    period: Span
    kind: str
    debtor: str
    creditor: str
    money: Money
    percent: Fraction
    earned: Span


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    step: str
    amount: int


WATERFALL: Final = (
    "OWN_SHARE",
    "STRUCTURAL_GAP",
    "DEFINITION_GAP",
    "CLAIM_LAPSED",
    "TIER_AND_FEE_SCALE",
    "CAP",
    "RECOVERED",
)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Owed to a customer, recoverable beneath, and why the two differ; minor units."""

    key: TermKey
    period: Span
    owed: int
    recovered: int
    currency: str
    waterfall: tuple[WaterfallStep, ...]

    @property
    def net(self) -> int:
        return self.owed - self.recovered


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that follows from an estate and facts for a span. `tallies` are of the assessments that
    are counted from tickets, samples or incidents; `rewards` what good performance brings."""

    assessments: tuple[Assessment, ...] = ()
    breaches: tuple[Breach, ...] = ()
    credits: tuple[Credit, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    findings: tuple[Finding, ...] = ()
    tallies: tuple[Tally, ...] = ()
    rewards: tuple[Reward, ...] = ()
