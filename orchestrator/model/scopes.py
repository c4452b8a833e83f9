"""For whom an agreement is made: the table of scopes, and targets per window of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.model.metrics import Target


@dataclass(frozen=True, slots=True)
class AgreementScope:
    """A row of the table: the higher precedence overrides.

    `any_customer`: it holds for every customer, not for the named one alone. `any_service`: it
    holds for every service where it covers none by name.
    """

    id: str
    precedence: int
    any_customer: bool
    any_service: bool


AGREEMENT_SCOPES: Final[dict[str, AgreementScope]] = {
    row.id: row
    for row in (
        AgreementScope("customer_based", 3, any_customer=False, any_service=True),
        AgreementScope("service_based", 2, any_customer=True, any_service=False),
        AgreementScope("corporate", 1, any_customer=True, any_service=True),
    )
}


@dataclass(frozen=True, slots=True)
class TargetWindow:
    """A target of its own within the hours of a calendar: prime time. Where two windows hold at
    one instant, the one written first does."""

    hours: str
    target: Target
