"""How tickets and samples become a measurement: what a term says beyond its measuring point."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.clocking import NEVER_PAUSES, REPRIORITISED
from orchestrator.model.values import Duration

MEMBERSHIPS: Final = ("due", "close")
"""What puts a ticket into a period: when it is due, or when its clock stopped."""

AWAITED: Final = "waiting_customer"
"""The reason for which a ticket waits for the customer, unless an agreement names others."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """How one term is measured from tickets and samples; the defaults are the design's.

    `membership` is one of `MEMBERSHIPS`. `pauses` are the reasons that stop a ticket's clock,
    `awaiting` those for which the customer is waited for; `reopening` is how long after its end a
    ticket may be reopened and be the same case; `reprioritised` says what becomes of consumed time
    when its priority changes; `holders` names who holds a ticket while it waits for a reason.

    `trust` orders sources, the most trusted first, where the term names no contractual one; two
    that differ by more than `tolerance`, in the unit of what is attained, are a dispute. A term is
    at risk once more than the share `at_risk` of what it allows is used.
    """

    membership: str = "due"
    pauses: tuple[str, ...] = ()
    awaiting: tuple[str, ...] = (AWAITED,)
    reopening: Duration = 0
    reprioritised: str = "carry_over"
    holders: tuple[tuple[str, str], ...] = ()
    trust: tuple[str, ...] = ()
    tolerance: Fraction = Fraction(0)
    at_risk: Fraction = Fraction(4, 5)

    def __post_init__(self) -> None:
        for chosen, words in (
            (self.membership, MEMBERSHIPS),
            (self.reprioritised, REPRIORITISED),
        ):
            if chosen not in words:
                raise refuse("BAD_CHOICE", f"{chosen!r} is no choice", f"use {', '.join(words)}")
        if NEVER_PAUSES in self.pauses + self.awaiting:
            raise refuse(
                "BAD_CHOICE",
                f"{NEVER_PAUSES} stops no clock",
                "record the supplier as the ticket's owner instead",
            )
        if self.tolerance < 0 or self.reopening < 0 or not 0 <= self.at_risk <= 1:
            raise refuse(
                "OUT_OF_RANGE",
                "a tolerance or a window below nothing, or a share of the allowance outside 0 to 1",
                "correct it",
            )


MEASURING: Final = Measuring()
"""As the design has it."""
