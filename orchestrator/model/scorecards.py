"""Scorecards: how those who answer for services did, by supplier, team, customer or service."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.model.ledger import Restatement
from orchestrator.model.values import Money, Span

CARDS: Final = ("supplier", "team", "customer", "service")
"""What a scorecard has a row for."""


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One term on one service over the periods of a card.

    `target`, `attained` and `status` are those of the last period. `headroom` is what was attained
    beyond the target in the worst period, below nothing where it was missed, and `trend` what the
    last period attained beyond the one before; both in the metric's unit, more being better
    whichever side the metric counts from. None where there is no such figure.
    """

    agreement: str
    term: str
    service: str
    metric: str
    period: Span
    target: Fraction
    attained: Fraction | None
    status: str
    periods: int
    met: int
    breached: int
    headroom: Fraction | None
    trend: Fraction | None


@dataclass(frozen=True, slots=True)
class Sums:
    """Money of one currency in minor units: credits that we owe, what of it comes back from
    beneath, and the credits that those outside owe to us and that are still to be had; then bonuses
    and credits earned back, those `earned` from customers and those `granted` to suppliers."""

    currency: str
    owed: int = 0
    recovered: int = 0
    receivable: int = 0
    earned: int = 0
    granted: int = 0

    @property
    def net(self) -> int:
        return self.owed - self.recovered

    def money(self, amount: int) -> Money:
        return Money(amount, self.currency)


@dataclass(frozen=True, slots=True)
class ScorePeriod:
    """One row in one period: how many terms were met and missed in it, the breaches that were
    traced, and its money. Money that comes back or is cancelled stands in the period it is for."""

    period: Span
    met: int
    breached: int
    breaches: int
    sums: tuple[Sums, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One row of a card: a supplier, a team, a customer or a service.

    `met` and `breached` count periods of terms; those of which nothing can be said are in neither.
    `trend` is how much more of them was met in the later half of the periods than in the earlier;
    `headroom` the least part of its allowance that any term of a ratio has left, below nothing
    where one was missed. `breaches` are those that were traced. `lines` are its terms, `periods`
    the same figures for each period, by their ends.
    """

    subject: str
    assessed: int
    met: int
    breached: int
    breaches: int
    trend: Fraction | None
    headroom: Fraction | None
    sums: tuple[Sums, ...]
    lines: tuple[ScoreLine, ...]
    periods: tuple[ScorePeriod, ...] = ()

    @property
    def attainment(self) -> Fraction | None:
        """The part of what can be judged that was met."""
        judged = self.met + self.breached
        return Fraction(self.met, judged) if judged else None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All rows of a card, by subject, and what they sum to. The sums are of what is due: what waits
    for leave (`waiting`) is booked otherwise until it is given."""

    by: str
    scores: tuple[Score, ...]
    totals: tuple[Sums, ...]
    waiting: tuple[Restatement, ...] = ()
