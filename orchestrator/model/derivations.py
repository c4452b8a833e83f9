"""What is concluded about a composite commitment, and where the figures come from."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.model.metrics import METRICS, Lasting, Target
from orchestrator.model.records import Finding, TermKey
from orchestrator.model.values import SECOND, Duration, Instant, Money, Span

UNDERPINNED: Final = "UNDERPINNED"
SHORTFALL: Final = "SHORTFALL"
UNCOMMITTED: Final = "UNCOMMITTED"
NOT_COMPARABLE: Final = "NOT_COMPARABLE"
STATUSES: Final = (UNDERPINNED, SHORTFALL, UNCOMMITTED, NOT_COMPARABLE)

Number = Fraction | float


@dataclass(frozen=True, slots=True)
class Basis:
    """Which term of which agreement version gave a leaf, or a stage of a flow, its value: its
    `target`, and of an availability the unavailability (None for other kinds). Of a term with
    windows `hours` names the part of its hours in which it is that."""

    leaf: str
    agreement: str
    version: int
    term: str
    unavailability: Fraction | None
    target: Target | None = None
    hours: str = ""


@dataclass(frozen=True, slots=True)
class WitnessOutage:
    """Leaves that are down together for a share of the window."""

    down: tuple[str, ...]
    share: Fraction


@dataclass(frozen=True, slots=True)
class ShadowPrice:
    """Composite downtime per unit of a leaf's budget: what a little more budget costs (`low`) and
    what a little less saves (`high`)."""

    leaf: str
    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class Importance:
    """Birnbaum's importance U(down) - U(up), and the criticality B*u/U; by what factor the
    composite is down more while the leaf is down, the `achievement` worth U(down)/U, and less were
    it never, the `reduction` worth U/U(up): None where that is without limit. `fussell_vesely` is
    how likely some minimal cut with the leaf is down, given that the composite is: of the cuts
    that were asked for, None where none were."""

    leaf: str
    birnbaum: Number
    criticality: Number
    achievement: Number | None = None
    reduction: Number | None = None
    fussell_vesely: Number | None = None


@dataclass(frozen=True, slots=True)
class Renegotiation:
    """What a better term beneath would bring: downtime of the composite for each unit of the
    leaf's budget (`price`), and the money at stake for the composite's provider while the composite
    is short: the credit of its first tier, out of the fee. `target` would close the gap alone;
    None where there is no gap, or no target does. What is not negotiable has none."""

    agreement: str
    version: int
    term: str
    leaf: str
    price: Fraction
    credit: Money | None
    fee: Money | None
    negotiability: str
    target: Fraction | None
    sentence: str


@dataclass(frozen=True, slots=True)
class StageTime:
    """When a case comes to a stage of a flow, and when that is due."""

    stage: str
    start: Instant
    due: Instant


@dataclass(frozen=True, slots=True)
class WorstCase:
    """The case that waits longest along a flow: of all starts in the period the first whole second
    that does. `elapsed` is counted in the hours named: the customer's, or round the clock."""

    hours: str
    start: Instant
    due: Instant
    elapsed: Duration
    stages: tuple[StageTime, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it, sorted by leaf. `cuts_complete` is false where a limit cut the list. Of a flow
    `worst_cases` has the longest wait on the customer's clock, and round the clock if that is
    another."""

    basis: tuple[Basis, ...]
    witness: tuple[WitnessOutage, ...]
    shadow_prices: tuple[ShadowPrice, ...]
    importance: tuple[Importance, ...]
    single_points: tuple[str, ...]
    minimal_cuts: tuple[tuple[str, ...], ...]
    cuts_complete: bool
    worst_cases: tuple[WorstCase, ...] = ()
    renegotiate: tuple[Renegotiation, ...] = ()


@dataclass(frozen=True, slots=True)
class Methods:
    """How each figure was found: `exact`; `bounded`, it holds but is not known to be reached, or
    lies between two ends for certain; `sampled`, between two ends with 99 % confidence; `none`
    without one."""

    floor: str = "none"
    independent: str = "none"
    beta: str = "none"

    @property
    def weakest(self) -> str:
        """The weakest of them; `none` without figures."""
        return max((self.floor, self.independent, self.beta), key=METHODS.index)


METHODS: Final = ("none", "exact", "bounded", "sampled")
"""From the strongest to the weakest."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one promise, as they are or as they would be, each with how it was found."""

    promised: Target
    floor: Target | None
    independent: Target | float | None
    beta: Number | None
    status: str
    methods: Methods = Methods()
    independent_interval: tuple[Number, Number] | None = None
    beta_interval: tuple[Number, Number] | None = None


@dataclass(frozen=True, slots=True)
class WindowOutcome:
    """The figures of one window of a term, or of the rest of its hours, which `hours` names."""

    hours: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Derivation:
    """What one term of one agreement rests on, over one period.

    Figures are shares of the composite's service hours; of other kinds than availability they are
    what their targets are. None where they say nothing. `method` is the weakest by which any of
    them was found. `independent_interval` is what the independent figure lies between, where it is
    not exact; `beta_interval` what that with common causes does. Of a term with `windows` each has
    its figures, and those of the worst stand for the term.
    """

    key: TermKey
    metric: str
    period: Span
    promised: Target
    status: str
    floor: Target | None = None
    independent: Target | float | None = None
    beta: Number | None = None
    covered_share: Fraction = Fraction(0)
    method: str = "exact"
    assumptions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    explanation: Explanation | None = None
    methods: Methods = Methods()
    independent_interval: tuple[Number, Number] | None = None
    beta_interval: tuple[Number, Number] | None = None
    windows: tuple[WindowOutcome, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The figures alone."""
        return Outcome(
            self.promised,
            self.floor,
            self.independent,
            self.beta,
            self.status,
            self.methods,
            self.independent_interval,
            self.beta_interval,
        )

    @property
    def headroom(self) -> Fraction | None:
        """By how much the floor is better than what is promised, in the metric's unit, lengths of
        time in seconds; negative where it is worse. None where they are not numbers or lengths."""
        match self.floor, self.promised:
            case Fraction() as floor, Fraction() as promised:
                above = floor - promised
            case Lasting() as floor, Lasting() as promised:
                above = Fraction(floor.duration - promised.duration, SECOND)
            case _:
                return None
        return above if METRICS[self.metric].higher_is_better else -above


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to one promise; `anew` where that had to be derived from scratch, and was
    not answered from what is kept."""

    key: TermKey
    metric: str
    before: Outcome
    after: Outcome
    anew: bool
