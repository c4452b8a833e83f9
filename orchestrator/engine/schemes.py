"""What a scheme comes to, exactly and before any limit of its agreement (`engine.limits`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from orchestrator.model.credits import Cap
from orchestrator.model.schemes import (
    KIND_OF_FORM,
    NOTHING,
    WHOLE,
    Linear,
    Multiple,
    PerOccurrence,
    PerTime,
    Points,
    Pool,
    Row,
    Scheme,
    Slope,
    Tiers,
    Worth,
)
from orchestrator.model.values import Money


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scheme asks of one term's period.

    `attained` is rounded as the term says; `down` and `hours` are counted downtime and service
    hours in microseconds; `affected` is the mean share that was affected while down; `invoice` is
    what an at-risk pool is a share of (None: the fee).
    """

    attained: Fraction
    target: Fraction
    fee: Money
    down: Fraction = NOTHING
    hours: Fraction = NOTHING
    occurrences: int = 0
    affected: Fraction = WHOLE
    invoice: Money | None = None
    higher_is_better: bool = True

    @property
    def missed(self) -> bool:
        """Whether the target is missed; attained exactly, it is met."""
        short = self.target - self.attained
        return short > 0 if self.higher_is_better else short < 0


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What a scheme comes to before any limit: exact minor units, and service points."""

    amount: Fraction
    currency: str
    points: Fraction = NOTHING


def worth_of(rows: Iterable[Row], attained: Fraction) -> Fraction:
    """The worth of an attained value: the highest where rows overlap, nothing in a gap."""
    return max((row.worth for row in rows if attained in row), default=NOTHING)


def reckon(scheme: Scheme, outcome: Outcome) -> Reckoned:
    """What one term's period comes to by its scheme, the scheme's own cap applied.

    Exact, in minor units of the currency that the scheme's sums are in, else of the fee.
    """
    kind = KIND_OF_FORM[type(scheme.form)]
    if not (kind.by_value or outcome.missed or getattr(scheme.form, "always", False)):
        return Reckoned(NOTHING, outcome.fee.currency)
    found = FORMS[type(scheme.form)](scheme.form, outcome)
    base = base_of(scheme, outcome)
    fee = base.amount if base.currency == found.currency else None
    most = limit_of(scheme.cap, fee, found.currency)
    if most is None or found.amount <= most:
        return found
    return Reckoned(Fraction(most), found.currency, found.points)


def base_of(scheme: Scheme, outcome: Outcome) -> Money:
    """What percentages of a scheme are of: the fee, or of a pool the invoice."""
    pooled = isinstance(scheme.form, Pool) and outcome.invoice is not None
    return outcome.invoice if pooled and outcome.invoice is not None else outcome.fee


def stepped(units: Fraction, steps: str) -> Fraction:
    """A number of units, one that is not full counted by its part, as a whole, or not at all."""
    return _STEPS[steps](units)


_STEPS: Final[dict[str, Callable[[Fraction], Fraction]]] = {
    "exact": lambda units: units,
    "started": lambda units: Fraction(math.ceil(units)),
    "complete": lambda units: Fraction(math.floor(units)),
}


def _of_fee(share: Fraction, fee: Money) -> Reckoned:
    return Reckoned(share * fee.amount, fee.currency)


def _times(worth: Worth, units: Fraction, fee: Money) -> Reckoned:
    if worth.amount is not None:
        return Reckoned(units * worth.amount.amount, worth.amount.currency)
    assert worth.percent is not None
    return _of_fee(units * worth.percent, fee)


def _tiers(form: Tiers, outcome: Outcome) -> Reckoned:
    return _of_fee(worth_of(form.rows, outcome.attained), outcome.fee)


def _linear(form: Linear, outcome: Outcome) -> Reckoned:
    sign = 1 if outcome.higher_is_better else -1

    def risen(slope: Slope) -> Fraction:
        short = max(sign * (slope.below - outcome.attained), NOTHING)
        return stepped(short / slope.per, slope.steps) * slope.percent

    return _of_fee(sum(map(risen, form.slopes), NOTHING), outcome.fee)


def _per_time(form: PerTime, outcome: Outcome) -> Reckoned:
    counted = max(outcome.down - form.free, NOTHING)
    return _times(form.worth, stepped(counted / form.unit, form.steps), outcome.fee)


def _per_occurrence(form: PerOccurrence, outcome: Outcome) -> Reckoned:
    return _times(form.worth, Fraction(max(outcome.occurrences - form.free, 0)), outcome.fee)


def _points(form: Points, outcome: Outcome) -> Reckoned:
    points = worth_of(form.rows, outcome.attained)
    charged = max(points - form.free, NOTHING)
    paid = _of_fee(NOTHING, outcome.fee)
    if form.worth is not None:
        paid = _times(form.worth, charged, outcome.fee)
    return Reckoned(paid.amount, paid.currency, points)


def _pool(form: Pool, outcome: Outcome) -> Reckoned:
    """invoice x at-risk share x allocation x credit (case R10)."""
    invoice = outcome.invoice or outcome.fee
    credit = worth_of(form.rows, outcome.attained)
    return _of_fee(form.at_risk * form.allocation * credit, invoice)


def _multiple(form: Multiple, outcome: Outcome) -> Reckoned:
    """fee x downtime / service hours x factor (cases C2 and C3)."""
    if not outcome.hours:
        return _of_fee(NOTHING, outcome.fee)
    down = outcome.down * outcome.affected if form.affected else outcome.down
    return _of_fee(down / outcome.hours * form.factor, outcome.fee)


FORMS: Final[dict[type, Callable[[Any, Outcome], Reckoned]]] = {
    Tiers: _tiers,
    Linear: _linear,
    PerTime: _per_time,
    PerOccurrence: _per_occurrence,
    Points: _points,
    Pool: _pool,
    Multiple: _multiple,
}
"""What each form comes to: a new scheme is a row here and one in `SCHEME_KINDS`."""


def limit_of(cap: Cap | None, fee: int | None, currency: str) -> int | None:
    """The most whole minor units within a cap; None where it sets no limit: a percentage of a fee
    that is not stated, a sum of another currency."""
    limits = []
    if cap is not None and cap.percent is not None and fee is not None:
        limits.append(math.floor(cap.percent * fee))
    if cap is not None and cap.amount is not None and cap.amount.currency == currency:
        limits.append(cap.amount.amount)
    return min(limits, default=None)
