"""Agreements: the table of kinds, versions and terms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from orchestrator.model.breaches import Consequences
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.credits import Cap, CreditTier, Fee
from orchestrator.model.lapses import Lapse
from orchestrator.model.measuring import MEASURING, Measuring
from orchestrator.model.metrics import Target
from orchestrator.model.provisions import Provisions
from orchestrator.model.schemes import SINGLE_EVENT, Scheme, Tiers, rows_of
from orchestrator.model.scopes import TargetWindow
from orchestrator.model.values import ALWAYS, MONTH, Duration, Instant, Kept, Money, Period, Span


@dataclass(frozen=True, slots=True)
class AgreementKind:
    """A row of the table of kinds: its defaults, and whether money moves under it."""

    id: str
    name: str
    scope: str
    strength: str
    money_moves: bool


KINDS: Final[dict[str, AgreementKind]] = {
    row.id: row
    for row in (
        AgreementKind("SLA", "service level agreement", "whole", "credit_backed", True),
        AgreementKind("OLA", "operational level agreement", "own", "commitment", False),
        AgreementKind("UC", "underpinning contract", "whole", "credit_backed", True),
    )
}

SCOPES: Final = ("whole", "own")
STRENGTHS: Final = ("warranty", "credit_backed", "commitment", "best_efforts", "goal")
UNDERPINNING: Final = frozenset(STRENGTHS[:3])
"""The strengths that count towards a floor."""

STATES: Final = (
    "in_force",
    "draft",
    "negotiating",
    "shadow",
    "agreed",
    "suspended",
    "amended",
    "expired",
    "terminated",
)
NEGOTIABILITY: Final = ("negotiable", "standard", "fixed")

SHARE_POLICIES: Final = (
    "shapley",
    "equal_per_cut",
    "first_cause",
    "last_straw",
    "joint_and_several",
)
EXCUSE_POLICIES: Final = ("provider_bears", "excuse_wins", "apportion")


@dataclass(frozen=True, slots=True)
class Policies:
    """How a term is measured and who bears what; the defaults are the design's."""

    shares: str = "shapley"
    excuses: str = "provider_bears"
    excluded_time: str = "counts_as_up"
    data_gaps: str = "counts_as_up"
    single_event: str = "sum"
    customer_late: str = "none"
    measured: str = "either"


POLICY_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "shares": SHARE_POLICIES,
    "excuses": EXCUSE_POLICIES,
    "excluded_time": ("counts_as_up", "leaves_period"),
    "data_gaps": ("counts_as_up", "counts_as_down"),
    "single_event": SINGLE_EVENT,
    "customer_late": ("none", "pause_all", "lateness_only"),
    "measured": ("either", "reported", "composed"),
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """How facts become a measurement.

    Outages shorter than `minimum_outage` do not count; with `whole_minutes` each outage counts by
    its whole minutes; `rounding_places` rounds the attained percentage (-1: not at all).
    """

    source: str = ""
    point: str = "service"
    minimum_outage: Duration = 0
    whole_minutes: bool = False
    rounding_places: int = -1
    rounding_mode: str = "half_up"
    weighting: str = "none"
    minimum_samples: int = 0
    measuring: Measuring = MEASURING


@dataclass(frozen=True, slots=True)
class Allowance:
    """An agreed quantity of excused time of one category per period.

    `within` names a calendar in which alone it may be taken ("" for any time); `notice` is how
    long before it must be announced.
    """

    category: str
    duration: Duration
    per: Period = MONTH
    within: str = ""
    notice: Duration = 0


@dataclass(frozen=True, slots=True)
class Cover:
    """A covered service: the `whole` of it with everything beneath, or the party's `own` part."""

    service: str
    scope: str
    fee: Fee | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A further party of an agreement: subprovider, guarantor, auditor, ..."""

    party: str
    role: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A party's recorded acceptance of this version. `content` is the hash it accepted."""

    party: str
    at: Instant
    content: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """A credit must be claimed within a time after the end of the period: open time of the `hours`,
    or else business days on them, or months of the agreement's zone."""

    within: Duration = 0
    after: str = "period_end"
    business_days: int = 0
    months: int = 0
    hours: str = ROUND_THE_CLOCK

    @property
    def lapse(self) -> Lapse:
        return Lapse(self.within, self.business_days, self.months)


@dataclass(frozen=True, slots=True)
class Term:
    """One service level commitment. None means: as the agreement has it.

    `credits` are half-open rows, or a scheme of any other form (`scheme_of`). `windows` share out
    the hours among targets of their own, `target` holding for the rest; `provenance` names the
    minute the term was drafted from.
    """

    id: str
    metric: str
    target: Target
    strength: str
    internal_target: Target | None = None
    priority: str = ""
    hours: str = ROUND_THE_CLOCK
    measurement: Measurement = field(default_factory=Measurement)
    credits: tuple[CreditTier, ...] | Scheme = ()
    recovery_allowance: Duration = 0
    period: Period | None = None
    fee: Fee | None = None
    allowances: tuple[Allowance, ...] | None = None
    exclusions: tuple[str, ...] | None = None
    policies: Policies | None = None
    windows: tuple[TargetWindow, ...] = ()
    provenance: str = ""
    consequences: Consequences = field(default_factory=Consequences)
    kept: Kept = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable version of an agreement, in force for its effective span.

    `claims` is None where nothing need be claimed. `caps` hold for a period and `annual_caps` for a
    contract year; `minimum_credit` is what a period's credits together have to exceed to be paid at
    all. `kept` holds the keys that are filed as written and not computed from.
    """

    agreement: str
    number: int
    kind: str
    provider: str
    customer: str
    covers: tuple[Cover, ...]
    terms: tuple[Term, ...]
    effective: Span = ALWAYS
    name: str = ""
    roles: tuple[Role, ...] = ()
    jointly: bool = False
    period: Period = MONTH
    timezone: str = "UTC"
    fee: Fee | None = None
    negotiability: str = "negotiable"
    state: str = "in_force"
    acceptances: tuple[Acceptance, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    exclusions: tuple[str, ...] = ()
    policies: Policies = field(default_factory=Policies)
    claims: Claims | None = None
    caps: tuple[Cap, ...] = ()
    provisions: Provisions = field(default_factory=Provisions)
    annual_caps: tuple[Cap, ...] = ()
    minimum_credit: Money | None = None
    kept: Kept = ()

    @property
    def binds(self) -> bool:
        """Whether it is in force: any other state binds nobody and underpins nothing."""
        return self.state == "in_force"

    def term(self, id: str) -> Term:
        return next(term for term in self.terms if term.id == id)

    def resolved(self, term: Term) -> Term:
        """The term with what it takes from the agreement filled in."""
        return replace(
            term,
            period=term.period or self.period,
            fee=term.fee or self.fee,
            allowances=self.allowances if term.allowances is None else term.allowances,
            exclusions=self.exclusions if term.exclusions is None else term.exclusions,
            policies=term.policies or self.policies,
        )


def underpins(version: Version, term: Term) -> bool:
    """Whether a term of a version counts towards a floor."""
    return version.binds and term.strength in UNDERPINNING


def scheme_of(term: Term) -> Scheme | None:
    """What a miss of a term costs, in whatever form it is written; None for nothing."""
    if isinstance(term.credits, Scheme):
        return term.credits
    return Scheme(Tiers(rows_of(term.credits))) if term.credits else None


def promised(term: Term) -> Fraction:
    """The committed ratio of a term whose metric is a ratio."""
    assert isinstance(term.target, Fraction)
    return term.target
