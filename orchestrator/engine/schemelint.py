"""Schemes that reward bad conduct, or do not say what they mean (rule 18).

A check is a function of a scheme, or of an agreement, and stands in a table; it yields defects:
code, severity and a text with the values named.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from orchestrator.model.breaches import Bonus
from orchestrator.model.credits import Cap
from orchestrator.model.schemes import (
    WHOLE,
    Limits,
    Linear,
    Multiple,
    PerOccurrence,
    PerTime,
    Points,
    Pool,
    Row,
    Scheme,
    Tiers,
)
from orchestrator.model.values import Money, format_exact, format_percent


@dataclass(frozen=True, slots=True)
class Defect:
    """Something a reader of a scheme should know."""

    code: str
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class Promise:
    """What a scheme is read against: the target, which side keeps it, to how many places the
    attained percentage is rounded (-1: not at all), the limits of the agreement, and its fee.

    `cliff` is the part of the fee by which one second more may at most raise a credit.
    """

    target: Fraction
    higher_is_better: bool = True
    places: int = -1
    limits: Limits = field(default_factory=Limits)
    fee: Money | None = None
    cliff: Fraction = Fraction(3, 4)

    def meets(self, value: Fraction) -> bool:
        short = self.target - value
        return short <= 0 if self.higher_is_better else short >= 0


def scheme_defects(scheme: Scheme, promise: Promise) -> tuple[Defect, ...]:
    """What is odd about a scheme: gaps, overlaps, rows that never apply, credits where the target
    is met, cliffs, credits that fall as the service gets worse, caps below a credit."""
    return (*_FORM_CHECKS[type(scheme.form)](scheme.form, promise), *_caps(scheme, promise))


# --------------------------------------------------------------------------------- tables of rows


@dataclass(frozen=True, slots=True)
class _Cell:
    """Attained values for which the same rows apply: one value, or all between two."""

    low: Fraction
    high: Fraction
    rows: tuple[Row, ...]
    met: bool

    @property
    def worth(self) -> Fraction:
        return max((row.worth for row in self.rows), default=Fraction(0))

    @property
    def exact(self) -> bool:
        return self.low == self.high


def _cells(rows: Sequence[Row], promise: Promise) -> list[_Cell]:
    """All values from 0 to 1, cut wherever a row begins or ends and at the target; only those that
    can be attained once the percentage is rounded."""
    ends = (end for row in rows for end in (row.low, row.high))
    marks = sorted({Fraction(0), WHOLE, promise.target, *ends})
    found = [_cell(mark, mark, rows, promise) for mark in marks]
    found += [_cell(low, high, rows, promise) for low, high in itertools.pairwise(marks)]
    found.sort(key=lambda cell: (cell.low, cell.high))
    return [cell for cell in found if _attainable(cell, promise.places)]


def _cell(low: Fraction, high: Fraction, rows: Sequence[Row], promise: Promise) -> _Cell:
    value = (low + high) / 2
    return _Cell(low, high, tuple(row for row in rows if value in row), promise.meets(value))


def _attainable(cell: _Cell, places: int) -> bool:
    if places < 0:
        return True
    unit = Fraction(100 * 10**places)
    if cell.exact:
        return bool((cell.low * unit).denominator == 1)
    return bool(math.floor(cell.low * unit) + 1 < cell.high * unit)


def _runs(
    cells: Sequence[_Cell], holds: Callable[[_Cell], bool]
) -> Iterator[tuple[str, list[_Cell]]]:
    """Neighbouring cells of which something holds, as a text and together."""
    for held, group in itertools.groupby(cells, key=holds):
        run = list(group)
        if held:
            yield _said(run[0], run[-1]), run


def _said(first: _Cell, last: _Cell) -> str:
    if first.low == last.high:
        return f"at exactly {format_percent(first.low)}"
    begins = "from" if first.exact else "above"
    below = "to below" if first.exact else "and below"
    ends = "up to and including" if last.exact else below
    return f"{begins} {format_percent(first.low)} {ends} {format_percent(last.high)}"


def row_defects(
    rows: Sequence[Row],
    promise: Promise,
    unit: Fraction | None,
    said: Callable[[Fraction], str] = format_percent,
) -> Iterator[Defect]:
    """What is odd about a table; `unit` is the part of the fee that a worth of 1 stands for (None:
    it stands for no part of a fee), and `said` how a worth is written."""
    cells = _cells(rows, promise)
    for where, _ in _runs(cells, lambda cell: not (cell.met or cell.rows)):
        yield Defect(
            "TIER_GAP", "warning", f"{where} the target is missed, no row applies, nothing is paid"
        )
    for where, _ in _runs(cells, lambda cell: sum(not row.nested for row in cell.rows) > 1):
        yield Defect("TIER_OVERLAP", "warning", f"{where} two rows apply; the higher credit does")
    for where, _ in _runs(cells, lambda cell: cell.met and cell.worth > 0):
        yield Defect(
            "CREDIT_WITHOUT_BREACH",
            "warning",
            f"{where} a credit is paid although the target is met",
        )
    worse = cells[::-1] if promise.higher_is_better else cells
    paying = [cell for cell in worse if not cell.met and cell.rows]
    for better, bad in itertools.pairwise(paying):
        if bad.worth < better.worth:
            yield Defect(
                "REWARDS_FAILURE",
                "warning",
                f"{_said(bad, bad)} {said(bad.worth)} is paid, and for better service, "
                f"{_said(better, better)}, {said(better.worth)}",
            )
    for row in rows:
        of_row = [cell for cell in cells if row in cell.rows]
        if of_row and all(cell.worth > row.worth for cell in of_row):
            yield Defect(
                "TIER_WITHOUT_EFFECT",
                "warning",
                f"the row of {said(row.worth)} never decides: {_said(of_row[0], of_row[-1])}, "
                "wherever it applies, another pays more",
            )
    before = Fraction(0)
    for cell in worse:
        if unit is not None and not cell.met and (cell.worth - before) * unit > promise.cliff:
            yield Defect(
                "CREDIT_CLIFF",
                "info",
                f"{_said(cell, cell)} the credit leaps from {format_percent(before * unit)} of the "
                f"fee to {format_percent(cell.worth * unit)}",
            )
        before = cell.worth


# -------------------------------------------------------------------------------- by form of scheme


def _tiers(form: Tiers, promise: Promise) -> Iterator[Defect]:
    return row_defects(form.rows, promise, WHOLE)


def _points(form: Points, promise: Promise) -> Iterator[Defect]:
    unit = form.worth.percent if form.worth is not None else None
    return row_defects(form.rows, promise, unit, lambda points: f"{format_exact(points)} points")


def _pool(form: Pool, promise: Promise) -> Iterator[Defect]:
    yield from row_defects(form.rows, promise, form.at_risk * form.allocation)
    most = form.allocation * max((row.worth for row in form.rows), default=Fraction(0))
    if most > 1:
        yield Defect(
            "CAP_BELOW_TIER",
            "warning",
            f"the highest credit is {format_percent(most)} of the pool, which is never paid",
        )


def _linear(form: Linear, promise: Promise) -> Iterator[Defect]:
    sign = 1 if promise.higher_is_better else -1
    nearest = max(sign * slope.below for slope in form.slopes) * sign
    low, high = sorted((nearest, promise.target))
    between = f"from {format_percent(low)} to {format_percent(high)}"
    if sign * (nearest - promise.target) > 0:
        yield Defect(
            "CREDIT_WITHOUT_BREACH", "warning", f"{between} a credit is paid, the target being met"
        )
    elif nearest != promise.target:
        yield Defect("TIER_GAP", "warning", f"{between} the target is missed and nothing is paid")


def _by_downtime(form: PerTime | PerOccurrence | Multiple, promise: Promise) -> Iterator[Defect]:
    perfect = WHOLE if promise.higher_is_better else Fraction(0)
    if form.always and promise.target != perfect:
        yield Defect(
            "CREDIT_WITHOUT_BREACH",
            "warning",
            f"a credit is paid for any failure, also where {format_percent(promise.target)} is met",
        )


_FORM_CHECKS: Final[dict[type, Callable[[Any, Promise], Iterator[Defect]]]] = {
    Tiers: _tiers,
    Linear: _linear,
    PerTime: _by_downtime,
    PerOccurrence: _by_downtime,
    Points: _points,
    Pool: _pool,
    Multiple: _by_downtime,
}
"""What is looked for in each form."""


# ----------------------------------------------------------------------------------- caps and bonus


def _caps(scheme: Scheme, promise: Promise) -> Iterator[Defect]:
    """A cap below the highest credit: from there on worse service costs nothing more."""
    if not isinstance(scheme.form, Tiers):
        return
    highest = max((row.worth for row in scheme.form.rows), default=Fraction(0))
    if highest > WHOLE:
        yield Defect(
            "CAP_BELOW_TIER",
            "warning",
            f"the credit of {format_percent(highest)} is more than the whole fee, beyond which "
            "nothing is paid",
        )
    caps = (*((scheme.cap,) if scheme.cap else ()), *promise.limits.caps)
    for said, ratio in _ratios(caps, promise.fee):
        if ratio < highest:
            yield Defect(
                "CAP_BELOW_TIER",
                "warning",
                f"the cap of {said} lies below the credit of {format_percent(highest)}, which is "
                "never paid in full",
            )


def _ratios(caps: Iterable[Cap], fee: Money | None) -> Iterator[tuple[str, Fraction]]:
    """Caps as parts of the fee, as far as they can be compared with it."""
    for cap in caps:
        if cap.percent is not None:
            yield format_percent(cap.percent), cap.percent
        same = cap.amount is not None and fee is not None and cap.amount.currency == fee.currency
        if same and cap.amount is not None and fee is not None and fee.amount:
            yield f"{cap.amount} {fee.currency}", Fraction(cap.amount.amount, fee.amount)


def bonus_defects(bonus: Bonus, promise: Promise) -> Iterator[Defect]:
    """What is odd about a bonus: rows for what misses the target."""
    for where, _ in _runs(
        _cells(bonus.rows, promise), lambda cell: cell.worth > 0 and not cell.met
    ):
        yield Defect(
            "REWARDS_FAILURE",
            "warning",
            f"{where} a bonus is stated although the target is missed; none is paid there",
        )
