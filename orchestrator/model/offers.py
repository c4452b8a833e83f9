"""Menus of offers: what could be agreed instead, or besides, and at what price."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.credits import Fee
from orchestrator.model.records import Finding, TermKey
from orchestrator.model.values import Money, Period

PER_YEAR: Final = {"month": 12, "quarter": 4, "year": 1}

STAY: Final = "keep"
"""The option of leaving things as they are: the agreement as it is, or no new one."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A target at a price, the whole price under that offer; a period or a strength of its own
    where it is not that of the term."""

    id: str
    target: Fraction
    price: Fee
    name: str = ""
    period: Period | None = None
    strength: str = ""

    def __post_init__(self) -> None:
        if self.id == STAY:
            raise refuse(
                "RESERVED_ID",
                f"{STAY!r} is what leaving things as they are is called",
                "give the offer another id",
            )


@dataclass(frozen=True, slots=True)
class Menu:
    """The offers for one term of an agreement, one of which may be taken.

    With a `service` the agreement is a new one, between `party` and `customer`, on the service
    (`scope` whole or own). `keep` tells whether things may stay as they are, at `keep_price`: the
    present fee unless said.
    """

    agreement: str
    offers: tuple[Offer, ...]
    term: str = "availability"
    keep: bool = True
    keep_price: Fee | None = None
    service: str = ""
    party: str = ""
    customer: str = ""
    scope: str = "whole"

    @property
    def is_new(self) -> bool:
        """Whether it offers an agreement that does not exist yet."""
        return bool(self.service)


@dataclass(frozen=True, slots=True)
class Offers:
    """All menus, with the currency that all prices are in."""

    menus: tuple[Menu, ...]
    currency: str = "EUR"


def yearly(fee: Fee) -> Money:
    """What a fee comes to in a year."""
    return Money(fee.money.amount * PER_YEAR[fee.per], fee.money.currency)


# --- choices --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pick:
    """The option picked of a menu, with its price a year and its targets before and after (None:
    no agreement)."""

    menu: Menu
    option: str
    price: Money
    before: Fraction | None
    after: Fraction | None


@dataclass(frozen=True, slots=True)
class Checked:
    """A promise with its floor once the offers are taken, from the exact engine."""

    key: TermKey
    target: Fraction
    floor: Fraction
    kept: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice from all menus. `bound` is a cost that no other choice is below, of what the bound
    on downtime lets pass; `proven` tells whether that is the floor itself, so that no choice at
    all is cheaper. Infeasible (with findings) where `picks` is empty although there are menus."""

    picks: tuple[Pick, ...]
    cost: Money
    bound: Money
    proven: bool
    checked: tuple[Checked, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether every promise is kept."""
        return not self.findings

    @property
    def gap(self) -> Fraction:
        """How much of the cost might be saved by another choice, at most."""
        above = max(self.cost.amount - self.bound.amount, 0)
        return Fraction(above, self.cost.amount) if above else Fraction(0)
