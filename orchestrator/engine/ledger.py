"""What to book, and what the books come to.

`reconcile` compares what stands in the books with what ought to: equal bookings are left alone,
others are reversed and booked anew, as further revisions. Facts that come late, twice or corrected
therefore need no code of their own, and an entry is never changed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from orchestrator.errors import refuse
from orchestrator.model.ledger import (
    EXCHANGE,
    Account,
    Approval,
    Booking,
    Entry,
    EntryKey,
    Line,
    Rate,
    Restatement,
)
from orchestrator.model.values import DAWN, Instant, Money, format_instant, split

Balances = dict[tuple[Account, str], int]
"""Minor units by account and currency; accounts at zero are left out."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The entries to append, and the restatements that wait for leave."""

    entries: tuple[Entry, ...]
    pending: tuple[Restatement, ...] = ()


def reconcile(
    booked: Iterable[Entry],
    wanted: Iterable[Booking],
    approvals: Sequence[Approval] = (),
    closed_until: Instant = DAWN,
) -> Reconciled:
    """What to append to the books so that they say what ought to be.

    `booked` are all entries of the terms and periods in question: what is booked there and no
    longer wanted is reversed. A booking of nothing is as good as none. What came to be owed by
    `closed_until` stands in closed books, and to change it needs an approval that names its key.
    The same input gives the same entries, in the order of `sort_key`; a second call gives none.
    """
    journal = list(booked)
    standing, last = _standing(journal), _last_revisions(journal)
    ought = _by_key(wanted)
    entries: list[Entry] = []
    pending: list[Restatement] = []
    for key in sorted({*standing, *ought}, key=sort_key):
        before, after = standing.get(key), ought.get(key)
        stands = before.booking if before else None
        if stands == after:
            continue
        leave = next((one for one in approvals if key in one.keys), None)
        change = Restatement(key, stands, after)
        closed = change.due <= closed_until
        if closed and leave is None:
            pending.append(change)
            continue
        given = leave if closed else None
        revision = last.get(key, 0)
        if before is not None:
            revision += 1
            entries.append(_reversal(before, revision, given))
        if after is not None:
            entries.append(Entry(after, revision + 1, lines_of(after), approval=given))
    return Reconciled(tuple(entries), tuple(pending))


def sort_key(key: EntryKey) -> tuple[object, ...]:
    """The order of the books: agreement, version, term, service, period, kind."""
    term = key.term
    return (term.agreement, term.version, term.term, term.service, key.period, key.kind)


def lines_of(booking: Booking) -> tuple[Line, ...]:
    """The debtor's account loses what the creditor's gains; by way of an account of exchange where
    it is paid in another currency."""
    agreement, kind = booking.key.term.agreement, booking.key.kind
    debtor = Account(booking.debtor, agreement, kind)
    creditor = Account(booking.creditor, agreement, kind)
    money, paid = booking.money, booking.paid
    if paid is None:
        return (Line(debtor, _minus(money)), Line(creditor, money))
    between = Account(booking.debtor, agreement, EXCHANGE)
    return (
        Line(debtor, _minus(money)),
        Line(between, money),
        Line(between, _minus(paid)),
        Line(creditor, paid),
    )


def _minus(money: Money) -> Money:
    return Money(-money.amount, money.currency)


def _reversal(entry: Entry, revision: int, approval: Approval | None) -> Entry:
    lines = tuple(Line(line.account, _minus(line.money)) for line in entry.lines)
    return Entry(entry.booking, revision, lines, entry.revision, approval)


def _by_key(wanted: Iterable[Booking]) -> dict[EntryKey, Booking]:
    """What ought to be booked; the same twice is once, two things of one key are refused."""
    found: dict[EntryKey, Booking] = {}
    for booking in wanted:
        if found.setdefault(booking.key, booking) != booking:
            raise refuse(
                "BOOKED_TWICE",
                f"two sums are to be booked as the {booking.key.kind} of one term and period",
                "add them up, or book them as different kinds",
            )
    return {key: one for key, one in found.items() if one.money.amount}


# ---------------------------------------------------------------------------------- the books read


def standing(entries: Iterable[Entry]) -> dict[EntryKey, Booking]:
    """What the books say now: the booking of each key that is not reversed."""
    return {key: entry.booking for key, entry in _standing(entries).items()}


def _standing(entries: Iterable[Entry]) -> dict[EntryKey, Entry]:
    booked: dict[tuple[EntryKey, int], Entry] = {}
    taken_back: set[tuple[EntryKey, int]] = set()
    for entry in entries:
        if entry.reverses:
            taken_back.add((entry.key, entry.reverses))
        else:
            booked[entry.key, entry.revision] = entry
    return {key: entry for (key, rev), entry in booked.items() if (key, rev) not in taken_back}


def _last_revisions(entries: Iterable[Entry]) -> dict[EntryKey, int]:
    last: dict[EntryKey, int] = {}
    for entry in entries:
        last[entry.key] = max(last.get(entry.key, 0), entry.revision)
    return last


