"""Credit schemes as data; what they come to is computed by `engine.credit`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from orchestrator.errors import refuse
from orchestrator.model.values import Money


@dataclass(frozen=True, slots=True)
class CreditTier:
    """A credit of `percent` (a ratio of the fee base) while low <= attained < high.

    A row written as `below` reaches down to nothing (`low` is 0 and `nested` is true): such rows
    lie within one another on purpose, while rows with both ends ought to abut.
    """

    high: Fraction
    percent: Fraction
    low: Fraction = Fraction(0)
    nested: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high:
            raise refuse("END_BEFORE_START", "a credit row ends before it starts", "swap its ends")
        if self.percent < 0:
            raise refuse("BAD_NUMBER", "a credit is not negative", "use 0 or more")


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that one period's credits of an agreement may reach: a ratio of the fee base or a
    sum, whichever is given."""

    percent: Fraction | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """What is paid `per` month, quarter or year."""

    money: Money
    per: str = "month"
