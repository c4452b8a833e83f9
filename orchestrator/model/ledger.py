"""The ledger: double entry, append-only, in minor units; exchange rates as they were stated.

An entry is never changed. What turns out otherwise is reversed by a further entry, and booked
anew; `engine.ledger.reconcile` finds what to book.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.records import TermKey
from orchestrator.model.values import Instant, Money, Span


@dataclass(frozen=True, slots=True)
class EntryKind:
    """A row of the table of what is booked; `owed_by` is the side of the agreement that owes it."""

    id: str
    name: str
    owed_by: str


ENTRY_KINDS: Final[dict[str, EntryKind]] = {
    row.id: row
    for row in (
        EntryKind("credit", "service credit", "provider"),
        EntryKind("damages", "damages", "provider"),
        EntryKind("indemnity", "indemnity", "provider"),
        EntryKind("bonus", "bonus", "customer"),
        EntryKind("earn_back", "earned back", "customer"),
        EntryKind("payment", "paid, or set off against an invoice", "customer"),
    )
}

EXCHANGE: Final = "exchange"
"""The kind of account that money passes through where it is paid in another currency."""


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """What one party has under one agreement of one kind. A balance above zero is owed to it."""

    party: str
    agreement: str
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """An amount added to an account."""

    account: Account
    money: Money


@dataclass(frozen=True, slots=True)
class EntryKey:
    """What is booked: one kind of sum for one term and period. With the revision it is unique."""

    term: TermKey
    period: Span
    kind: str

    def __post_init__(self) -> None:
        if self.kind not in ENTRY_KINDS:
            raise refuse(
                "BAD_CHOICE",
                f"{self.kind!r} is no kind of entry",
                f"use one of {', '.join(ENTRY_KINDS)}",
            )


@dataclass(frozen=True, slots=True)
class Rate:
    """`factor` units of the currency `target` for one of `source`, stated for a span of time.

    It holds in this direction alone: the way back is another statement. `stated` says by whom.
    """

    source: str
    target: str
    factor: Fraction
    effective: Span
    stated: str = ""

    def __post_init__(self) -> None:
        if self.factor <= 0 or self.source == self.target:
            raise refuse(
                "BAD_RATE",
                f"{self.factor} is no rate from {self.source} to {self.target}",
                "state a rate above nothing between two currencies",
            )


@dataclass(frozen=True, slots=True)
class Booking:
    """What ought to be booked: `debtor` owes `creditor` the money.

    Where it is paid in another currency than it is owed in, `paid` is what the creditor gets, by
    the `rate`. `earned` is the period that brought it where that is not its own: a credit is
    earned back by a later one.
    """

    key: EntryKey
    debtor: str
    creditor: str
    money: Money
    paid: Money | None = None
    rate: Rate | None = None
    earned: Span | None = None

    @property
    def due(self) -> Instant:
        """When it came to be owed: at the end of the period that brought it."""
        return (self.earned or self.key.period).end

    def __post_init__(self) -> None:
        if self.debtor == self.creditor:
            raise refuse("SAME_PARTY", f"{self.debtor} owes nothing to itself", "name two parties")
        if (self.paid is None) != (self.rate is None):
            raise refuse(
                "NO_RATE",
                "money paid in another currency than it is owed in needs the rate it is paid at",
                "give both, or neither",
            )


@dataclass(frozen=True, slots=True)
class Restatement:
    """What stands in closed books and ought to be otherwise: None where nothing is booked, or
    nothing ought to be."""

    key: EntryKey
    booked: Booking | None
    wanted: Booking | None

    @property
    def due(self) -> Instant:
        """When what it is about came to be owed, the earlier of the two."""
        return min(one.due for one in (self.booked, self.wanted) if one is not None)


@dataclass(frozen=True, slots=True)
class Approval:
    """Leave to restate what stands in closed books: by whom, when, why, and for which keys."""

    by: str
    at: Instant
    reason: str
    keys: frozenset[EntryKey]

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise refuse("NO_REASON", "nobody restates closed books without a reason", "give one")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal: the booking, or (`reverses` a revision) the taking back of one.

    Its lines sum to zero in every currency. `approval` is the leave it was restated by.
    """

    booking: Booking
    revision: int
    lines: tuple[Line, ...]
    reverses: int = 0
    approval: Approval | None = None

    def __post_init__(self) -> None:
        sums: dict[str, int] = defaultdict(int)
        for line in self.lines:
            sums[line.money.currency] += line.money.amount
        if any(sums.values()):
            raise refuse(
                "UNBALANCED_ENTRY",
                "the lines of an entry do not sum to zero",
                "what one account gains another one loses",
            )

    @property
    def key(self) -> EntryKey:
        return self.booking.key