def balances(entries: Iterable[Entry]) -> Balances:
    """What every account holds, sorted; whatever the order of the entries."""
    found: Balances = defaultdict(int)
    for entry in entries:
        for line in entry.lines:
            found[line.account, line.money.currency] += line.money.amount
    return {key: found[key] for key in sorted(found) if found[key]}


def totals(found: Mapping[tuple[Account, str], int], by: str) -> dict[tuple[str, str], int]:
    """Balances added up by `party`, `agreement` or `kind`, and by currency."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for (account, currency), amount in found.items():
        sums[getattr(account, by), currency] += amount
    return {key: sums[key] for key in sorted(sums) if sums[key]}


def verify(entries: Iterable[Entry]) -> None:
    """Refuse books that no sequence of bookings could have led to.

    LEDGER_BROKEN: a key and revision twice, revisions with a hole, a reversal of what does not
    stand or that is not its exact opposite, two bookings that stand at once, lines that are not
    those of the booking. The order in which entries are given is of no account.
    """
    by_key: dict[EntryKey, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_key[entry.key].append(entry)
    for history in by_key.values():
        stands: Entry | None = None
        for place, entry in enumerate(sorted(history, key=lambda one: one.revision), start=1):
            fault = _fault(entry, place, stands)
            if fault:
                key = entry.key
                raise refuse(
                    "LEDGER_BROKEN",
                    f"{key.term.agreement}/{key.term.term} in {key.period}, {key.kind}, revision "
                    f"{entry.revision}: {fault}",
                    "restore the books from a copy that verifies",
                )
            stands = None if entry.reverses else entry


def _fault(entry: Entry, place: int, stands: Entry | None) -> str:
    """What is wrong with an entry after what stood before it; nothing if nothing is."""
    if entry.revision != place:
        return f"the next one would be {place}"
    if not entry.reverses:
        faults = {
            "another booking stands": stands is not None,
            "its lines are not those of its booking": entry.lines != lines_of(entry.booking),
        }
    elif stands is None:
        return "nothing stands that it could reverse"
    else:
        opposite = _reversal(stands, entry.revision, entry.approval)
        faults = {"it is not the opposite of what stands": entry != opposite}
    return next((fault for fault, holds in faults.items() if holds), "")


# ------------------------------------------------------------------------------------- currencies


def rate_at(rates: Iterable[Rate], source: str, target: str, at: Instant) -> Rate:
    """The one rate stated for an instant, in that direction. Raises NO_RATE, AMBIGUOUS_RATE."""
    found = [
        one for one in rates if (one.source, one.target) == (source, target) and at in one.effective
    ]
    if not found:
        raise refuse(
            "NO_RATE",
            f"no rate from {source} to {target} is stated for {format_instant(at)}",
            "state one with its date: no rate is worked out from others",
        )
    if len({one.factor for one in found}) > 1:
        raise refuse(
            "AMBIGUOUS_RATE",
            f"several rates from {source} to {target} are stated for {format_instant(at)}",
            "let one end before the next begins",
        )
    return found[0]


def converted(money: Money, rate: Rate) -> Money:
    """A sum in the other currency, rounded once, half up, to its minor unit."""
    assert money.currency == rate.source, "a rate of another currency"
    return Money(_units(Fraction(money.amount), rate), rate.target)


def before_rate(money: Money, rate: Rate) -> Fraction:
    """What a sum in the currency that a rate leads to was before it: exact minor units."""
    assert money.currency == rate.target, "a rate to another currency"
    return money.amount / _units_for_one(rate)


def _units(amount: Fraction, rate: Rate) -> int:
    return math.floor(amount * _units_for_one(rate) + Fraction(1, 2))


def _units_for_one(rate: Rate) -> Fraction:
    """Minor units of the one currency for one of the other."""
    source, target = Money(1, rate.source), Money(1, rate.target)
    return rate.factor * _minor(target) / _minor(source)


def _minor(unit: Money) -> Fraction:
    """How many minor units make up one of the currency."""
    return 1 / Fraction(str(unit))


def converted_parts(parts: Sequence[Money], rate: Rate) -> list[Money]:
    """The parts of a sum in another currency, which add up to the sum converted as a whole."""
    total = converted(Money(sum(one.amount for one in parts), rate.source), rate)
    weights = [Fraction(one.amount) for one in parts]
    return [Money(amount, rate.target) for amount in split(total.amount, weights)]


def in_currency(booking: Booking, currency: str, rates: Iterable[Rate], at: Instant) -> Booking:
    """A booking paid in a currency, at the rate stated for an instant."""
    if booking.money.currency == currency:
        return booking
    rate = rate_at(rates, booking.money.currency, currency, at)
    return Booking(
        booking.key,
        booking.debtor,
        booking.creditor,
        booking.money,
        converted(booking.money, rate),
        rate,
    )


# --------------------------------------------------------------------------------------- invoices


def set_off(credit: int, invoices: Sequence[int]) -> Iterator[int]:
    """A credit deducted from invoices in their order, none below nothing; what is left over is the
    credit less what was deducted, and is carried forward."""
    for invoice in invoices:
        taken = max(0, min(credit, invoice))
        credit -= taken
        yield taken
