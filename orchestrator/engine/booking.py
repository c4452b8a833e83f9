"""What a verdict asks to be booked, and which of the books it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.model.estate import Estate
from orchestrator.model.ledger import Booking, Entry, EntryKey
from orchestrator.model.records import Verdict
from orchestrator.model.values import AskedPeriod, Span, zone

CREDIT = "credit"


def bookings(verdict: Verdict) -> Iterator[Booking]:
    """Every sum that follows from a verdict, whoever owes it: credits, bonuses, and what cancels
    credits. What is nothing is not booked."""
    for credit in verdict.credits:
        if credit.money.amount:
            key = EntryKey(credit.key, credit.period, CREDIT)
            yield Booking(key, credit.debtor, credit.creditor, credit.money)
    for reward in verdict.rewards:
        key = EntryKey(reward.key, reward.period, reward.kind)
        earned = reward.earned if reward.earned != reward.period else None
        yield Booking(key, reward.debtor, reward.creditor, reward.money, earned=earned)


def asked_about(estate: Estate, asked: AskedPeriod, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries that a verdict on a span speaks of: what came to be owed within it, in the zone
    of the agreement."""
    return tuple(
        entry
        for entry in entries
        if _ends_in(entry.booking.due, asked.span(zone(_timezone(estate, entry))))
    )


def widest(estate: Estate, asked: AskedPeriod) -> Span:
    """A span that holds what `asked_about` can find, whatever the zone."""
    zones = {estate.metadata.timezone}
    zones |= {one.timezone for versions in estate.agreements.values() for one in versions}
    spans = [asked.span(zone(name)) for name in sorted(zones)]
    return Span(min(one.start for one in spans), max(one.end for one in spans))


def _ends_in(due: int, span: Span) -> bool:
    return span.start < due <= span.end


def _timezone(estate: Estate, entry: Entry) -> str:
    term = entry.key.term
    versions = estate.agreements.get(term.agreement, ())
    ours = [one for one in versions if one.number == term.version] or list(versions[-1:])
    return ours[0].timezone if ours else estate.metadata.timezone
