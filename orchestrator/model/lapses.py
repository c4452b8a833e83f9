"""Lapses: lengths of time as contracts state them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.values import Duration


@dataclass(frozen=True, slots=True)
class Lapse:
    """A duration, or business days, or calendar months; the other two are 0.

    The three are units of their own: a month has no fixed length, and `n` business days are the
    close of the nth service day after the day of receipt, never n times eight hours.
    """

    duration: Duration = 0
    business_days: int = 0
    months: int = 0

    def __post_init__(self) -> None:
        units = (self.duration, self.business_days, self.months)
        if min(units) < 0 or sum(map(bool, units)) > 1:
            raise refuse(
                "BAD_DURATION",
                "a lapse of time is a duration, business days or months, and not below nothing",
                "write it as 4h, 3 business days or 2 months",
            )

    def __bool__(self) -> bool:
        return any((self.duration, self.business_days, self.months))


AT_ONCE: Final = Lapse()
"""No time at all."""
