"""What is concluded about a composite commitment, and where the figures come from."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.model.metrics import Target
from orchestrator.model.records import Finding, TermKey
from orchestrator.model.values import Span

UNDERPINNED: Final = "UNDERPINNED"
SHORTFALL: Final = "SHORTFALL"
UNCOMMITTED: Final = "UNCOMMITTED"
NOT_COMPARABLE: Final = "NOT_COMPARABLE"
STATUSES: Final = (UNDERPINNED, SHORTFALL, UNCOMMITTED, NOT_COMPARABLE)

Number = Fraction | float


@dataclass(frozen=True, slots=True)
class Basis:
    """Which term of which agreement version gave a leaf its value."""

    leaf: str
    agreement: str
    version: int
    term: str
    unavailability: Fraction


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
    """Birnbaum's importance U(down) - U(up), and the criticality B*u/U."""

    leaf: str
    birnbaum: Number
    criticality: Number


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it, sorted by leaf. `cuts_complete` is false where a limit cut the list."""

    basis: tuple[Basis, ...]
    witness: tuple[WitnessOutage, ...]
    shadow_prices: tuple[ShadowPrice, ...]
    importance: tuple[Importance, ...]
    single_points: tuple[str, ...]
    minimal_cuts: tuple[tuple[str, ...], ...]
    cuts_complete: bool


@dataclass(frozen=True, slots=True)
class Derivation:
    """What one term of one agreement rests on, over one period.

    Figures are shares of the composite's service hours; None where they say nothing. `method`
    says what the floor is: `exact`, or `bounded` where it holds but is not known to be reached;
    `none` without one.
    """

    key: TermKey
    metric: str
    period: Span
    promised: Target
    status: str
    floor: Fraction | None = None
    independent: Number | None = None
    beta: Number | None = None
    covered_share: Fraction = Fraction(0)
    method: str = "exact"
    assumptions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    explanation: Explanation | None = None

    @property
    def headroom(self) -> Fraction | None:
        """By how much the floor lies above what is promised."""
        if self.floor is None or not isinstance(self.promised, Fraction):
            return None
        return self.floor - self.promised
