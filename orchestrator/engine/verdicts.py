"""What a measurement says of its target, and the moment it is said at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.subjects import Subject
from orchestrator.model.measuring import Measuring
from orchestrator.model.values import Instant, Span

MET: Final = "MET"
AT_RISK: Final = "AT_RISK"
BREACHED: Final = "BREACHED"
DISPUTED: Final = "DISPUTED"
INSUFFICIENT_DATA: Final = "INSUFFICIENT_DATA"


def as_designed(subject: Subject) -> Measuring:
    """Every term is measured as it says."""
    return subject.term.measurement.measuring


@dataclass(frozen=True, slots=True)
class Moment:
    """When a verdict is asked for, and what terms say of how they are measured.

    `as_of` is the instant up to which things are known; None where all that is reported is, and
    what is not reported will not happen. `horizon` is an instant by which every period asked about
    is over.
    """

    horizon: Instant
    as_of: Instant | None = None
    measuring: Callable[[Subject], Measuring] = as_designed

    @property
    def now(self) -> Instant:
        """The instant that open things are looked at."""
        return self.horizon if self.as_of is None else self.as_of

    def over(self, period: Span) -> bool:
        """Whether a period has ended, so that nothing more can happen in it."""
        return self.as_of is None or self.as_of >= period.end


def standing(*, kept: bool, lost: bool, used: Fraction, over: bool, at_risk: Fraction) -> str:
    """MET or BREACHED once a period is over. Before, it is breached only where it is `lost`: where
    nothing that may still come can keep it; and AT_RISK where it is not kept as things stand, or
    more than the share `at_risk` of what it allows is `used`."""
    if over:
        return MET if kept else BREACHED
    if lost:
        return BREACHED
    return AT_RISK if not kept or used > at_risk else MET


def share_used(used: Fraction | int, allowed: Fraction | int) -> Fraction:
    """The share of an allowance that is used; where nothing is allowed, all of it by anything."""
    if not used:
        return Fraction(0)
    return Fraction(used) / allowed if allowed else Fraction(2)
