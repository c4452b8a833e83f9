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


@dataclass(frozen=True, slots=True)
class PartOfHours:
    """The part of some service hours within a calendar ("" for anywhere) and outside of others.

    Wherever hours are named, a part of them may be, by its text: `office in prime`, `24x7 outside
    prime, night`. No id holds a blank, so no calendar has such a name.
    """

    hours: str
    within: str = ""
    outside: tuple[str, ...] = ()

    def __str__(self) -> str:
        within = f"{_IN}{self.within}" if self.within else ""
        return self.hours + within + (_OUTSIDE + ", ".join(self.outside) if self.outside else "")


_IN: Final = " in "
_OUTSIDE: Final = " outside "


def part_named(name: str) -> PartOfHours | None:
    """The part of some hours that a text names; None where it names the whole of them."""
    if " " not in name:
        return None
    rest, _, outside = name.partition(_OUTSIDE)
    hours, _, within = rest.partition(_IN)
    return PartOfHours(hours, within, tuple(outside.split(", ")) if outside else ())


def whole_of(name: str) -> str:
    """The hours that a text names, or names a part of."""
    part = part_named(name)
    return part.hours if part else name
