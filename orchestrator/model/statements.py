"""Statements of account: what is payable under an agreement, billing period by billing period, once
what is booked has been set off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.model.ledger import ENTRY_KINDS, EntryKey
from orchestrator.model.values import Money, Span


@dataclass(frozen=True, slots=True)
class StatementItem:
    """One thing that is booked, in minor units of its statement's currency.

    `booked` is what the books say now. It is split into what counts here, what is `pending` because
    the other side has not accepted it yet, and what is `lost`, as it was not claimed in time or not
    granted; `state` is that of its claim, "" where there is none. `was` is what stood before it was
    restated, None where it never was, and `waits` what it ought to be by what waits for leave.
    """

    key: EntryKey
    booked: int
    counts: int
    pending: int = 0
    lost: int = 0
    state: str = ""
    revision: int = 1
    was: Money | None = None
    waits: Money | None = None

    @property
    def deducts(self) -> bool:
        """Whether it makes what is payable less: the provider owes it."""
        return _deducts(self.key.kind)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One billing period: its fee, what is booked for it, what was brought forward from before, and
    what of both was set off against the fee and all that is added to it. Until all that is promised
    for it is `assessed`, more may be deducted."""

    period: Span
    fee: int
    items: tuple[StatementItem, ...] = ()
    brought: int = 0
    set_off: int = 0
    assessed: bool = True

    @property
    def amounts(self) -> dict[str, int]:
        """What counts of each kind of entry, in the order of the table of these; nothing is left
        out."""
        return _by_kind((one.key.kind, one.counts) for one in self.items)

    @property
    def deducted(self) -> int:
        """Credits, and all else that the provider owes."""
        return deducted(self.amounts)

    @property
    def added(self) -> int:
        """Bonuses, credits earned back, and all else that the customer owes besides the fee."""
        return added(self.amounts)

    @property
    def payable(self) -> int:
        return self.fee + self.added - self.set_off

    @property
    def carried(self) -> int:
        """What is left of the credits, for the next period."""
        return self.brought + self.deducted - self.set_off

    @property
    def pending(self) -> int:
        """What would be deducted besides if all of it were accepted."""
        return sum(one.pending if one.deducts else -one.pending for one in self.items)

    @property
    def lost(self) -> int:
        return sum(one.lost if one.deducts else -one.lost for one in self.items)


def deducted(amounts: Mapping[str, int]) -> int:
    """What of amounts by kind of entry makes less payable."""
    return sum(amount for kind, amount in amounts.items() if _deducts(kind))


def added(amounts: Mapping[str, int]) -> int:
    """What of amounts by kind of entry makes more payable."""
    return sum(amount for kind, amount in amounts.items() if not _deducts(kind))


def _deducts(kind: str) -> bool:
    return ENTRY_KINDS[kind].owed_by == "provider"


def _by_kind(parts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums = dict.fromkeys(ENTRY_KINDS, 0)
    for kind, amount in parts:
        sums[kind] += amount
    return {kind: amount for kind, amount in sums.items() if amount}


@dataclass(frozen=True, slots=True)
class Figures:
    """What lines come to, in minor units: payable = fee + added - set off, and
    carried = brought + deducted - set off; `amounts` are added or deducted, by kind of entry."""

    amounts: Mapping[str, int]
    brought: int
    fee: int
    set_off: int
    payable: int
    carried: int
    pending: int
    lost: int

    @staticmethod
    def of(line: StatementLine) -> Figures:
        return Figures(line.amounts, *(getattr(line, name) for name in _SUMS))

    @staticmethod
    def added_up(parts: Iterable[Figures]) -> Figures:
        rows = list(parts)
        amounts = _by_kind(pair for one in rows for pair in one.amounts.items())
        return Figures(amounts, *(sum(getattr(one, name) for one in rows) for name in _SUMS))


_SUMS: Final = tuple(name for name in Figures.__slots__ if name != "amounts")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a customer has to pay to a provider under one agreement, in one currency, for the
    billing periods that end within a span; `brought` is what was left of credits before it."""

    agreement: str
    provider: str
    customer: str
    currency: str
    lines: tuple[StatementLine, ...]
    brought: int = 0

    @property
    def figures(self) -> Figures:
        """The lines added up, from what was brought forward to what is carried."""
        found = Figures.added_up(map(Figures.of, self.lines))
        carried = self.lines[-1].carried if self.lines else self.brought
        return replace(found, brought=self.brought, carried=carried)


@dataclass(frozen=True, slots=True)
class Together:
    """What all statements between two parties come to in one currency."""

    provider: str
    customer: str
    currency: str
    figures: Figures
